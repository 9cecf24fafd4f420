"""What the session says about itself and its limits, as immutable records, and how each is laid out.

Facts about the market and the account are in `core.facts`; these are the session's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.intents import Side
from edgerunner_lab.tables.cells import Kind
from edgerunner_lab.tables.columns import (
    Column,
    instant,
    masked,
    number,
    optional,
    prose,
    text,
)
from edgerunner_lab.tables.table import Layout, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The session at one moment.

    Attributes:
        version: This package's.
        mode: What the bound account allows; None while no account is bound.
        state: One of the words of the connection's states: disconnected, connecting, syncing, connected,
            degraded, halted, error.
        detail: Why, and what to do; empty where the state says it.
        account: In full; every view masks it. Empty while none is bound.
        server_version: The gateway's, e.g. 178.
        latency_ms: Of the newest heartbeat, there and back.
        market_data: What is subscribed and of which kind, in words; empty while unknown.
        working_orders: Open ones that this account has, whoever placed them.
        unresolved_orders: Ours whose outcome is unknown.
        latch: "active", "reducing" or "halted", with who and why where it is not active.
        uptime: Share of the time since the first connect in which the session was connected, 0 to 1.
    """

    version: str
    state: str
    mode: Mode | None = None
    detail: str = ""
    account: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    client_id: int | None = None
    server_version: int | None = None
    connected_since: datetime | None = None
    latency_ms: float | None = None
    market_data: str = ""
    working_orders: int | None = None
    unresolved_orders: int | None = None
    latch: str = ""
    uptime: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolMatch:
    """One instrument that a search found.

    Attributes:
        sec_type: As the broker spells it, e.g. "STK"; it may be one that we cannot trade.
        derivatives: Security types that exist on it, e.g. ("OPT",).
    """

    con_id: int
    symbol: str
    name: str
    sec_type: str
    primary_exchange: str
    currency: str
    derivatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One limit that orders are held to.

    Attributes:
        name: As `%risk set` takes it, e.g. "max_order_qty.STK".
        value: As it is written in `limits.toml`.
        unit: e.g. "shares", "USD", "s"; empty where there is none.
        origin: Where the value comes from: "default", the file's name, or "session".
    """

    name: str
    value: str
    unit: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen if the order were sent now; nothing was sent.

    Attributes:
        text: The order in canonical words.
        reference_price: The price the guard measured against, per unit, in the contract's currency.
        notional: Worst case, in `currency`.
        currency: The account's.
        commission: Estimated cost, in `currency`; None where no estimate can be made.
        margin: What it takes of the account's funds by our own estimate, in `currency`; None where it is denied.
        verdict: "would be sent", or "would be denied".
        checks: One line a rule: its value and its limit, or why it failed.
        nearest: The nearest order that would pass; empty where this one does or none would.
    """

    text: str
    symbol: str
    side: Side
    quantity: Decimal | None
    reference_price: Decimal | None
    notional: Decimal | None
    currency: str
    commission: Decimal | None
    margin: Decimal | None
    verdict: str
    checks: tuple[str, ...] = ()
    nearest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlotterRow:
    """One order of the day, sent or refused, of any notebook of the user or of another program.

    Attributes:
        at: When it was last heard of, aware UTC; a refused one, when it was refused.
        state: The order's, or "denied".
        remaining: What may still trade; 0 once it has ended.
        reason: The broker's or the guard's words; of a denial every failed rule.
        origin: The notebook or the client id that it came from; empty for this one's.
    """

    at: datetime
    symbol: str
    side: Side
    quantity: Decimal | None
    order: str
    state: str
    filled: Decimal
    remaining: Decimal
    average_price: Decimal | None
    reason: tuple[str, ...]
    origin: str
    order_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What became of one position that was to be closed.

    Attributes:
        before: Signed, as it was held.
        after: Signed, as the broker told it after the order; None where it did not.
        price: Mean price of the exit's fills, per unit; None without a fill.
        detail: What stood in the way; empty where nothing did.
    """

    con_id: int
    symbol: str
    before: Decimal
    after: Decimal | None
    price: Decimal | None = None
    detail: str = ""

    @property
    def is_flat(self) -> bool:
        """Whether the broker said, after the exit, that nothing is held."""
        return self.after == 0


def blotter(
    rows: Iterable[BlotterRow], *, title: str, notes: Sequence[str] = ()
) -> Table[BlotterRow]:
    """Lay out the day's orders, what may still trade first."""
    return Table(rows, _BLOTTER, title=title, notes=notes)


def closings(rows: Iterable[Closing], *, title: str, empty: str) -> Table[Closing]:
    """Lay out what became of the positions."""
    return Table(rows, _CLOSINGS, title=title, empty=empty)


def status(row: Status) -> Table[Status]:
    """Lay out the session's status as a card."""
    return Table((row,), _STATUS)


def matches(rows: Iterable[SymbolMatch], *, pattern: str) -> Table[SymbolMatch]:
    """Lay out what a search for `pattern` found."""
    return Table(rows, _MATCHES, title=f"Matches of {pattern}")


def limits(rows: Iterable[LimitRow]) -> Table[LimitRow]:
    """Lay out the limits that hold now."""
    return Table(rows, _LIMITS)


def preview(rows: Sequence[Preview]) -> Table[Preview]:
    """Lay out what an order would do as a card, several as a table."""
    layout = _PREVIEW if len(rows) == 1 else replace(_PREVIEW, is_card=False)
    return Table(rows, layout)


def _address(row: Status) -> str | None:
    return f"{row.host}:{row.port}" if row.host and row.port is not None else None


def _uptime_percent(row: Status) -> str | None:
    return None if row.uptime is None else f"{Decimal(row.uptime) * 100:.2f} %"


_STATUS: Final[Layout[Status]] = Layout(
    title="Status",
    empty="no session",
    is_card=True,
    columns=(
        text("state", lambda s: s.state),
        prose("detail", lambda s: s.detail),
        text("mode", lambda s: None if s.mode is None else str(s.mode.value)),
        masked(lambda s: s.account or None),
        text("gateway", _address),
        number("client_id", lambda s: s.client_id, Kind.COUNT),
        number("server_version", lambda s: s.server_version, Kind.COUNT),
        instant("connected_since", lambda s: s.connected_since),
        number("latency_ms", lambda s: s.latency_ms, Kind.SIZE, "latency, ms"),
        text("market_data", lambda s: s.market_data),
        number("working_orders", lambda s: s.working_orders, Kind.COUNT),
        number("unresolved_orders", lambda s: s.unresolved_orders, Kind.COUNT),
        prose("latch", lambda s: s.latch, "trading"),
        text("uptime", _uptime_percent),
        text("version", lambda s: s.version),
    ),
)

_MATCHES: Final[Layout[SymbolMatch]] = Layout(
    title="Matches",
    empty="no instrument matches",
    columns=(
        text("symbol", lambda m: m.symbol),
        text("name", lambda m: m.name),
        text("sec_type", lambda m: m.sec_type, "type"),
        text("primary_exchange", lambda m: m.primary_exchange, "exchange"),
        text("currency", lambda m: m.currency),
        text("derivatives", lambda m: ", ".join(m.derivatives)),
        number("con_id", lambda m: m.con_id, Kind.COUNT, "contract id"),
    ),
)

_LIMITS: Final[Layout[LimitRow]] = Layout(
    title="Limits",
    empty="no limits",
    columns=(
        text("name", lambda r: r.name, "limit"),
        text("value", lambda r: r.value),
        text("unit", lambda r: r.unit),
        text("origin", lambda r: r.origin),
    ),
)

_BLOTTER: Final[Layout[BlotterRow]] = Layout(
    title="Blotter",
    empty="no orders today",
    columns=(
        instant("at", lambda b: b.at),
        text("symbol", lambda b: b.symbol),
        text("side", lambda b: b.side.value),
        number("quantity", lambda b: b.quantity, Kind.SIZE),
        prose("order", lambda b: b.order),
        text("state", lambda b: b.state),
        number("filled", lambda b: b.filled, Kind.SIZE),
        number("remaining", lambda b: b.remaining, Kind.SIZE),
        number("average_price", lambda b: b.average_price, Kind.PRICE),
        Column(name="reason", read=lambda b: b.reason, kind=Kind.LINES),
        optional(prose("origin", lambda b: b.origin)),
        text("order_ref", lambda b: b.order_ref, "ref"),
    ),
)

_CLOSINGS: Final[Layout[Closing]] = Layout(
    title="Closed positions",
    empty="no position",
    columns=(
        text("symbol", lambda c: c.symbol),
        text("result", lambda c: "flat" if c.is_flat else "NOT proven flat"),
        number("before", lambda c: c.before, Kind.SIZE),
        number("after", lambda c: c.after, Kind.SIZE),
        number("price", lambda c: c.price, Kind.PRICE),
        prose("detail", lambda c: c.detail),
    ),
)

_PREVIEW: Final[Layout[Preview]] = Layout(
    title="Preview: nothing was sent",
    empty="no preview",
    is_card=True,
    columns=(
        prose("order", lambda p: p.text),
        prose("verdict", lambda p: p.verdict),
        text("symbol", lambda p: p.symbol),
        text("side", lambda p: p.side.value),
        number("quantity", lambda p: p.quantity, Kind.SIZE),
        number("reference_price", lambda p: p.reference_price, Kind.PRICE),
        number("notional", lambda p: p.notional, Kind.MONEY, "worst case"),
        optional(number("commission", lambda p: p.commission, Kind.MONEY, "cost, about")),
        optional(number("margin", lambda p: p.margin, Kind.MONEY, "funds, about")),
        text("currency", lambda p: p.currency),
        Column(name="checks", read=lambda p: p.checks, kind=Kind.LINES),
        prose("nearest", lambda p: p.nearest, "would pass"),
    ),
)
