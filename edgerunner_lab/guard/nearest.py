"""The nearest order that would pass: a smaller quantity, a valid price. It is offered, never sent."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.intents import OrderType, ProposedOrder, Units
from edgerunner_lab.guard.checks import Unknown, positive
from edgerunner_lab.guard.increments import size_step, ticks_around
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.rules_price import price_range
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import collar_of

MENDED_BY_SIZE: Final = frozenset(
    {
        "SIZE_INCREMENT",
        "MAX_ORDER_QTY",
        "MAX_ORDER_NOTIONAL",
        "MAX_POSITION",
        "MAX_GROSS_EXPOSURE",
        "MAX_NET_EXPOSURE",
        "INSUFFICIENT_FUNDS",
        "SHORT_SALE",
        "EXIT_ONLY",
    }
)
MENDED_BY_PRICE: Final = frozenset({"PRICE_INCREMENT", "PRICE_COLLAR"})


def with_valid_prices(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits
) -> ProposedOrder | None:
    """Return the order with each price moved to the nearest one that tick and collar allow; None if there is none.

    The trigger of a trailing stop follows from its distance, and is not moved.
    """
    if order.order_type is OrderType.TRAIL:
        return None
    try:
        limit = _valid(order, order.limit_price, snapshot, limits, is_trigger=False)
        stop = _valid(order, order.stop_price, snapshot, limits, is_trigger=True)
    except Unknown:
        # The collar reaches down to zero, where there are no prices.
        return None
    if (limit is None, stop is None) != (
        order.limit_price is None,
        order.stop_price is None,
    ):
        return None
    intent = replace(order.intent, limit_price=limit, stop_price=stop)
    return replace(order, limit_price=limit, stop_price=stop, intent=intent)


def with_largest_quantity(
    order: ProposedOrder, fits: Callable[[ProposedOrder], bool]
) -> ProposedOrder | None:
    """Return the order with the largest quantity up to its own that `fits`; None if not even one step does.

    Args:
        order: Its quantity bounds the search.
        fits: Whether the size rules let an order through; what lets a quantity through lets less through.
    """
    step = size_step(order.instrument)
    # Bisection over whole steps: `passing` is known to fit, `failing` known not to.
    passing, failing = Decimal(0), positive(order.quantity, "quantity") // step + 1
    while failing - passing > 1:
        middle = (passing + failing) // 2
        if fits(with_quantity(order, middle * step)):
            passing = middle
        else:
            failing = middle
    return with_quantity(order, passing * step) if passing else None


def with_quantity(order: ProposedOrder, quantity: Decimal) -> ProposedOrder:
    """Return the order, and what the user would type for it, with another quantity."""
    intent = replace(order.intent, size=Units(quantity=quantity))
    return replace(order, quantity=quantity, intent=intent)


def _valid(
    order: ProposedOrder,
    price: Decimal | None,
    snapshot: Snapshot,
    limits: Limits,
    *,
    is_trigger: bool,
) -> Decimal | None:
    if price is None:
        return None
    low, high = price_range(
        order, collar_of(order, snapshot, limits), is_trigger=is_trigger
    )
    inside = min(max(positive(price, "price"), low), high)
    around = ticks_around(order.instrument, inside)
    return min(
        (each for each in around if low <= each <= high),
        key=lambda each: abs(each - price),
        default=None,
    )
