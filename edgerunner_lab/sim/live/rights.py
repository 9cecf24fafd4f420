"""How a line may be served: live, frozen, delayed or not at all, by what is subscribed and what the client asked for."""

from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.delayed import DELAYED_FROZEN, FROZEN, LIVE
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.entitlements import home, is_live, missing

SHOWING_DELAYED: Final = (
    10167,
    "Requested market data is not subscribed. Displaying delayed market data.",
)
NO_BOOK: Final = (
    10092,
    "Deep market data is not supported for this combination of security type/exchange",
)
"""The broker's one answer for books that do not exist and for those that are not subscribed."""


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
    if is_live(desk, instrument):
        return Service(is_delayed=False, stays=stays)
    if asked in (LIVE, FROZEN):
        raise Refused(
            354,
            "Requested market data is not subscribed.Delayed market data is available."
            + _source(instrument),
        )
    return Service(is_delayed=True, stays=stays)


def partly_subscribed(instrument: Instrument) -> tuple[int, str]:
    """Return code and text of the notice that some of the generic ticks asked for are told live only."""
    return 10090, (
        "Part of requested market data is not subscribed. Subscription-independent ticks are"
        f" still active.Delayed market data is available.{_source(instrument)}"
    )


def check_book(desk: Desk, instrument: Instrument) -> None:
    """Refuse a book that is not subscribed, whatever the client's type of data: books are never delayed.

    Raises:
        Refused: It is not.
    """
    if not is_live(desk, instrument):
        raise Refused(*NO_BOOK)


def check_single_ticks(desk: Desk, instrument: Instrument) -> None:
    """Refuse tick-by-tick data that is not subscribed, whatever the client's type of data.

    Raises:
        Refused: It is not.
    """
    if not is_live(desk, instrument):
        raise Refused(
            10189,
            f"Failed to request tick-by-tick data.{missing(instrument)}",
        )


def _source(instrument: Instrument) -> str:
    """Return where quotes come from, as the broker ends its texts about subscriptions."""
    return f"{instrument.symbol} {home(instrument)}/TOP/ALL"
