"""The matching engine: orders meet the displayed market and each other, and the account books what trades."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from .accounts import Account, Fill
from .book import Book, Match, Side
from .credit import Credit
from .events import Event, Kind, reported, told
from .market import Market
from .orders import Execution, Order, Status, Terms, Tif
from .registry import Registry
from .stamps import stamp
from .tape import Quote
from .universe import Instrument

DEPTH: Final = 10
"""Displayed levels a side."""

CANCELLED_CODE: Final = 202
CANCELLED_TEXT: Final = "Order Canceled - reason:"
NOTICE_CODE: Final = 399


class Engine:
    """One book an instrument; knows no clients and no wire."""

    def __init__(self, market: Market, account: Account, registry: Registry) -> None:
        self._market = market
        self._account = account
        self._registry = registry
        self._credit = Credit(market, account, registry)
        self._books: dict[int, Book] = {}
        self._shown_at: dict[int, int] = {}
        self._orders: dict[int, Order] = {}
        for order in registry.working():
            self._orders[order.key] = order
            self._reopen(order)

    def submit(self, order: Order) -> list[Event]:
        """Send an order to the market."""
        order.expires = self._expiry(order.terms)
        order.move(Status.PRE_SUBMITTED, at=self._market.second)
        self._orders[order.key] = order
        events = reported(order)
        if not self.is_tradeable(order):
            return events + self._wait_for_hours(order)
        if not order.is_waiting_for_trigger:
            events += self._work(order)
        return events

    def amend(self, order: Order, terms: Terms) -> list[Event]:
        """Give a working order new terms; a smaller size alone keeps its place in the queue."""
        old, order.terms = order.terms, terms
        book = self._book(self._instrument(order))
        order.expires = self._expiry(terms)
        if order.remaining <= 0:
            return self.cancel(order)
        is_same_price = (old.order_type, old.limit) == (terms.order_type, terms.limit)
        if is_same_price and terms.quantity <= old.quantity and book.resting(order.key):
            book.shrink(order.key, order.remaining)
            return reported(order)
        book.remove(order.key)
        order.is_triggered = False
        if order.is_waiting_for_trigger:
            order.move(Status.PRE_SUBMITTED, at=self._market.second)
            return reported(order)
        if not self.is_tradeable(order):
            return reported(order)
        return self._work(order, is_amended=True)

    def cancel(self, order: Order, text: str = CANCELLED_TEXT) -> list[Event]:
        """End an order."""
        self._forget(order)
        order.move(Status.CANCELLED, at=self._market.second, reason=text)
        self._registry.close(order)
        return [
            told(Kind.STATUS, order),
            told(Kind.ERROR, order, code=CANCELLED_CODE, text=text),
        ]

    def advance(self) -> list[Event]:
        """Let the market move to its present: fills, triggers, openings and expiries."""
        events: list[Event] = []
        for con_id in self.working_instruments():
            instrument = self._market.universe.by_con_id[con_id]
            if not self._market.tape(instrument).is_open(self._market.second):
                continue
            is_new = self._shown_at.get(con_id) != self._market.step
            book = self._book(instrument)
            if is_new:
                quote = self._market.quote(instrument)
                events += self._settle(book.cross())
                events += self._settle(_prints(book, quote))
        for order in list(self._orders.values()):
            events += self._nudge(order)
        return events

    def working_instruments(self) -> set[int]:
        """Return the contract ids that have a working order."""
        return {order.terms.con_id for order in self._orders.values()}

    def is_tradeable(self, order: Order) -> bool:
        """Return whether the order's hours have come."""
        tape = self._market.tape(self._instrument(order))
        return tape.is_open(self._market.second, regular=not order.terms.outside_rth)

    def _nudge(self, order: Order) -> list[Event]:
        """Do what time alone does to an order."""
        if not order.is_live:
            return []
        if order.expires is not None and self._market.second >= order.expires:
            return self.cancel(order)
        if not self.is_tradeable(order):
            return []
        if order.is_waiting_for_trigger:
            return self._trigger(order)
        is_resting = self._book(self._instrument(order)).resting(order.key) > 0
        return [] if is_resting else self._work(order)

    def _trigger(self, order: Order) -> list[Event]:
        quote = self._market.quote(self._instrument(order))
        stop = order.terms.stop
        assert stop is not None
        # Currencies have no prints, so their stops look at the side that would be hit.
        last = quote.last
        if self._instrument(order).is_cash:
            last = quote.ask if order.terms.side is Side.BUY else quote.bid
        if (last - stop) * order.terms.side < 0:
            return []
        order.is_triggered = True
        order.move(Status.SUBMITTED, at=self._market.second)
        return [told(Kind.STATUS, order), *self._work(order)]

    def _work(self, order: Order, *, is_amended: bool = False) -> list[Event]:
        """Trade what can be traded now; the rest waits, rests or ends."""
        terms = order.terms
        book = self._book(self._instrument(order))
        limit = terms.limit
        if terms.tif is Tif.FOK and book.available(terms.side, limit) < order.remaining:
            return self.cancel(order)
        was = order.status
        events = self._settle(book.take(order.key, terms.side, order.remaining, limit))
        if not order.is_live:
            return events
        if terms.tif.is_immediate:
            return events + self.cancel(order)
        if limit is not None:
            book.rest(order.key, terms.side, limit, order.remaining)
        order.move(Status.SUBMITTED, at=self._market.second)
        if was is not Status.SUBMITTED or is_amended:
            events += reported(order)
        return events

    def _settle(self, matches: Iterable[Match]) -> list[Event]:
        events: list[Event] = []
        for match in matches:
            for key, is_maker in ((match.maker, True), (match.taker, False)):
                if key is not None:
                    order = self._orders[key]
                    events += self._fill(order, match.size, match.price, is_maker=is_maker)
        return events

    def _fill(
        self, order: Order, size: Decimal, ticks: int, *, is_maker: bool
    ) -> Iterator[Event]:
        instrument = self._instrument(order)
        price = instrument.price_of(ticks)
        # A fill of an order that was still on its way reports it at work first.
        order.move(Status.SUBMITTED, at=self._market.second)
        order.fill(size, price, at=self._market.second)
        charged = self._credit.commission(order.terms, order.filled, order.average_price)
        fee, order.commission = charged - order.commission, charged
        realized = self._account.book(
            Fill(
                instrument=instrument,
                side=order.terms.side,
                size=size,
                price=price,
                commission=fee,
            ),
            self._market.rate,
        )
        execution = Execution(
            exec_id=self._registry.next_exec_id(),
            con_id=instrument.con_id,
            exchange=_venue(order, instrument),
            account=order.terms.account,
            client_id=order.client_id,
            order_id=order.order_id,
            perm_id=order.perm_id,
            order_ref=order.terms.order_ref,
            side=order.terms.side,
            shares=size,
            price=price,
            cumulative=order.filled,
            average_price=order.average_price,
            time=self._market.second,
            is_maker=is_maker,
            commission=fee,
            realized=realized,
        )
        self._registry.record(execution)
        if not order.is_live:
            self._forget(order)
            self._registry.close(order)
        yield told(Kind.EXECUTION, order, execution)
        yield from reported(order)
        yield told(Kind.COMMISSION, order, execution)

    def _wait_for_hours(self, order: Order) -> list[Event]:
        if order.terms.tif.is_immediate:
            return self.cancel(order)
        return [told(Kind.ERROR, order, code=NOTICE_CODE, text=self._opening_text(order))]

    def _opening_text(self, order: Order) -> str:
        instrument = self._instrument(order)
        session = self._market.sessions.following(instrument.calendar, self._market.second)
        current = self._market.tape(instrument).session_at(self._market.second)
        if current is not None and self._market.second < current.regular_open:
            session = current
        when = "the next session"
        if session is not None:
            opens = session.span(regular=not order.terms.outside_rth)[0]
            when = stamp(opens, instrument.time_zone)
        return (
            f"Order Message:\n{order.terms.side.name} {order.terms.quantity:f}"
            f" {instrument.name} {order.terms.exchange}\n"
            f"Warning: Your order will not be placed at the exchange until {when}."
        )

    def _expiry(self, terms: Terms) -> int | None:
        if terms.tif is not Tif.DAY:
            return None
        instrument = self._market.universe.by_con_id[terms.con_id]
        second = self._market.second
        session = self._market.tape(instrument).session_at(second)
        is_regular = not terms.outside_rth
        if session is None or second >= session.span(regular=is_regular)[1]:
            session = self._market.sessions.following(instrument.calendar, second)
        return session.span(regular=is_regular)[1] if session is not None else None

    def _book(self, instrument: Instrument) -> Book:
        """Return the instrument's book, showing the market of this step; what we took stays taken within it."""
        con_id = instrument.con_id
        book = self._books.setdefault(con_id, Book())
        if self._shown_at.get(con_id) != self._market.step:
            self._shown_at[con_id] = self._market.step
            quote = self._market.quote(instrument)
            depth = self._market.tape(instrument).depth(quote, DEPTH, self._market.step)
            book.show(*(((p, Decimal(size)) for p, size in side) for side in depth))
        return book

    def _reopen(self, order: Order) -> None:
        limit = order.terms.limit
        if order.status is Status.SUBMITTED and limit is not None:
            book = self._books.setdefault(order.terms.con_id, Book())
            book.rest(order.key, order.terms.side, limit, order.remaining)

    def _forget(self, order: Order) -> None:
        self._orders.pop(order.key, None)
        book = self._books.get(order.terms.con_id)
        if book is not None:
            book.remove(order.key)

    def _instrument(self, order: Order) -> Instrument:
        return self._market.universe.by_con_id[order.terms.con_id]


def _prints(book: Book, quote: Quote) -> list[Match]:
    """Let what the market printed in this step reach our queues."""
    if not quote.last_size:
        return []
    is_bought = quote.last * 2 >= quote.bid + quote.ask
    aggressor = Side.BUY if is_bought else Side.SELL
    return book.printed(aggressor, quote.last, Decimal(quote.last_size))


def _venue(order: Order, instrument: Instrument) -> str:
    """Return where an execution says it happened; smart routing ends at a listed exchange."""
    if order.terms.exchange == "SMART":
        return instrument.primary_exchange or instrument.exchange
    return order.terms.exchange
