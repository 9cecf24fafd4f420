"""How the order stands to what works already: it trades with none of ours, and there are not too many (R23, R24)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder, Side
from edgerunner_lab.guard.checks import Check, Unknown, WordedDenial, number, positive
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot, WorkingOrder
from edgerunner_lab.guard.valuation import reference_price
from edgerunner_lab.guard.wording import plain, short_ref


def order_meets_none_of_ours(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R23: it would not fill against an order of this account, whichever client placed that.

    A market order trades at the best price, where ours is met if it is the best. An order with a trigger meets what
    lies between trigger and limit: what lies before has traded by then. What waits for a trigger lies in no book.
    """
    low, high = _reach(order, snapshot)
    against = Side.SELL if order.side is Side.BUY else Side.BUY
    for other in _beside(order, snapshot):
        if other.side is not against or other.resting_price is None or not other.remaining:
            continue
        price = number(other.resting_price, "working orders")
        is_met = (low is None or price >= low) and (high is None or price <= high)
        if is_met:
            shown = (
                f"{against.value} {plain(other.remaining)} @ {plain(price)} "
                f"({short_ref(other.order_ref)})"
            )
            return WordedDenial(
                code="SELF_MATCH",
                facts=(("other", other.order_ref), ("price", plain(price))),
                words=f"would cross own {shown}",
                hint="cancel it first, or stay away from its price",
            )
    return Check(rule="SELF_MATCH", value="meets no own order")


def open_orders_are_few(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R24: how many orders work on this side of the instrument, and in the account, with this one.

    A modification adds none.
    """
    if order.replaces is not None:
        return Check(rule="MAX_OPEN_ORDERS", value="no new order")
    open_refs = {each.order_ref for each in _open(order, snapshot)}
    side_refs = {
        each.order_ref
        for each in _open(order, snapshot)
        if each.con_id == order.instrument.con_id and each.side is order.side
    }
    counts = (
        (
            f"{order.instrument} {order.side.value}",
            len(side_refs) + 1,
            limits.max_open_orders_side,
        ),
        ("account", len(open_refs) + 1, limits.max_open_orders),
    )
    for where, count, most in counts:
        if count > most:
            return WordedDenial(
                code="MAX_OPEN_ORDERS",
                facts=(("where", where), ("open", str(count - 1)), ("max", plain(most))),
                words=f"{where} open={count - 1}, max={plain(most)}",
                hint="cancel one first: %orders shows them",
            )
    where, count, most = max(counts, key=lambda each: each[1] / each[2])
    return Check(
        rule="MAX_OPEN_ORDERS",
        value=f"{count} ({where})",
        limit=plain(most),
        used=count / most,
    )


def _reach(
    order: ProposedOrder, snapshot: Snapshot
) -> tuple[Decimal | None, Decimal | None]:
    """Return the lowest and the highest price at which the order would trade with one that rests; None is open."""
    trigger = None if order.stop_price is None else positive(order.stop_price, "stop")
    if order.limit_price is not None:
        worst = positive(order.limit_price, "price")
    else:
        worst = trigger or reference_price(order, snapshot)
    return (trigger, worst) if order.side is Side.BUY else (worst, trigger)


def _beside(order: ProposedOrder, snapshot: Snapshot) -> Iterator[WorkingOrder]:
    """Yield the open orders in the instrument, without the order itself and what it replaces."""
    for each in _open(order, snapshot):
        if each.con_id == order.instrument.con_id:
            yield each


def _open(order: ProposedOrder, snapshot: Snapshot) -> Iterator[WorkingOrder]:
    if snapshot.ledger is None:
        raise Unknown("ledger")
    for each in (*snapshot.broker_working, *snapshot.ledger.working):
        if not each.is_fill and each.order_ref not in (order.order_ref, order.replaces):
            yield each
