"""The connected clients and what each of them listens to."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.bars import Bar, Shown
from edgerunner_lab.sim.protocol.messages import Fields

AccountRow: TypeAlias = tuple[str, str, str]
"""Key, value and currency of an account value."""

DepthRow: TypeAlias = tuple[int, str, int]
"""Price in ticks, market maker and units of a row of the book."""


@dataclass(slots=True, kw_only=True)
class Line:
    """A market-data subscription.

    Attributes:
        is_delayed: It shows the market of a quarter of an hour ago.
        stays: It shows the last quote of a closed market instead of none.
        ends: Epoch second at which a snapshot that is not complete ends; 0 for a subscription.
        kind: The market-data type the client was told: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    """

    request: int
    instrument: Instrument
    generics: frozenset[int]
    is_delayed: bool = False
    stays: bool = False
    ends: int = 0
    kind: int = 1


@dataclass(slots=True, kw_only=True)
class TickLine:
    """A tick-by-tick subscription.

    Attributes:
        kind: "Last", "AllLast", "BidAsk" or "MidPoint".
        is_size_ignored: Quotes that differ in sizes only are left out.
        shown: What was last sent.
    """

    request: int
    instrument: Instrument
    kind: str
    is_size_ignored: bool = False
    shown: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class DepthLine:
    """A subscription of the book.

    Attributes:
        rows: Most rows a side.
        maker: Market maker of every row on one exchange; empty where rows carry none.
        is_smart: Rows of several exchanges.
        shown: The client's ladder: side (0 asks, 1 bids) -> rows, best first.
    """

    request: int
    instrument: Instrument
    rows: int
    maker: str = ""
    is_smart: bool = False
    shown: dict[int, list[DepthRow]] = field(default_factory=dict[int, "list[DepthRow]"])


@dataclass(slots=True, kw_only=True)
class BarLine:
    """A history that is kept up to date, or 5-second bars; `sent` is the newest bar, `second` when it went out."""

    request: int
    instrument: Instrument
    shown: Shown
    size: int
    is_regular: bool
    format_date: int
    sent: Bar | None = None
    second: int = 0


@dataclass(slots=True, kw_only=True)
class ScanLine:
    """A scanner subscription: what was asked for, and the epoch second of the last answer."""

    request: int
    fields: Fields
    second: int


@dataclass(slots=True, kw_only=True)
class ProfitLine:
    """A P&L subscription; `instrument` is None for the whole account."""

    request: int
    instrument: Instrument | None
    shown: tuple[Decimal, ...] = ()
    second: int = 0


@dataclass(slots=True, kw_only=True)
class SummaryLine:
    """An account summary (its tags) or a multi-account update (no tags: everything)."""

    request: int
    tags: frozenset[str] = frozenset()
    shown: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


@dataclass(slots=True, kw_only=True)
class Client:
    """One connection.

    Attributes:
        key: The connection.
        position_lists: Request id -> model code of subscriptions to positions.
        client_id: What the client calls itself; its orders belong to this number.
        version: Negotiated server version.
        account_rows: Account values last sent, if it listens to them: (key, currency) -> value.
        market_data_type: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen, as asked for.
    """

    key: int
    client_id: int
    version: int
    market_data_type: int = 1
    listens_to_positions: bool = False
    listens_to_account: bool = False
    listens_to_bulletins: bool = False
    account_rows: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    lines: dict[int, Line] = field(default_factory=dict[int, Line])
    tick_lines: dict[int, TickLine] = field(default_factory=dict[int, TickLine])
    depths: dict[int, DepthLine] = field(default_factory=dict[int, DepthLine])
    histories: dict[int, BarLine] = field(default_factory=dict[int, BarLine])
    live_bars: dict[int, BarLine] = field(default_factory=dict[int, BarLine])
    scans: dict[int, ScanLine] = field(default_factory=dict[int, "ScanLine"])
    profits: dict[int, ProfitLine] = field(default_factory=dict[int, ProfitLine])
    summaries: dict[int, SummaryLine] = field(default_factory=dict[int, SummaryLine])
    position_lists: dict[int, str] = field(default_factory=dict[int, str])
    multis: dict[int, SummaryLine] = field(default_factory=dict[int, SummaryLine])

    @property
    def wants_quotes(self) -> bool:
        """True when it must be told as often as quotes change."""
        return bool(self.lines or self.tick_lines or self.depths)

    @property
    def wants_seconds(self) -> bool:
        """True when something must be looked at every second."""
        return bool(self.histories or self.live_bars or self.profits or self.scans)

    @property
    def wants_account(self) -> bool:
        """True when it must be told of account values now and then."""
        return bool(self.listens_to_account or self.summaries or self.multis)
