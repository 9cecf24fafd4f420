"""What wakes a sleeping order: which price is watched, when it touches, and how a trailing stop follows."""

from typing import Final

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.orders.orders import Order

DEFAULT, DOUBLE_BID_ASK, LAST, DOUBLE_LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT = (
    *(0, 1, 2, 3, 4, 7, 8),
)
"""The broker's numbers of the trigger methods."""

METHODS: Final = frozenset(
    {DEFAULT, DOUBLE_BID_ASK, LAST, DOUBLE_LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT}
)

_TWICE: Final = frozenset({DOUBLE_BID_ASK, DOUBLE_LAST})
"""Methods that want to be touched by two prices in a row."""


def watched(quote: Quote, side: Side, method: int, *, has_prints: bool) -> int:
    """Return the price in ticks that an order of `side` is held against.

    Where nothing prints, as with currencies, the side that would be hit is looked at.
    """
    hit = quote.ask if side is Side.BUY else quote.bid
    if method == MIDPOINT:
        return (quote.bid + quote.ask) // 2
    if method in (BID_ASK, DOUBLE_BID_ASK) or not has_prints:
        return hit
    if method == LAST_OR_BID_ASK:
        return max(quote.last, hit) if side is Side.BUY else min(quote.last, hit)
    return quote.last


def follow(order: Order, price: int) -> None:
    """Move a trailing stop behind the market; it never goes back."""
    trail = order.trail
    if trail is None:
        return
    stop = price + order.terms.side * trail.distance(price)
    if order.stop is None or (stop - order.stop) * order.terms.side < 0:
        order.stop = stop
    if trail.limit_offset is not None:
        order.limit = order.stop + order.terms.side * trail.limit_offset


def adjust(order: Order, price: int) -> bool:
    """Turn an adjustable stop into what it shall become; return whether that happened now."""
    change = order.terms.adjustment
    if change is None or order.is_adjusted:
        return False
    # A stop protects: it is adjusted when the market has moved the other way, far enough.
    if (price - change.trigger) * order.terms.side > 0:
        return False
    order.is_adjusted = True
    order.works_as = change.order_type
    order.stop, order.limit = change.stop, change.limit
    return True


def is_touched(order: Order, price: int) -> bool:
    """Return whether a price wakes the order; counts prices in a row where two are wanted."""
    touch = order.type_now.kind.touch
    assert touch is not None
    assert order.stop is not None
    if (price - order.stop) * order.terms.side * touch < 0:
        order.touches = 0
        return False
    order.touches += 1
    return order.touches >= (2 if order.terms.trigger_method in _TWICE else 1)
