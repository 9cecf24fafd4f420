"""The market at one moment: which instruments there are, what they quote, and what a currency is worth."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from .accounts import BASE
from .bars import BarMaker
from .prices import Prices
from .sessions import Hours, Sessions
from .tape import Quote, Tape
from .universe import Instrument, Universe, UniverseError

ONE: Final = Decimal(1)


class Market:
    """Every instrument's tape, read at one step of a common clock.

    Attributes:
        now: The present, epoch seconds.
        steps: Moments a second at which quotes may change.
        step: Number of the present moment since the epoch.
    """

    def __init__(self, universe: Universe, *, seed: int, hours: Hours, steps: int) -> None:
        self.universe = universe
        self.prices = Prices(seed)
        self.sessions = Sessions(hours)
        self.bars = BarMaker(self.prices)
        self.steps = steps
        self.now = 0.0
        self.step = 0
        self._tapes: dict[int, Tape] = {}
        self._quotes: dict[int, Quote] = {}
        self._pairs = _pairs_by_currency(universe)

    @property
    def second(self) -> int:
        """The whole second that the present is in."""
        return self.step // self.steps

    @property
    def instant(self) -> float:
        """The present step as epoch seconds; quotes and the ends of bars belong to it."""
        return self.step / self.steps

    def move_to(self, now: float) -> None:
        """Go to an instant; earlier ones are ignored, so that a clock set back does not undo trades."""
        if now > self.now:
            self.now = now
            step = int(now * self.steps)
            if step != self.step:
                self.step = step
                self._quotes.clear()

    def tape(self, instrument: Instrument) -> Tape:
        """Return the reader of an instrument's path."""
        tape = self._tapes.get(instrument.con_id)
        if tape is None:
            tape = Tape(instrument, self.prices, self.sessions)
            self._tapes[instrument.con_id] = tape
        return tape

    def quote(self, instrument: Instrument) -> Quote:
        """Return what an instrument shows now."""
        quote = self._quotes.get(instrument.con_id)
        if quote is None:
            quote = self.tape(instrument).quote(self.step, self.steps)
            self._quotes[instrument.con_id] = quote
        return quote

    def mark(self, instrument: Instrument) -> Decimal:
        """Return the price that values a position: the last print, or the middle of a currency's quote."""
        quote = self.quote(instrument)
        if instrument.is_cash:
            return instrument.price_of(quote.bid + quote.ask) / 2
        return instrument.price_of(quote.last)

    def mark_at(self, instrument: Instrument, second: int) -> Decimal:
        """Return the mark of an earlier second."""
        quote = self.tape(instrument).quote(second * self.steps, self.steps)
        if instrument.is_cash:
            return instrument.price_of(quote.bid + quote.ask) / 2
        return instrument.price_of(quote.last)

    def rate(self, currency: str) -> Decimal:
        """Return USD for one unit of a currency."""
        if currency == BASE:
            return ONE
        pair = self._pairs[currency]
        mark = self.mark(pair)
        return mark if pair.currency == BASE else ONE / mark


def _pairs_by_currency(universe: Universe) -> Mapping[str, Instrument]:
    pairs: dict[str, Instrument] = {}
    for instrument in universe.by_con_id.values():
        if instrument.is_cash and BASE in (instrument.symbol, instrument.currency):
            other = instrument.currency if instrument.symbol == BASE else instrument.symbol
            pairs[other] = instrument
    for instrument in universe.by_con_id.values():
        other = instrument.symbol if instrument.is_cash else BASE
        for currency in {instrument.currency, other} - {BASE, *pairs}:
            raise UniverseError(
                f"{instrument.name} needs the price of {currency} in {BASE};"
                f" add the pair {currency}.{BASE} or {BASE}.{currency} to an instrument file"
            )
    return MappingProxyType(pairs)
