"""A modification in the ledger: durable before it is sent, and counted at worst until the broker has spoken."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import Side
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import Standing, Terms
from guard.builders import a_snapshot, judge, some_limits, wide_limits
from ledger.conftest import OpenLedger
from ledger.orders import an_order, reserve
from rigs.orders import order_ref


def working(ledger: Ledger, **changes: Any) -> OrderUpdate:
    """Have an order of 10 work; return it as the ledger has it."""
    reserve(ledger, limit="100.00", **changes)
    ledger.record(
        order_ref(), Standing(state=OrderState.WORKING), kind="StatusReported", facts={}
    )
    return found(ledger)


def found(ledger: Ledger) -> OrderUpdate:
    """Return the order as the ledger has it."""
    row = ledger.order(order_ref())
    assert row is not None
    return row.update


def amend(ledger: Ledger, old: OrderUpdate, *, limits: Any = None, **changes: Any) -> None:
    """Reserve a change of an order."""
    order = replace(
        an_order(limit="100.00", side=old.side), replaces=order_ref(), **changes
    )
    snapshot = a_snapshot(open_order=old)
    ledger.reserve(order, lambda _: judge(order, snapshot, limits or wide_limits()))


@pytest.mark.parametrize(
    ("side", "price", "counted"),
    [
        (Side.BUY, "100.10", "100.10"),
        (Side.BUY, "99.90", "100.00"),
        (Side.SELL, "99.90", "99.90"),
        (Side.SELL, "100.10", "100.00"),
    ],
)
def test_the_bolder_limit_counts_until_the_broker_has_spoken(
    open_ledger: OpenLedger, side: Side, price: str, counted: str
) -> None:
    """The higher of a purchase, the lower of a sale."""
    ledger = open_ledger("one")
    amend(ledger, working(ledger, side=side), limit_price=Decimal(price))

    assert found(ledger).limit_price == Decimal(counted)


@pytest.mark.parametrize("quantity", [4, 25])
def test_the_larger_size_counts_until_the_broker_has_spoken(
    open_ledger: OpenLedger, quantity: int
) -> None:
    """And the broker's word replaces it, whatever it is."""
    ledger = open_ledger("one")
    amend(ledger, working(ledger), quantity=Decimal(quantity))
    assert found(ledger).quantity == max(10, quantity)

    told = Terms(quantity=Decimal(quantity), limit_price=Decimal("100.00"), stop_price=None)
    standing = Standing(state=OrderState.WORKING, terms=told)
    ledger.record(order_ref(), standing, kind="Modified", facts={})
    assert found(ledger).quantity == quantity


def test_a_stop_has_no_limit_to_compare(open_ledger: OpenLedger) -> None:
    """Its new trigger stands."""
    ledger = open_ledger("one")
    reserve(ledger, stop="101.00")
    ledger.record(
        order_ref(), Standing(state=OrderState.WORKING), kind="StatusReported", facts={}
    )
    order = replace(
        an_order(stop="101.00"), replaces=order_ref(), stop_price=Decimal("102.00")
    )
    snapshot = a_snapshot(open_order=found(ledger))
    ledger.reserve(order, lambda _: judge(order, snapshot, wide_limits()))

    assert (found(ledger).limit_price, found(ledger).stop_price) == (
        None,
        Decimal("102.00"),
    )


def test_a_change_is_one_journal_row_and_no_second_order(open_ledger: OpenLedger) -> None:
    """It counts as an attempt, and the chain holds."""
    ledger = open_ledger("one")
    old = working(ledger)
    amend(ledger, old, quantity=Decimal(12))

    assert [entry.kind for entry in ledger.story(order_ref())][-1] == "MODIFY_INTENT"
    assert len(ledger.open_orders(old.account)) == 1
    assert len(ledger.facts(old.account, None).attempts) == 2
    assert ledger.verify().holds


def test_a_change_that_is_denied_changes_nothing(open_ledger: OpenLedger) -> None:
    """The denial is recorded."""
    ledger = open_ledger("one")
    old = working(ledger)
    with pytest.raises(OrderDenied):
        amend(
            ledger,
            old,
            quantity=Decimal(12),
            limits=some_limits("[sim.max_order_qty]\nSTK = 1"),
        )

    assert found(ledger) == old
    assert [entry.kind for entry in ledger.story(order_ref())][-1] == "DENIED"


def test_a_change_of_an_order_without_a_row_is_recorded_all_the_same(
    open_ledger: OpenLedger,
) -> None:
    """An order of this client id that another machine placed; the broker's word counts for it."""
    there, here = open_ledger("one"), open_ledger("two")
    old = working(there)
    other = replace(old, order_ref=order_ref(5))
    order = replace(
        an_order(5, limit="100.00"), replaces=order_ref(5), quantity=Decimal(12)
    )
    here.reserve(order, lambda _: judge(order, a_snapshot(open_order=other), wide_limits()))

    assert here.order(order_ref(5)) is None
    assert [entry.kind for entry in here.story(order_ref(5))] == ["MODIFY_INTENT"]
