"""The orders at work, what is to be told of them, and how the end of one changes its relatives."""

import heapq
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import Final

from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.matching.floor import Floor, tranche
from edgerunner_lab.sim.orders.events import Event, Kind, reported, told
from edgerunner_lab.sim.orders.orders import Order, Status
from edgerunner_lab.sim.orders.registry import Registry

CANCELLED_CODE: Final = 202
CANCELLED_TEXT: Final = "Order Canceled - reason:"

CANCEL_ON_FILL: Final = 1
"""One-cancels-all type in which any fill of one order ends the others; 2 and 3 reduce them."""


class Working:
    """Every transmitted order that lives.

    Most orders rest in their queues, and only a change of hours or their end can move them.
    They are left alone until that second, so that a step costs what moves and not what waits.

    Attributes:
        orders: Key -> order, oldest first.
    """

    def __init__(self, market: Market, registry: Registry, floor: Floor) -> None:
        self._market = market
        self._registry = registry
        self._floor = floor
        self._told: list[Event] = []
        self.orders: dict[int, Order] = {}
        self._restless: dict[int, Order] = {}
        self._wakes: list[tuple[int, int]] = []
        self._counts: dict[int, int] = {}
        for order in registry.working():
            self.add(order)

    def add(self, order: Order) -> None:
        """Take in an order that has been sent; it is looked at in every step until it rests."""
        self.orders[order.key] = order
        self._restless[order.key] = order
        con_id = order.terms.con_id
        self._counts[con_id] = self._counts.get(con_id, 0) + 1

    def disturb(self, order: Order) -> None:
        """Look at an order again in the next step."""
        self._restless[order.key] = order

    def rest_until(self, order: Order, second: int) -> None:
        """Leave an order alone until a second, or until it is disturbed."""
        if self._restless.pop(order.key, None) is not None:
            heapq.heappush(self._wakes, (second, order.key))

    def restless(self) -> list[Order]:
        """Return the orders to look at in this step, oldest first."""
        while self._wakes and self._wakes[0][0] <= self._market.second:
            _, key = heapq.heappop(self._wakes)
            if key in self.orders:
                self._restless[key] = self.orders[key]
        return [self._restless[key] for key in sorted(self._restless)]

    def instruments(self) -> set[int]:
        """Return the contract ids that have an order."""
        return set(self._counts)

    def tell(self, *events: Event) -> None:
        """Add to what clients will be told."""
        self._told += events

    def report(self, order: Order) -> None:
        """Tell an openOrder and the orderStatus that must follow it."""
        self._told += reported(order)

    def drain(self) -> list[Event]:
        """Return what is to be told, and forget it."""
        events, self._told = self._told, []
        return events

    def move(self, order: Order, status: Status) -> None:
        """Pass an order to another state, now."""
        was = order.status
        order.move(status, at=self._market.second)
        if was is Status.HELD:
            self._registry.recount(order)

    def close(self, order: Order) -> None:
        """Put an ended order among the completed ones."""
        self._floor.remove(order)
        self._restless.pop(order.key, None)
        if self.orders.pop(order.key, None) is not None:
            con_id = order.terms.con_id
            self._counts[con_id] -= 1
            if not self._counts[con_id]:
                del self._counts[con_id]
        self._registry.close(order)

    def end(self, order: Order, text: str = CANCELLED_TEXT) -> None:
        """Cancel an order, and what hangs on it."""
        parent = self._registry.parent(order)
        was_told = order.status is not Status.HELD
        order.why_held = ""
        order.move(Status.CANCELLED, at=self._market.second, reason=text)
        self.close(order)
        if was_told:
            self.tell(told(Kind.STATUS, order))
        else:
            # A master client has not heard of it, and a status alone would be of an order that it does not know.
            self.report(order)
        self.tell(told(Kind.ERROR, order, code=CANCELLED_CODE, text=text))
        for child in self._registry.children(order):
            if order.filled:
                # What was bought still needs its exits, but no larger ones.
                self.resize(child, min(child.terms.quantity, order.filled))
            else:
                self.end(child)
        if parent is not None and order.terms.auto_cancel_parent:
            self.end(parent)

    def reject(self, order: Order, code: int, text: str) -> None:
        """End an order as inactive, and cancel what hangs on it."""
        order.move(Status.INACTIVE, at=self._market.second, reason=text)
        self.close(order)
        self.report(order)
        self.tell(told(Kind.ERROR, order, code=code, text=text))
        for child in self._registry.children(order):
            self.end(child)

    def resize(self, order: Order, quantity: Decimal) -> None:
        """Give an order another size; it keeps its place in the queue."""
        if quantity == order.terms.quantity:
            return
        self._registry.relink(order, replace(order.terms, quantity=quantity))
        if order.remaining <= 0:
            self.report(order)
            self.end(order)
            return
        resting = self._floor.resting(order)
        if resting:
            self._floor.of(order).shrink(order.key, min(resting, tranche(order)))
        if order.status is not Status.HELD:
            self.report(order)

    def resize_children(self, order: Order, was: Decimal) -> None:
        """Give an order's new size to the children that had its old one."""
        for child in self._registry.children(order):
            if child.terms.quantity == was:
                self.resize(child, order.terms.quantity)

    def balance(self, order: Order, size: Decimal) -> None:
        """Cancel or reduce the other orders of a group after a fill of one."""
        for other in self._registry.group(order):
            if other.status is Status.HELD or not other.is_live:
                continue
            if order.terms.oca_type == CANCEL_ON_FILL or not order.is_live:
                self.end(other)
                continue
            share = size / (order.remaining + size)
            cut = (other.remaining * share).to_integral_value(ROUND_UP)
            self.resize(other, other.terms.quantity - cut)
