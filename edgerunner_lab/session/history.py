"""Bars: what the user wrote to what the broker accepts, and its answer to facts."""

import re
from collections.abc import Callable
from datetime import datetime

from ib_async import IB

from edgerunner_lab.core.contracts import Instrument, SecType
from edgerunner_lab.core.errors import NoData, RequestFailed, UsageError
from edgerunner_lab.core.facts import Bar
from edgerunner_lab.session import adapt
from edgerunner_lab.session.instruments import answer

HISTORY_SECONDS_MAX = 60.0
"""A long request takes the broker tens of seconds; ib_async itself gives up after 60."""

NO_DATA_CODES = frozenset({162, 366})

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_UNITS = {"d": "D", "w": "W", "mo": "M", "y": "Y"}
_SIZES = {
    **{f"{n}s": f"{n} secs" for n in (1, 5, 10, 15, 30)},
    "1m": "1 min",
    **{f"{n}m": f"{n} mins" for n in (2, 3, 5, 10, 15, 20, 30)},
    "1h": "1 hour",
    **{f"{n}h": f"{n} hours" for n in (2, 3, 4, 8)},
    "1d": "1 day",
    "1w": "1 week",
    "1mo": "1 month",
}
"""what the user writes -> what the TWS API calls it; these are all the bar sizes that it has."""

WHAT = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST")
_DAYS_MAX = 365
_SECONDS_MAX = 86_400


def broker_duration(text: str) -> str:
    """Return a duration such as `30d` as the TWS API writes it (`30 D`).

    Raises:
        UsageError: it is not a positive number with one of the units s m h d w mo y, or too long for its unit.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,4})(s|mo|m|h|d|w|y)", text.strip().lower())
    if found is None:
        raise UsageError(
            f"duration {text!r} was found, expected a number and s, m, h, d, w, mo or y, e.g. 30d"
        )
    number, unit = int(found[1]), found[2]
    if unit in _SECONDS:
        seconds = number * _SECONDS[unit]
        return (
            f"{seconds} S"
            if seconds <= _SECONDS_MAX
            else f"{-(-seconds // _SECONDS_MAX)} D"
        )
    if unit == "d" and number > _DAYS_MAX:
        raise UsageError(
            f"duration {text!r} was found, expected at most 365d: use years, e.g. 2y"
        )
    return f"{number} {_UNITS[unit]}"


def broker_size(text: str) -> str:
    """Return a bar size such as `1h` as the TWS API writes it (`1 hour`).

    Raises:
        UsageError: the broker has no such size.
    """
    size = _SIZES.get(text.strip().lower())
    if size is None:
        raise UsageError(f"bar size {text!r} was found, expected one of {' '.join(_SIZES)}")
    return size


class History:
    """Historical requests of one session, on the session's loop."""

    def __init__(self, ib: IB, *, clock: Callable[[], datetime]) -> None:
        self._ib = ib
        self._clock = clock

    async def bars(
        self,
        instrument: Instrument,
        duration: str,
        size: str,
        *,
        is_rth: bool,
        what: str | None,
    ) -> list[Bar]:
        """Return bars up to now, oldest first.

        Args:
            instrument: Resolved.
            duration: How far back, e.g. "30d".
            size: Of each bar, e.g. "1h".
            is_rth: Regular trading hours only.
            what: One of WHAT; None takes trades, and midpoints for forex, which has no trades.

        Raises:
            UsageError: `duration`, `size` or `what` is not one the broker knows.
            NoData: the broker has no bars for this.
        """
        if what is None:
            what = "MIDPOINT" if instrument.sec_type is SecType.CASH else "TRADES"
        if what.upper() not in WHAT:
            raise UsageError(f"what={what!r} was found, expected one of {' '.join(WHAT)}")
        label = f"bars {instrument} {duration} {size} {what.upper()}"
        request = self._ib.reqHistoricalDataAsync(
            adapt.instrument_contract(instrument),
            endDateTime="",
            durationStr=broker_duration(duration),
            barSizeSetting=broker_size(size),
            whatToShow=what.upper(),
            useRTH=is_rth,
            formatDate=2,
            timeout=0,
        )
        try:
            found = await answer(request, label, HISTORY_SECONDS_MAX)
        except RequestFailed as error:
            if error.code in NO_DATA_CODES:
                raise NoData(str(error)) from error
            raise
        if not found:
            raise NoData(f"{label}: the broker has none")
        zone = adapt.zone_of(instrument.time_zone)
        return [adapt.to_bar(bar, zone) for bar in found]
