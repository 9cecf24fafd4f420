"""The registry of orders and executions, and the numbers they are given; all of it survives a restart."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from edgerunner_lab.sim.accounts.book import ZERO
from edgerunner_lab.sim.orders.exposure import Exposure, Reserve
from edgerunner_lab.sim.orders.order_rows import Row, execution_in, order_in, row_of
from edgerunner_lab.sim.orders.orders import Execution, Order, Status, Terms

COMPLETED_MAX: Final = 2_000
"""Finished orders kept; older ones are forgotten first."""

EXECUTIONS_MAX: Final = 10_000


@dataclass(slots=True)
class Registry:
    """Every order and execution, and the counters that must outlive a restart.

    Attributes:
        next_perm_id: At most 2147483647, the largest that older clients read.
        floor_by_client: API client id -> highest order id it has used.
        manual_orders: Orders made by hand so far.
        lapses: Contract ids of held options that shall not be exercised when they end.
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
    manual_orders: int = 0
    lapses: set[int] = field(default_factory=set[int])
    _ended: dict[tuple[int, int], Order] = field(
        default_factory=dict[tuple[int, int], Order]
    )
    _exposure: Exposure = field(default_factory=Exposure)
    _children: dict[tuple[int, int], dict[int, Order]] = field(
        default_factory=dict[tuple[int, int], dict[int, Order]]
    )
    _groups: dict[str, dict[int, Order]] = field(
        default_factory=dict[str, dict[int, Order]]
    )
    _completed_rows: deque[Row] = field(
        default_factory=lambda: deque[Row](maxlen=COMPLETED_MAX)
    )
    _execution_rows: deque[Row] = field(
        default_factory=lambda: deque[Row](maxlen=EXECUTIONS_MAX)
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
            perm_id=self.next_number(),
            terms=terms,
            placed=at,
        )
        order.begin()
        self.next_key += 1
        self._enter(order)
        self.use(client_id, order_id)
        return order

    def open_by_hand(self, terms: Terms, *, at: int) -> Order:
        """Return a new order that nobody placed through the API; client 0 may be given its id, which is negative."""
        self.manual_orders += 1
        order = self.open(0, -self.manual_orders, terms, at=at)
        order.is_manual = True
        return order

    def relink(self, order: Order, terms: Terms) -> None:
        """Give an order new terms; its place among related orders follows."""
        relatives = self.group(order)
        self._leave(order)
        order.terms = terms
        self._enter(order)
        for each in (order, *relatives[:1]):
            self.recount(each)

    def parent(self, order: Order) -> Order | None:
        """Return the order that must be filled before this one works; None when there is none left."""
        if not order.terms.parent_id:
            return None
        return self.live.get((order.client_id, order.terms.parent_id))

    def children(self, order: Order) -> list[Order]:
        """Return the live orders that wait for this one."""
        return list(self._children.get((order.client_id, order.order_id), {}).values())

    def group(self, order: Order) -> list[Order]:
        """Return the other live orders of its one-cancels-all group."""
        if not order.terms.oca_group:
            return []
        members = self._groups.get(order.terms.oca_group, {})
        return [other for other in members.values() if other is not order]

    def use(self, client_id: int, order_id: int) -> None:
        """Remember that a client has used an order id."""
        floor = self.floor_by_client.get(client_id, 0)
        self.floor_by_client[client_id] = max(floor, order_id)

    def next_order_id(self, client_id: int) -> int:
        """Return the first order id the client has not reached."""
        return self.floor_by_client.get(client_id, 0) + 1

    def next_number(self) -> int:
        """Return a permId that nothing else has."""
        self.next_perm_id += 1
        return self.next_perm_id - 1

    def next_exec_id(self) -> str:
        """Return a number no other execution has, in the broker's form."""
        self.next_execution += 1
        return f"0000e0d5.{self.next_execution:08x}.01.01"

    def close(self, order: Order) -> None:
        """Move an ended order to the completed ones."""
        assert not order.is_live
        relatives = [*self.group(order)[:1], *self.children(order)]
        self._leave(order)
        for each in (order, *relatives):
            self.recount(each)
        self._complete(order)

    def reserves(self, without: Order | None = None) -> list[Reserve]:
        """Return what working orders may still trade together, leaving out one.

        Children of live parents are not counted, and of a group only the largest order: the others end with it.
        """
        return self._exposure.reserves(without)

    def recount(self, order: Order) -> None:
        """Count an order again, and its group, after it was sent, changed, filled or ended."""
        members = [order, *self.group(order)]
        able = [each for each in members if self._may_trade(each)]
        if order.terms.oca_group and able:
            able = [max(able, key=lambda each: (each.remaining, -each.key))]
        for each in members:
            self._exposure.count(each, each.remaining if each in able else ZERO)

    def _may_trade(self, order: Order) -> bool:
        is_sent = order.is_live and order.status is not Status.HELD
        return is_sent and self.parent(order) is None

    def record(self, execution: Execution) -> None:
        """Remember an execution."""
        self.executions.append(execution)
        self._execution_rows.append(row_of(execution))

    def _enter(self, order: Order) -> None:
        self.live[order.client_id, order.order_id] = order
        if order.terms.parent_id:
            parent = (order.client_id, order.terms.parent_id)
            self._children.setdefault(parent, {})[order.key] = order
        if order.terms.oca_group:
            self._groups.setdefault(order.terms.oca_group, {})[order.key] = order

    def _leave(self, order: Order) -> None:
        self.live.pop((order.client_id, order.order_id), None)
        _drop(self._children, (order.client_id, order.terms.parent_id), order)
        _drop(self._groups, order.terms.oca_group, order)

    def _complete(self, order: Order) -> None:
        if len(self.completed) == COMPLETED_MAX:
            oldest = self.completed[0]
            if self._ended.get((oldest.client_id, oldest.order_id)) is oldest:
                del self._ended[oldest.client_id, oldest.order_id]
        self._ended[order.client_id, order.order_id] = order
        # What has ended changes no more, so its row is made once and not at every snapshot.
        self.completed.append(order)
        self._completed_rows.append(row_of(order))

    def finished(self, client_id: int, order_id: int) -> Order | None:
        """Return the newest completed order with a client's id."""
        return self._ended.get((client_id, order_id))

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
            "manual_orders": self.manual_orders,
            "lapses": sorted(self.lapses),
            "floors": {
                str(client): floor for client, floor in self.floor_by_client.items()
            },
            "live": [row_of(order) for order in self.live.values()],
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
            manual_orders=int(saved.get("manual_orders", 0)),
            lapses={int(con_id) for con_id in saved.get("lapses", ())},
            floor_by_client={int(c): int(floor) for c, floor in saved["floors"].items()},
        )
        for row in saved["live"]:
            order = order_in(row)
            registry._enter(order)
        for order in registry.live.values():
            registry.recount(order)
        for row in saved["completed"]:
            registry._complete(order_in(row))
        for row in saved["executions"]:
            registry.record(execution_in(row))
        return registry


_Key = TypeVar("_Key")


def _drop(found: dict[_Key, dict[int, Order]], key: _Key, order: Order) -> None:
    """Take an order out of the set under `key`, and the set away when it is empty."""
    members = found.get(key)
    if members is not None and members.pop(order.key, None) is not None and not members:
        del found[key]
