"""A live table as it stood at one moment: what stays in a saved notebook."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.tables.cells import Kind
from edgerunner_lab.tables.columns import number, text
from edgerunner_lab.tables.table import Layout, Table
from edgerunner_lab.widgets.frames import QuoteRow

DELAYED, FROZEN, STALE, NO_DATA, NOT_CONNECTED = 1, 2, 4, 8, 16
"""The bits of a row's flags."""

WORDS: Final = (
    (NOT_CONNECTED, "not connected"),
    (NO_DATA, "no data"),
    (STALE, "stale"),
    (DELAYED, "delayed"),
    (FROZEN, "frozen"),
)
"""Flag -> why a value must not be taken for the market, the gravest first; as in static/quotes.js."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One instrument's name and values; None before the first."""

    symbol: str
    row: QuoteRow | None


def snapshot(symbols: Sequence[str], row_by_index: Mapping[int, QuoteRow]) -> Table[Line]:
    """Lay out a live table's rows as they are now."""
    lines = [
        Line(symbol=symbol, row=row_by_index.get(index))
        for index, symbol in enumerate(symbols)
    ]
    return Table(lines, _SNAPSHOT)


def state(row: QuoteRow | None) -> str:
    """Say in words what the values of a row are worth."""
    if row is None:
        return "no data"
    return next((word for flag, word in WORDS if row.flags & flag), "live")


def _figure(read: Callable[[QuoteRow], float]) -> Callable[[Line], float | None]:
    def figure(line: Line) -> float | None:
        value = math.nan if line.row is None else read(line.row)
        # Prices arrive as the nearest floats of decimals; their differences show it from the tenth digit on.
        return round(value, 8) if math.isfinite(value) else None

    return figure


_SNAPSHOT: Final[Layout[Line]] = Layout(
    title="Quotes when this cell ran",
    empty="no symbols",
    columns=(
        text("symbol", lambda line: line.symbol),
        number("bid", _figure(lambda row: row.bid), Kind.PRICE),
        number("ask", _figure(lambda row: row.ask), Kind.PRICE),
        number("last", _figure(lambda row: row.last), Kind.PRICE),
        number("change", _figure(lambda row: row.last - row.close), Kind.GAIN),
        number("volume", _figure(lambda row: row.volume), Kind.SIZE),
        number("age_s", _figure(lambda row: row.age_s), Kind.SECONDS, "age"),
        text("data", lambda line: state(line.row)),
    ),
)
