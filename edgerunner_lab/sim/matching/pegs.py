"""Limits that follow the market: relative, pegged to the market and to the midpoint."""

from collections.abc import Callable, Mapping
from typing import Final

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.orders.order_types import Peg
from edgerunner_lab.sim.orders.orders import Order


def _primary(quote: Quote, side: Side, offset: int) -> int:
    """Return the own side's best price, bettered by the offset."""
    return quote.bid + offset if side is Side.BUY else quote.ask - offset


def _market(quote: Quote, side: Side, offset: int) -> int:
    """Return the other side's best price, held off by the offset."""
    return quote.ask - offset if side is Side.BUY else quote.bid + offset


def _midpoint(quote: Quote, side: Side, offset: int) -> int:
    """Return the middle, held off by the offset; half a tick goes to the patient side."""
    both = quote.bid + quote.ask
    return both // 2 - offset if side is Side.BUY else -(-both // 2) + offset


_LIMITS: Final[Mapping[Peg, Callable[[Quote, Side, int], int]]] = {
    Peg.PRIMARY: _primary,
    Peg.MARKET: _market,
    Peg.MIDPOINT: _midpoint,
}
"""what is followed -> limit in ticks."""


def pegged(order: Order, quote: Quote) -> int | None:
    """Return where an order's limit belongs now, in ticks; None for orders that follow nothing.

    `quote` is that of the other participants, or the order would chase itself.
    """
    peg = order.type_now.kind.peg
    if peg is None:
        return None
    side, cap = order.terms.side, order.terms.limit
    limit = _LIMITS[peg](quote, side, order.terms.offset)
    if cap is None:
        return limit
    return min(limit, cap) if side is Side.BUY else max(limit, cap)
