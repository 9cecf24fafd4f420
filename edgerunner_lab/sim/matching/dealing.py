"""Dealing on the floor: how much of an order may trade now, with whom, and what happens to the rest."""

from collections.abc import Iterable
from decimal import Decimal

from edgerunner_lab.sim.accounts.book import ZERO, Match
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.matching.fills import Booker
from edgerunner_lab.sim.matching.floor import Floor, tranche
from edgerunner_lab.sim.matching.pegs import pegged
from edgerunner_lab.sim.matching.timing import Timing
from edgerunner_lab.sim.matching.working import Working
from edgerunner_lab.sim.orders.algos import due, span_of
from edgerunner_lab.sim.orders.events import Kind, told
from edgerunner_lab.sim.orders.order_types import OrderType, Tif
from edgerunner_lab.sim.orders.orders import Order, Status


class Dealer:
    """Works orders that nothing holds back."""

    def __init__(
        self, market: Market, floor: Floor, booker: Booker, working: Working
    ) -> None:
        self._market = market
        self._floor = floor
        self._booker = booker
        self._working = working
        self._timing = Timing(market)
        self._changed: Order | None = None

    def go(self, order: Order) -> None:
        """Let an order trade as far as it can, unless it stands in its queue already."""
        order.why_held = ""
        if order.auction is not None:
            self._auction(order)
            return
        limit = pegged(order, self._market.quote(self._floor.instrument(order)))
        if limit is not None and limit != order.limit:
            self._floor.remove(order)
            order.limit = limit
        if self._floor.resting(order) == 0:
            self.work(order)

    def work(self, order: Order, *, is_amended: bool = False) -> None:
        """Trade what can be traded now; the rest waits, rests or ends."""
        terms, book, was = order.terms, self._floor.of(order), order.status
        order.why_held = ""
        size = self._due(order)
        if book.available(terms.side, order.limit) < _least(order):
            size = ZERO
        self._changed = order if is_amended else None
        last = self._take(order, size)
        self._changed = None
        if not order.is_live:
            return
        if terms.tif.is_immediate:
            self._give_up(order, is_untold=is_amended and last is None)
            return
        if order.type_now.kind.rests_at_fill and last is not None:
            order.works_as, order.limit = OrderType.LIMIT, last
        if order.limit is not None and not _is_retried(order):
            book.rest(order.key, terms.side, order.limit, tranche(order))
        if order.status is not Status.PENDING_CANCEL:
            self._working.move(order, Status.SUBMITTED)
        if was is not Status.SUBMITTED or is_amended:
            self._working.report(order)

    def settle(self, matches: Iterable[Match]) -> None:
        """Book matches one by one; each may change which orders are left for the next."""
        for match in matches:
            sides = ((match.maker, True), (match.taker, False))
            met = [
                (self._working.orders[key], is_maker)
                for key, is_maker in sides
                if key is not None
            ]
            for order, is_maker in met:
                self._fill(order, match.size, match.price, is_maker=is_maker)
            for order, is_maker in met:
                self._working.balance(order, match.size)
                if is_maker and order.is_live and not self._floor.resting(order):
                    # The next part of an order that hides its size queues behind everybody.
                    self._floor.of(order).rest(
                        order.key, order.terms.side, match.price, tranche(order)
                    )

    def _give_up(self, order: Order, *, is_untold: bool) -> None:
        """End what may not rest; an IOC order is told to be on its way out first, and new terms before it."""
        if is_untold:
            self._working.report(order)
        if order.terms.tif is Tif.IOC and order.status is not Status.PENDING_CANCEL:
            self._working.move(order, Status.PENDING_CANCEL)
            self._working.tell(told(Kind.STATUS, order))
        self._working.end(order)

    def _auction(self, order: Order) -> None:
        """Trade a whole order at the price of its auction, or end it."""
        at = self._timing.auction_of(order)
        assert at is not None
        instrument = self._floor.instrument(order)
        step = at * self._market.steps
        price = self._market.tape(instrument).quote(step, self._market.steps).last
        if order.terms.side.reaches(order.limit, price):
            self.settle(
                [Match(taker=order.key, maker=None, price=price, size=order.remaining)]
            )
        else:
            self._working.end(order)

    def _due(self, order: Order) -> Decimal:
        """Return the size that an order may trade now."""
        algo = order.terms.algo
        if algo is None:
            return order.remaining
        step = self._floor.instrument(order).size_increment
        if order.began is None:
            order.began = self._market.second
        span = span_of(algo, order.began, self._timing.closes(order.terms))
        total = due(algo, order.terms.quantity, step, span, self._market.second)
        return max(ZERO, total - order.filled)

    def _take(self, order: Order, size: Decimal) -> int | None:
        """Trade an order with the floor up to a size; return the last price in ticks."""
        book, price = self._floor.of(order), None
        while size > 0 and order.is_live:
            wanted = min(size, order.remaining)
            match = book.take_next(order.key, order.terms.side, wanted, order.limit)
            if match is None:
                break
            self.settle([match])
            size -= match.size
            price = match.price
        return price

    def _fill(self, order: Order, size: Decimal, ticks: int, *, is_maker: bool) -> None:
        executions = self._booker.fill(order, size, ticks, is_maker=is_maker)
        if not order.is_live:
            self._working.close(order)
        done = [told(Kind.EXECUTION, order, each) for each in executions]
        if order is self._changed and not order.is_live:
            # A change that fills an order is answered with its end, and the execution follows.
            self._working.report(order)
            self._working.tell(*done)
        else:
            self._working.tell(*done)
            self._working.report(order)
        paid = executions[1:] or executions
        self._working.tell(*(told(Kind.COMMISSION, order, each) for each in paid))


def _least(order: Order) -> Decimal:
    """Return the size that must be there at once, or nothing may trade."""
    if order.terms.all_or_none or order.terms.tif is Tif.FOK:
        return order.remaining
    return ZERO if order.filled else order.terms.minimum


def _is_retried(order: Order) -> bool:
    """Return whether an order waits off the book, since it must not be filled by whoever comes."""
    return order.terms.algo is not None or _least(order) > 0
