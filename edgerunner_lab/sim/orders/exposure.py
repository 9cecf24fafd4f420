"""What working orders may still buy and sell, by contract: kept up to date order by order, so that a margin check need not walk them all."""

from dataclasses import dataclass, field
from decimal import Decimal

from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.orders.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What orders of one contract and side may still trade.

    Attributes:
        size: Units, positive.
        asked: Highest price that one of them names, in ticks; None when none names any.
        is_at_market: True when one of them names no price.
    """

    con_id: int
    side: Side
    size: Decimal
    asked: int | None
    is_at_market: bool


@dataclass(slots=True)
class _Sum:
    """Units, and how many orders name each price; None stands for the market."""

    size: Decimal = ZERO
    counts: dict[int | None, int] = field(default_factory=dict[int | None, int])

    def add(self, size: Decimal, asked: int | None, count: int) -> None:
        self.size += size * count
        left = self.counts.get(asked, 0) + count
        if left:
            self.counts[asked] = left
        else:
            del self.counts[asked]


class Exposure:
    """Sums over the orders that were counted in."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[int, Side, Decimal, int | None]] = {}
        self._sums: dict[tuple[int, Side], _Sum] = {}

    def count(self, order: Order, size: Decimal) -> None:
        """Count an order with what it may still trade; 0 takes it out."""
        self._drop(order)
        if size > 0:
            terms = order.terms
            asked = terms.limit if terms.limit is not None else terms.stop
            self._counted[order.key] = (terms.con_id, terms.side, size, asked)
            self._sum(terms.con_id, terms.side).add(size, asked, 1)

    def reserves(self, without: Order | None = None) -> list[Reserve]:
        """Return at most two reserves a contract, leaving out one order."""
        counted = self._counted.get(without.key) if without is not None else None
        if without is not None:
            self._drop(without)
        found = [
            Reserve(
                con_id=con_id,
                side=side,
                size=total.size,
                asked=max((at for at in total.counts if at is not None), default=None),
                is_at_market=None in total.counts,
            )
            for (con_id, side), total in self._sums.items()
        ]
        if without is not None and counted is not None:
            self.count(without, counted[2])
        return found

    def _sum(self, con_id: int, side: Side) -> _Sum:
        return self._sums.setdefault((con_id, side), _Sum())

    def _drop(self, order: Order) -> None:
        counted = self._counted.pop(order.key, None)
        if counted is None:
            return
        con_id, side, size, asked = counted
        found = self._sum(con_id, side)
        found.add(size, asked, -1)
        if not found.size:
            del self._sums[con_id, side]
