"""What the limits count: all kernels' working orders, fresh fills, attempts and repeats."""

import sqlite3
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from edgerunner_lab.core.errors import LedgerDamaged, OrderDenied
from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import Attempt, PastOrder, RoundTrip, WorkingOrder
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import OPEN_STATES, Standing
from guard.builders import ACCOUNT, NOW, REF
from ledger.conftest import OpenLedger
from ledger.orders import a_fill, an_order, denying, reserve
from rigs.clocks import ManualClock
from rigs.orders import order_ref

DAY_S: Final = 86_400
SPY: Final = 756733


def stand(ledger: Ledger, state: OrderState, filled: int = 0, *, number: int = 1) -> None:
    """Record where an order stands."""
    standing = Standing(state=state, filled=Decimal(filled))
    ledger.record(order_ref(number), standing, kind="TEST", facts={})


def working_refs(ledger: Ledger, account: str = ACCOUNT) -> list[str]:
    """Return what counts as working."""
    return [order.order_ref for order in ledger.facts(account, None).working]


def test_states_that_count_are_those_that_may_trade() -> None:
    """A draft was never reserved."""
    assert set(OPEN_STATES) == {
        "reserved", "sent", "acknowledged", "working", "partly filled", "cancel requested", "unknown",
    }  # fmt: skip


def test_reservation_counts_in_every_kernel(open_ledger: OpenLedger) -> None:
    """From its commit on, before a byte was sent."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")

    reserve(ours)

    assert theirs.facts(ACCOUNT, None).working == (
        WorkingOrder(
            order_ref=order_ref(),
            con_id=SPY,
            side=Side.BUY,
            remaining=Decimal(10),
            unit_value=Decimal("105.105"),
        ),
    )


@pytest.mark.parametrize(
    ("prices", "price"),
    [
        ({"limit": "99.50"}, "99.50"),
        ({}, None),
        ({"stop": "101.00"}, None),
        ({"limit": "101.50", "stop": "101.00"}, None),
    ],
)
def test_working_order_has_the_price_at_which_it_lies_in_the_book(
    ledger: Ledger, prices: dict[str, Any], price: str | None
) -> None:
    """None at the market and while it waits for its trigger."""
    reserve(ledger, **prices)

    (found,) = ledger.facts(ACCOUNT, None).working
    assert found.resting_price == (None if price is None else Decimal(price))


def test_other_account_has_limits_of_its_own(ledger: Ledger) -> None:
    """An order counts on the account that it trades on."""
    reserve(ledger)

    facts = ledger.facts("DU0000000", None)
    assert (facts.working, facts.attempts) == ((), ())


@pytest.mark.parametrize("state", [state for state in OrderState if state.is_open])
def test_order_that_may_trade_counts(ledger: Ledger, state: OrderState) -> None:
    """An unknown outcome counts in full."""
    reserve(ledger)
    stand(ledger, state)

    assert working_refs(ledger) == [order_ref()] * (state is not OrderState.DRAFT)


@pytest.mark.parametrize("state", [state for state in OrderState if not state.is_open])
def test_order_that_ended_does_not_count(ledger: Ledger, state: OrderState) -> None:
    """Its share of the limits is free again."""
    reserve(ledger)
    stand(ledger, state)

    assert working_refs(ledger) == []
    assert ledger.open_orders(ACCOUNT) == []


@pytest.mark.parametrize(("filled", "left"), [(4, 6), (10, 0), (11, 0)])
def test_what_has_filled_does_not_work_any_more(
    ledger: Ledger, filled: int, left: int
) -> None:
    """More than all of it leaves nothing, not less than nothing."""
    reserve(ledger)
    stand(ledger, OrderState.PARTIAL, filled)

    (found,) = ledger.facts(ACCOUNT, None).working
    assert found.remaining == left


def test_attempts_count_for_a_day_whether_accepted_or_not(
    ledger: Ledger, clock: ManualClock
) -> None:
    """Denied ones count too: they are what a runaway loop makes."""
    reserve(ledger)
    clock.advance(60)
    order = an_order(2)
    with pytest.raises(OrderDenied):
        ledger.reserve(order, denying(order))
    later = clock.now

    clock.advance(DAY_S - 60)
    both = ledger.facts(ACCOUNT, None).attempts
    clock.advance(1)
    one = ledger.facts(ACCOUNT, None).attempts

    assert both == (Attempt(at=NOW, accepted=True), Attempt(at=later, accepted=False))
    assert one == (Attempt(at=later, accepted=False),)


def test_attempts_that_nobody_looks_at_are_dropped(
    ledger: Ledger, raw: sqlite3.Connection, clock: ManualClock
) -> None:
    """The file does not grow with them."""
    reserve(ledger)
    clock.advance(DAY_S + 1)
    reserve(ledger, 2)

    assert raw.execute("SELECT count(*) FROM attempts").fetchone() == (1,)


def test_same_order_within_a_day_is_a_repeat(ledger: Ledger, clock: ManualClock) -> None:
    """The fingerprint decides, not the reference."""
    reserve(ledger)
    clock.advance(DAY_S)
    within = ledger.facts(ACCOUNT, an_order(2)).repeats
    clock.advance(1)

    assert within == (PastOrder(order_ref=order_ref(), at=NOW),)
    assert ledger.facts(ACCOUNT, an_order(2)).repeats == ()


def test_other_order_and_the_order_itself_are_no_repeats(ledger: Ledger) -> None:
    """Another quantity is another order; the same reference is the same order."""
    reserve(ledger)

    assert ledger.facts(ACCOUNT, an_order(2, 11)).repeats == ()
    assert ledger.facts(ACCOUNT, an_order(1)).repeats == ()
    assert ledger.facts(ACCOUNT, None).repeats == ()


def test_withdrawn_order_may_be_sent_again(ledger: Ledger) -> None:
    """It never reached the broker."""
    reserve(ledger)
    stand(ledger, OrderState.WITHDRAWN)

    assert ledger.facts(ACCOUNT, an_order(2)).repeats == ()


def test_judge_sees_the_facts_without_the_present_attempt(ledger: Ledger) -> None:
    """What is being judged is not counted twice."""
    reserve(ledger)
    order = an_order(2)
    seen = [ledger.facts(ACCOUNT, order)]
    with pytest.raises(OrderDenied):
        ledger.reserve(order, lambda facts: seen.append(facts) or denying(order)(facts))

    assert seen[0] == seen[1]
    assert len(seen[1].attempts) == 1


def test_order_reads_back_as_it_was_written(ledger: Ledger) -> None:
    """Prices and sizes lose no digit, and what it may come to at worst is there."""
    reserve(
        ledger, quantity="10.0", side=Side.SELL, limit="99.40", stop="99.50",
        tif=TimeInForce.GTC,
    )  # fmt: skip
    assert order_ref() != REF

    found = ledger.order(order_ref())
    assert found is not None
    update = found.update
    assert (found.owner, found.created_at, update.updated_at) == ("ours", NOW, NOW)
    assert (update.side, update.tif, update.state, update.order_type) == (
        Side.SELL, TimeInForce.GTC, OrderState.RESERVED, OrderType.STOP_LIMIT,
    )  # fmt: skip
    assert (str(update.quantity), str(update.limit_price), str(update.stop_price)) == (
        "10.0", "99.40", "99.50",
    )  # fmt: skip
    assert (update.con_id, update.symbol, update.account, update.name) == (
        SPY, "SPY", ACCOUNT, "",
    )  # fmt: skip
    assert found.notional == 1000


def test_open_orders_come_oldest_first(ledger: Ledger, clock: ManualClock) -> None:
    """Whatever their references are."""
    for number in (3, 1, 2):
        reserve(ledger, number)
        clock.advance(1)

    assert [row.update.order_ref for row in ledger.open_orders(ACCOUNT)] == [
        order_ref(3),
        order_ref(1),
        order_ref(2),
    ]


def test_order_that_nobody_wrote_is_none(ledger: Ledger) -> None:
    """Most orders of the broker are not ours."""
    assert ledger.order("ELB:none") is None


@pytest.mark.parametrize(
    "forgery",
    [
        "quantity = 'ten'",
        "side = 'HOLD'",
        "tif = ''",
        "order_type = 'X'",
        "filled = CAST(x'ff' AS TEXT)",
        "updated_at = 'noon'",
    ],
)
def test_order_that_cannot_be_read_denies_the_next_one(
    ledger: Ledger, raw: sqlite3.Connection, forgery: str
) -> None:
    """What the limits would count is not known, so nothing is reserved."""
    reserve(ledger)
    raw.execute(f"UPDATE orders SET {forgery}")  # noqa: S608  the test's own

    with pytest.raises(LedgerDamaged, match="kept as it is"):
        reserve(ledger, 2)
    with pytest.raises(LedgerDamaged):
        ledger.facts(ACCOUNT, None)
    with pytest.raises(LedgerDamaged):
        ledger.open_orders(ACCOUNT)
    with pytest.raises(LedgerDamaged):
        ledger.order(order_ref())
    assert ledger.order(order_ref(2)) is None


# What the rules about conduct look at.


def test_messages_are_orders_changes_and_cancels_of_a_day(
    ledger: Ledger, clock: ManualClock
) -> None:
    """What was denied is no message; what has filled counts once."""
    reserve(ledger, 1, limit="99.00")
    stand(ledger, OrderState.FILLED, 10, number=1)
    reserve(ledger, 2, limit="98.00")
    stand(ledger, OrderState.CANCELLED, number=2)
    with pytest.raises(OrderDenied):
        ledger.reserve(an_order(3), denying(an_order(3)))

    facts = ledger.facts(ACCOUNT, None)
    assert (facts.messages, facts.filled_orders) == (3, 1)
    assert ledger.facts("DU7777777", None).messages == 0
    clock.advance(DAY_S + 1)
    facts = ledger.facts(ACCOUNT, None)
    assert (facts.messages, facts.filled_orders) == (0, 0)


def test_round_trips_are_summed_by_order_and_come_oldest_first(
    ledger: Ledger, clock: ManualClock
) -> None:
    """A fill that opens has no profit, or one of zero; one without an order of ours goes by its permId."""
    fills = (
        ("01.01", order_ref(1), "-3.5", 0),
        ("02.01", order_ref(2), "1", 10),
        ("03.01", order_ref(1), "1.5", 20),
        ("04.01", order_ref(3), "0", 30),
        ("05.01", order_ref(4), None, 30),
    )
    for number, ref, pnl, after_s in fills:
        ledger.record_fill(
            a_fill(
                f"0000e0d5.00000001.{number}", order_ref=ref, commission=Decimal(1),
                realized_pnl=None if pnl is None else Decimal(pnl),
                time=NOW + timedelta(seconds=after_s),
            )
        )  # fmt: skip

    assert ledger.facts(ACCOUNT, None).round_trips == (
        RoundTrip(con_id=SPY, at=NOW + timedelta(seconds=10), realized_pnl=Decimal(1)),
        RoundTrip(con_id=SPY, at=NOW + timedelta(seconds=20), realized_pnl=Decimal(-2)),
    )
    clock.advance(DAY_S + 60)
    assert ledger.facts(ACCOUNT, None).round_trips == ()
