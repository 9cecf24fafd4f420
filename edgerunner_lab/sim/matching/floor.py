"""The floor: every instrument's book, showing the market of the present step and what our orders made of it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.book import ZERO, Book, Match, Side
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.orders.orders import Order

DEPTH: Final = 10
"""Displayed levels a side."""

REFILL_SECONDS: Final = 4
"""Other participants put back a quarter of what is missing from a level every second: long enough that a large order pays for its haste, short enough that a patient one does not."""


class Floor:
    """The books; made on first use."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._books: dict[int, Book] = {}
        self._shown_at: dict[int, int] = {}

    def instrument(self, order: Order) -> Instrument:
        """Return what an order is for."""
        return self._market.universe.by_con_id[order.terms.con_id]

    def of(self, order: Order) -> Book:
        """Return the book an order belongs to, showing the present."""
        return self.book(self.instrument(order))

    def book(self, instrument: Instrument) -> Book:
        """Return an instrument's book; what we took stays taken within a step."""
        self.refresh(instrument)
        return self._books[instrument.con_id]

    def refresh(self, instrument: Instrument) -> bool:
        """Show the market of this step; return False if the book showed it already."""
        con_id, step = instrument.con_id, self._market.step
        last = self._shown_at.get(con_id)
        if last == step:
            return False
        self._shown_at[con_id] = step
        quote = self._market.quote(instrument)
        depth = self._market.tape(instrument).depth(quote, DEPTH, step)
        bids, asks = (((price, Decimal(size)) for price, size in side) for side in depth)
        passed = Decimal(step - (last or 0)) / (REFILL_SECONDS * self._market.steps)
        book = self._books.setdefault(con_id, Book())
        book.show(bids, asks, refilled=min(Decimal(1), passed))
        return True

    def passed(self, instrument: Instrument) -> Iterator[Match]:
        """Let what the market did in this step reach our queues: levels moved through, then prints."""
        book = self.book(instrument)
        yield from book.cross()
        quote = self._market.quote(instrument)
        if quote.last_size:
            is_bought = quote.last * 2 >= quote.bid + quote.ask
            aggressor = Side.BUY if is_bought else Side.SELL
            yield from book.printed(aggressor, quote.last, Decimal(quote.last_size))

    def reopen(self, order: Order, limit: int) -> None:
        """Put an order back into its queue after a restart."""
        book = self._books.setdefault(order.terms.con_id, Book())
        book.rest(order.key, order.terms.side, limit, tranche(order))

    def remove(self, order: Order) -> None:
        """Take an order out of its queue, if it is in one."""
        book = self._books.get(order.terms.con_id)
        if book is not None:
            book.remove(order.key)

    def resting(self, order: Order) -> Decimal:
        """Return the size an order has in its queue."""
        book = self._books.get(order.terms.con_id)
        return book.resting(order.key) if book is not None else ZERO

    def levels(
        self, instrument: Instrument, side: Side, count: int
    ) -> list[tuple[int, Decimal]]:
        """Return the best rows of a side as everyone sees them: (ticks, units), best first."""
        return self.book(instrument).levels(side, count)

    def quote(self, instrument: Instrument) -> Quote:
        """Return what everyone sees: the market's quote, moved by what our orders took and offer."""
        quote = self._market.quote(instrument)
        known = self._books.get(instrument.con_id)
        if known is None or known.is_untouched:
            return quote
        book = self.book(instrument)
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        if bid is None or ask is None or bid[0] >= ask[0]:
            return quote
        return replace(
            quote, bid=bid[0], bid_size=int(bid[1]), ask=ask[0], ask_size=int(ask[1])
        )


def tranche(order: Order) -> Decimal:
    """Return the size an order shows at once."""
    return min(order.remaining, order.terms.display or order.remaining)
