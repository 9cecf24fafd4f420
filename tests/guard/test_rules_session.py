"""R01–R04 and R36: while one of these fails, nothing else is looked at."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard import rules_session
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Latch, LatchState, Snapshot, Unresolved
from guard.builders import (
    LIVE_ACCOUNT,
    NOW,
    OLD_REF,
    a_ledger,
    a_live_snapshot,
    a_session,
    a_snapshot,
    an_open_order,
    an_order,
    codes,
    denials,
    judge,
    some_limits,
    wide_limits,
    working,
)

REDUCING = Latch(state=LatchState.REDUCING, by="daily_loss", at=NOW, reason="-2.1% NLV")
REDUCING_LEDGER = a_ledger(latch=REDUCING)


def test_an_ordinary_order_passes() -> None:
    """The builders make an order that nothing is wrong with, so that every denial is the test's own."""
    assert judge().warnings == ()


# R01


def test_a_session_that_is_not_in_step_denies_by_name() -> None:
    """What is missing is named, and for how long."""
    session = a_session(missing=("open_orders", "executions"), not_ready_since_s=4.2)

    assert denials(snapshot=a_snapshot(session=session)) == [
        "SESSION_NOT_READY: missing=[open_orders,executions], since=4.2s — wait or %connect; orders are not queued"
    ]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"heartbeat_age_s": 10.001}, "heartbeat"),
        ({"heartbeat_age_s": None}, "heartbeat"),
        ({"heartbeat_age_s": float("nan")}, "heartbeat"),
        ({"heartbeat_age_s": -1.0}, "heartbeat"),
        ({"loop_lag_s": 1.001}, "session_thread"),
        ({"loop_lag_s": None}, "session_thread"),
        ({"loop_lag_s": float("inf")}, "session_thread"),
    ],
)
def test_a_silent_broker_or_a_late_loop_denies(changes: dict[str, Any], name: str) -> None:
    """A heartbeat older than 10 s or a loop later than 1 s means that we know too little."""
    (line,) = denials(snapshot=a_snapshot(session=a_session(**changes)))

    assert line.startswith(f"SESSION_NOT_READY: missing=[{name}], since=")


@pytest.mark.parametrize("changes", [{"heartbeat_age_s": 10.0}, {"loop_lag_s": 1.0}])
def test_the_bounds_of_a_ready_session_themselves_pass(changes: dict[str, Any]) -> None:
    """At most means at most."""
    assert codes(snapshot=a_snapshot(session=a_session(**changes))) == []


# R02


def test_another_account_denies_with_both_masked() -> None:
    """Neither account is shown in full, and the port's hint is."""
    order = an_order(account="U7654321")
    session = a_session(port=4002)

    assert denials(order, a_snapshot(session=session)) == [
        "ACCOUNT_MISMATCH: bound=DU***4567, got=U***4321, port=4002(paper hint) — session quarantined; %connect again"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"managed_accounts": ("DU9999999",)},
        {"bound_account": "DU9999999"},
        {"bound_account": ""},
        {"mode": Mode.LIVE},
        {"mode": Mode.PAPER},
        {"port": 7496},
        {"port": 4003},
    ],
    ids=str,
)
def test_an_account_that_does_not_belong_denies(changes: dict[str, Any]) -> None:
    """It must be the bound one, announced on this connection, of the mode's kind, and with limits of this mode."""
    snapshot = a_snapshot(session=a_session(**changes))

    assert codes(snapshot=snapshot, limits=Limits.defaults(Mode.SIM)) == [
        "ACCOUNT_MISMATCH"
    ]


def test_an_order_without_an_account_denies() -> None:
    """The broker would choose one; nobody chooses for us."""
    snapshot = a_snapshot(session=a_session(bound_account="", managed_accounts=("",)))

    (line,) = denials(an_order(account=""), snapshot)

    assert line.startswith("ACCOUNT_MISMATCH: bound=none, got=none,")


def test_an_unknown_port_says_nothing_about_the_account() -> None:
    """The embedded gateway may listen anywhere."""
    assert codes(snapshot=a_snapshot(session=a_session(port=40123))) == []


def test_a_mismatch_on_an_unknown_port_shows_no_hint() -> None:
    """Only ports that mean something are explained."""
    (line,) = denials(an_order(account="DU1"), a_snapshot(session=a_session(port=40123)))

    assert "port=40123 —" in line


# R03


def test_a_live_account_is_only_observed() -> None:
    """Until it is armed from a terminal, nothing that can trade is sent."""
    order = an_order(account=LIVE_ACCOUNT)

    assert denials(order, a_live_snapshot(is_armed=False)) == [
        "LIVE_NOT_ARMED: account=U***4321, mode=LIVE_OBSERVE — run `edgerunner arm` in a terminal (TTL 15 min)"
    ]


def test_an_armed_live_account_is_held_to_the_live_limits() -> None:
    """Arming opens the door; the limits stay."""
    order = an_order(account=LIVE_ACCOUNT)

    assert codes(order, a_live_snapshot()) == []
    assert "MAX_ORDER_QTY" in codes(
        replace(order, quantity=Decimal(201)), a_live_snapshot()
    )


# R36


def test_without_a_ledger_nothing_is_sent() -> None:
    """What cannot be recorded durably is not sent, and the reason is the ledger's own, on one line."""
    snapshot = a_snapshot(ledger=None, ledger_error="ENOSPC on ledger.db\x1b[31m")

    assert denials(snapshot=snapshot) == [
        "AUDIT_UNAVAILABLE: ENOSPC on ledger.db\\x1b[31m — no new orders; cancels and %halt still work"
    ]


def test_a_ledger_that_was_never_read_denies() -> None:
    """No reason is no excuse."""
    (line,) = denials(snapshot=a_snapshot(ledger=None))

    assert line.startswith("AUDIT_UNAVAILABLE: the ledger was not read")


# R04


def test_halted_lets_nothing_through() -> None:
    """Who, when and why are shown, escaped."""
    latch = Latch(
        state=LatchState.HALTED,
        by="daily_loss",
        at=NOW - timedelta(minutes=57),
        reason='-2.1% "NLV"\n',
    )

    (line,) = denials(snapshot=a_snapshot(ledger=a_ledger(latch=latch)))

    assert line == (
        'TRADING_HALTED: by=daily_loss, at=14:03:00, reason="-2.1% \\"NLV\\"\\\\n" '
        '— %resume --reason "..." after review'
    )


def test_a_halt_of_another_day_shows_the_date() -> None:
    """It holds over restarts, so that the hour alone would mislead."""
    latch = Latch(state=LatchState.HALTED, by="user", at=NOW - timedelta(days=1), reason="")

    (line,) = denials(snapshot=a_snapshot(ledger=a_ledger(latch=latch)))

    assert "at=2026-05-03 15:00:00" in line


def test_a_halt_without_a_time_still_halts() -> None:
    """The state decides, not what is known about it."""
    latch = Latch(state=LatchState.HALTED, by="user", at=None, reason="")

    (line,) = denials(snapshot=a_snapshot(ledger=a_ledger(latch=latch)))

    assert "at=unknown" in line


def test_reducing_denies_what_grows_the_position() -> None:
    """The position and where it would go are shown with their signs."""
    snapshot = a_snapshot(ledger=REDUCING_LEDGER, position=Decimal(100))

    assert denials(snapshot=snapshot) == [
        "TRADING_REDUCING: side=BUY, pos=+100, after=+110 — only orders that shrink the position are accepted"
    ]


@pytest.mark.parametrize(
    ("position", "side", "quantity", "passes"),
    [
        (100, Side.SELL, 1, True),
        (100, Side.SELL, 100, True),
        (100, Side.SELL, 101, False),
        (100, Side.SELL, 201, False),
        (-100, Side.BUY, 100, True),
        (-100, Side.BUY, 101, False),
        (-100, Side.SELL, 1, False),
        (0, Side.BUY, 1, False),
        (0, Side.SELL, 1, False),
    ],
)
def test_reducing_accepts_only_what_brings_the_position_nearer_to_zero(
    position: int, side: Side, quantity: int, *, passes: bool
) -> None:
    """It may reach zero, and never goes through it."""
    snapshot = a_snapshot(ledger=REDUCING_LEDGER, position=Decimal(position))

    found = codes(an_order(quantity, side=side), snapshot, wide_limits())

    assert found == ([] if passes else ["TRADING_REDUCING"])


@pytest.mark.parametrize(("quantity", "passes"), [(70, True), (71, False)])
def test_reducing_counts_exits_that_already_work(quantity: int, *, passes: bool) -> None:
    """Two exits of the whole position would turn it round."""
    ledger = a_ledger(latch=REDUCING, working=(working(30, side=Side.SELL),))
    snapshot = a_snapshot(ledger=ledger, position=Decimal(100))

    found = codes(an_order(quantity, side=Side.SELL), snapshot)

    assert found == ([] if passes else ["TRADING_REDUCING"])


def test_reducing_takes_a_modified_exit_once() -> None:
    """What is replaced does not work beside its replacement."""
    exits = (working(30, side=Side.SELL),)
    snapshot = a_snapshot(
        ledger=a_ledger(latch=REDUCING, working=exits),
        position=Decimal(100),
        broker_working=exits,
        open_order=an_open_order(30, side=Side.SELL),
    )
    order = an_order(100, side=Side.SELL, limit="100.20", replaces=OLD_REF)

    assert codes(order, snapshot, wide_limits()) == []


@pytest.mark.parametrize("position", [None, Decimal("nan")])
def test_reducing_with_an_unknown_position_denies(position: Decimal | None) -> None:
    """Nobody can tell what would shrink it."""
    (line,) = denials(snapshot=a_snapshot(ledger=REDUCING_LEDGER, position=position))

    assert line.startswith("TRADING_REDUCING: side=BUY, unknown=position —")


def test_the_latch_of_no_ledger_is_unknown() -> None:
    """Asked by itself, the rule does not take a missing ledger for an active one."""
    with pytest.raises(Unknown):
        rules_session.latch_lets_through(
            an_order(), a_snapshot(ledger=None), Limits.defaults(Mode.SIM), NOW
        )


# R32


def doubt(ref: str = OLD_REF, con_id: int = 756733, age_s: float = 60) -> Unresolved:
    """An order of which nobody knows what became."""
    return Unresolved(order_ref=ref, con_id=con_id, at=NOW - timedelta(seconds=age_s))


def in_doubt(*orders: Unresolved) -> Snapshot:
    """A ledger with open questions."""
    return a_snapshot(ledger=a_ledger(unresolved=orders))


def test_while_an_outcome_is_unknown_its_instrument_is_left_alone() -> None:
    """A second order might be the third."""
    assert denials(snapshot=in_doubt(doubt())) == [
        (
            "UNRESOLVED_ORDER: ELB:01J…09 outcome unknown since 14:59:00 UTC — "
            "it is asked for again when the connection is whole; compare %orders with TWS"
        )
    ]
    assert codes(snapshot=in_doubt(doubt(con_id=1), doubt("B", con_id=2))) == []


def test_after_three_unknown_outcomes_nothing_is_traded() -> None:
    """Whatever they were in; the oldest is named."""
    doubts = [
        doubt(ref, con_id=1, age_s=age) for ref, age in (("A", 1), ("B", 9), ("C", 5))
    ]

    assert denials(snapshot=in_doubt(*doubts))[0].startswith(
        "UNRESOLVED_ORDER: B and 2 more outcome unknown since 14:59:51 UTC"
    )


def test_an_order_and_what_it_replaces_are_no_doubt_about_it() -> None:
    """Otherwise no doubt could be followed by its own correction."""
    modified = an_order(10, limit="100.00", replaces=OLD_REF)
    snapshot = a_snapshot(
        ledger=a_ledger(unresolved=(doubt(),)), open_order=an_open_order()
    )

    assert codes(modified, snapshot) == []
    with pytest.raises(Unknown, match="ledger"):
        rules_session.nothing_is_unresolved(
            an_order(), a_snapshot(ledger=None), some_limits(), NOW
        )


# R37


@pytest.mark.parametrize(
    ("mode", "environment", "expected"),
    [
        (Mode.SIM, ("binder", "root"), []),
        (Mode.PAPER, ("root", "jupyterhub"), []),
        (Mode.PAPER, ("binder",), ["FOREIGN_ENVIRONMENT"]),
        (Mode.PAPER, ("colab",), ["FOREIGN_ENVIRONMENT"]),
        (Mode.PAPER, ("kaggle",), ["FOREIGN_ENVIRONMENT"]),
        (Mode.LIVE, (), []),
        (Mode.LIVE, ("root",), ["FOREIGN_ENVIRONMENT"]),
        (Mode.LIVE, ("jupyterhub",), ["FOREIGN_ENVIRONMENT"]),
    ],
)
def test_where_a_notebook_runs_decides_what_it_may_trade(
    mode: Mode, environment: tuple[str, ...], expected: list[str]
) -> None:
    """Anywhere in simulation; live only on a machine and under a user of one's own."""
    if mode is Mode.LIVE:
        live = a_live_snapshot()
        snapshot = replace(live, session=replace(live.session, environment=environment))
        order = an_order(account=LIVE_ACCOUNT)
    else:
        snapshot = a_snapshot(session=a_session(mode=mode, environment=environment))
        order = an_order()

    assert codes(order, snapshot) == expected


def test_what_speaks_against_an_environment_is_named() -> None:
    """Only what matters in its mode."""
    session = a_session(mode=Mode.PAPER, environment=("colab", "root"))

    assert denials(an_order(), a_snapshot(session=session)) == [
        "FOREIGN_ENVIRONMENT: found=colab, mode=PAPER — run it on a machine and under a user of your own"
    ]


# R34


@pytest.mark.parametrize(
    ("skew", "warns", "expected"),
    [
        (None, False, []),
        (2.0, False, []),
        (-2.1, True, []),
        (10.0, True, []),
        (10.1, False, ["CLOCK_SKEW"]),
        (-3600.0, False, ["CLOCK_SKEW"]),
        (float("nan"), False, ["CLOCK_SKEW"]),
    ],
)
def test_a_clock_that_is_wrong_warns_and_then_denies(
    skew: float | None, expected: list[str], *, warns: bool
) -> None:
    """Live, where hours are a limit."""
    live = a_live_snapshot()
    snapshot = replace(live, session=replace(live.session, clock_skew_s=skew))
    order = an_order(account=LIVE_ACCOUNT)

    assert codes(order, snapshot) == expected
    if not expected:
        warnings = judge(order, snapshot).warnings
        assert any(line.startswith("CLOCK_SKEW") for line in warnings) is warns


def test_a_wrong_clock_is_only_warned_of_where_hours_are_no_limit() -> None:
    """In paper; and the simulation keeps a time of its own."""
    paper = a_snapshot(session=a_session(mode=Mode.PAPER, clock_skew_s=99.0))
    (warning,) = judge(an_order(), paper).warnings

    assert warning == "CLOCK_SKEW: local-server=+99.0s, max=10s — set this machine's clock"
    assert (
        judge(an_order(), a_snapshot(session=a_session(clock_skew_s=99.0))).warnings == ()
    )
