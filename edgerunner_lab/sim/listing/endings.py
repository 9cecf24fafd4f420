"""When options and futures end."""

from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner_lab.sim.listing.instrument import Instrument

ENDING_TYPES: Final = ("OPT", "FUT", "FOP")

DAY_CLOSE: Final = "16:00:00"
"""When an instrument ends on its last day if its row does not say."""


def ends_at(instrument: Instrument) -> int:
    """Return the epoch second at which trading in an instrument with a last day ends."""
    return _epoch(
        f"{instrument.last_trade_date} {instrument.last_trade_time or DAY_CLOSE}",
        instrument.time_zone,
    )


def has_ended(instrument: Instrument, second: int) -> bool:
    """Return whether an instrument's last trading moment has passed."""
    if instrument.sec_type not in ENDING_TYPES or not instrument.last_trade_date:
        return False
    return second >= ends_at(instrument)


@lru_cache(maxsize=4096)
def _epoch(text: str, zone: str) -> int:
    local = datetime.strptime(text, "%Y%m%d %H:%M:%S")  # noqa: DTZ007  the zone follows
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp())
