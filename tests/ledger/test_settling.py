"""Settling: between a fill and everyone's position, what filled counts as if it still worked."""

from decimal import Decimal
from typing import Final

import pytest

from edgerunner_lab.core.intents import Side
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import WorkingOrder
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import Standing
from guard.builders import ACCOUNT
from ledger.conftest import OpenLedger
from ledger.orders import a_fill, reserve
from rigs.clocks import ManualClock
from rigs.orders import order_ref

STEM: Final = "0000e0d5.00000001.01"


def told_by_status(ledger: Ledger, filled: int) -> None:
    """Record that the broker's status has so much filled, of 10."""
    state = OrderState.FILLED if filled == 10 else OrderState.PARTIAL
    standing = Standing(state=state, filled=Decimal(filled))
    ledger.record(order_ref(), standing, kind="StatusReported", facts={})


def told_by_execution(ledger: Ledger, filled: int) -> None:
    """Record an execution of so much."""
    ledger.record_fill(a_fill(quantity=Decimal(filled)))


def at_work(ledger: Ledger) -> int:
    """Return how much counts as working."""
    return int(sum(order.remaining for order in ledger.facts(ACCOUNT, None).working))


def test_fill_of_another_kernel_counts_as_working_for_five_seconds(
    open_ledger: OpenLedger, clock: ManualClock
) -> None:
    """Under its order's reference, so that a broker's list that still has the order counts nothing twice."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    theirs.record_fill(a_fill(side=Side.SELL))
    clock.advance(4.999999)
    settling = ours.facts(ACCOUNT, None).working
    clock.advance(0.000001)

    assert settling == (
        WorkingOrder(
            order_ref=order_ref(),
            con_id=756733,
            side=Side.SELL,
            remaining=Decimal(10),
            is_fill=True,
        ),
    )
    assert ours.facts(ACCOUNT, None).working == ()


@pytest.mark.parametrize("filled", [4, 10])
def test_status_that_comes_before_the_execution_leaves_no_gap(
    open_ledger: OpenLedger, filled: int
) -> None:
    """Whichever message is first, at no moment does the order count for less than its ten shares."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    reserve(theirs)
    counts: list[int] = []
    for tell in (told_by_status, told_by_execution):
        tell(theirs, filled)
        counts.append(at_work(ours))

    assert counts == [10, 10]


@pytest.mark.parametrize("filled", [4, 10])
def test_execution_that_comes_before_the_status_counts_once(
    open_ledger: OpenLedger, filled: int
) -> None:
    """Until the status is there the order itself still counts in full: too much for a moment, never too little."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    reserve(theirs)
    counts: list[int] = []
    for tell in (told_by_execution, told_by_status):
        tell(theirs, filled)
        counts.append(at_work(ours))

    assert counts == [10 + filled, 10]


def test_parts_that_fill_one_after_the_other_add_up(open_ledger: OpenLedger) -> None:
    """Each for its own five seconds."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    reserve(theirs)
    for filled in (3, 7):
        told_by_status(theirs, filled)
    theirs.record_fill(a_fill("a.01", quantity=Decimal(3)))
    theirs.record_fill(a_fill("b.01", quantity=Decimal(4)))

    assert at_work(ours) == 10


def test_own_fill_does_not_settle(ledger: Ledger) -> None:
    """Fill and position come to its kernel on one connection."""
    reserve(ledger)
    told_by_execution(ledger, 10)
    told_by_status(ledger, 10)

    assert at_work(ledger) == 0


def test_fill_settles_on_its_own_account(open_ledger: OpenLedger) -> None:
    """A fill elsewhere says nothing about this one."""
    told_by_execution(open_ledger("theirs"), 10)

    assert open_ledger("ours").facts("DU0000000", None).working == ()


def test_late_commission_does_not_let_a_fill_settle_anew(
    open_ledger: OpenLedger, clock: ManualClock
) -> None:
    """It says nothing about the position."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    theirs.record_fill(a_fill())
    clock.advance(6)
    theirs.record_fill(a_fill(commission=Decimal(1)))

    assert at_work(ours) == 0


@pytest.mark.parametrize(("corrected", "settling"), [(12, 2), (9, 0)])
def test_correction_settles_by_what_it_adds(
    open_ledger: OpenLedger, clock: ManualClock, corrected: int, settling: int
) -> None:
    """What it takes back needs no room."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")
    theirs.record_fill(a_fill())
    clock.advance(6)
    theirs.record_fill(a_fill(f"{STEM}.02", quantity=Decimal(corrected)))

    assert at_work(ours) == settling


def test_what_has_settled_is_dropped(open_ledger: OpenLedger, clock: ManualClock) -> None:
    """The file does not grow with it."""
    ledger = open_ledger("ours")
    for name in ("a", "b", "c"):
        ledger.record_fill(a_fill(name))
        clock.advance(6)

    with ledger._store.reading() as connection:  # pyright: ignore[reportPrivateUsage]  # no caller sees the table
        assert connection.execute("SELECT count(*) FROM settling").fetchone() == (1,)
