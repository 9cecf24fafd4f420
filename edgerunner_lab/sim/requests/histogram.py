"""The histogram of prices: how much traded at which price over a time."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from edgerunner_lab.sim.market.bars import Shown
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler
from edgerunner_lab.sim.requests.entitlements import HISTORY, check_past
from edgerunner_lab.sim.requests.history_terms import (
    DAY_SECONDS,
    Duration,
    duration,
    period,
)

_UNITS: Final = {
    "SEC": "S",
    "MIN": "S",
    "HOUR": "S",
    "DAY": "D",
    "WEEK": "W",
    "MONTH": "M",
    "YEAR": "Y",
}
_SECONDS: Final = {"SEC": 1, "MIN": 60, "HOUR": 3600}
"""Words of a time period as clients write them: `3 days`, `1 week`."""

DAYS_MAX: Final = 31
"""A histogram is made of minutes; a longer time would take seconds to add up."""


def histogram(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqHistogramData: every price at which something traded, with the volume at it."""
    instrument = desk.instrument_in(fields)
    check_past(desk, instrument, HISTORY)
    request = number_of(fields, "tickerId", -1)
    if not instrument.has_prints:
        raise Refused(
            162,
            "Historical Market Data Service error message:"
            f"No histogram of {instrument.name}, which has no prints",
        )
    back = _time_period(text_of(fields, "timePeriod"))
    market = desk.market
    span = period(market.sessions, instrument, back, market.instant, is_daily=False)
    if span.end - span.start > DAYS_MAX * DAY_SECONDS:
        raise Refused(
            162,
            "Historical Market Data Service error message:"
            f"Time length exceeds max., expected at most {DAYS_MAX} days",
        )
    volumes: dict[int, int] = {}
    regular = flag_of(fields, "useRTH")
    for opened, closed in (h for d in span.sessions for h in d.spans(regular=regular)):
        first, last = max(opened, span.start), min(closed, int(span.end))
        if first < last:
            rows = market.bars.rows(instrument, Shown.TRADES, (first, last), float(last))
            prices, places = np.unique(rows.open.astype(np.int64), return_inverse=True)
            sums = np.bincount(places, weights=rows.volume).astype(np.int64)
            for price, volume in zip(prices.tolist(), sums.tolist(), strict=True):
                volumes[price] = volumes.get(price, 0) + volume
    items = tuple(
        {"price": instrument.price_of(price), "size": volume}
        for price, volume in sorted(volumes.items())
        if volume
    )
    yield Message("histogramData", {"reqId": request, "items": items})


def cancel_histogram(_: Desk, __: Client, ___: Fields) -> Iterator[Message]:
    """Answer cancelHistogramData: the answer has gone out already."""
    yield from ()


def _time_period(text: str) -> Duration:
    words = text.upper().split()
    unit = words[1].rstrip("S") if len(words) == 2 else ""  # noqa: PLR2004  a number and a word
    if unit not in _UNITS or not words[0].isdigit() or not int(words[0]):
        raise Refused(
            321,
            f"Error validating request.-'cu' : cause - time period '{text}',"
            " expected a number and a unit, such as 3 days or 1 week",
        )
    count = int(words[0]) * _SECONDS.get(unit, 1)
    return duration(f"{count} {_UNITS[unit]}")


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqHistogramData": histogram,
    "cancelHistogramData": cancel_histogram,
}
"""Request -> answer."""
