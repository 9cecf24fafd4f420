"""Instrument files: TOML text to instruments, market rules, futures roots and option chains. Reads no disk but its own data."""

import contextlib
import tomllib
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import Any, Final, cast

from edgerunner_lab.sim.listing.chains import Chain
from edgerunner_lab.sim.listing.con_ids import CHAINS_MAX, GENERATED_FROM, ROOTS_MAX
from edgerunner_lab.sim.listing.expiries import FUTURE_ENDS
from edgerunner_lab.sim.listing.futures import FutureRoot
from edgerunner_lab.sim.listing.instrument import Instrument, MarketRule
from edgerunner_lab.sim.listing.rows import (
    Row,
    decimal_in,
    instrument_of,
    items_in,
    text_in,
    whole_in,
)

BUILT_IN_FILES: Final = (
    "us.toml",
    "abroad.toml",
    "fx.toml",
    "futures.toml",
    "options.toml",
    "others.toml",
)
"""Data files of `edgerunner_lab.sim.instruments`, read in this order; a later one may replace an earlier instrument."""

SCHEMA: Final = 1

TABLES: Final = frozenset(
    {"schema", "defaults", "market_rule", "instrument", "sheet", "future", "chain"}
)

INHERITED: Final = (
    "symbol",
    "currency",
    "long_name",
    "calendar",
    "time_zone",
    "price",
    "volatility",
    "industry",
    "category",
    "subcategory",
)
"""What futures and options take over from what they follow, unless their row says otherwise."""

SHARE_MAX: Final = Decimal("0.95")
"""Strikes reach no lower than a twentieth of the level."""


class UniverseError(ValueError):
    """An instrument file does not say what it must; the text is one line that names the file."""


@dataclass(slots=True)
class Listings:
    """What files list; number -> thing, so that a later row of a number takes the place of an earlier one."""

    by_con_id: dict[int, Instrument] = field(default_factory=dict[int, Instrument])
    rule_by_id: dict[int, MarketRule] = field(default_factory=dict[int, MarketRule])
    root_by_number: dict[int, FutureRoot] = field(default_factory=dict[int, FutureRoot])
    chain_by_number: dict[int, Chain] = field(default_factory=dict[int, Chain])


def read_listings(extra: Iterable[tuple[str, str]] = ()) -> Listings:
    """Return what the built-in files and `extra`, pairs of source name and text, list.

    Raises:
        UniverseError: A text is not TOML, or says something that cannot be.
    """
    folder = resources.files("edgerunner_lab.sim") / "instruments"
    built_in = ((n, (folder / n).read_text(encoding="utf-8")) for n in BUILT_IN_FILES)
    listings = Listings()
    tables = [(source, _table(source, text)) for source, text in (*built_in, *extra)]
    for source, table in tables:
        with _blaming(source):
            _take_instruments(table, listings)
    # Last, since they take over from instruments that a later file may have replaced.
    for source, table in tables:
        with _blaming(source):
            _take_derivatives(table, listings)
    return listings


@contextlib.contextmanager
def _blaming(source: str) -> Generator[None]:
    """Say which file a fault is in."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UniverseError(f"{source}: {error}") from error


def _table(source: str, text: str) -> Row:
    with _blaming(source):
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"not a TOML file: {error}") from error
        if table.get("schema") != SCHEMA:
            raise ValueError(
                f"schema = {table.get('schema')!r} was found, expected schema = {SCHEMA}"
            )
        if unknown := sorted(set(table) - TABLES):
            raise ValueError(
                f"unknown table {unknown[0]}, expected one of {', '.join(sorted(TABLES))}"
            )
        return table


def _take_instruments(table: Row, listings: Listings) -> None:
    for row in _rows(table, "market_rule"):
        rule = _rule(row)
        listings.rule_by_id[rule.rule_id] = rule
    shared = _shared(table)
    sheets = (_spread(sheet) for sheet in _rows(table, "sheet"))
    for row in (*(row for sheet in sheets for row in sheet), *_rows(table, "instrument")):
        made = _instrument({**shared, **row}, listings)
        listings.by_con_id[made.con_id] = made


def _take_derivatives(table: Row, listings: Listings) -> None:
    shared = _shared(table)
    for row in _rows(table, "future"):
        root = _root({**shared, **row}, listings)
        listings.root_by_number[root.number] = root
    for row in _rows(table, "chain"):
        chain = _chain({**shared, **row}, listings)
        listings.chain_by_number[chain.number] = chain


def _shared(table: Row) -> Row:
    shared = table.get("defaults", {})
    if not isinstance(shared, dict):
        raise ValueError(f"defaults was {shared!r}, expected a table")  # noqa: TRY004  a file's fault
    return cast("Row", shared)


def _rows(table: Row, name: str) -> list[Row]:
    rows: object = table.get(name, [])
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) for row in cast("list[object]", rows)
    ):
        raise ValueError(f"{name} is no list of tables, expected [[{name}]] for each")
    return cast("list[Row]", rows)


def _spread(sheet: Row) -> list[dict[str, Any]]:
    """Return the rows of a sheet: `columns` name what `rows` hold, other keys hold for every row."""
    common = {key: value for key, value in sheet.items() if key not in ("columns", "rows")}
    columns = [str(name) for name in items_in(sheet.get("columns"), "sheet columns")]
    spread: list[dict[str, Any]] = []
    for found in items_in(sheet.get("rows"), "sheet rows"):
        row = items_in(found, "sheet row")
        if len(row) != len(columns):
            raise ValueError(
                f"sheet row {row!r} was found, expected {len(columns)} columns"
            )
        spread.append({**common, **dict(zip(columns, row, strict=True))})
    return spread


def _rule(row: Row) -> MarketRule:
    name = f"market rule {row.get('id', '?')}"
    number = whole_in(row.get("id"), f"{name}: id")
    bands: list[tuple[Decimal, Decimal]] = []
    for found in items_in(row.get("bands"), f"{name}: bands"):
        pair = items_in(found, f"{name}: band")
        if len(pair) != 2:  # noqa: PLR2004  an edge and an increment
            raise ValueError(f"{name}: band was {pair!r}, expected [edge, increment]")
        bands.append((decimal_in(pair[0], name), decimal_in(pair[1], name)))
    if not bands or bands != sorted(bands) or any(step <= 0 for _, step in bands):
        raise ValueError(f"{name} needs bands with rising edges and positive increments")
    return MarketRule(rule_id=number, bands=tuple(bands))


def _instrument(row: Row, listings: Listings) -> Instrument:
    name = f"instrument {row.get('symbol', '?')}"
    made = instrument_of(row, name, listings.rule_by_id)
    if made.con_id >= GENERATED_FROM:
        raise ValueError(f"{name}: con_id was {made.con_id}, expected < {GENERATED_FROM}")
    return made


_FUTURE_TERMS: Final = ("number", "under", "months", "listed", "ends")


def _root(row: Row, listings: Listings) -> FutureRoot:
    under = _under(row, "future", listings)
    name = f"future on {under.name}"
    template = _template(row, name, under, "FUT", _FUTURE_TERMS, listings)
    number = _number(row, name, ROOTS_MAX)
    before = listings.root_by_number.get(number)
    _same(name, number, template, before and before.template)
    months = [
        whole_in(month, f"{name}: month")
        for month in items_in(row.get("months"), f"{name}: months")
    ]
    if not months or not set(months) <= set(range(1, 13)):
        raise ValueError(f"{name}: months was {months!r}, expected numbers from 1 to 12")
    ends = text_in(row.get("ends"), f"{name}: ends")
    if ends not in FUTURE_ENDS:
        raise ValueError(
            f"{name}: ends was {ends!r}, expected one of {', '.join(FUTURE_ENDS)}"
        )
    return FutureRoot(
        number=number,
        template=template,
        months=tuple(months),
        listed=whole_in(row.get("listed"), f"{name}: listed"),
        ends=ends,
    )


_COUNTS: Final = ("daily", "weekly", "monthly", "quarterly", "yearly")
_MEASURES: Final = ("strike_step", "wide_step", "near", "far")
_CHAIN_TERMS: Final = ("number", "under", *_COUNTS, *_MEASURES)


def _chain(row: Row, listings: Listings) -> Chain:
    under = _under(row, "chain", listings)
    name = f"chain on {under.name}"
    template = _template(row, name, under, "OPT", _CHAIN_TERMS, listings)
    number = _number(row, name, CHAINS_MAX)
    before = listings.chain_by_number.get(number)
    _same(name, number, template, before and before.template)
    counts = [whole_in(row.get(key, 0), f"{name}: {key}") for key in _COUNTS]
    parts = [decimal_in(row.get(key), f"{name}: {key}") for key in _MEASURES]
    daily, weekly, monthly, quarterly, yearly = counts
    strike_step, wide_step, near, far = parts
    if min(strike_step, wide_step) <= 0 or wide_step % strike_step:
        raise ValueError(f"{name}: wide_step must be a multiple of a strike_step above 0")
    if not 0 < near <= far <= SHARE_MAX:
        raise ValueError(f"{name}: expected 0 < near <= far <= {SHARE_MAX}")
    return Chain(
        number=number,
        under=under,
        template=template,
        strike_step=strike_step,
        wide_step=wide_step,
        near=near,
        far=far,
        daily=daily,
        weekly=weekly,
        monthly=monthly,
        quarterly=quarterly,
        yearly=yearly,
    )


def _under(row: Row, name: str, listings: Listings) -> Instrument:
    under = listings.by_con_id.get(whole_in(row.get("under"), f"{name}: under"))
    if under is None:
        raise ValueError(
            f"{name} follows the con_id {row.get('under')!r}, expected one listed before it"
        )
    return under


def _template(  # noqa: PLR0913, PLR0917  the parts of one row
    row: Row,
    name: str,
    under: Instrument,
    sec_type: str,
    terms: Iterable[str],
    listings: Listings,
) -> Instrument:
    own = {key: value for key, value in row.items() if key not in terms}
    inherited = {key: getattr(under, key) for key in INHERITED}
    given = {"con_id": 1, "under_con_id": under.con_id, "sec_type": sec_type}
    return instrument_of({**inherited, **own, **given}, name, listings.rule_by_id)


def _number(row: Row, name: str, limit: int) -> int:
    number = whole_in(row.get("number"), f"{name}: number")
    if number >= limit:
        raise ValueError(f"{name}: number was {number}, expected one from 0 to {limit - 1}")
    return number


def _same(name: str, number: int, template: Instrument, before: Instrument | None) -> None:
    """Refuse a number that another name has, since contract numbers are made from it."""
    if before is not None and before.trading_class != template.trading_class:
        raise ValueError(f"{name}: number {number} is that of {before.trading_class}")
