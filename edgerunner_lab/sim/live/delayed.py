"""What a line shows of an instrument: the present, or the market of a quarter of an hour ago, and no later moment."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import Session
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.requests.desk import Desk

DELAY_SECONDS: Final = 900
"""A quarter of an hour, as exchanges ask for."""

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = range(1, 5)
"""Market-data types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An instrument at one moment. Figures are read from it, so that a delayed line is told nothing later.

    Attributes:
        quote: What is shown of its quote; after a close that of the close.
        step: Number of the market's step that is shown, since the epoch.
    """

    desk: Desk
    instrument: Instrument
    quote: Quote
    step: int

    @property
    def market(self) -> Market:
        """All prices; only its functions of time may be asked, at the view's moment or before."""
        return self.desk.market

    @property
    def second(self) -> int:
        """The whole second that is shown."""
        return self.step // self.market.steps

    @property
    def instant(self) -> float:
        """The moment in epoch seconds."""
        return self.step / self.market.steps

    @property
    def session(self) -> Session | None:
        """The trading day that is shown: the present one, or else the last one."""
        return self.market.tape(self.instrument).session_at(self.second)

    def mark(self) -> Decimal:
        """Return the price that values a position: the last print, or the middle of a currency's quote."""
        instrument = self.instrument
        if not instrument.is_cash:
            return instrument.price_of(self.quote.last)
        # Positions are valued without what our own orders did to the quote.
        quote = self.market.tape(instrument).quote(self.step, self.market.steps)
        return instrument.price_of(quote.bid + quote.ask) / 2


def view_of(desk: Desk, instrument: Instrument, *, is_delayed: bool) -> View:
    """Return what a line shows now."""
    return View(
        desk=desk,
        instrument=instrument,
        quote=quote_of(desk, instrument, is_delayed=is_delayed),
        step=_step_of(desk, is_delayed=is_delayed),
    )


def second_of(desk: Desk, *, is_delayed: bool) -> int:
    """Return the second that a line shows."""
    return desk.market.second - DELAY_SECONDS * is_delayed


def quote_of(desk: Desk, instrument: Instrument, *, is_delayed: bool) -> Quote:
    """Return the quote that a line shows: everyone's, our own orders included, or the earlier one."""
    if not is_delayed:
        return desk.engine.quote(instrument)
    market = desk.market
    return market.tape(instrument).quote(_step_of(desk, is_delayed=True), market.steps)


def kind_of(desk: Desk, instrument: Instrument, *, is_delayed: bool, stays: bool) -> int:
    """Return the market-data type that a line has at this moment."""
    second = second_of(desk, is_delayed=is_delayed)
    is_frozen = stays and not desk.market.tape(instrument).is_open(second)
    return LIVE + 2 * is_delayed + is_frozen


def _step_of(desk: Desk, *, is_delayed: bool) -> int:
    market = desk.market
    return market.step - DELAY_SECONDS * market.steps * is_delayed
