"""A price-time priority book of one instrument: the market's displayed sizes with our own orders queueing among them."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


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
        taker, maker: Keys of our orders; None where the other side is the displayed market.
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
    """Displayed levels, replaced as the market moves, and our resting orders, which keep their place."""

    def __init__(self) -> None:
        self._shown: dict[Side, dict[int, Decimal]] = {Side.BUY: {}, Side.SELL: {}}
        self._resting: dict[int, _Resting] = {}

    def show(
        self, bids: Iterable[tuple[int, Decimal]], asks: Iterable[tuple[int, Decimal]]
    ) -> None:
        """Replace the displayed market; queues ahead of our orders never grow."""
        self._shown = {Side.BUY: dict(bids), Side.SELL: dict(asks)}
        for order in self._resting.values():
            shown = self._shown[order.side]
            best = max(shown, default=None) if order.side > 0 else min(shown, default=None)
            if order.price in shown:
                order.ahead = min(order.ahead, shown[order.price])
            elif best is None or (order.price - best) * order.side > 0:
                order.ahead = ZERO

    def available(self, side: Side, limit: int | None) -> Decimal:
        """Return the size an order of `side` could take now."""
        shown = self._shown[side.opposite].items()
        ours = (r for r in self._resting.values() if r.side is not side)
        return sum(
            (size for price, size in shown if side.reaches(limit, price)), ZERO
        ) + sum((r.size for r in ours if side.reaches(limit, r.price)), ZERO)

    def take(self, key: int, side: Side, size: Decimal, limit: int | None) -> list[Match]:
        """Trade an incoming order against whatever it reaches, best price and oldest order first."""
        matches: list[Match] = []
        while size > 0:
            price = self._best(side.opposite)
            if price is None or not side.reaches(limit, price):
                break
            found = self._take_level(key, side.opposite, price, size)
            size -= sum((match.size for match in found), ZERO)
            matches += found
        return matches

    def rest(self, key: int, side: Side, price: int, size: Decimal) -> None:
        """Queue an order behind everything at its price."""
        ahead = self._shown[side].get(price, ZERO)
        self._resting[key] = _Resting(key, side, price, size, ahead)

    def remove(self, key: int) -> None:
        """Take an order out of its queue, if it is in one."""
        self._resting.pop(key, None)

    def shrink(self, key: int, size: Decimal) -> None:
        """Give a resting order a smaller size; it keeps its place."""
        self._resting[key].size = size

    def resting(self, key: int) -> Decimal:
        """Return the size an order still has in its queue; 0 if it is in none."""
        found = self._resting.get(key)
        return found.size if found is not None else ZERO

    def cross(self) -> list[Match]:
        """Fill our orders that the displayed market has moved through, at their own prices."""
        matches: list[Match] = []
        for order in self._by_priority():
            shown = self._shown[order.side.opposite]
            for price in sorted(shown, reverse=order.side is Side.SELL):
                if order.size == 0 or not order.side.reaches(order.price, price):
                    break
                size = min(order.size, shown[price])
                _lower(shown, price, size)
                matches.append(self._fill(order, None, size))
        return matches

    def printed(self, aggressor: Side, price: int, size: Decimal) -> list[Match]:
        """Let a print of the market reach our orders: better prices first, then the queue at `price`."""
        matches: list[Match] = []
        passed = ZERO
        for order in self._by_priority():
            if order.side is aggressor or not order.side.reaches(order.price, price):
                continue
            if order.price == price:
                queue = min(size, order.ahead - passed)
                if queue > 0:
                    size -= queue
                    passed += queue
            filled = min(size, order.size)
            if filled > 0:
                size -= filled
                matches.append(self._fill(order, None, filled))
        self._advance_queue(aggressor.opposite, price, passed)
        return matches

    def _best(self, side: Side) -> int | None:
        prices = [*self._shown[side], *(r.price for r in self._at(side))]
        return (max if side is Side.BUY else min)(prices, default=None)

    def _at(self, side: Side, price: int | None = None) -> Iterator[_Resting]:
        for order in self._resting.values():
            if order.side is side and price in (None, order.price):
                yield order

    def _take_level(self, key: int, side: Side, price: int, size: Decimal) -> list[Match]:
        """Work through one level: displayed size that came first, then our order, and so on."""
        shown = self._shown[side]
        matches: list[Match] = []
        passed = ZERO

        def take_shown(most: Decimal) -> Decimal:
            taken = min(most, shown.get(price, ZERO))
            if taken > 0:
                _lower(shown, price, taken)
                matches.append(Match(taker=key, maker=None, price=price, size=taken))
            return max(taken, ZERO)

        for order in list(self._at(side, price)):
            passed += (taken := take_shown(min(size, order.ahead - passed)))
            size -= taken
            filled = min(size, order.size)
            if filled > 0:
                size -= filled
                matches.append(self._fill(order, key, filled))
        passed += take_shown(size)
        self._advance_queue(side, price, passed)
        return matches

    def _advance_queue(self, side: Side, price: int, passed: Decimal) -> None:
        for order in self._at(side, price):
            order.ahead = max(ZERO, order.ahead - passed)

    def _fill(self, order: _Resting, taker: int | None, size: Decimal) -> Match:
        order.size -= size
        if order.size == 0:
            del self._resting[order.key]
        return Match(taker=taker, maker=order.key, price=order.price, size=size)

    def _by_priority(self) -> list[_Resting]:
        """Return our orders, best price first; dictionaries keep the order of arrival within a price."""
        return sorted(self._resting.values(), key=lambda order: -order.price * order.side)


def _lower(shown: dict[int, Decimal], price: int, size: Decimal) -> None:
    shown[price] -= size
    if shown[price] == 0:
        del shown[price]
