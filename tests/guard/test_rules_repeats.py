"""R18 and R20: the same order again, and one too many."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import OrderType, Side, Source, TimeInForce
from edgerunner_lab.guard import rules_repeats
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.fingerprints import fingerprint
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import PastOrder
from guard.builders import (
    LIVE_ACCOUNT,
    NOW,
    OLD_REF,
    REF,
    a_ledger,
    a_live_snapshot,
    a_session,
    a_snapshot,
    an_open_order,
    an_order,
    attempts,
    codes,
    denials,
    judge,
    repeat,
    some_limits,
    with_instrument,
)

PAPER = a_session(mode=Mode.PAPER)


def after(*ages_s: float, **changes: Any) -> Any:
    """Return a paper account on which the same order was sent so many seconds ago."""
    ledger = a_ledger(repeats=tuple(repeat(age) for age in ages_s))
    return a_snapshot(**{"session": PAPER, "ledger": ledger} | changes)


# R18


def test_the_same_order_again_denies_in_paper() -> None:
    """The reference is shortened to what is recognised at a glance."""
    assert denials(snapshot=after(40, 12)) == [
        "DUPLICATE_ORDER: same as ELB:01J…09, 12s ago, window=60s — add --again if intended"
    ]


def test_the_same_order_again_is_only_warned_of_in_the_simulator() -> None:
    """Repeating a cell there is how one learns, but it is said."""
    ledger = a_ledger(repeats=(repeat(12),))

    assert judge(snapshot=a_snapshot(ledger=ledger)).warnings == (
        "DUPLICATE_ORDER: same as ELB:01J…09, 12s ago, window=60s — add --again if intended",
    )


def test_the_simulator_denies_repeats_where_the_file_says_so() -> None:
    """Whether is a limit, too."""
    snapshot = a_snapshot(ledger=a_ledger(repeats=(repeat(12),)))

    assert codes(
        snapshot=snapshot, limits=some_limits("duplicate_order_denied = true")
    ) == ["DUPLICATE_ORDER"]


@pytest.mark.parametrize(
    ("age", "passes"), [(59.999, False), (60.0, True), (0.0, False), (-30.0, False)]
)
def test_a_repeat_counts_for_a_minute(age: float, *, passes: bool) -> None:
    """A time ahead of ours is recent: setting the clock back makes nothing forgotten."""
    assert codes(snapshot=after(age)) == ([] if passes else ["DUPLICATE_ORDER"])


def test_live_remembers_for_five_minutes() -> None:
    """And denies."""
    order = an_order(account=LIVE_ACCOUNT)

    assert codes(order, a_live_snapshot(ledger=a_ledger(repeats=(repeat(299),)))) == [
        "DUPLICATE_ORDER"
    ]
    assert codes(order, a_live_snapshot(ledger=a_ledger(repeats=(repeat(300),)))) == []


def test_again_lifts_it() -> None:
    """The user says it knowingly, and no warning follows."""
    assert judge(an_order(again=True), after(12)).warnings == ()


def test_the_order_itself_is_no_repeat() -> None:
    """It may be in the ledger already."""
    ledger = a_ledger(repeats=(PastOrder(order_ref=REF, at=NOW),))

    assert codes(snapshot=a_snapshot(session=PAPER, ledger=ledger)) == []


def test_a_modification_is_no_repeat() -> None:
    """It adds no order."""
    order = an_order(20, limit="99.50", replaces=OLD_REF)

    assert codes(order, after(1, open_order=an_open_order())) == []


def test_a_repeat_of_unknown_age_denies() -> None:
    """Without a zone it could be any time."""
    ledger = a_ledger(repeats=(PastOrder(order_ref=OLD_REF, at=NOW.replace(tzinfo=None)),))

    assert codes(snapshot=a_snapshot(ledger=ledger)) == ["DUPLICATE_ORDER"]


def test_equal_orders_have_equal_fingerprints_however_they_are_written() -> None:
    """10, 10.0 and 1E+1 are one quantity; reference, name and source do not count."""
    first = fingerprint(an_order("10", limit="100.0"))

    assert fingerprint(an_order("1E+1", limit="100.00", order_ref=OLD_REF)) == first
    assert fingerprint(an_order("10.0", limit="1.0E+2", again=True)) == first
    assert len(first) == 64


@pytest.mark.parametrize(
    "other",
    [
        an_order("11", limit="100"),
        an_order("1", limit="100"),
        an_order("10", limit="100.01"),
        an_order("10", limit="-100"),
        an_order("10", limit="0"),
        an_order("10", limit="nan"),
        an_order("10", stop="100"),
        an_order("10", stop="100", limit="100"),
        an_order("10"),
        an_order("10", limit="100", side=Side.SELL),
        an_order("10", limit="100", tif=TimeInForce.GTC),
        an_order("10", limit="100", account="DU7777777"),
        with_instrument(an_order("10", limit="100"), con_id=1),
    ],
)
def test_orders_that_differ_have_different_fingerprints(other: Any) -> None:
    """Account, instrument, side, quantity, type, prices and time in force."""
    assert fingerprint(other) != fingerprint(an_order("10", limit="100"))


def test_a_trailing_stop_repeats_itself_however_far_the_market_has_moved() -> None:
    """Its distance is what was asked for; the price that it begins with follows from the market."""
    first = replace(an_order(stop="99.00"), order_type=OrderType.TRAIL)
    by_amount = replace(first, trail_amount=Decimal("1.50"))
    by_percent = replace(first, trail_percent=Decimal("1.50"))

    assert fingerprint(by_amount) == fingerprint(
        replace(by_amount, stop_price=Decimal("97.00"), trail_amount=Decimal("1.5"))
    )
    assert fingerprint(by_percent) == fingerprint(
        replace(by_percent, stop_price=Decimal("97.00"))
    )
    assert len({fingerprint(each) for each in (first, by_amount, by_percent)}) == 3


def test_a_fingerprint_does_not_depend_on_the_decimal_context() -> None:
    """Forty digits stay forty digits."""
    long = Decimal("1." + "0" * 38 + "1")

    assert fingerprint(an_order(long)) != fingerprint(an_order(1))


# R20


def tried(*ages_s: float) -> Any:
    """Return a snapshot with attempts so many seconds ago."""
    return a_snapshot(ledger=a_ledger(attempts=attempts(*ages_s)))


def test_one_order_too_many_denies_and_says_when_to_retry() -> None:
    """Word for word, with the live limit of three."""
    snapshot = a_live_snapshot(ledger=a_ledger(attempts=attempts(1, 2, 3.9)))

    assert denials(an_order(account=LIVE_ACCOUNT), snapshot) == [
        "ORDER_RATE: 4 orders in 10s, max=3 — retry in 6.1s (not queued; 3 of them were refused, which counts)"
    ]


def test_a_rate_of_accepted_orders_is_told_in_the_catalogues_words() -> None:
    """Nothing was refused, so nothing is said of it."""
    accepted = tuple(replace(each, accepted=True) for each in attempts(1, 2, 3.9))
    snapshot = a_live_snapshot(ledger=a_ledger(attempts=accepted))

    assert denials(an_order(account=LIVE_ACCOUNT), snapshot) == [
        "ORDER_RATE: 4 orders in 10s, max=3 — retry in 6.1s (not queued)"
    ]


@pytest.mark.parametrize(("count", "passes"), [(9, True), (10, False)])
def test_an_order_that_shrinks_the_position_has_twice_the_rate(
    count: int, *, passes: bool
) -> None:
    """Refusals in a hurry keep nobody in a position; a loop that runs away is stopped all the same."""
    snapshot = replace(tried(*[1] * count), position=Decimal(100))

    assert codes(an_order(10, side=Side.SELL), snapshot) == (
        [] if passes else ["ORDER_RATE"]
    )
    assert codes(an_order(10, side=Side.BUY), snapshot) == ["ORDER_RATE"]


def test_an_order_of_unknown_reach_has_the_ordinary_rate() -> None:
    """What the position is must be known to be shrunk."""
    snapshot = replace(tried(*[1] * 5), position=None)

    assert isinstance(
        rules_repeats.rate_is_low(
            an_order(10, side=Side.SELL), snapshot, Limits.defaults(Mode.SIM), NOW
        ),
        Denial,
    )


@pytest.mark.parametrize(
    ("ages", "passes"),
    [
        ([1] * 4, True),
        ([1] * 5, False),
        ([9.999] * 5, False),
        ([10.0] * 5, True),
        ([-5] * 5, False),
        ([20] * 59, True),
        ([20] * 60, False),
        ([3599.9] * 60, False),
        ([3600.0] * 60, True),
        ([4000] * 299, True),
        ([4000] * 300, False),
        ([86_400.0] * 300, True),
    ],
)
def test_attempts_are_counted_in_rolling_windows(
    ages: list[float], *, passes: bool
) -> None:
    """Five in ten seconds, sixty in an hour, three hundred in a day; this order is one of them."""
    assert codes(snapshot=tried(*ages)) == ([] if passes else ["ORDER_RATE"])


@pytest.mark.parametrize("ages", [[7, 1, 5, 3, 2], [8, 7, 1, 5, 3, 2]])
def test_the_retry_is_when_the_window_has_room(ages: list[float]) -> None:
    """Whatever the order of the records: the fifth youngest must have left."""
    (line,) = denials(snapshot=tried(*ages))

    assert "retry in 3.0s" in line


def test_modifications_are_counted_like_orders() -> None:
    """They are messages that can trade."""
    order = an_order(20, limit="99.50", replaces=OLD_REF)
    snapshot = replace(tried(1, 1, 1, 1, 1), open_order=an_open_order())

    assert codes(order, snapshot) == ["ORDER_RATE"]


def test_the_fullest_window_is_shown() -> None:
    """A preview says which limit is nearest."""
    checks = {check.rule: str(check) for check in judge(snapshot=tried(*[100] * 30)).checks}

    assert checks["ORDER_RATE"] == "ORDER_RATE: 31 in 1h of 60"


def test_an_attempt_of_unknown_age_denies() -> None:
    """It may be of this second."""
    ledger = a_ledger(
        attempts=tuple(
            replace(each, at=each.at.replace(tzinfo=None)) for each in attempts(1)
        )
    )

    assert codes(snapshot=a_snapshot(ledger=ledger)) == ["ORDER_RATE"]


@pytest.mark.parametrize(
    "rule", [rules_repeats.order_is_no_repeat, rules_repeats.rate_is_low]
)
def test_without_a_ledger_nothing_is_known_to_be_new(rule: Any) -> None:
    """Asked by themselves, the rules guess nothing."""
    with pytest.raises(Unknown, match="ledger"):
        rule(
            an_order(),
            a_snapshot(ledger=None),
            Limits.defaults(Mode.SIM),
            NOW + timedelta(0),
        )


# R19


def rerun_after(*ages_s: float, **changes: Any) -> Any:
    """Return a paper account on which the same cell sent the same order so many seconds ago."""
    ledger = a_ledger(reruns=tuple(repeat(age) for age in ages_s))
    return a_snapshot(**{"session": PAPER, "ledger": ledger} | changes)


def test_a_cell_that_sent_the_order_today_does_not_send_it_again() -> None:
    """Nor after Run All, a restart, or in another kernel; the first time is said."""
    assert denials(snapshot=rerun_after(60, 3600)) == [
        (
            "CELL_RERUN: this cell already sent this order today, first=14:00:00 UTC, ref=ELB:01J…09 — "
            "--again to repeat it"
        )
    ]
    assert codes(an_order(again=True), rerun_after(3600)) == []


def test_within_the_window_a_rerun_is_the_duplicates_matter() -> None:
    """One thing is said once."""
    assert codes(snapshot=rerun_after(59.9)) == []
    assert codes(snapshot=rerun_after(60)) == ["CELL_RERUN"]


def test_in_the_simulator_a_rerun_is_warned_of() -> None:
    """And sent."""
    [warning] = judge(snapshot=rerun_after(3600, session=a_session())).warnings

    assert warning.startswith("CELL_RERUN: this cell already sent this order today")


def test_a_modification_and_the_order_itself_are_no_rerun() -> None:
    """They add no order."""
    modified = an_order(10, limit="100.00", replaces=OLD_REF)

    assert codes(modified, rerun_after(3600, open_order=an_open_order())) == []
    assert codes(an_order(order_ref=OLD_REF), rerun_after(3600)) == []


# R22


def bursts(count: int, age_s: float = 1) -> Any:
    """Return a ledger in which the same source has sent so many orders."""
    moments = tuple(NOW - timedelta(seconds=age_s) for _ in range(count))
    return a_snapshot(ledger=a_ledger(burst=moments))


@pytest.mark.parametrize(
    ("count", "age_s", "passes"),
    [(9, 1, True), (10, 1, False), (10, 59.9, False), (10, 60, True)],
)
def test_a_loop_over_one_order_is_stopped(
    count: int, age_s: float, *, passes: bool
) -> None:
    """Ten of one source, instrument and side in a minute."""
    assert codes(snapshot=bursts(count, age_s)) == (
        [] if passes else ["REPEATED_EXECUTION"]
    )


def test_the_line_of_a_loop_names_its_cell_or_its_kind() -> None:
    """Short enough to be recognised."""
    cell = an_order(source=Source(kind="magic", cell_id="3f2a9b1c-77"))

    assert denials(cell, bursts(10)) == [
        (
            "REPEATED_EXECUTION: source=cell 3f2a9b1c, BUY SPY orders=11 in 60s, max=10 — "
            'trading is halted, %resume --reason "..." after review'
        )
    ]
    assert "source=python," in denials(snapshot=bursts(10))[0]
    assert (
        codes(
            an_order(5, limit="100.00", replaces=OLD_REF),
            a_snapshot(ledger=bursts(10).ledger, open_order=an_open_order()),
        )
        == []
    )


def test_without_a_ledger_no_repeat_is_judged() -> None:
    """Nothing is guessed."""
    for rule in (rules_repeats.cell_is_no_rerun, rules_repeats.source_is_no_loop):
        with pytest.raises(Unknown, match="ledger"):
            rule(an_order(), a_snapshot(ledger=None), some_limits(), NOW)
