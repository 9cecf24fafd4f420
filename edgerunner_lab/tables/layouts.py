"""How each kind of fact is laid out as a table: which columns, in which order, under which words."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Final

from edgerunner_lab.core.facts import (
    AccountSnapshot,
    Bar,
    Fill,
    MarketDataType,
    OrderUpdate,
    Position,
    Quote,
)
from edgerunner_lab.tables.cells import Kind
from edgerunner_lab.tables.columns import (
    Column,
    hidden,
    instant,
    masked,
    number,
    optional,
    prose,
    text,
)
from edgerunner_lab.tables.table import Layout, Table

QUOTE_AGE_STALE_S: Final = 15.0
"""Age from which a quote is called stale: the guard's own bound for paper orders (RISK R10)."""

_DATA_WORDS: Final = {
    MarketDataType.LIVE: "live",
    MarketDataType.FROZEN: "frozen",
    MarketDataType.DELAYED: "delayed",
    MarketDataType.DELAYED_FROZEN: "delayed and frozen",
}


def quotes(rows: Iterable[Quote], *, now_mono: float) -> Table[Quote]:
    """Lay out quotes with their age at `now_mono`, seconds on the clock of `Quote.received_mono`."""

    def age_s(quote: Quote) -> float | None:
        return (
            None
            if quote.received_mono is None
            else max(0.0, now_mono - quote.received_mono)
        )

    def data(quote: Quote) -> str:
        age, words = age_s(quote), _DATA_WORDS[quote.market_data_type]
        if age is None:
            return f"{words}, nothing yet"
        return f"{words}, stale" if age > QUOTE_AGE_STALE_S else words

    return Table(
        rows,
        Layout(
            title="Quotes",
            empty="no quotes",
            columns=(
                text("symbol", lambda q: q.symbol),
                number("bid", lambda q: q.bid, Kind.PRICE),
                number("ask", lambda q: q.ask, Kind.PRICE),
                number("last", lambda q: q.last, Kind.PRICE),
                number("change", lambda q: q.change, Kind.GAIN),
                number("bid_size", lambda q: q.bid_size, Kind.SIZE),
                number("ask_size", lambda q: q.ask_size, Kind.SIZE),
                hidden("last_size", lambda q: q.last_size, Kind.SIZE),
                hidden("open", lambda q: q.open, Kind.PRICE),
                hidden("high", lambda q: q.high, Kind.PRICE),
                hidden("low", lambda q: q.low, Kind.PRICE),
                hidden("close", lambda q: q.close, Kind.PRICE),
                number("volume", lambda q: q.volume, Kind.SIZE),
                Column(name="age_s", heading="age", read=age_s, kind=Kind.SECONDS),
                text("data", data),
                hidden("time", lambda q: q.time, Kind.TIME),
                hidden("con_id", lambda q: q.con_id, Kind.COUNT),
            ),
        ),
    )


def bars(rows: Iterable[Bar], *, title: str, zone: tzinfo = UTC) -> Table[Bar]:
    """Lay out bars, oldest first, with times in `zone`, the exchange's; the DataFrame is indexed by `start`."""
    start: Column[Bar] = Column(
        name="start",
        heading=f"start, {zone}",
        read=lambda bar: bar.start,
        kind=Kind.TIME,
        zone=zone,
    )
    return Table(rows, replace(_BARS, columns=(start, *_BARS.columns)), title=title)


def fills(rows: Iterable[Fill]) -> Table[Fill]:
    """Lay out executions."""
    return Table(rows, _FILLS)


def positions(rows: Iterable[Position]) -> Table[Position]:
    """Lay out positions."""
    return Table(rows, _POSITIONS)


def account(rows: Iterable[AccountSnapshot]) -> Table[AccountSnapshot]:
    """Lay out an account's figures as a card."""
    return Table(rows, _ACCOUNT)


def orders(
    rows: Iterable[OrderUpdate],
    *,
    title: str = "",
    empty: str = "",
    notes: Sequence[str] = (),
) -> Table[OrderUpdate]:
    """Lay out orders.

    Args:
        rows: The orders.
        title: Says which they are where they are not all.
        empty: What it means that there are none.
        notes: Lines below: what the user should see although all went well.
    """
    return Table(rows, _ORDERS, title=title, empty=empty, notes=notes)


_BARS: Final[Layout[Bar]] = Layout(
    title="Bars",
    empty="no bars",
    index="start",
    columns=(
        number("open", lambda b: b.open, Kind.PRICE),
        number("high", lambda b: b.high, Kind.PRICE),
        number("low", lambda b: b.low, Kind.PRICE),
        number("close", lambda b: b.close, Kind.PRICE),
        number("volume", lambda b: b.volume, Kind.SIZE),
        number("average", lambda b: b.average, Kind.PRICE),
        number("count", lambda b: b.count, Kind.COUNT),
    ),
)

_FILLS: Final[Layout[Fill]] = Layout(
    title="Fills",
    empty="no fills",
    columns=(
        text("symbol", lambda f: f.symbol),
        text("side", lambda f: f.side.value),
        number("quantity", lambda f: f.quantity, Kind.SIZE),
        number("price", lambda f: f.price, Kind.PRICE),
        number("commission", lambda f: f.commission, Kind.MONEY),
        number("realized_pnl", lambda f: f.realized_pnl, Kind.GAIN, "realized P&L"),
        text("currency", lambda f: f.currency),
        text("exchange", lambda f: f.exchange),
        instant("time", lambda f: f.time),
        text("order_ref", lambda f: f.order_ref, "order"),
        hidden("account", lambda f: f.account, Kind.ACCOUNT),
        hidden("execution_id", lambda f: f.execution_id),
        hidden("perm_id", lambda f: f.perm_id, Kind.COUNT),
        hidden("con_id", lambda f: f.con_id, Kind.COUNT),
    ),
)

_POSITIONS: Final[Layout[Position]] = Layout(
    title="Positions",
    empty="no positions",
    columns=(
        text("symbol", lambda p: p.symbol),
        number("quantity", lambda p: p.quantity, Kind.SIZE),
        number("average_cost", lambda p: p.average_cost, Kind.PRICE),
        number("market_price", lambda p: p.market_price, Kind.PRICE),
        number("market_value", lambda p: p.market_value, Kind.MONEY),
        number("unrealized_pnl", lambda p: p.unrealized_pnl, Kind.GAIN, "unrealized P&L"),
        number("realized_pnl", lambda p: p.realized_pnl, Kind.GAIN, "realized P&L"),
        text("currency", lambda p: p.currency),
        text("sec_type", lambda p: p.sec_type, "type"),
        masked(lambda p: p.account),
        hidden("con_id", lambda p: p.con_id, Kind.COUNT),
    ),
)

_ACCOUNT: Final[Layout[AccountSnapshot]] = Layout(
    title="Account",
    empty="no account figures yet",
    is_card=True,
    columns=(
        masked(lambda a: a.account),
        text("currency", lambda a: a.currency),
        number("net_liquidation", lambda a: a.net_liquidation, Kind.MONEY),
        number("cash", lambda a: a.cash, Kind.MONEY),
        number("buying_power", lambda a: a.buying_power, Kind.MONEY),
        number("available_funds", lambda a: a.available_funds, Kind.MONEY),
        number("excess_liquidity", lambda a: a.excess_liquidity, Kind.MONEY),
        number("initial_margin", lambda a: a.initial_margin, Kind.MONEY),
        number("maintenance_margin", lambda a: a.maintenance_margin, Kind.MONEY),
        number("gross_position_value", lambda a: a.gross_position_value, Kind.MONEY),
        number("daily_pnl", lambda a: a.daily_pnl, Kind.GAIN, "daily P&L"),
        number("unrealized_pnl", lambda a: a.unrealized_pnl, Kind.GAIN, "unrealized P&L"),
        number("realized_pnl", lambda a: a.realized_pnl, Kind.GAIN, "realized P&L"),
    ),
)

_ORDERS: Final[Layout[OrderUpdate]] = Layout(
    title="Orders",
    empty="no orders",
    columns=(
        text("symbol", lambda o: o.symbol),
        text("side", lambda o: o.side.value),
        number("quantity", lambda o: o.quantity, Kind.SIZE),
        text("order_type", lambda o: str(o.order_type), "type"),
        optional(number("limit_price", lambda o: o.limit_price, Kind.PRICE, "limit")),
        optional(number("stop_price", lambda o: o.stop_price, Kind.PRICE, "stop")),
        text("tif", lambda o: str(o.tif)),
        text("state", lambda o: o.state.value),
        number("filled", lambda o: o.filled, Kind.SIZE),
        hidden("remaining", lambda o: o.remaining, Kind.SIZE),
        number("average_price", lambda o: o.average_price, Kind.PRICE),
        optional(prose("reason", lambda o: o.reason)),
        optional(text("name", lambda o: o.name)),
        text("order_ref", lambda o: o.order_ref, "order"),
        instant("updated_at", lambda o: o.updated_at),
        hidden("account", lambda o: o.account, Kind.ACCOUNT),
        hidden("order_id", lambda o: o.order_id, Kind.COUNT),
        hidden("perm_id", lambda o: o.perm_id, Kind.COUNT),
        hidden("client_id", lambda o: o.client_id, Kind.COUNT),
        hidden("con_id", lambda o: o.con_id, Kind.COUNT),
    ),
)
