"""What the user trades: asked for (`ContractSpec`) and resolved (`Instrument`)."""

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

RESERVED_WORDS = frozenset(
    {
        "buy",
        "sell",
        "all",
        "half",
        "lmt",
        "stp",
        "trail",
        "take",
        "stop",
        "day",
        "gtc",
        "ioc",
        "fok",
    }
)
"""Words of the order language; a symbol of that name is written with `=`, so that `buy 10 lmt` buys nothing."""


class SecType(enum.StrEnum):
    """Security types, as the TWS API spells them."""

    STOCK = "STK"
    CASH = "CASH"
    FUTURE = "FUT"
    OPTION = "OPT"


class Right(enum.StrEnum):
    """The right of an option."""

    CALL = "C"
    PUT = "P"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSpec:
    """An instrument as the user named it, before the broker has resolved it.

    Attributes:
        symbol: Upper case; for forex the base currency ("EUR" of EUR.USD).
        currency: ISO 4217; for forex the quote currency.
        expiry: Last trade date of an option or future; None for others.
        expiry_month: True where only year and month were given, `expiry` then being the month's first day.
        strike: Per unit, in `currency`; options only.
        exchange: "SMART" unless named; the broker's routing word.
    """

    symbol: str
    sec_type: SecType = SecType.STOCK
    currency: str = "USD"
    exchange: str = "SMART"
    expiry: date | None = None
    expiry_month: bool = False
    strike: Decimal | None = None
    right: Right | None = None

    def __str__(self) -> str:
        """Return the contract as the order language writes it, e.g. `SPY 2026-12-18 700 C`."""
        if self.sec_type is SecType.CASH:
            return f"{self.symbol}.{self.currency}"
        name = self.symbol.replace(" ", ".")
        words = [f"={name}" if name.lower() in RESERVED_WORDS else name]
        if self.expiry is not None:
            day = self.expiry.isoformat()
            words.append(day.removesuffix("-01") if self.expiry_month else day)
        if self.strike is not None:
            words.append(f"{self.strike:f}")
        if self.right is not None:
            words.append(self.right.value)
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """One row of the broker's market rule.

    Attributes:
        low_edge: Prices at or above this one follow `increment`, up to the next band.
        increment: The tick, in the contract's currency; positive.
    """

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument as the broker resolved it.

    Attributes:
        con_id: The broker's contract id; it alone goes on the wire as identity.
        multiplier: Units of the underlying a contract; 1 for stocks and forex; None if the broker left it out.
        price_magnifier: Quoted prices are divided by this to reach `currency` (100 for GBX).
        price_bands: The market rule of the routed exchange, lowest edge first; never empty.
        size_min: Smallest order, in shares or contracts.
        size_increment: Orders are a multiple of this.
        liquid_hours: Regular sessions as the broker listed them, aware, oldest first.
        time_zone: IANA name of the exchange's zone.
        resolved_at: When the broker answered, aware UTC.
    """

    con_id: int
    symbol: str
    sec_type: SecType
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    long_name: str
    multiplier: Decimal | None
    price_magnifier: int
    price_bands: tuple[PriceBand, ...]
    size_min: Decimal
    size_increment: Decimal
    liquid_hours: tuple[tuple[datetime, datetime], ...]
    time_zone: str
    resolved_at: datetime
    expiry: date | None = None
    strike: Decimal | None = None
    right: Right | None = None

    def __str__(self) -> str:
        """Return the name shown to the user and accepted by the order language."""
        return str(
            ContractSpec(
                symbol=self.symbol,
                sec_type=self.sec_type,
                currency=self.currency,
                expiry=self.expiry,
                strike=self.strike,
                right=self.right,
            )
        )

    def increment_at(self, price: Decimal) -> Decimal:
        """Return the tick that holds at `price`, in the contract's currency."""
        increment = self.price_bands[0].increment
        for band in self.price_bands:
            if abs(price) >= band.low_edge:
                increment = band.increment
        return increment
