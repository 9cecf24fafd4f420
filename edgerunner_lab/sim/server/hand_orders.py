"""Orders from the control channel, read as if a client had sent them."""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner_lab.sim.protocol.codec import Codec
from edgerunner_lab.sim.protocol.layouts import VERSION_MAX
from edgerunner_lab.sim.protocol.messages import Fields, Malformed, Message

_DEFAULTS: Final[Mapping[str, Any]] = {
    "orderId": 0,
    "c.exchange": "SMART",
    "o.orderType": "MKT",
    "o.tif": "DAY",
    "o.transmit": True,
}


class NotAnOrder(ValueError):
    """The fields are not those of an order; the text is one line."""


def order_fields(given: Mapping[str, Any], requests: Codec) -> Fields:
    """Return all fields of placeOrder, those not given as a client leaves them.

    Args:
        given: Field -> text, number or flag; a market order for the day through SMART unless told.
        requests: The codec of requests.

    Raises:
        NotAnOrder: a field is unknown or cannot be read.
    """
    values = {**_DEFAULTS, **{name: _text(name, value) for name, value in given.items()}}
    try:
        payload = requests.encode(VERSION_MAX, Message("placeOrder", values))
        order = requests.decode(VERSION_MAX, payload)
    except (Malformed, TypeError) as error:
        raise NotAnOrder(f"the order cannot be read: {error}") from None
    for name in given:
        if name not in order.fields:
            raise NotAnOrder(
                f"an order has no field {name[:60]!r}, expected such as o.action or c.conId"
            )
    return order.fields


def _text(name: str, value: Any) -> str | int | bool:
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return repr(value)
    raise NotAnOrder(f"{name[:60]} was {value!r:.60}, expected a text, number or flag")
