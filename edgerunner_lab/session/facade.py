"""`lab.ib`: ib_async's `IB`, callable from any thread, with orders on the one road.

A method runs on the session's thread. One that blocks in ib_async is answered by its `…Async` twin;
a name ending in `Async` returns something to await. What could trade around the guard is not passed on.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ib_async import Contract, Order, Trade

from edgerunner_lab.core.errors import NotSupported, UsageError
from edgerunner_lab.core.intents import (
    OrderIntent,
    OrderType,
    Side,
    Size,
    TimeInForce,
    Units,
)
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.loop import SessionThread

REFUSED = {
    "connect": "use %connect or lab.connect()",
    "connectAsync": "use %connect or lab.aio.connect()",
    "disconnect": "use %disconnect or lab.disconnect()",
    "client": "the raw client could send around the guard",
    "wrapper": "its state belongs to the session's thread",
    "exerciseOptions": "it can trade, and the guard does not carry it yet",
    "replaceFA": "it can change how orders are allocated",
    "whatIfOrder": "the guard does not carry what-if orders yet; use %order … --preview",
    "whatIfOrderAsync": "the guard does not carry what-if orders yet; use %order … --preview",
    "run": "the session runs its own loop",
    "sleep": "the session runs its own loop, time.sleep() does not disturb it",
    "waitOnUpdate": "the session runs its own loop, data arrives by itself",
    "loopUntil": "the session runs its own loop, data arrives by itself",
}
"""attribute -> why it is not passed on, or what to use"""

ONE_AT_A_TIME = frozenset(
    {"reqCurrentTime", "reqOpenOrders", "reqAllOpenOrders", "reqCompletedOrders"}
)
"""Requests that have no id of their own: two at once, and the first waits for ever (PROTOCOL §6)."""

_ATTRIBUTES_SENT = frozenset(
    {
        "action",
        "totalQuantity",
        "orderType",
        "lmtPrice",
        "auxPrice",
        "tif",
        "outsideRth",
        "account",
        "orderRef",
    }
)
_OWN_BOOKKEEPING = frozenset({"orderId", "clientId", "permId", "transmit", "openClose"})


class IBFacade:
    """What `lab.ib` is."""

    def __init__(
        self,
        ib: BrokerIB,
        thread: SessionThread,
        place: Callable[[OrderIntent, Contract], tuple[int, int]],
        alone: Callable[..., Any],
    ) -> None:
        """Wrap `ib`.

        Args:
            ib: The session's broker object.
            thread: The thread it lives on.
            alone: Calls a request that must not be asked twice at once; on the session's thread.
            place: Sends an intent on the one road, from any thread; returns (client id, order id).
        """
        self._ib = ib
        self._thread = thread
        self._place = place
        self._alone = alone

    def __getattr__(self, name: str) -> Any:
        if name in REFUSED:
            raise NotSupported(f"lab.ib.{name} is not passed on: {REFUSED[name]}")
        if name.startswith("_"):
            raise AttributeError(name)
        attribute = getattr(self._ib, name)
        if not callable(attribute) or not inspect.isroutine(attribute):
            return attribute
        if name.removesuffix("Async") in ONE_AT_A_TIME:
            request = getattr(self._ib, name.removesuffix("Async") + "Async")
            way = self._thread.future if name.endswith("Async") else self._thread.run
            return functools.partial(way, self._alone, request)
        if name.endswith("Async"):
            return functools.partial(self._thread.future, attribute)
        # A blocking method would run the session's loop inside itself; its twin only waits on it.
        twin = getattr(self._ib, f"{name}Async", attribute)
        return functools.partial(self._thread.run, twin)

    def __dir__(self) -> list[str]:
        return sorted({name for name in dir(self._ib) if name[0] != "_"} - set(REFUSED))

    def __repr__(self) -> str:
        return f"<lab.ib, {'connected' if self._ib.isConnected() else 'not connected'}>"

    def placeOrder(self, contract: Contract, order: Order) -> Trade:  # noqa: N802  ib_async's name
        """Send a new order through the guard, as `%order` does, and return ib_async's `Trade` of it.

        Raises:
            NotSupported: the order has attributes that the guard does not judge yet; nothing was sent.
            OrderDenied: every failed rule; nothing was sent.
        """
        key = self._place(to_intent(contract, order), contract)
        return self._thread.run(lambda: self._ib.wrapper.trades[key])


def to_intent(contract: Contract, order: Order) -> OrderIntent:
    """Return an ib_async order as the guard knows orders.

    Raises:
        NotSupported: it carries something that would not be judged.
        UsageError: it modifies an order, or a field is not of its kind.
    """
    if order.orderId:
        raise NotSupported(
            f"order id {order.orderId} was found: changing an order through lab.ib is not carried yet; nothing was sent"
        )
    plain = Order()
    extras = [
        name
        for name, value in vars(order).items()
        if name not in _ATTRIBUTES_SENT | _OWN_BOOKKEEPING and value != getattr(plain, name)
    ]
    if extras or not order.transmit:
        names = ", ".join(extras) or "transmit=False"
        raise NotSupported(
            f"order attributes {names} are not judged by the guard yet; nothing was sent"
        )
    if order.orderType not in set(OrderType) - {OrderType.TRAIL}:
        raise NotSupported(
            f"order type {order.orderType!r} is not carried yet; nothing was sent"
        )
    if order.tif and order.tif not in set(TimeInForce):
        raise NotSupported(
            f"time in force {order.tif!r} is not carried yet; nothing was sent"
        )
    quantity = adapt.decimal(order.totalQuantity)
    if order.action not in set(Side) or quantity is None or quantity <= 0:
        raise UsageError(
            f"action {order.action!r} and quantity {order.totalQuantity!r} were found, "
            "expected BUY or SELL and a positive number; nothing was sent"
        )
    size: Size = Units(quantity=quantity)
    return OrderIntent(
        side=Side(order.action),
        size=size,
        contract=adapt.to_spec(contract),
        order_type=OrderType(order.orderType),
        limit_price=adapt.decimal(order.lmtPrice) if "LMT" in order.orderType else None,
        stop_price=adapt.decimal(order.auxPrice)
        if order.orderType.startswith("STP")
        else None,
        tif=TimeInForce(order.tif) if order.tif else None,
        outside_rth=order.outsideRth,
        account=order.account or None,
    )
