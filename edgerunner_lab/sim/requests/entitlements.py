"""Which instruments' live data is paid for, and the refusals of what is past of the others."""

from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.desk import Desk

HISTORY: Final = (162, "Historical Market Data Service error message:")
LIVE_BARS: Final = (420, "Invalid Real-time Query:")
PAST_TICKS: Final = (10187, "Failed to request historical ticks:")
"""Code and beginning of the broker's text for each kind of request."""


def is_live(desk: Desk, instrument: Instrument) -> bool:
    """Return whether an instrument's live data is paid for; a combo's price tells those of its legs."""
    by_con_id = desk.market.universe.by_con_id
    parts = (instrument, *(by_con_id[leg.con_id] for leg in instrument.legs))
    return all(desk.data_rules.is_live(part) for part in parts)


def missing(instrument: Instrument) -> str:
    """Return how the broker names a subscription that is missing."""
    return f"No market data permissions for {home(instrument)} {instrument.sec_type}"


def home(instrument: Instrument) -> str:
    """Return the exchange whose subscription counts."""
    return instrument.primary_exchange or instrument.exchange


def check_past(desk: Desk, instrument: Instrument, kind: tuple[int, str]) -> None:
    """Refuse bars and past ticks that are not subscribed: the broker has them for subscribers only.

    Raises:
        Refused: It is not.
    """
    if not is_live(desk, instrument):
        code, beginning = kind
        raise Refused(code, beginning + missing(instrument))
