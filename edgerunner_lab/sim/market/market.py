"""The market at one moment: which instruments there are, what they quote, and what a currency is worth."""

import math
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from edgerunner_lab.sim.accounts.accounts import BASE
from edgerunner_lab.sim.listing.universe import Instrument, Universe, UniverseError
from edgerunner_lab.sim.market.bars import BarMaker
from edgerunner_lab.sim.market.moves import MOVE, PAUSE_SECONDS, Event, Moves, Regime
from edgerunner_lab.sim.market.paths import Paths
from edgerunner_lab.sim.market.recorded import Recording
from edgerunner_lab.sim.market.sessions import Hours, Sessions
from edgerunner_lab.sim.market.tape import Quote, Tape

ONE: Final = Decimal(1)
NO_RECORDINGS: Final[Mapping[int, Recording]] = MappingProxyType({})


class Market:
    """Every instrument's tape, read at one step of a common clock.

    Attributes:
        now: The present, epoch seconds.
        steps: Moments a second at which quotes may change.
        step: Number of the present moment since the epoch.
    """

    def __init__(
        self,
        universe: Universe,
        *,
        seed: int,
        hours: Hours,
        steps: int,
        recordings: Mapping[int, Recording] = NO_RECORDINGS,
    ) -> None:
        self.universe = universe
        self.moves = Moves()
        self.prices = Paths(seed, self._listed, self.moves, recordings)
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
            tape = Tape(instrument, self.prices, self.sessions, self.is_halted)
            self._tapes[instrument.con_id] = tape
        return tape

    def quote(self, instrument: Instrument) -> Quote:
        """Return what an instrument shows now."""
        quote = self._quotes.get(instrument.con_id)
        if quote is None:
            quote = self.tape(instrument).quote(self.step, self.steps)
            self._quotes[instrument.con_id] = quote
        return quote

    def set_regime(self, regime: Regime, instrument: Instrument | None = None) -> None:
        """Have prices go another way from the next second on, of one instrument or of all."""
        con_id = None if instrument is None else instrument.con_id
        self._change(Event(second=self.second + 1, con_id=con_id, kind=regime))

    def move_price(self, instrument: Instrument, price: Decimal) -> None:
        """Have an instrument's price go on from `price` from the next second on.

        Raises:
            ValueError: The price is not positive, or the instrument follows another one.
        """
        if instrument.under_con_id or instrument.legs:
            raise ValueError(
                f"{instrument.local_symbol} follows other prices, expected an instrument"
                " with a price of its own"
            )
        if not price.is_finite() or price <= 0:
            raise ValueError(f"price {price} was found, expected a positive number")
        ratio = float(price / self.mark(instrument))
        event = Event(
            second=self.second + 1,
            con_id=instrument.con_id,
            kind=MOVE,
            size=math.log(ratio),
        )
        self._change(event)

    def is_halted(self, instrument: Instrument, second: int) -> bool:
        """Return whether trading in an instrument, or in what it follows, is suspended."""
        if not self.moves.version:
            return False
        return self.moves.regime_at(self._root(instrument), second) is Regime.HALT

    def auctions_called(
        self, instrument: Instrument, kind: Regime | None = None
    ) -> list[int]:
        """Return the seconds of the auctions that were called by hand, past and coming, oldest first."""
        if not self.moves.version:
            return []
        return self.moves.auctions(self._root(instrument), kind)

    def auctions_listed(self, instrument: Instrument, second: int) -> tuple[int, ...]:
        """Return the opening and the closing auction of the trading day at a second; none round the clock."""
        if self.sessions.hours is Hours.ALWAYS or instrument.sec_type != "STK":
            return ()
        session = self.tape(instrument).session_at(second)
        return () if session is None else session.span(regular=True)

    def is_paused(self, instrument: Instrument, second: int) -> bool:
        """Return whether continuous trading rests while an auction finds its price."""
        return second in self.auctions_listed(instrument, second) or any(
            0 <= at - second <= PAUSE_SECONDS for at in self.auctions_called(instrument)
        )

    def _root(self, instrument: Instrument) -> int:
        root = instrument
        while root.under_con_id:
            root = self.universe.by_con_id[root.under_con_id]
        return root.con_id

    def _change(self, event: Event) -> None:
        self.moves.add(event)
        self.forget()

    def forget(self) -> None:
        """Drop what was computed from prices that have been changed since."""
        self._tapes.clear()
        self._quotes.clear()

    def _listed(self, con_id: int) -> Instrument | None:
        return self.universe.by_con_id.get(con_id)

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
