"""Times as the broker writes and reads them."""

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONES_FROM: Final = 174
"""Server version from which executions and bars name their time zone (WIRE_VERSIONS section 1)."""

_WRITTEN: Final = re.compile(
    r"(?P<day>\d{8})(?:(?P<dash>-)|\s+)?(?P<time>\d{1,2}:\d{2}(?::\d{2})?)?\s*(?P<zone>\S+)?\Z"
)


def stamp(second: float, zone: str, version: int = ZONES_FROM) -> str:
    """Return an epoch second as `20261123 09:30:00 US/Eastern`; older versions have two blanks and no zone."""
    local = datetime.fromtimestamp(second, ZoneInfo(zone))
    if version < ZONES_FROM:
        return local.strftime("%Y%m%d  %H:%M:%S")
    return local.strftime("%Y%m%d %H:%M:%S ") + zone


def day_stamp(day: date) -> str:
    """Return a date as `20261123`."""
    return day.strftime("%Y%m%d")


def parse_stamp(text: str, zone: str) -> float:
    """Return the epoch second of `20261123 09:30:00`, with or without a zone, or of `20261123-14:30:00` (UTC).

    Raises:
        ValueError: The text is none of these.
    """
    found = _WRITTEN.match(text.strip())
    if found is None:
        raise ValueError(text)
    clock = found["time"] or "23:59:59"
    if clock.count(":") == 1:
        clock += ":00"
    naive = datetime.strptime(f"{found['day']} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007  the zone follows
    if found["dash"]:
        return naive.replace(tzinfo=UTC).timestamp()
    try:
        return naive.replace(tzinfo=ZoneInfo(found["zone"] or zone)).timestamp()
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error
