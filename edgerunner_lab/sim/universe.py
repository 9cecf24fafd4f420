"""The instruments that the gateway lists, as data: who they are, how they tick and how lively they are."""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

BUILT_IN_FILES: Final = ("us.toml", "fx.toml")
"""Data files of `edgerunner_lab.sim.instruments`, read in this order; a later one may replace an earlier instrument."""

SCHEMA: Final = 1

MATCHES_MAX: Final = 16
"""Answers to one symbol search, as the broker limits them."""


class UniverseError(ValueError):
    """An instrument file does not say what it must; the text is one line that names the file."""


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
class Instrument:
    """One listed instrument.

    Attributes:
        min_tick: Smallest price step anywhere, in `currency`; paths and the book count in it.
        calendar: "XNYS" or another exchange_calendars name, or "24/5" for currencies.
        price: Level on the anchor day of the paths (`prices.ANCHOR_DAY`), in `currency`.
        volatility: Standard deviation of the log return over a year.
        volume: Units a day on average; the U-shape and the dice spread it.
        trade_size: Units a print on average.
        spread: Ticks between bid and ask in quiet regular hours; wider at night.
        initial_margin: Share of a long position's value that must be covered by equity.
        multiplier: What one price point of one unit is worth, in `currency`, before the magnifier.
        price_magnifier: Quoted prices are this many times the currency's unit; 100 where shares tick in pence.
        under_con_id: The instrument that an option, future or combo follows; 0 for those with a path of their own.
        last_trade_date: YYYYMMDD, of options, futures and bonds; empty for others.
        right: "C" or "P" for options; empty for others.
        legs: What one unit of a combo (BAG) holds; empty for others.
        has_prints: False where only quotes are told, as with currencies.
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
    strike: Decimal = Decimal(0)
    right: str = ""
    legs: tuple["Leg", ...] = ()
    has_prints: bool = True

    @property
    def is_cash(self) -> bool:
        """True for a currency pair: it has quotes but no prints."""
        return self.sec_type == "CASH"

    @property
    def name(self) -> str:
        """The name people use: `SPY`, `EUR.USD`."""
        return f"{self.symbol}.{self.currency}" if self.is_cash else self.symbol

    def on_exchange(self, exchange: str) -> bool:
        """Return whether a contract that names `exchange` (empty: any) may mean this one."""
        return not exchange or exchange in self.valid_exchanges.split(",")

    @property
    def point_value(self) -> Decimal:
        """What a price of 1 is worth for one unit, in `currency`: 1 for shares, 50 for ES, 0.01 for shares in pence."""
        return self.multiplier / self.price_magnifier

    def price_of(self, ticks: int) -> Decimal:
        """Return the price of a whole number of `min_tick`, with the tick's decimals."""
        return self.min_tick * ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A contract as a client described it; empty and None match everything."""

    con_id: int | None = None
    symbol: str = ""
    sec_type: str = ""
    currency: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    isin: str = ""

    @property
    def is_empty(self) -> bool:
        """True when nothing in it could single out an instrument."""
        return not (self.con_id or self.symbol or self.local_symbol or self.isin)

    def matches(self, instrument: Instrument) -> bool:
        """Return whether every given part fits `instrument`."""
        if self.con_id:
            return self.con_id == instrument.con_id and instrument.on_exchange(
                self.exchange
            )
        pairs = (
            (self.symbol.upper(), instrument.symbol),
            (self.sec_type, instrument.sec_type),
            (self.currency, instrument.currency),
            (self.local_symbol.upper(), instrument.local_symbol.upper()),
            (self.trading_class, instrument.trading_class),
            (self.isin, instrument.isin),
        )
        return (
            all(not asked or asked == found for asked, found in pairs)
            and instrument.on_exchange(self.exchange)
            and self._fits_primary(instrument)
        )

    def _fits_primary(self, instrument: Instrument) -> bool:
        # Many programs write ISLAND, the old name that the broker still accepts for NASDAQ.
        asked = "NASDAQ" if self.primary_exchange == "ISLAND" else self.primary_exchange
        return not asked or asked in (instrument.primary_exchange, instrument.exchange)


class Universe:
    """Every listed instrument and market rule, in the order of the files."""

    def __init__(
        self, instruments: Iterable[Instrument], rules: Iterable[MarketRule]
    ) -> None:
        by_con_id = {instrument.con_id: instrument for instrument in instruments}
        self.by_con_id: Mapping[int, Instrument] = MappingProxyType(by_con_id)
        self.rules: Mapping[int, MarketRule] = MappingProxyType(
            {rule.rule_id: rule for rule in rules}
        )

    def find(self, query: Query) -> tuple[Instrument, ...]:
        """Return every instrument that fits; none when the query names nothing."""
        if query.is_empty:
            return ()
        if query.con_id:
            found = self.by_con_id.get(query.con_id)
            return (found,) if found is not None and query.matches(found) else ()
        return tuple(i for i in self.by_con_id.values() if query.matches(i))

    def search(self, pattern: str) -> tuple[Instrument, ...]:
        """Return instruments whose symbol begins with `pattern` or whose long name has its words, best first."""
        wanted = pattern.strip().upper()
        if not wanted:
            return ()
        by_symbol = [i for i in self.by_con_id.values() if i.name.startswith(wanted)]
        by_symbol.sort(key=lambda i: (len(i.name), i.name))
        by_words = [
            i
            for i in self.by_con_id.values()
            if i not in by_symbol and _has_words(i, wanted)
        ]
        return tuple(by_symbol + by_words)[:MATCHES_MAX]

    def increment(self, instrument: Instrument, price: Decimal) -> Decimal:
        """Return the price step that the instrument's market rule asks for at `price`."""
        return self.rules[instrument.market_rule].increment_at(price)


def _has_words(instrument: Instrument, wanted: str) -> bool:
    words = instrument.long_name.upper().replace("-", " ").replace("/", " ").split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def load_universe(*extra: tuple[str, str]) -> Universe:
    """Return the built-in instruments and those of `extra`: pairs of source name and TOML text.

    Raises:
        UniverseError: A text is not TOML, misses a field, has an unknown one, or names an unknown market rule.
    """
    folder = resources.files("edgerunner_lab.sim") / "instruments"
    texts = [(name, (folder / name).read_text(encoding="utf-8")) for name in BUILT_IN_FILES]
    instruments: list[Instrument] = []
    rules: list[MarketRule] = []
    for source, text in (*texts, *extra):
        _read(source, text, instruments, rules)
    return Universe(instruments, rules)


def _read(
    source: str, text: str, instruments: list[Instrument], rules: list[MarketRule]
) -> None:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UniverseError(f"{source}: not a TOML file: {error}") from error
    if table.get("schema") != SCHEMA:
        raise UniverseError(
            f"{source}: schema = {table.get('schema')!r} was found, expected schema = {SCHEMA}"
        )
    defaults = table.get("defaults", {})
    try:
        rules.extend(_rule(row) for row in table.get("market_rule", []))
        instruments.extend(
            _instrument({**defaults, **row}) for row in table.get("instrument", [])
        )
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UniverseError(f"{source}: {_reason(error)}") from error
    known = {rule.rule_id for rule in rules}
    for instrument in instruments:
        if instrument.market_rule not in known:
            raise UniverseError(
                f"{source}: {instrument.name} names market rule {instrument.market_rule},"
                f" expected one of {sorted(known)}"
            )


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"field {error} is missing"
    if isinstance(error, InvalidOperation):
        return "a price or size is not a number"
    return str(error)


def _rule(row: Mapping[str, Any]) -> MarketRule:
    bands = tuple((Decimal(edge), Decimal(step)) for edge, step in row["bands"])
    if not bands or any(step <= 0 for _, step in bands):
        raise ValueError(f"market rule {row['id']} needs bands with positive increments")
    return MarketRule(rule_id=int(row["id"]), bands=bands)


_DECIMALS: Final = frozenset(
    field.name for field in dataclasses.fields(Instrument) if field.type is Decimal
)
_NAMES: Final = frozenset(field.name for field in dataclasses.fields(Instrument))
_POSITIVE: Final = ("con_id", "price", "min_tick", "size_increment", "trade_size", "spread")


def _instrument(row: Mapping[str, Any]) -> Instrument:
    name = f"instrument {row.get('symbol', '?')}"
    if unknown := sorted(set(row) - _NAMES):
        raise ValueError(f"{name} has unknown fields: {', '.join(unknown)}")
    values: dict[str, Any] = {
        key: Decimal(str(v)) if key in _DECIMALS else v for key, v in row.items()
    }
    values["derivatives"] = tuple(row.get("derivatives", ()))
    local = (
        f"{row['symbol']}.{row['currency']}" if row["sec_type"] == "CASH" else row["symbol"]
    )
    values.setdefault("local_symbol", local)
    values.setdefault("trading_class", _trading_class(row))
    instrument = Instrument(**values)
    for field in _POSITIVE:
        if getattr(instrument, field) <= 0:
            raise ValueError(
                f"{name}: {field} was {getattr(instrument, field)}, expected > 0"
            )
    if instrument.price % instrument.min_tick:
        raise ValueError(f"{name}: price {instrument.price} is not a multiple of min_tick")
    return instrument


def _trading_class(row: Mapping[str, Any]) -> str:
    if row["sec_type"] == "CASH":
        return f"{row['symbol']}.{row['currency']}"
    return "NMS" if row.get("primary_exchange") == "NASDAQ" else str(row["symbol"])
