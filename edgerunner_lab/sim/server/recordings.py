"""Reads files of recorded prices: bars, prints or quotes, as CSV or Parquet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.noise import Floats, Integers
from edgerunner_lab.sim.market.recorded import Recording

if TYPE_CHECKING:
    import pandas as pd

TIMES: Final = ("time", "date", "timestamp")
PRICES: Final = ("open", "high", "low", "close")
OTHER_NAMES: Final = {"pricebid": "bid", "priceask": "ask"}
"""How the columns are called in ticks that were saved from the API."""

EXPECTED: Final = "time and open, high, low, close[, volume], or time and price[, size], or time, bid, ask"

BAR_SECONDS_MAX: Final = 3600
"""Longer bars say too little of how a price went to be played second by second."""

EPOCH: Final = (631_152_000, 4_102_444_800)
"""The years 1990 and 2100, which the calendars reach; milliseconds and dates like 20261123 lie outside."""

TICKS_MAX: Final = 2**40


class RecordingRefused(Exception):
    """A file of recorded prices cannot be used; the text is one line."""


def load_recording(path: Path, instrument: Instrument) -> Recording:
    """Return what a file says of an instrument.

    Its columns are found by name, whatever their case and order: `time` (or `date`, `timestamp`) is ISO 8601,
    in UTC unless it says otherwise, or seconds since 1970, and marks the beginning of a bar. Bars are as long
    as the shortest time between two of them. Of several prints or quotes in a second the last one counts, with
    their sizes added up. Prices are rounded to the instrument's tick.

    Raises:
        RecordingRefused: It cannot be read, or a row cannot be true.
    """
    table = _columns(_read(path))
    if not len(table):
        raise RecordingRefused("has no rows")
    times = _times(table)
    if {*PRICES} <= {*table.columns}:
        return _bars(table, times, instrument)
    if "price" in table.columns:
        return _prints(table, times, instrument)
    if {"bid", "ask"} <= {*table.columns}:
        return _quotes(table, times, instrument)
    raise RecordingRefused(
        f"has the columns {', '.join(map(str, table.columns))}, expected {EXPECTED}"
    )


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  half a second that a gateway without recordings saves

    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        return pd.read_csv(path)
    except ImportError:
        raise RecordingRefused(
            "is Parquet, which needs pyarrow: pip install pyarrow, or save it as CSV"
        ) from None
    except OSError as error:
        raise RecordingRefused(f"cannot be read: {error.strerror or error}") from None
    except (ValueError, pd.errors.ParserError) as error:
        said = " ".join(str(error).split())
        raise RecordingRefused(
            f"cannot be read: {said}; expected a header and rows"
        ) from None


def _columns(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the table with its columns in small letters, its index being one where it holds the time."""
    if isinstance(table.index.name, str) and table.index.name.lower() in TIMES:
        table = table.reset_index()
    names = [str(name).strip().lower() for name in table.columns]
    return table.set_axis([OTHER_NAMES.get(name, name) for name in names], axis=1)


def _times(table: "pd.DataFrame") -> Floats:
    """Return epoch seconds, which never fall."""
    import pandas as pd  # noqa: PLC0415  see above

    name = next((name for name in TIMES if name in table.columns), None)
    if name is None:
        raise RecordingRefused(f"has no column time, expected {EXPECTED}")
    column: pd.Series[Any] = table[name]
    times = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column) or np.isnan(times).all():
        read = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
        since = (read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
        times = np.asarray(since, dtype=np.float64)
    is_time = (times >= EPOCH[0]) & (times < EPOCH[1])
    _demand(is_time, column, f"{name} {{}}, expected ISO 8601 or seconds since 1970")
    is_later = np.concatenate(([True], np.diff(times) >= 0))
    _demand(is_later, column, f"{name} {{}} after a later one, expected the oldest first")
    return times


def _bars(table: "pd.DataFrame", times: Floats, instrument: Instrument) -> Recording:
    gaps = np.diff(times)
    _demand(
        times == np.floor(times), table.iloc[:, 0], "a bar at {}, expected whole seconds"
    )
    if not len(gaps):
        raise RecordingRefused(
            "has one bar, expected two or more, whose times say how long"
        )
    _demand(np.concatenate(([True], gaps > 0)), table.iloc[:, 0], "two bars at {}")
    length = int(gaps.min())
    if length > BAR_SECONDS_MAX:
        raise RecordingRefused(f"has bars {length} seconds apart, expected an hour or less")
    opened, high, low, close = (_ticks(table, name, instrument) for name in PRICES)
    is_top = high >= np.maximum(opened, close)
    _demand(is_top, table["high"], "high {} below the open or the close")
    is_bottom = low <= np.minimum(opened, close)
    _demand(is_bottom, table["low"], "low {} above the open or the close")
    return Recording(
        start=times.astype(np.int64),
        length=length,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=_units(table, "volume"),
    )


def _prints(table: "pd.DataFrame", times: Floats, instrument: Instrument) -> Recording:
    seconds, first, last = _by_second(times)
    price = _ticks(table, "price", instrument)[last]
    size = _units(table, "size")
    return _spots(
        seconds, price, volume=None if size is None else np.add.reduceat(size, first)
    )


def _quotes(table: "pd.DataFrame", times: Floats, instrument: Instrument) -> Recording:
    bid, ask = (_ticks(table, name, instrument) for name in ("bid", "ask"))
    _demand(ask >= bid, table["ask"], "ask {} below the bid")
    seconds, _, last = _by_second(times)
    # A locked market has no spread for a moment; here bid and ask are a tick apart at least.
    return _spots(seconds, bid[last], spread=np.maximum(1, ask - bid)[last])


def _spots(
    start: Integers,
    price: Integers,
    *,
    volume: Integers | None = None,
    spread: Integers | None = None,
) -> Recording:
    return Recording(
        start=start,
        length=1,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=volume,
        spread=spread,
    )


def _by_second(times: Floats) -> tuple[Integers, Integers, Integers]:
    """Return the seconds in which there are rows, and the first and the last row of each."""
    seconds, first = np.unique(np.floor(times).astype(np.int64), return_index=True)
    return seconds, first, np.append(first[1:], len(times)) - 1


def _ticks(table: "pd.DataFrame", name: str, instrument: Instrument) -> Integers:
    prices = _numbers(table, name)
    with np.errstate(invalid="ignore"):
        ticks = np.rint(prices / float(instrument.min_tick))
        is_price = (ticks >= 1) & (ticks < TICKS_MAX)
    tick = instrument.min_tick
    _demand(is_price, table[name], f"{name} {{}}, expected a price of {tick} or more")
    return ticks.astype(np.int64)


def _units(table: "pd.DataFrame", name: str) -> Integers | None:
    """Return a column of volumes; None where there is none, which bars of quotes say by -1."""
    if name not in table.columns:
        return None
    units = _numbers(table, name)
    if (units == -1).all():
        return None
    is_volume = (units >= 0) & (units < TICKS_MAX)
    _demand(is_volume, table[name], f"{name} {{}}, expected zero or more units")
    return np.rint(units).astype(np.int64)


def _numbers(table: "pd.DataFrame", name: str) -> Floats:
    import pandas as pd  # noqa: PLC0415  see above

    return np.asarray(pd.to_numeric(table[name], errors="coerce"), dtype=np.float64)


def _demand(is_right: Any, column: "pd.Series[Any]", wanted: str) -> None:
    """Refuse the first row that is not right."""
    if not is_right.all():
        row = int(np.argmin(is_right))
        raise RecordingRefused(f"has in row {row + 1} {wanted.format(column.iloc[row])}")


def unplayed(recordings: Mapping[str, Recording], now: datetime) -> list[str]:
    """Return a line for each recording that the clock is not in, by the instrument's name."""
    at = now.timestamp()
    return [
        f"the recording of {name} goes from {_iso(span[0])} to {_iso(span[1])} and the clock is at"
        f" {_iso(int(at))}, where prices follow the seed: --start {_iso(span[0])} plays it"
        for name, span in ((name, held.span) for name, held in recordings.items())
        if not span[0] <= at < span[1]
    ]


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")
