"""Orders and executions as JSON holds them, and back; parts that an older gateway did not write take their defaults."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.orders.algos import Algo
from edgerunner_lab.sim.orders.conditions import Condition, ConditionKind
from edgerunner_lab.sim.orders.order_types import OrderType, Tif
from edgerunner_lab.sim.orders.orders import (
    Adjustment,
    Execution,
    Order,
    Status,
    Terms,
    Trail,
)

Row = dict[str, Any]
"""An order or an execution: field -> what JSON can hold."""


def row_of(thing: Any) -> Row:
    """Return a dataclass as a row; money becomes text, so that no digit is lost."""
    return {name: _plain(getattr(thing, name)) for name in thing.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    if is_dataclass(value):
        return row_of(value)
    return value


def order_in(row: Mapping[str, Any]) -> Order:
    """Return the order of a row.

    Raises:
        KeyError, ValueError, TypeError, ArithmeticError: The row is not one.
    """
    order = Order(**_read(row, _ORDER))
    if "limit" not in row:
        # Schema 1 began without working prices: those of the terms held.
        order.limit, order.stop = order.terms.limit, order.terms.stop
    return order


def execution_in(row: Mapping[str, Any]) -> Execution:
    """Return the execution of a row; it raises what `order_in` raises."""
    return Execution(**_read(row, _EXECUTION))


_Readers = Mapping[str, Callable[[Any], Any]]


def _read(row: Mapping[str, Any], readers: _Readers) -> Row:
    return {
        name: readers[name](value) if name in readers and value is not None else value
        for name, value in row.items()
    }


def _side(value: str) -> Side:
    return Side(int(value))


def _pairs(value: list[list[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(pair) for pair in value)


def _conditions(value: list[Row]) -> tuple[Condition, ...]:
    return tuple(Condition(**_read(row, _CONDITION)) for row in value)


_CONDITION: Final[_Readers] = {"kind": ConditionKind, "level": Decimal}
_TRAIL: Final[_Readers] = {"percent": Decimal}
_ADJUSTMENT: Final[_Readers] = {
    "order_type": OrderType,
    "trail": lambda row: Trail(**_read(row, _TRAIL)),
}
_ALGO: Final[_Readers] = {"parameters": _pairs}
_TERMS: Final[_Readers] = {
    "side": _side,
    "quantity": Decimal,
    "order_type": OrderType,
    "tif": Tif,
    "trail": lambda row: Trail(**_read(row, _TRAIL)),
    "minimum": Decimal,
    "display": Decimal,
    "conditions": _conditions,
    "adjustment": lambda row: Adjustment(**_read(row, _ADJUSTMENT)),
    "algo": lambda row: Algo(**_read(row, _ALGO)),
    "echo": _pairs,
}
_ORDER: Final[_Readers] = {
    "terms": lambda row: Terms(**_read(row, _TERMS)),
    "status": Status,
    "filled": Decimal,
    "worth": Decimal,
    "last_price": Decimal,
    "commission": Decimal,
    "works_as": OrderType,
}
_EXECUTION: Final[_Readers] = {
    "side": _side,
    "shares": Decimal,
    "price": Decimal,
    "cumulative": Decimal,
    "average_price": Decimal,
    "commission": Decimal,
    "realized": Decimal,
}
