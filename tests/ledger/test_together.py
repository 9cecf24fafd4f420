"""Several orders that go together: all of them are reserved or none, each judged as if those before it worked."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import OrderDenied, TogetherDenied
from edgerunner_lab.core.intents import Attached, ProposedOrder, Side
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import LedgerFacts
from edgerunner_lab.ledger.ledger import Ledger
from guard.builders import ACCOUNT, NOW, a_snapshot, judge, some_limits
from ledger.conftest import OpenLedger
from ledger.orders import an_order
from rigs.orders import order_ref

LIMITS = "short_sales_denied = true\nmax_position_pct = 1000\n[sim.max_order_qty]\nSTK = 50\n[sim.max_position_qty]\nSTK = 100"


def judging(seen: list[LedgerFacts] | None = None) -> Callable[..., ApprovedOrder]:
    """Return a judge that looks at what the ledger says."""

    def decide(order: ProposedOrder, facts: LedgerFacts) -> ApprovedOrder:
        if seen is not None:
            seen.append(facts)
        return judge(order, a_snapshot(ledger=facts), some_limits(LIMITS))

    return decide


def an_exit(number: int, of: int = 1, **prices: Any) -> ProposedOrder:
    """Return an exit of 10 SPY."""
    attached = Attached(
        parent_ref=order_ref(of), quantity=Decimal(10), side=Side.BUY, entry_price=None
    )
    return replace(an_order(number, side=Side.SELL, **prices), attached=attached)


def a_bracket(quantity: int = 10) -> list[ProposedOrder]:
    """Return an entry and its exits."""
    return [an_order(1, quantity), an_exit(2, limit="110.00"), an_exit(3, stop="98.00")]


def open_refs(ledger: Ledger) -> list[str]:
    """Return what is reserved."""
    return [row.update.order_ref for row in ledger.open_orders(ACCOUNT)]


def test_a_bracket_is_reserved_whole_and_knows_its_entry(ledger: Ledger) -> None:
    """In one transaction, as one attempt."""
    reserved = ledger.reserve_together(a_bracket(), judging())

    assert [each.order_ref for each in reserved] == [order_ref(n) for n in (1, 2, 3)]
    rows = {row.update.order_ref: row.update for row in ledger.open_orders(ACCOUNT)}
    assert [rows[order_ref(n)].parent_ref for n in (1, 2, 3)] == [
        "", order_ref(1), order_ref(1),
    ]  # fmt: skip
    assert len(ledger.facts(ACCOUNT, None).attempts) == 1
    assert [each.parent_ref for each in ledger.facts(ACCOUNT, None).working] == [
        "", order_ref(1), order_ref(1),
    ]  # fmt: skip


def test_each_order_is_judged_as_if_those_before_it_worked(ledger: Ledger) -> None:
    """Three orders of 40 within a limit of 100 are one too many."""
    orders = [an_order(number, 40, limit=f"9{number}.00") for number in (1, 2, 3)]

    with pytest.raises(TogetherDenied, match="MAX_POSITION") as denied:
        ledger.reserve_together(orders, judging())

    ((text, refusal),) = denied.value.refusals
    assert text == str(orders[2].intent)
    assert denied.value.denials == refusal.denials
    assert str(denied.value).endswith("nothing was sent")
    assert open_refs(ledger) == []


def test_what_goes_with_a_denied_order_leaves_nothing_but_the_denial(
    ledger: Ledger,
) -> None:
    """No reservation, no share of a limit, no intent in the journal; the reasons are kept and the chain holds."""
    orders = [an_order(1, 10, limit="99.00"), an_order(2, 60), an_order(3, 70)]

    with pytest.raises(TogetherDenied) as denied:
        ledger.reserve_together(orders, judging())

    assert len(denied.value.refusals) == 2
    assert open_refs(ledger) == []
    assert [entry.kind for entry in ledger.story(order_ref(1))] == []
    assert [entry.kind for entry in ledger.story(order_ref(2))] == ["DENIED"]
    assert [entry.kind for entry in ledger.story(order_ref(3))] == ["DENIED"]
    facts = ledger.facts(ACCOUNT, orders[0])
    assert (facts.repeats, facts.reruns, facts.working) == ((), (), ())
    assert [attempt.accepted for attempt in facts.attempts] == [False, False]
    assert ledger.verify().holds


def test_the_exits_of_a_denied_entry_are_not_judged(ledger: Ledger) -> None:
    """One refusal, not three that follow from one."""
    seen: list[LedgerFacts] = []
    with pytest.raises(TogetherDenied) as denied:
        ledger.reserve_together(a_bracket(60), judging(seen))

    assert len(denied.value.refusals) == len(seen) == 1


def test_one_order_alone_is_denied_as_ever(ledger: Ledger) -> None:
    """With its own denial, and the nearest that would pass."""
    with pytest.raises(OrderDenied) as denied:
        ledger.reserve_together([an_order(1, 60)], judging())

    assert not isinstance(denied.value, TogetherDenied)
    assert denied.value.nearest == "buy 50 SPY"


def test_a_look_says_the_same_and_reserves_nothing(
    ledger: Ledger, open_ledger: OpenLedger
) -> None:
    """Neither here nor for another kernel, and the journal is as long as before."""
    rows = ledger.verify().rows
    passed = ledger.look(a_bracket(), judging())
    refused = ledger.look([*a_bracket(60), an_order(4, 5, limit="95.00")], judging())

    assert [type(each) for each in passed] == [ApprovedOrder] * 3
    assert [type(each) for each in refused] == [
        OrderDenied, type(None), type(None), ApprovedOrder,
    ]  # fmt: skip
    other = open_ledger("other")
    assert other.open_orders() == []
    assert other.facts(ACCOUNT, None).attempts == ()
    assert other.orders_since(ACCOUNT, NOW) == []
    assert ledger.verify().rows == rows
    assert ledger.verify().holds


def test_an_error_that_is_none_of_the_guards_reserves_nothing(ledger: Ledger) -> None:
    """A bug in a judge is no order."""

    def failing(order: ProposedOrder, facts: LedgerFacts) -> ApprovedOrder:
        if order.order_ref == order_ref(2):
            raise ZeroDivisionError
        return judging()(order, facts)

    with pytest.raises(ZeroDivisionError):
        ledger.reserve_together([an_order(1, 10), an_order(2, 10, limit="95.00")], failing)
    assert open_refs(ledger) == []
    assert ledger.verify().holds


def test_a_refusal_with_a_nearest_order_offers_it_in_its_place() -> None:
    """Line by line, each under the order that it is about."""
    denied = _denied(an_order(1, 60))
    together = TogetherDenied([("buy 60 SPY", denied), ("buy 1 X", _plain(denied))])

    lines = str(together).splitlines()
    assert lines[0] == "buy 60 SPY:"
    assert lines[1].startswith("  DENIED MAX_ORDER_QTY")
    assert lines[2] == "  would pass: buy 50 SPY"
    assert lines[3] == "buy 1 X:"
    assert lines[-1] == "nothing was sent"
    assert together.nearest is None


def _denied(order: ProposedOrder) -> OrderDenied:
    try:
        judge(order, a_snapshot(), some_limits(LIMITS))
    except OrderDenied as denied:
        return denied
    raise AssertionError("it was approved, expected a denial")


def _plain(denied: OrderDenied) -> OrderDenied:
    return OrderDenied(denied.denials)
