"""`Table`: rows of facts that show as aligned text, as an HTML table and as a DataFrame.

It holds what was true when it was made and never changes; live values are the widgets' business.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from edgerunner_lab.tables.cells import DTYPES, Kind, for_frame, plain, words
from edgerunner_lab.tables.columns import Column, Row

if TYPE_CHECKING:
    import pandas as pd

Row_co = TypeVar("Row_co", covariant=True)

ROWS_SHOWN_MAX: Final = 60
"""Most rows drawn, half from each end: a notebook keeps every output, and a year of bars would swell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Generic[Row]):
    """How rows of one kind are shown.

    Attributes:
        empty: The words that stand for no rows, e.g. "no positions".
        is_card: Draw one line a column instead of one a row; for tables of one row with many figures.
        index: The column that becomes the DataFrame's index; None for a plain count.
    """

    title: str
    empty: str
    columns: tuple[Column[Row], ...]
    is_card: bool = False
    index: str | None = None


class Table(Sequence[Row_co]):
    """A sequence of frozen facts that knows how to show itself.

    With exactly one row, the row's attributes can be read through the table: `lab.quote("SPY").bid`.
    Rows are exact (`Decimal`); `df` has floats, and accounts masked.

    Attributes:
        title: What the table is of; its caption.
        empty: The words that stand for no rows.
        notes: Lines that stand below the table.
    """

    __slots__ = ("_layout", "_rows", "empty", "notes", "title")

    def __init__(
        self,
        rows: Iterable[Row_co],
        layout: Layout[Row_co],
        *,
        title: str = "",
        empty: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self._rows = tuple(rows)
        self._layout = layout
        self.title = title or layout.title
        self.empty = empty or layout.empty
        self.notes = tuple(notes)

    @overload
    def __getitem__(self, index: int) -> Row_co: ...
    @overload
    def __getitem__(self, index: slice) -> "Table[Row_co]": ...
    def __getitem__(self, index: int | slice) -> "Row_co | Table[Row_co]":
        if isinstance(index, slice):
            return Table(
                self._rows[index], self._layout, title=self.title, empty=self.empty
            )
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row_co]:
        return iter(self._rows)

    def __getattr__(self, name: str) -> Any:
        # Names with an underscore are what IPython, copy and pickle ask for; they are never a row's.
        if name.startswith("_"):
            raise AttributeError(name)
        if len(self._rows) == 1:
            return getattr(self._rows[0], name)
        raise AttributeError(
            f"{name!r} can be read from a table of exactly one row, and {plain(self.title)!r} has "
            f"{len(self._rows)}; take a row first: table[0].{name}"
        )

    def __dir__(self) -> list[str]:
        rows = dir(self._rows[0]) if len(self._rows) == 1 else []
        return sorted({*super().__dir__(), *(name for name in rows if name[0] != "_")})

    @property
    def df(self) -> "pd.DataFrame":
        """The rows as a DataFrame: float64 numbers, aware times, nullable counts and text."""
        import pandas as pd  # noqa: PLC0415  a quarter of a second that a session without frames saves

        series: dict[str, pd.Series[Any]] = {}
        for column in self._layout.columns:
            values = [for_frame(column.read(row), column.kind) for row in self._rows]
            if column.kind is Kind.TIME:
                times = pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
                series[column.name] = times.dt.tz_convert(column.zone).dt.as_unit("us")
            else:
                series[column.name] = pd.Series(values, dtype=DTYPES[column.kind])
        frame = pd.DataFrame(series)
        return frame if self._layout.index is None else frame.set_index(self._layout.index)

    def __repr__(self) -> str:
        if not self._rows:
            return plain(self.empty)
        lines = self._card_lines() if self._layout.is_card else self._grid_lines()
        notes = [f"note: {plain(note)}" for note in self.notes]
        return "\n".join([plain(self.title), *lines, *notes])

    def _repr_html_(self) -> str:
        if not self._rows:
            return f'<p class="edgerunner-empty">{escape(plain(self.empty))}</p>'
        body = self._card_html() if self._layout.is_card else self._grid_html()
        caption = f"<caption>{escape(plain(self.title))}</caption>"
        notes = "".join(
            f'<p class="edgerunner-note">note: {escape(plain(note))}</p>'
            for note in self.notes
        )
        return f'{_STYLE}<table class="{_CLASSES}">{caption}{body}</table>{notes}'

    def _shown(self) -> list[Column[Row_co]]:
        return [
            column
            for column in self._layout.columns
            if column.is_shown and self._says_something(column)
        ]

    def _says_something(self, column: Column[Row_co]) -> bool:
        return not column.is_optional or any(
            column.read(row) not in (None, "") for row in self._rows
        )

    def _ends(self) -> tuple[Sequence[Row_co], Sequence[Row_co], str]:
        """Return the rows to draw before and after the gap, and the words for the gap."""
        if len(self._rows) <= ROWS_SHOWN_MAX:
            return self._rows, (), ""
        half = ROWS_SHOWN_MAX // 2
        gap = f"… {len(self._rows) - 2 * half:,} more of {len(self._rows):,} rows; .df has all"
        return self._rows[:half], self._rows[-half:], gap

    def _grid_lines(self) -> Iterator[str]:
        columns = self._shown()
        head, tail, gap = self._ends()
        grid = [[_heading(column) for column in columns]]
        grid += [[_cell(column, row) for column in columns] for row in (*head, *tail)]
        widths = [max(_width(line[i]) for line in grid) for i in range(len(columns))]
        for number, line in enumerate(grid):
            if gap and number == 1 + len(head):
                yield gap
            yield "  ".join(
                _aligned(text, width, is_right=column.kind.is_number)
                for text, width, column in zip(line, widths, columns, strict=True)
            ).rstrip()

    def _card_lines(self) -> Iterator[str]:
        for row in self._rows:
            card = _card(self._shown(), row)
            heading_width = max(_width(heading) for heading, _, _ in card)
            figures = [_width(texts[0]) for _, texts, kind in card if kind.is_number]
            for heading, texts, kind in card:
                width = max(figures) if kind.is_number else 0
                for number, text in enumerate(texts):
                    name = _aligned(
                        "" if number else heading, heading_width, is_right=False
                    )
                    yield f"{name}  {_aligned(text, width, is_right=True)}"

    def _grid_html(self) -> str:
        columns = self._shown()
        head, tail, gap = self._ends()
        heads = "".join(_tag("th", 'scope="col"', c.kind, _heading(c)) for c in columns)
        middle = f'<tr><td colspan="{len(columns)}">{escape(gap)}</td></tr>' if gap else ""
        above, below = (
            "".join(f"<tr>{_row_html(columns, row)}</tr>" for row in rows)
            for rows in (head, tail)
        )
        return f"<thead><tr>{heads}</tr></thead><tbody>{above}{middle}{below}</tbody>"

    def _card_html(self) -> str:
        return "".join(
            f"<tbody>{''.join(_card_line_html(*line) for line in _card(self._shown(), row))}</tbody>"
            for row in self._rows
        )


def _heading(column: Column[Any]) -> str:
    return column.heading or column.name.replace("_", " ")


def _cell(column: Column[Row], row: Row) -> str:
    return words(column.read(row), column.kind, column.zone)


def _cell_lines(column: Column[Row], row: Row) -> list[str]:
    value = column.read(row)
    if isinstance(value, tuple) and value:
        return [words(line, column.kind) for line in value]
    return [words(value, column.kind, column.zone)]


def _card(columns: Sequence[Column[Row]], row: Row) -> list[tuple[str, list[str], Kind]]:
    """Return a card's lines: heading, words, and how they stand; lines without words are left out."""
    # Among sentences a figure on the right is far from its heading; among figures it is in its place.
    are_figures = 2 * sum(column.kind.is_number for column in columns) > len(columns)
    lines = [
        (
            _heading(column),
            _cell_lines(column, row),
            column.kind if are_figures else Kind.TEXT,
        )
        for column in columns
    ]
    return [line for line in lines if line[1] != [""]]


def _width(text: str) -> int:
    """Return how many terminal columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def _aligned(text: str, width: int, *, is_right: bool) -> str:
    padding = " " * (width - _width(text))
    return padding + text if is_right else text + padding


def _class(kind: Kind) -> str:
    return ' class="edgerunner-number"' if kind.is_number else ""


def _tag(name: str, attributes: str, kind: Kind, text: str) -> str:
    space = " " if attributes else ""
    return f"<{name}{space}{attributes}{_class(kind)}>{escape(text)}</{name}>"


def _row_html(columns: Sequence[Column[Row]], row: Row) -> str:
    first, *others = columns
    return _tag("th", 'scope="row"', first.kind, _cell(first, row)) + "".join(
        _tag("td", "", column.kind, _cell(column, row)) for column in others
    )


def _card_line_html(heading: str, texts: list[str], kind: Kind) -> str:
    name = _tag("th", 'scope="row"', Kind.TEXT, heading)
    return f"<tr>{name}<td{_class(kind)}>{'<br>'.join(map(escape, texts))}</td></tr>"


_CLASSES: Final = "edgerunner-table mathjax_ignore tex2jax_ignore"
"""The last two keep MathJax (3 and 2) from typesetting a `$…$` that stands in a broker's text."""

_TABLE: Final = "table.edgerunner-table.mathjax_ignore"
"""Two classes and the element: JupyterLab aligns every cell of an output to the right with two and the cell's."""

_STYLE: Final = (
    "<style>"
    f"{_TABLE}{{border-collapse:collapse;color:var(--jp-ui-font-color1,inherit);"
    "font-variant-numeric:tabular-nums}"
    f"{_TABLE} caption{{caption-side:top;text-align:left;font-weight:600;padding:2px 8px;"
    "color:var(--jp-ui-font-color2,inherit)}"
    f"{_TABLE} th,{_TABLE} td{{padding:2px 8px;text-align:left;white-space:nowrap;"
    "border-bottom:1px solid var(--jp-border-color2,currentColor)}"
    f"{_TABLE} .edgerunner-number{{text-align:right;white-space:nowrap}}"
    "</style>"
)
"""JupyterLab's own variables follow its light and dark themes; other front ends inherit their colours."""
