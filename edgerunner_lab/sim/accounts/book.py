"""A price-time priority book of one instrument: other participants' displayed sizes with our own orders queueing among them."""

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


class Side(enum.IntEnum):
    """The side of an order; the value is the sign of the position it builds."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        """The side it trades with."""
        return Side(-self)

    def reaches(self, limit: int | None, price: int) -> bool:
        """Return whether an order of this side with `limit` (None: any price) may trade at `price`."""
        return limit is None or (limit - price) * self >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One trade.

    Attributes:
        taker, maker: Keys of our orders; None where the other side is another participant.
        price: Ticks; always the maker's.
    """

    taker: int | None
    maker: int | None
    price: int
    size: Decimal


@dataclass(slots=True)
class _Resting:
    """One of our orders in its queue; `ahead` is the displayed size that came before it."""

    key: int
    side: Side
    price: int
    size: Decimal
    ahead: Decimal


class Book:
    """Displayed levels, replaced as the market moves, and our resting orders, which keep their place.

    What our orders take out of a level is missing from it until other participants have refilled it.
    """

    def __init__(self) -> None:
        self._shown: dict[Side, dict[int, Decimal]] = {Side.BUY: {}, Side.SELL: {}}
        self._missing: dict[Side, dict[int, Decimal]] = {Side.BUY: {}, Side.SELL: {}}
        self._resting: dict[int, _Resting] = {}
        # Side -> price -> queue: the best price and a level are asked for far more often than orders come.
        self._queues: dict[Side, dict[int, dict[int, _Resting]]] = {
            Side.BUY: {},
            Side.SELL: {},
        }

    @property
    def is_untouched(self) -> bool:
        """True when no order of ours rests here and others have refilled what we took."""
        return not self._resting and not any(self._missing.values())

    def show(
        self,
        bids: Iterable[tuple[int, Decimal]],
        asks: Iterable[tuple[int, Decimal]],
        *,
        refilled: Decimal = ONE,
    ) -> None:
        """Replace the displayed market; queues ahead of our orders never grow.

        Args:
            bids: (ticks, units) as other participants would show them without us.
            asks: The same of the other side.
            refilled: Share of what we have taken that they have put back since the last call, 0 to 1.
        """
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            missing = _less(self._missing[side], refilled)
            self._missing[side] = missing
            left = ((price, size - missing.get(price, ZERO)) for price, size in levels)
            self._shown[side] = {price: size for price, size in left if size > 0}
        for side, queues in self._queues.items():
            self._clip(side, queues)

    def best(self, side: Side) -> tuple[int, Decimal] | None:
        """Return the best price of a side and the size there, ours included; None when the side is empty."""
        price = self._best(side)
        if price is None:
            return None
        ours = sum((order.size for order in self._at(side, price)), ZERO)
        return price, self._shown[side].get(price, ZERO) + ours

    def levels(self, side: Side, count: int) -> list[tuple[int, Decimal]]:
        """Return up to `count` prices of a side and the size at each, ours included, best first."""
        shown = self._shown[side]
        prices = sorted({*shown, *self._queues[side]}, reverse=side is Side.BUY)[:count]
        return [
            (
                price,
                shown.get(price, ZERO)
                + sum((order.size for order in self._at(side, price)), ZERO),
            )
            for price in prices
        ]

    def available(self, side: Side, limit: int | None) -> Decimal:
        """Return the size an order of `side` could take now."""
        shown = self._shown[side.opposite].items()
        ours = (
            order.size
            for price, queue in self._queues[side.opposite].items()
            if side.reaches(limit, price)
            for order in queue.values()
        )
        return sum(
            (size for price, size in shown if side.reaches(limit, price)), ZERO
        ) + sum(ours, ZERO)

    def take_next(
        self, key: int, side: Side, size: Decimal, limit: int | None
    ) -> Match | None:
        """Make the next trade of an incoming order, best price and oldest order first; None when it reaches nothing more."""
        price = self._best(side.opposite)
        if price is None or not side.reaches(limit, price):
            return None
        shown = self._shown[side.opposite].get(price, ZERO)
        first = next(iter(self._at(side.opposite, price)), None)
        if first is None or (first.ahead > 0 and shown > 0):
            taken = min(size, shown if first is None else min(shown, first.ahead))
            self._take_shown(side.opposite, price, taken)
            return Match(taker=key, maker=None, price=price, size=taken)
        return self._fill(first, key, min(size, first.size))

    def rest(self, key: int, side: Side, price: int, size: Decimal) -> None:
        """Queue an order behind everything at its price."""
        ahead = self._shown[side].get(price, ZERO)
        self.remove(key)
        order = _Resting(key, side, price, size, ahead)
        self._resting[key] = order
        self._queues[side].setdefault(price, {})[key] = order

    def remove(self, key: int) -> None:
        """Take an order out of its queue, if it is in one."""
        order = self._resting.pop(key, None)
        if order is not None:
            queues = self._queues[order.side]
            del queues[order.price][key]
            if not queues[order.price]:
                del queues[order.price]

    def shrink(self, key: int, size: Decimal) -> None:
        """Give a resting order a smaller size; it keeps its place."""
        self._resting[key].size = size

    def resting(self, key: int) -> Decimal:
        """Return the size an order still has in its queue; 0 if it is in none."""
        found = self._resting.get(key)
        return found.size if found is not None else ZERO

    def cross(self) -> Iterator[Match]:
        """Fill our orders that the displayed market has moved through, at their own prices.

        Between two matches orders may be removed or shrunk.
        """
        for side in Side:
            shown = self._shown[side.opposite]
            for order in self._reached(side, _best_of(side.opposite, shown)):
                for price in sorted(shown, reverse=side is Side.SELL):
                    if not self._is_queued(order) or not side.reaches(order.price, price):
                        break
                    size = min(order.size, shown[price])
                    self._take_shown(side.opposite, price, size)
                    yield self._fill(order, None, size)

    def printed(self, aggressor: Side, price: int, size: Decimal) -> Iterator[Match]:
        """Let a print of the market reach our orders: better prices first, then the queue at `price`.

        Between two matches orders may be removed or shrunk.
        """
        passed = ZERO
        for order in self._reached(aggressor.opposite, price):
            if not self._is_queued(order):
                continue
            if order.price == price:
                queue = min(size, order.ahead - passed)
                if queue > 0:
                    size -= queue
                    passed += queue
            filled = min(size, order.size)
            if filled > 0:
                size -= filled
                yield self._fill(order, None, filled)
        self._advance_queue(aggressor.opposite, price, passed)

    def _best(self, side: Side) -> int | None:
        return _best_of(side, [*self._shown[side], *self._queues[side]])

    def _at(self, side: Side, price: int) -> Iterable[_Resting]:
        return self._queues[side].get(price, {}).values()

    def _reached(self, side: Side, price: int | None) -> list[_Resting]:
        """Return our orders that may trade at a price, best price and oldest first."""
        if price is None:
            return []
        levels = [level for level in self._queues[side] if side.reaches(level, price)]
        levels.sort(reverse=side is Side.BUY)
        return [order for level in levels for order in self._at(side, level)]

    def _clip(self, side: Side, queues: Mapping[int, Mapping[int, _Resting]]) -> None:
        """Shorten the queues ahead of our orders to what is displayed."""
        shown = self._shown[side]
        best = _best_of(side, shown)
        for price, queue in queues.items():
            if price in shown:
                for order in queue.values():
                    order.ahead = min(order.ahead, shown[price])
            elif best is None or (price - best) * side > 0:
                for order in queue.values():
                    order.ahead = ZERO

    def _is_queued(self, order: _Resting) -> bool:
        return self._resting.get(order.key) is order

    def _take_shown(self, side: Side, price: int, size: Decimal) -> None:
        """Take displayed size away; whoever queued behind it moves up."""
        shown, missing = self._shown[side], self._missing[side]
        shown[price] -= size
        if shown[price] == 0:
            del shown[price]
        missing[price] = missing.get(price, ZERO) + size
        self._advance_queue(side, price, size)

    def _advance_queue(self, side: Side, price: int, passed: Decimal) -> None:
        for order in self._at(side, price):
            order.ahead = max(ZERO, order.ahead - passed)

    def _fill(self, order: _Resting, taker: int | None, size: Decimal) -> Match:
        order.size -= size
        if order.size == 0:
            self.remove(order.key)
        return Match(taker=taker, maker=order.key, price=order.price, size=size)


def _best_of(side: Side, prices: Iterable[int]) -> int | None:
    return (max if side is Side.BUY else min)(prices, default=None)


def _less(missing: dict[int, Decimal], refilled: Decimal) -> dict[int, Decimal]:
    """Return what is missing after a share of it has been put back, in whole units so that it ends."""
    left = (
        (price, (size * (ONE - refilled)).to_integral_value(ROUND_DOWN))
        for price, size in missing.items()
    )
    return {price: size for price, size in left if size}
