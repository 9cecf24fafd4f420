"""R29, R30, R39: losses in a row, a pause after an exit, messages for fills, day trades."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard import rules_conduct
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import RoundTrip
from guard.builders import (
    NOW,
    a_ledger,
    a_snapshot,
    an_account,
    an_order,
    codes,
    denials,
    judge,
    some_limits,
)

STREAK = "max_losses_in_a_row = 3\nloss_pause_s = 1800"
COOLDOWN = "cooldown_s = 60"
GUARDED = "day_trades_guarded = true"


def trips(*pnl_and_age: tuple[int, float], con_id: int = 1) -> Any:
    """Return a snapshot after these round trips: profit, and how many seconds ago; the oldest first."""
    made = tuple(
        RoundTrip(con_id=con_id, at=NOW - timedelta(seconds=age), realized_pnl=Decimal(pnl))
        for pnl, age in pnl_and_age
    )
    return a_snapshot(ledger=a_ledger(round_trips=made), position=Decimal(10))


def test_after_so_many_losses_in_a_row_nothing_is_opened_for_a_while() -> None:
    """The third one, half a minute ago."""
    snapshot = trips((5, 300), (-1, 200), (-1, 100), (-1, 30))

    assert denials(an_order(), snapshot, some_limits(STREAK)) == [
        "LOSS_STREAK: losses=3, since=14:59:30 — only exits for 1770s more"
    ]
    assert codes(an_order(5, side=Side.SELL), snapshot, some_limits(STREAK)) == []


@pytest.mark.parametrize(
    "made",
    [
        (),
        ((-1, 300), (-1, 200)),
        ((-1, 300), (-1, 200), (5, 100), (-1, 30)),
        ((-1, 300), (-1, 200), (-1, 100), (0, 30)),
        ((-1, 3000), (-1, 2900), (-1, 1800)),
    ],
)
def test_fewer_losses_or_older_ones_do_not_pause(
    made: tuple[tuple[int, float], ...],
) -> None:
    """A profit ends the row, and so does time."""
    assert codes(an_order(), trips(*made), some_limits(STREAK)) == []


def test_losing_in_a_row_is_allowed_in_simulation_and_not_live() -> None:
    """It is how one learns."""
    many = trips(*[(-1, 200)] * 50)

    assert codes(an_order(), many) == []
    assert Limits.defaults(Mode.LIVE).max_losses_in_a_row == 4


def test_after_an_exit_its_instrument_is_left_alone_for_a_moment() -> None:
    """Others are not, and exits always pass."""
    snapshot = trips((5, 20), con_id=756733)

    assert denials(an_order(), snapshot, some_limits(COOLDOWN)) == [
        "COOLDOWN: symbol=SPY, left=40s — an exit was just made; only exits pass until then"
    ]
    assert codes(an_order(5, side=Side.SELL), snapshot, some_limits(COOLDOWN)) == []
    assert codes(an_order(), trips((5, 20), con_id=2), some_limits(COOLDOWN)) == []
    assert codes(an_order(), trips((5, 60), con_id=756733), some_limits(COOLDOWN)) == []


@pytest.mark.parametrize(
    ("messages", "filled", "code", "warns"),
    [
        (49, 0, [], False),
        (50, 4, [], True),
        (99, 4, [], True),
        (100, 4, ["ORDER_EFFICIENCY"], False),
        (50, 5, [], False),
        (1000, 99, [], True),
        (1000, 100, [], False),
    ],
)
def test_messages_must_lead_to_fills(
    messages: int, filled: int, code: list[str], *, warns: bool
) -> None:
    """Warned of from ten for one, denied from twenty, once there are fifty."""
    snapshot = a_snapshot(ledger=a_ledger(messages=messages, filled_orders=filled))

    assert codes(an_order(), snapshot) == code
    if not code:
        warnings = judge(an_order(), snapshot).warnings
        assert any(line.startswith("ORDER_EFFICIENCY") for line in warnings) is warns


def test_whoever_sends_too_many_messages_gets_out_all_the_same() -> None:
    """With a warning."""
    ledger = a_ledger(messages=500, filled_orders=0)
    snapshot = a_snapshot(ledger=ledger, position=Decimal(10))

    assert codes(an_order(), snapshot) == ["ORDER_EFFICIENCY"]
    (warning,) = judge(an_order(10, side=Side.SELL), snapshot).warnings
    assert warning == "ORDER_EFFICIENCY: oer=500.0 (msgs=500, filled=0), limit=20"


@pytest.mark.parametrize("left", [None, -1, 3])
def test_day_trades_that_are_left_or_not_counted_do_not_deny(left: int | None) -> None:
    """The broker counts them for small accounts only."""
    remaining = None if left is None else Decimal(left)
    snapshot = a_snapshot(account=an_account(day_trades_remaining=remaining))

    assert codes(an_order(), snapshot, some_limits(GUARDED)) == []


def test_without_a_day_trade_left_nothing_is_opened_where_that_is_asked_for() -> None:
    """And what is held can be closed."""
    snapshot = a_snapshot(
        account=an_account(day_trades_remaining=Decimal(0)), position=Decimal(10)
    )

    assert codes(an_order(), snapshot) == []
    assert denials(an_order(), snapshot, some_limits(GUARDED)) == [
        "DAY_TRADES: left=0 — what is opened today could not be closed today"
    ]
    assert codes(an_order(10, side=Side.SELL), snapshot, some_limits(GUARDED)) == []


@pytest.mark.parametrize(
    "rule",
    [
        rules_conduct.losses_in_a_row_are_few,
        rules_conduct.exit_is_not_reversed_at_once,
        rules_conduct.messages_lead_to_fills,
    ],
)
def test_without_a_ledger_nothing_of_it_is_known(rule: Any) -> None:
    """Another rule says why."""
    with pytest.raises(Unknown, match="ledger"):
        rule(an_order(), a_snapshot(ledger=None), Limits.defaults(Mode.SIM), NOW)


def test_without_an_account_day_trades_are_not_counted() -> None:
    """Another rule says that it is missing."""
    check = rules_conduct.day_trades_are_left(
        an_order(), a_snapshot(account=None), some_limits(GUARDED), NOW
    )

    assert str(check) == "DAY_TRADES: not counted"
