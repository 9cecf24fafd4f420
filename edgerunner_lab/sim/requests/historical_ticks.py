"""Historical ticks: prints, quotes and midpoints of the past, a second's prints told as one tick."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.noise import Integers
from edgerunner_lab.sim.market.prices import HourPath
from edgerunner_lab.sim.market.shapes import HOUR
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.protocol.stamps import parse_stamp
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler
from edgerunner_lab.sim.requests.entitlements import PAST_TICKS, check_past

TICKS_MAX: Final = 1000
"""Ticks in one answer, as the broker limits them."""

HOURS_SEARCHED_MAX: Final = 24 * 14
"""How far a request looks for its ticks before it answers with what it has found."""

WRONG: Final = "Error validating request.-'cw' : cause - {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    request: int
    instrument: Instrument
    start: float | None
    end: float | None
    count: int
    is_regular: bool
    ignores_size: bool


def historical_ticks(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqHistoricalTicks."""
    query = _query(desk, fields)
    asked = text_of(fields, "whatToShow").upper()
    if asked not in _KINDS:
        raise Refused(
            321, WRONG.format(f"what to show '{asked}', expected {', '.join(_KINDS)}")
        )
    if asked == "TRADES" and not query.instrument.has_prints:
        raise Refused(
            10187,
            f"Failed to request historical ticks:{query.instrument.name} has no prints",
        )
    name, choose, tell = _KINDS[asked]
    rows = [
        tell(desk, query.instrument, path, int(second), hour * HOUR + int(second))
        for hour, second, path in _found(desk, query, choose)
    ]
    yield Message(name, {"reqId": query.request, "ticks": tuple(rows), "done": True})


def _query(desk: Desk, fields: Fields) -> _Query:
    instrument = desk.instrument_in(fields)
    check_past(desk, instrument, PAST_TICKS)
    start, end = (
        _moment(fields, name, instrument) for name in ("startDateTime", "endDateTime")
    )
    if (start is None) is (end is None):
        raise Refused(
            321, WRONG.format("exactly one of start and end time must be specified")
        )
    count = number_of(fields, "numberOfTicks")
    if not 0 < count <= TICKS_MAX:
        raise Refused(
            321, WRONG.format(f"number of ticks {count}, expected 1 to {TICKS_MAX}")
        )
    return _Query(
        request=number_of(fields, "reqId", -1),
        instrument=instrument,
        start=start,
        end=end,
        count=count,
        is_regular=bool(fields.get("useRth")),
        ignores_size=flag_of(fields, "ignoreSize"),
    )


def _moment(fields: Fields, name: str, instrument: Instrument) -> float | None:
    text = text_of(fields, name)
    if not text:
        return None
    try:
        return parse_stamp(text, instrument.time_zone)
    except ValueError:
        raise Refused(
            10314,
            "The date, time, or time-zone entered is invalid:"
            f" found '{text}'. The correct format is yyyymmdd hh:mm:ss xx/xxxx"
            " or yyyymmdd-hh:mm:ss in UTC.",
        ) from None


_Found = tuple[int, int, HourPath]
"""Epoch hour, second within it, the hour's path."""

_Choose = Callable[[HourPath, _Query], Integers]
"""Returns the seconds of an hour at which there is a tick."""


def _found(desk: Desk, query: _Query, choose: _Choose) -> list[_Found]:
    """Return the wanted ticks, oldest first: those after the start, or the last ones before the end."""
    now = int(desk.market.now)
    forward = query.start is not None
    edge = int(query.start if query.start is not None else query.end or 0)
    first, last = (edge, now) if forward else (0, min(edge, now))
    hour = (first if forward else last - 1) // HOUR
    found: list[_Found] = []
    for step in range(HOURS_SEARCHED_MAX):
        at = hour + step if forward else hour - step
        if len(found) >= query.count or at * HOUR >= last or (at + 1) * HOUR <= first:
            break
        path = desk.market.prices.hour(query.instrument, at)
        seconds = choose(path, query)
        times = at * HOUR + seconds
        seconds = seconds[
            (times >= first) & (times < last) & _is_open(desk, query, at, times)
        ]
        rows = [(at, int(second), path) for second in seconds]
        found = [*found, *rows] if forward else [*rows, *found]
    return found[: query.count] if forward else found[-query.count :]


def _is_open(desk: Desk, query: _Query, hour: int, times: Integers) -> "np.ndarray":
    is_open = np.zeros(len(times), dtype=bool)
    calendar = query.instrument.calendar
    for session in desk.market.sessions.between(calendar, hour * HOUR, (hour + 1) * HOUR):
        for opened, closed in session.spans(regular=query.is_regular):
            is_open |= (times >= opened) & (times < closed)
    return is_open


def _printed(path: HourPath, _: _Query) -> Integers:
    return np.flatnonzero(path.volume)


def _requoted(path: HourPath, query: _Query) -> Integers:
    if not query.ignores_size:
        # Sizes differ from second to second, so that every second has a tick.
        return np.arange(HOUR)
    moved = (np.diff(path.bid[:-1]) != 0) | (np.diff(path.ask[:-1]) != 0)
    return np.concatenate(([0], np.flatnonzero(moved) + 1))


def _moved(path: HourPath, _: _Query) -> Integers:
    middle = path.bid[:-1] + path.ask[:-1]
    return np.concatenate(([0], np.flatnonzero(np.diff(middle)) + 1))


def _print(
    _: Desk, instrument: Instrument, path: HourPath, second: int, time: int
) -> Fields:
    return {
        "time": time,
        "mask": 0,
        "price": instrument.price_of(int(path.trade[second])),
        "size": int(path.volume[second]),
        "exchange": instrument.primary_exchange or instrument.exchange,
        "specialConditions": "",
    }


def _quote(
    desk: Desk, instrument: Instrument, path: HourPath, second: int, time: int
) -> Fields:
    bid, ask = int(path.bid[second]), int(path.ask[second])
    step = time * desk.market.steps
    shown = desk.market.prices.depth
    fields: dict[str, Value] = {
        "time": time,
        "mask": 0,
        "priceBid": instrument.price_of(bid),
        "priceAsk": instrument.price_of(ask),
        "sizeBid": shown(instrument, step, 0, bid),
        "sizeAsk": shown(instrument, step, 1, ask),
    }
    return fields


def _middle(
    _: Desk, instrument: Instrument, path: HourPath, second: int, time: int
) -> Fields:
    middle = instrument.price_of(int(path.bid[second]) + int(path.ask[second])) / 2
    return {"time": time, "price": middle, "size": 0}


_Tell = Callable[[Desk, Instrument, HourPath, int, int], Fields]

_KINDS: Final[Mapping[str, tuple[str, _Choose, _Tell]]] = {
    "TRADES": ("historicalTicksLast", _printed, _print),
    "BID_ASK": ("historicalTicksBidAsk", _requoted, _quote),
    "MIDPOINT": ("historicalTicks", _moved, _middle),
}
"""What to show -> message, which seconds have a tick, what it says."""

HANDLERS: Final[Mapping[str, Handler]] = {"reqHistoricalTicks": historical_ticks}
"""Request -> answer."""
