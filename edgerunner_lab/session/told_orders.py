"""Orders as the broker tells them, our own and other programs': what can be read from one openOrder."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from ib_async import Contract, Order

from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session import adapt

_SIDE_BY_ACTION = {
    "BUY": Side.BUY,
    "SLONG": Side.BUY,
    "SELL": Side.SELL,
    "SSHORT": Side.SELL,
}
"""What other programs' orders may say; what is not listed sells, which is the side that can open a short."""


def stranger(  # noqa: PLR0913  all but two by keyword, each another thing the broker said
    contract: Contract, order: Order, *, ref: str, symbol: str, status: str, now: datetime
) -> OrderUpdate:
    """Return an order that this session has not placed, as acknowledged."""
    return OrderUpdate(
        order_ref=ref,
        name="",
        order_id=order.orderId,
        perm_id=order.permId,
        client_id=order.clientId,
        account=order.account,
        con_id=contract.conId,
        symbol=symbol,
        side=_SIDE_BY_ACTION.get(order.action, Side.SELL),
        quantity=adapt.decimal(order.totalQuantity) or Decimal(0),
        order_type=_enum_or_text(OrderType, order.orderType),
        limit_price=_limit(order),
        stop_price=_stop(order),
        tif=_enum_or_text(TimeInForce, order.tif),
        state=OrderState.ACKED,
        filled=Decimal(0),
        average_price=None,
        reason=status,
        updated_at=now,
    )


def retold(update: OrderUpdate, order: Order) -> OrderUpdate:
    """Return a known order with the size and the prices that the broker has for it now."""
    return replace(
        update,
        perm_id=order.permId or update.perm_id,
        quantity=adapt.decimal(order.totalQuantity) or update.quantity,
        limit_price=_limit(order),
        # What a trailing stop begins with is not told before it has moved.
        stop_price=_stop(order) or (update.stop_price if _trails(order) else None),
    )


def _limit(order: Order) -> Decimal | None:
    has_limit = "LMT" in order.orderType or order.orderType in ("REL", "LIT", "LOC")
    return adapt.price(order.lmtPrice) if has_limit else None


def _stop(order: Order) -> Decimal | None:
    if _trails(order):
        # Its auxPrice is a distance.
        return adapt.price(order.trailStopPrice)
    has_stop = order.orderType.startswith(("STP", "MIT", "LIT"))
    return adapt.price(order.auxPrice) if has_stop else None


def _trails(order: Order) -> bool:
    return order.orderType.startswith("TRAIL")


def _enum_or_text(kind: type[OrderType] | type[TimeInForce], text: str):  # noqa: ANN202  the enum given, or str
    return kind(text) if text in set(kind) else text
