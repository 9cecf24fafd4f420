"""Tables of facts: as text, as HTML, as a DataFrame, and in the face of hostile text."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.facts import (
    AccountSnapshot,
    Bar,
    Fill,
    MarketDataType,
    OrderUpdate,
    Position,
    Quote,
)
from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.cells import Kind, plain
from edgerunner_lab.tables.columns import hidden, number, text
from edgerunner_lab.tables.table import ROWS_SHOWN_MAX, Layout, Table

BELL = datetime(2026, 5, 4, 13, 30, tzinfo=UTC)
ACCOUNT = "DU7654321"

QUOTE = Quote(
    con_id=756733,
    symbol="SPY",
    bid=Decimal("510.10"),
    ask=Decimal("510.12"),
    last=Decimal("510.11"),
    close=Decimal("509.00"),
    volume=Decimal(1_234_567),
    received_mono=100.0,
    time=BELL,
)
BAR = Bar(
    start=BELL,
    open=Decimal(1),
    high=Decimal(3),
    low=Decimal("0.5"),
    close=Decimal(2),
    volume=Decimal(100),
    average=None,
    count=7,
)
FILL = Fill(
    execution_id="0001.01",
    order_ref="ELB:01",
    perm_id=7,
    con_id=756733,
    symbol="SPY",
    currency="USD",
    side=Side.BUY,
    quantity=Decimal(10),
    price=Decimal("510.12"),
    time=BELL,
    account=ACCOUNT,
    exchange="ARCA",
    commission=Decimal("1.00"),
)
POSITION = Position(
    account=ACCOUNT,
    con_id=756733,
    symbol="SPY",
    sec_type="STK",
    currency="USD",
    quantity=Decimal(-10),
    average_cost=Decimal("510.12"),
    unrealized_pnl=Decimal("-2.5"),
)
SNAPSHOT = AccountSnapshot(
    account=ACCOUNT, currency="USD", net_liquidation=Decimal("100000.005"), cash=Decimal(5)
)
ORDER = OrderUpdate(
    order_ref="ELB:01",
    name="probe",
    order_id=3,
    perm_id=7,
    client_id=100,
    account=ACCOUNT,
    con_id=756733,
    symbol="SPY",
    side=Side.SELL,
    quantity=Decimal(10),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("512.50"),
    stop_price=None,
    tif=TimeInForce.GTC,
    state=OrderState.WORKING,
    filled=Decimal(4),
    average_price=None,
    reason="",
    updated_at=BELL,
)
STATUS = reports.Status(
    version="0.1.0",
    state="connected",
    mode=Mode.SIM,
    account=ACCOUNT,
    host="127.0.0.1",
    port=7497,
    uptime=0.9999,
    latch="active",
)
MATCH = reports.SymbolMatch(
    con_id=265598,
    symbol="AAPL",
    name="APPLE INC",
    sec_type="STK",
    primary_exchange="NASDAQ",
    currency="USD",
    derivatives=("OPT",),
)
LIMIT = reports.LimitRow(
    name="max_order_qty.STK", value="1000", unit="shares", origin="default"
)
PREVIEW = reports.Preview(
    text="buy 10 SPY",
    symbol="SPY",
    side=Side.BUY,
    quantity=Decimal(10),
    reference_price=Decimal("510.12"),
    notional=Decimal("5101.20"),
    currency="USD",
    commission=Decimal(1),
    margin=Decimal("1275.30"),
    verdict="would be sent",
    checks=("MAX_ORDER_QTY: 10 of 1000", "MAX_ORDER_NOTIONAL: 5,101.20 of 10,000.00"),
)


def quotes(row: Quote) -> Table[Quote]:
    """Lay out one quote half a second after it came in."""
    return layouts.quotes([row], now_mono=100.5)


def bars(row: Bar) -> Table[Bar]:
    """Lay out one bar."""
    return layouts.bars([row], title="SPY", zone=ZoneInfo("America/New_York"))


TABLES: dict[str, tuple[Any, Callable[[Any], Table[Any]]]] = {
    "quotes": (QUOTE, quotes),
    "bars": (BAR, bars),
    "fills": (FILL, lambda row: layouts.fills([row])),
    "positions": (POSITION, lambda row: layouts.positions([row])),
    "account": (SNAPSHOT, lambda row: layouts.account([row])),
    "orders": (ORDER, lambda row: layouts.orders([row])),
    "status": (STATUS, reports.status),
    "matches": (MATCH, lambda row: reports.matches([row], pattern=row.symbol)),
    "limits": (LIMIT, lambda row: reports.limits([row])),
    "preview": (PREVIEW, lambda row: reports.preview([row])),
}

CANARIES = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</td></tr></table><b>out</b>",
    "</caption><style>*{display:none}</style>",
    '<a href="javascript:alert(1)">x</a>',
    '<svg onload="alert(1)"><animate onbegin=alert(1)></svg>',
    "<math><mtext><style><img src=x onerror=alert(1)>",
    '<button data-commandlinker-command="runmenu:run-all">x</button>',
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<form action=//x><input name=password></form>",
    "<meta http-equiv=refresh content=0>",
    "<!-- comment --><![CDATA[x]]>",
    "&lt;b&gt;&#60;i&#62;&amp;",
    "javascript:alert(1)",
    "[x](javascript:alert(1)) **bold** `code`",
    "$$\\href{javascript:alert(1)}{x}$$",
    "$x^2$ \\(y\\) \\begin{align}z\\end{align}",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x9b31m\x07\x08\x7f",
    "a\rb\nc\r\nd\te\x0bf\x0cg",
    "\x00nul",
    "\u202egnp.exe\u202c",
    "\u2066isolate\u2069\u200f",
    "zero\u200bwidth\ufeff",
    "line\u2028separator\u2029",
    "{{7*7}} ${7*7} {x} %s",
    "=HYPERLINK(1)",
    "\uff21\uff22 日本 e\u0301",
)


def html(table: Table[Any]) -> str:
    """Return what a notebook draws."""
    return table._repr_html_()  # pyright: ignore[reportPrivateUsage]  IPython calls it


class Page(HTMLParser):
    """What a browser would make of a table: its elements, and the text outside `<style>`."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that it ended, where it should."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._open[-1] != "style":
            self.texts.append(data)


ELEMENTS = {"style", "table", "caption", "thead", "tbody", "tr", "th", "td", "br", "p"}


def with_text(row: Any, canary: str) -> Any:
    """Return `row` with `canary` in every field that holds free text."""
    poisoned = {
        field.name: canary
        if isinstance(getattr(row, field.name), str)
        else (canary, canary)
        for field in fields(row)
        if type(getattr(row, field.name)) in {str, tuple}
    }
    return replace(row, **poisoned)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("name", TABLES)
def test_hostile_text_stays_text_in_html(name: str, canary: str) -> None:
    """Only our elements, only `class`, `scope` and `colspan`, and the words as they came, spelled out."""
    row, table_of = TABLES[name]
    page = Page(html(table_of(with_text(row, canary))))

    assert {tag for tag, _ in page.elements} <= ELEMENTS
    assert {key for _, attributes in page.elements for key in attributes} <= {
        "class",
        "scope",
        "colspan",
    }
    assert all(text.isprintable() for text in page.texts)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("name", TABLES)
def test_hostile_text_stays_on_its_line(name: str, canary: str) -> None:
    """No escape sequence reaches the terminal, and no line break adds or moves a line."""
    row, table_of = TABLES[name]
    hostile, friendly = (repr(table_of(with_text(row, words))) for words in (canary, "x"))

    assert all(line.isprintable() for line in hostile.split("\n"))
    assert hostile.count("\n") == friendly.count("\n")


@pytest.mark.parametrize("canary", CANARIES)
def test_hostile_text_is_shown_whole(canary: str) -> None:
    """It is spelled out and not dropped, so that a person sees what came."""
    table = layouts.orders([replace(ORDER, reason=canary)])

    assert plain(canary) in Page(html(table)).texts
    assert plain(canary).rstrip() in repr(table)


@pytest.mark.parametrize("name", TABLES)
def test_no_account_is_shown_in_full(name: str) -> None:
    """Text, HTML and DataFrame have it masked; the row has it whole for the program."""
    row, table_of = TABLES[name]
    table = table_of(row)

    assert "7654321" not in repr(table)
    assert "7654321" not in html(table)
    assert "7654321" not in table.df.to_csv()
    if hasattr(row, "account"):
        assert table.account == ACCOUNT
        assert "DU***4321" in repr(table) + table.df.to_csv()


@pytest.mark.parametrize("name", TABLES)
def test_mathjax_is_told_to_leave_tables_alone(name: str) -> None:
    """JupyterLab typesets `$…$` in HTML outputs, and a typeset formula can hold a link."""
    row, table_of = TABLES[name]
    classes = [
        attributes["class"]
        for tag, attributes in Page(html(table_of(row))).elements
        if tag == "table"
    ]

    assert classes == ["edgerunner-table mathjax_ignore tex2jax_ignore"]


def test_text_is_aligned_with_numbers_on_the_right() -> None:
    """Columns stand under their headings."""
    table = layouts.quotes(
        [QUOTE, Quote(con_id=1, symbol="EUR.USD", bid=Decimal("1.08535"))], now_mono=100.3
    )

    shown = repr(table).replace("live, nothing yet", "live, …").splitlines()
    assert shown == [
        "Quotes",
        "symbol       bid     ask    last  change  bid size  ask size     volume    age  data",
        "SPY       510.10  510.12  510.11   +1.11         –         –  1,234,567  0.3 s  live",
        "EUR.USD  1.08535       –       –       –         –         –          –      –  live, …",
    ]


def test_wide_characters_keep_the_columns() -> None:
    """A name in full-width letters takes two places a letter."""
    rows = [replace(MATCH, name="日本"), replace(MATCH, name="e\u0301x")]
    lines = repr(reports.matches(rows, pattern="x")).splitlines()

    assert lines[1].index("type") == 14
    assert lines[2].index("STK") == 12
    assert lines[3].index("STK") == 15


def test_a_card_has_one_line_a_figure() -> None:
    """Many figures of one thing read better downwards; long lists get a line each."""
    lines = repr(reports.preview([PREVIEW])).splitlines()

    assert lines[0] == "Preview: nothing was sent"
    assert "worst case       5,101.20" in lines
    assert "checks           MAX_ORDER_QTY: 10 of 1000" in lines
    assert "                 MAX_ORDER_NOTIONAL: 5,101.20 of 10,000.00" in lines


def test_a_card_of_figures_has_them_on_the_right() -> None:
    """Cents stand under cents."""
    lines = repr(layouts.account([SNAPSHOT])).splitlines()

    assert lines[3:5] == [
        "net liquidation       100,000.00",
        "cash                        5.00",
    ]
    assert '<td class="edgerunner-number">5.00</td>' in html(layouts.account([SNAPSHOT]))
    assert "edgerunner-number" not in html(reports.status(STATUS)).partition("</style>")[2]


def test_a_card_leaves_out_what_is_empty() -> None:
    """Nothing to say is no line; not known is a dash."""
    shown = repr(reports.status(STATUS))

    assert "detail" not in shown
    assert "client id             –" in shown


def test_html_has_a_caption_and_scopes() -> None:
    """A screen reader can name the table, its columns and its rows."""
    elements = Page(html(layouts.positions([POSITION]))).elements

    scopes = [attributes.get("scope") for tag, attributes in elements if tag == "th"]
    assert [tag for tag, _ in elements[:3]] == ["style", "table", "caption"]
    assert scopes == ["col"] * 10 + ["row"]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (layouts.quotes([], now_mono=0.0), "no quotes"),
        (layouts.bars([], title="SPY"), "no bars"),
        (layouts.fills([]), "no fills"),
        (layouts.positions([]), "no positions"),
        (layouts.account([]), "no account figures yet"),
        (layouts.orders([]), "no orders"),
        (reports.matches([], pattern="x"), "no instrument matches"),
        (reports.limits([]), "no limits"),
    ],
)
def test_an_empty_table_says_so_in_words(table: Table[Any], expected: str) -> None:
    """Headings over nothing would leave open whether something failed."""
    assert repr(table) == expected
    assert Page(html(table)).texts == [expected]
    assert not table
    assert table.df.empty
    assert list(table.df.reset_index().columns)


def test_a_table_may_say_what_being_empty_means() -> None:
    """After a halt, no orders is good news, and says so; hostile words stay words."""
    table = layouts.orders([], empty="HALTED, <b>nothing</b> was working\x1b")

    assert repr(table[:]) == "HALTED, <b>nothing</b> was working\\x1b"
    assert Page(html(table)).texts == ["HALTED, <b>nothing</b> was working\\x1b"]


@pytest.mark.parametrize(
    ("quote", "now_mono", "word"),
    [
        (QUOTE, 100.0, "live"),
        (QUOTE, 115.0, "live"),
        (QUOTE, 115.1, "live, stale"),
        (QUOTE, 99.0, "live"),
        (replace(QUOTE, received_mono=None), 100.0, "live, nothing yet"),
        (replace(QUOTE, market_data_type=MarketDataType.DELAYED), 100.0, "delayed"),
        (replace(QUOTE, market_data_type=MarketDataType.FROZEN), 200.0, "frozen, stale"),
        (
            replace(QUOTE, market_data_type=MarketDataType.DELAYED_FROZEN),
            100.0,
            "delayed and frozen",
        ),
    ],
)
def test_a_quote_says_what_kind_of_data_it_is(
    quote: Quote, now_mono: float, word: str
) -> None:
    """Live, delayed, frozen or stale is always said, with the age."""
    frame = layouts.quotes([quote], now_mono=now_mono).df

    assert frame["data"][0] == word
    assert pd.isna(frame["age_s"][0]) or frame["age_s"][0] >= 0


def test_one_row_can_be_read_through_its_table() -> None:
    """`lab.quote("SPY").bid` is the row's own value, exact."""
    table = quotes(QUOTE)

    assert table.bid == Decimal("510.10")
    assert table.change == Decimal("1.11")
    assert {"bid", "df", "title"} <= set(dir(table))
    with pytest.raises(AttributeError, match="no attribute 'bidd'"):
        _ = table.bidd


@pytest.mark.parametrize("count", [0, 2])
def test_other_tables_say_that_a_row_must_be_taken_first(count: int) -> None:
    """It never guesses which row was meant."""
    table = layouts.quotes([QUOTE] * count, now_mono=0.0)

    with pytest.raises(
        AttributeError,
        match=rf"'bid' .* exactly one row, and 'Quotes' has {count}; .*table\[0\]",
    ):
        _ = table.bid
    assert "bid" not in dir(table)


def test_a_table_is_a_sequence_of_its_rows() -> None:
    """Counting, slicing, looping and copying work as with any sequence."""
    rows = [replace(POSITION, con_id=number) for number in range(3)]
    table = layouts.positions(rows)

    assert (len(table), table[1], list(table), rows[2] in table) == (3, rows[1], rows, True)
    assert list(table[1:]) == rows[1:]
    assert table[1:].title == "Positions"
    assert list(copy.copy(table)) == list(copy.deepcopy(table)) == rows
    assert not hasattr(table, "_repr_markdown_")
    assert not hasattr(table, "_ipython_display_")


def test_a_long_table_shows_its_ends() -> None:
    """A notebook keeps every output, so a year of minutes is not written into it."""
    rows = [replace(BAR, start=BELL + timedelta(hours=n)) for n in range(1000)]
    table = layouts.bars(rows, title="SPY")

    lines = repr(table).splitlines()
    assert len(lines) == 2 + ROWS_SHOWN_MAX + 1
    assert lines[32] == "… 940 more of 1,000 rows; .df has all"
    assert html(table).count("<tr>") == 1 + ROWS_SHOWN_MAX + 1
    assert "940 more of 1,000 rows" in html(table)
    assert len(table.df) == 1000


def test_a_frame_has_floats_counts_text_and_aware_times() -> None:
    """What pandas can compute with, and missing where it is unknown."""
    frame = layouts.fills([FILL]).df

    assert frame["price"].dtype == "float64"
    assert frame["price"][0] == 510.12
    assert frame["perm_id"].dtype == "Int64"
    assert frame["symbol"].dtype == "string"
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert frame["time"][0] == pd.Timestamp(BELL)
    assert pd.isna(frame["realized_pnl"][0])


@pytest.mark.parametrize("name", TABLES)
def test_a_frames_types_do_not_depend_on_its_rows(name: str) -> None:
    """An empty answer can be joined with a full one."""
    row, table_of = TABLES[name]
    table = table_of(row)

    assert list(table[:0].df.dtypes) == list(table.df.dtypes)


def test_a_frame_of_bars_is_indexed_by_start_in_the_exchanges_zone() -> None:
    """`lab.bars("SPY").df["close"].plot()` has time on its axis."""
    frame = bars(BAR).df

    assert frame.index.name == "start"
    assert str(frame.index.dtype) == "datetime64[us, America/New_York]"
    assert list(frame.columns) == [
        "open",
        "high",
        "low",
        "close",
        "volume",
        "average",
        "count",
    ]


def test_rows_stay_exact() -> None:
    """The table shows cents; the row keeps what the broker sent."""
    table = layouts.account([SNAPSHOT])

    assert "100,000.00" in repr(table)
    assert table.net_liquidation == Decimal("100000.005")


def test_a_status_does_not_show_its_account_by_accident() -> None:
    """A debugger or a traceback that prints the record leaves the account out."""
    assert "7654321" not in repr(STATUS)


def test_a_layout_of_ones_own_needs_only_columns() -> None:
    """Headings come from names; hidden columns are in the DataFrame alone."""
    layout: Layout[Bar] = Layout(
        title="Closes",
        empty="no closes",
        columns=(
            text("day", lambda bar: f"{bar.start:%d}"),
            number("last_price", lambda bar: bar.close, Kind.PRICE),
            hidden("count", lambda bar: bar.count, Kind.COUNT),
        ),
    )
    table = Table([BAR], layout, title="Two")

    assert repr(table).splitlines() == ["Two", "day  last price", "04         2.00"]
    assert list(table.df.columns) == ["day", "last_price", "count"]


def test_a_table_cannot_be_pickled_into_a_file() -> None:
    """Its layout holds functions; rows can be kept, tables are for looking at."""
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(layouts.fills([FILL]))
