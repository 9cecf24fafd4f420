"""What the owner of a gateway chose about market data: how many lines, and what is not subscribed."""

from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument

LINES_MAX: Final = 100
"""Market-data lines of a client, as the broker allows by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRules:
    """Limits and entitlements, the same for every client.

    Attributes:
        lines_max: Market-data lines a client may have at once.
        unsubscribed: Names of instruments (`TSLA`, `EUR.USD`) without a live subscription: their
            data is delayed, or refused to clients that ask for live data only.
    """

    lines_max: int = LINES_MAX
    unsubscribed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.lines_max < 1:
            raise ValueError(f"lines_max was {self.lines_max}, expected 1 or more")

    def is_live(self, instrument: Instrument) -> bool:
        """Return whether an instrument's live data is paid for."""
        return not {instrument.name, instrument.symbol} & self.unsubscribed
