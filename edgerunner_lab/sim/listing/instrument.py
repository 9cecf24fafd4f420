"""What can be traded: an instrument, its price steps, the legs of a combo and the terms of a bond. No look-ups."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ENDING: Final = frozenset({"OPT", "FUT", "CONTFUT"})
"""Kinds that end on a last trade date and follow another instrument."""

MULTIPLIED: Final = ENDING | {"BAG"}
"""Kinds whose messages say a multiplier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRule:
    """The broker's price increments.

    Attributes:
        bands: (low edge, increment), lowest edge first; prices at or above an edge follow its increment.
    """

    rule_id: int
    bands: tuple[tuple[Decimal, Decimal], ...]

    def increment_at(self, price: Decimal) -> Decimal:
        """Return the increment that holds at `price`."""
        held = [increment for edge, increment in self.bands if abs(price) >= edge]
        return held[-1] if held else self.bands[0][1]

    @property
    def smallest(self) -> Decimal:
        """The finest increment of any band, which contract details call minTick."""
        return min(increment for _, increment in self.bands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a combo.

    Attributes:
        ratio: Units of the leg in one unit of the combo; negative when buying the combo sells the leg.
    """

    con_id: int
    ratio: int
    exchange: str = "SMART"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What a bond pays and how it is described.

    Attributes:
        coupon: Percent of par a year.
        issue_date, next_option_date: YYYYMMDD; the latter is empty where the bond cannot be called or put.
        ratings: As agencies write them, the best first.
        kind: "GOVT", "CORP".
        coupon_type: "FIXED", "ZERO".
        description: One line, as `US-T 4 02/15/34`.
    """

    cusip: str
    coupon: Decimal
    issue_date: str
    description: str
    ratings: str = ""
    kind: str = "CORP"
    coupon_type: str = "FIXED"
    is_callable: bool = False
    is_putable: bool = False
    is_convertible: bool = False
    next_option_date: str = ""
    next_option_type: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One listed instrument.

    Attributes:
        market_rule: Number of the price increments that orders must fit.
        min_tick: Step of prices and book, in `currency` times the magnifier; the rule's increment at usual prices.
        calendar: "XNYS" or another exchange_calendars name, or "24/5" for currencies.
        time_zone: Zone of the exchange, as the broker spells it.
        price: Level on the anchor day of the paths (`prices.ANCHOR_DAY`), in `currency` times the magnifier.
        volatility: Standard deviation of the log return over a year; of an option: of what it follows.
        volume: Units a day on average; the U-shape and the dice spread it.
        trade_size: Units a print on average.
        spread: Ticks between bid and ask in quiet regular hours; wider at night.
        derivatives: Kinds of instruments that follow this one.
        initial_margin: Share of a long position's value that must be covered by equity.
        short_margin: The same of a short position.
        multiplier: What one price point of one unit is worth, in `currency`, before the magnifier.
        price_magnifier: Quoted prices are this many times the currency's unit; 100 where shares tick in pence.
        under_con_id: The instrument that an option or future follows; 0 for those with a path of their own.
        last_trade_date: YYYYMMDD, of options, futures and bonds; empty for others.
        last_trade_time: When trading ends on that date, exchange time, as `16:00:00`; empty where it has no end.
        right: "C" or "P" for options; empty for others.
        legs: What one unit of a combo (BAG) holds; empty for others.
        bond: The terms of a bond; None for others.
        has_prints: False where only quotes are told, as with currencies.
        has_quotes: False where only a last price is told, as with indices, which cannot be traded.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    long_name: str
    valid_exchanges: str
    market_rule: int
    min_tick: Decimal
    size_min: Decimal
    size_increment: Decimal
    size_suggested: Decimal
    calendar: str
    time_zone: str
    price: Decimal
    volatility: float
    volume: int
    trade_size: int
    spread: int
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    stock_type: str = ""
    isin: str = ""
    bbo_exchange: str = ""
    derivatives: tuple[str, ...] = ()
    initial_margin: Decimal = Decimal("0.25")
    short_margin: Decimal = Decimal("0.30")
    multiplier: Decimal = Decimal(1)
    price_magnifier: int = 1
    under_con_id: int = 0
    last_trade_date: str = ""
    last_trade_time: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    legs: tuple[Leg, ...] = ()
    bond: Bond | None = None
    has_prints: bool = True
    has_quotes: bool = True

    @property
    def is_cash(self) -> bool:
        """True for a currency pair: it has quotes but no prints."""
        return self.sec_type == "CASH"

    @property
    def is_tradable(self) -> bool:
        """True where orders may be placed; an index is only told."""
        return self.has_quotes

    @property
    def name(self) -> str:
        """The name people use: `SPY`, `EUR.USD`, `ESZ6`."""
        if self.is_cash:
            return f"{self.symbol}.{self.currency}"
        return self.local_symbol if self.sec_type in ENDING else self.symbol

    def on_exchange(self, exchange: str) -> bool:
        """Return whether a contract that names `exchange` (empty: any) may mean this one."""
        return not exchange or exchange in self.valid_exchanges.split(",")

    @property
    def point_value(self) -> Decimal:
        """What a price of 1 is worth for one unit, in `currency`: 1 for shares, 50 for ES, 0.01 for shares in pence."""
        return self.multiplier / self.price_magnifier

    @property
    def multiplier_text(self) -> str:
        """The multiplier as messages carry it: of options, futures and combos; empty for others."""
        if self.sec_type not in MULTIPLIED:
            return ""
        return f"{self.multiplier.normalize():f}"

    def price_of(self, ticks: int) -> Decimal:
        """Return the price of a whole number of `min_tick`, with the tick's decimals."""
        return self.min_tick * ticks
