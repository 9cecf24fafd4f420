"""How a line may be served: live, frozen, delayed or not at all, by what is subscribed and what the client asked for."""

from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk

DELAY_SECONDS: Final = 900
"""A quarter of an hour, as exchanges ask for."""

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = range(1, 5)
"""Market-data types."""

NOT_SUBSCRIBED: Final = (
    354,
    "Requested market data is not subscribed. Delayed market data is available.",
)
SHOWING_DELAYED: Final = (
    10167,
    "Requested market data is not subscribed. Displaying delayed market data.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How a line is served.

    Attributes:
        is_delayed: It shows the market of a quarter of an hour ago.
        stays: It shows the last quote of a closed market instead of none.
    """

    is_delayed: bool
    stays: bool


def service_of(desk: Desk, client: Client, instrument: Instrument) -> Service:
    """Return how a client's line of an instrument is served.

    Raises:
        Refused: It is not subscribed, and the client did not ask for delayed data.
    """
    asked = client.market_data_type
    stays = asked in (FROZEN, DELAYED_FROZEN)
    if desk.data_rules.is_live(instrument):
        return Service(is_delayed=False, stays=stays)
    if asked in (LIVE, FROZEN):
        raise Refused(*NOT_SUBSCRIBED)
    return Service(is_delayed=True, stays=stays)


def check_live(desk: Desk, instrument: Instrument) -> None:
    """Refuse what is told live or not at all, such as the book, where it is not subscribed.

    Raises:
        Refused: It is not.
    """
    if not desk.data_rules.is_live(instrument):
        raise Refused(*NOT_SUBSCRIBED)


def second_of(desk: Desk, *, is_delayed: bool) -> int:
    """Return the second that a line shows."""
    return desk.market.second - DELAY_SECONDS * is_delayed


def quote_of(desk: Desk, instrument: Instrument, *, is_delayed: bool) -> Quote:
    """Return the quote that a line shows: everyone's, our own orders included, or the earlier one."""
    market = desk.market
    if not is_delayed:
        return desk.engine.quote(instrument)
    return market.tape(instrument).quote(
        market.step - DELAY_SECONDS * market.steps, market.steps
    )


def kind_of(desk: Desk, instrument: Instrument, *, is_delayed: bool, stays: bool) -> int:
    """Return the market-data type that a line has at this moment."""
    second = second_of(desk, is_delayed=is_delayed)
    is_frozen = stays and not desk.market.tape(instrument).is_open(second)
    return LIVE + 2 * is_delayed + is_frozen
