"""The registry of orders and executions, and the numbers they are given; all of it survives a restart."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from .book import Side
from .orders import Execution, Order, OrderType, Status, Terms, Tif

COMPLETED_MAX: Final = 2_000
"""Finished orders kept; older ones are forgotten first."""

EXECUTIONS_MAX: Final = 10_000


_Row = dict[str, Any]
"""An order or an execution as JSON holds it."""


@dataclass(slots=True)
class Registry:
    """Every order and execution, and the counters that must outlive a restart.

    Attributes:
        next_perm_id: At most 2147483647, the largest that older clients read.
        floor_by_client: API client id -> highest order id it has used.
    """

    next_perm_id: int
    next_execution: int
    next_key: int = 1
    floor_by_client: dict[int, int] = field(default_factory=dict[int, int])
    live: dict[tuple[int, int], Order] = field(default_factory=dict[tuple[int, int], Order])
    completed: deque[Order] = field(
        default_factory=lambda: deque[Order](maxlen=COMPLETED_MAX)
    )
    executions: deque[Execution] = field(
        default_factory=lambda: deque[Execution](maxlen=EXECUTIONS_MAX)
    )
    _completed_rows: deque[_Row] = field(
        default_factory=lambda: deque[_Row](maxlen=COMPLETED_MAX)
    )
    _execution_rows: deque[_Row] = field(
        default_factory=lambda: deque[_Row](maxlen=EXECUTIONS_MAX)
    )

    @classmethod
    def opened(cls, now: int) -> "Registry":
        """Return an empty registry whose numbers begin at `now`, so that those of an earlier account do not return."""
        return cls(next_perm_id=now, next_execution=now)

    def open(self, client_id: int, order_id: int, terms: Terms, *, at: int) -> Order:
        """Return a new order with numbers of its own."""
        order = Order(
            key=self.next_key,
            client_id=client_id,
            order_id=order_id,
            perm_id=self.next_perm_id,
            terms=terms,
            placed=at,
        )
        self.next_key += 1
        self.next_perm_id += 1
        self.live[client_id, order_id] = order
        self.use(client_id, order_id)
        return order

    def use(self, client_id: int, order_id: int) -> None:
        """Remember that a client has used an order id."""
        floor = self.floor_by_client.get(client_id, 0)
        self.floor_by_client[client_id] = max(floor, order_id)

    def next_order_id(self, client_id: int) -> int:
        """Return the first order id the client has not reached."""
        return self.floor_by_client.get(client_id, 0) + 1

    def next_exec_id(self) -> str:
        """Return a number no other execution has, in the broker's form."""
        self.next_execution += 1
        return f"0000e0d5.{self.next_execution:08x}.01.01"

    def close(self, order: Order) -> None:
        """Move an ended order to the completed ones."""
        assert not order.is_live
        self.live.pop((order.client_id, order.order_id), None)
        self._complete(order)

    def record(self, execution: Execution) -> None:
        """Remember an execution."""
        self.executions.append(execution)
        self._execution_rows.append(_row(execution))

    def _complete(self, order: Order) -> None:
        # What has ended changes no more, so its row is made once and not at every snapshot.
        self.completed.append(order)
        self._completed_rows.append(_order_row(order))

    def finished(self, client_id: int, order_id: int) -> Order | None:
        """Return the newest completed order with a client's id."""
        for order in reversed(self.completed):
            if (order.client_id, order.order_id) == (client_id, order_id):
                return order
        return None

    def working(self) -> Iterator[Order]:
        """Yield the live orders that have been transmitted, oldest first."""
        for order in list(self.live.values()):
            if order.status is not Status.HELD:
                yield order

    def snapshot(self) -> dict[str, Any]:
        """Return the registry as JSON can hold it."""
        return {
            "next_perm_id": self.next_perm_id,
            "next_execution": self.next_execution,
            "next_key": self.next_key,
            "floors": {
                str(client): floor for client, floor in self.floor_by_client.items()
            },
            "live": [_order_row(order) for order in self.live.values()],
            "completed": list(self._completed_rows),
            "executions": list(self._execution_rows),
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Registry":
        """Return the registry that `snapshot` described.

        Raises:
            KeyError, ValueError, TypeError: A part is missing or is not what it should be.
        """
        registry = cls(
            next_perm_id=int(saved["next_perm_id"]),
            next_execution=int(saved["next_execution"]),
            next_key=int(saved["next_key"]),
            floor_by_client={int(c): int(floor) for c, floor in saved["floors"].items()},
        )
        for row in saved["live"]:
            order = _order(row)
            registry.live[order.client_id, order.order_id] = order
        for row in saved["completed"]:
            registry._complete(_order(row))
        for row in saved["executions"]:
            registry.record(Execution(**_read(row, _EXECUTION_READERS)))
        return registry


def _side(value: str) -> Side:
    return Side(int(value))


def _money(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


_Readers = Mapping[str, Callable[[Any], Any]]

_TERMS_READERS: Final[_Readers] = {
    "side": _side,
    "quantity": Decimal,
    "order_type": OrderType,
    "tif": Tif,
}
_ORDER_READERS: Final[_Readers] = {
    "status": Status,
    "filled": Decimal,
    "worth": Decimal,
    "last_price": Decimal,
    "commission": Decimal,
}
_EXECUTION_READERS: Final[_Readers] = {
    "side": _side,
    "shares": Decimal,
    "price": Decimal,
    "cumulative": Decimal,
    "average_price": Decimal,
    "commission": Decimal,
    "realized": _money,
}


def _row(thing: Terms | Order | Execution) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in thing.__slots__}
    return {name: str(v) if isinstance(v, Decimal) else v for name, v in values.items()}


def _order_row(order: Order) -> dict[str, Any]:
    return {**_row(order), "terms": _row(order.terms)}


def _read(row: Mapping[str, Any], readers: _Readers) -> dict[str, Any]:
    return {name: readers[name](v) if name in readers else v for name, v in row.items()}


def _order(row: Mapping[str, Any]) -> Order:
    values = _read(row, _ORDER_READERS)
    values["terms"] = Terms(**_read(row["terms"], _TERMS_READERS))
    return Order(**values)
