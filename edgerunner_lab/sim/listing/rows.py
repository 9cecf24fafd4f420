"""One row of an instrument file: reads and checks every field, and makes the instrument."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgerunner_lab.sim.listing.instrument import Bond, Instrument

Row = Mapping[str, Any]
"""One row of a file, as TOML has it."""

POSITIVE: Final = ("con_id", "price", "min_tick", "size_increment", "trade_size", "spread")

CALENDARS: Final = frozenset(
    {"XNYS", "XNAS", "XLON", "XETR", "XTKS", "XHKG", "CMES", "24/5", "24/7"}
)
"""Calendars that the built-in files name, which are known to be there."""

VOLATILITY_MAX: Final = 10
"""1,000 % a year; a file that says 26 means 0.26."""


def instrument_of(row: Row, name: str, rules: Iterable[int]) -> Instrument:
    """Return the instrument of a complete row.

    Args:
        row: Every field; `local_symbol`, `trading_class` and `has_prints` follow from the others where missing.
        name: What the row is about, for errors.
        rules: Numbers of the market rules there are.

    Raises:
        ValueError: A field is missing, unknown, of the wrong kind, or does not fit the others.
    """
    if unknown := sorted(set(row) - set(_FIELDS)):
        raise ValueError(f"{name} has unknown fields: {', '.join(unknown)}")
    for key in _REQUIRED:
        if key not in row:
            raise ValueError(f"{name}: field {key!r} is missing")
    values = {key: _FIELDS[key](value, f"{name}: {key}") for key, value in row.items()}
    pair = f"{values['symbol']}.{values['currency']}"
    is_cash = values["sec_type"] == "CASH"
    values.setdefault("local_symbol", pair if is_cash else values["symbol"])
    values.setdefault("trading_class", _trading_class(values, pair))
    values.setdefault("has_prints", not is_cash)
    instrument = Instrument(**values)
    for key in POSITIVE:
        if not getattr(instrument, key) > 0:
            raise ValueError(f"{name}: {key} was {getattr(instrument, key)}, expected > 0")
    if instrument.price % instrument.min_tick:
        raise ValueError(f"{name}: price {instrument.price} is not a multiple of min_tick")
    if instrument.market_rule not in rules:
        raise ValueError(
            f"{name} names market rule {instrument.market_rule},"
            f" expected one of {sorted(rules)}"
        )
    return instrument


def _trading_class(values: Mapping[str, Any], pair: str) -> str:
    if values["sec_type"] == "CASH":
        return pair
    return "NMS" if values.get("primary_exchange") == "NASDAQ" else values["symbol"]


def text_in(value: object, name: str) -> str:
    """Return a text of one line.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{name} was {value!r}, expected a text")
    return value


def whole_in(value: object, name: str) -> int:
    """Return a whole number of 0 or more.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} was {value!r}, expected a whole number of 0 or more")
    return value


def _real(value: object, name: str) -> float:
    if not isinstance(value, int | float) or not 0 < value < VOLATILITY_MAX:
        raise ValueError(
            f"{name} was {value!r}, expected a number above 0 and below {VOLATILITY_MAX}"
        )
    return float(value)


def decimal_in(value: object, name: str) -> Decimal:
    """Return the exact number that a text or number says.

    Raises:
        ValueError: It is no finite number.
    """
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"{name} was {value!r}, which is not a number")
    return number


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} was {value!r}, expected true or false")  # noqa: TRY004  a file's fault, not a caller's
    return value


def items_in(value: object, name: str) -> list[object]:
    """Return the items of a list.

    Raises:
        ValueError: It is no list.
    """
    if not isinstance(value, list):
        raise ValueError(f"{name} was {value!r}, expected a list")  # noqa: TRY004  a file's fault, not a caller's
    return cast("list[object]", value)


def _texts(value: object, name: str) -> tuple[str, ...]:
    return tuple(text_in(item, name) for item in items_in(value, name))


def _zone(value: object, name: str) -> str:
    text = text_in(value, name)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(f"{name} was {value!r}, which is not a time zone") from None
    return text


def _calendar(value: object, name: str) -> str:
    text = text_in(value, name)
    if text not in CALENDARS:
        # Imported late: it takes 0.3 s, and only files of users name other calendars.
        from exchange_calendars import get_calendar_names  # noqa: PLC0415

        if text not in get_calendar_names():
            raise ValueError(
                f"{name} was {value!r}, expected 24/5 or the code of an exchange"
            )
    return text


def _date(value: object, name: str) -> str:
    text = text_in(value, name)
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError(f"{name} was {value!r}, expected YYYYMMDD") from None
    return text


def _bond(value: object, name: str) -> Bond:
    given: Row = cast("Row", value if isinstance(value, dict) else {})
    for key in ("cusip", "coupon", "issue_date", "description"):
        if key not in given:
            raise ValueError(f"{name}: field {key!r} is missing")
    if unknown := sorted(set(given) - set(_BOND_FIELDS)):
        raise ValueError(f"{name} has unknown fields: {', '.join(unknown)}")
    return Bond(**{k: _BOND_FIELDS[k](v, f"{name}: {k}") for k, v in given.items()})


_BY_TYPE: Final[Mapping[object, Callable[[object, str], Any]]] = {
    str: text_in,
    int: whole_in,
    float: _real,
    bool: _flag,
    Decimal: decimal_in,
    tuple[str, ...]: _texts,
    Bond | None: _bond,
}

_FIELDS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    **{f.name: _BY_TYPE[f.type] for f in fields(Instrument) if f.type in _BY_TYPE},
    "calendar": _calendar,
    "time_zone": _zone,
    "last_trade_date": _date,
}
"""Field of a row -> what reads and checks it; legs cannot be listed."""

_REQUIRED: Final = tuple(f.name for f in fields(Instrument) if f.default is MISSING)

_BOND_FIELDS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    f.name: _BY_TYPE[f.type] for f in fields(Bond)
}
