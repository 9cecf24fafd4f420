"""Orders entered by hand, as in the broker's own window: they have id 0 until client 0 binds them."""

from edgerunner_lab.sim.orders.orders import Order
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, Reply
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.order_terms import terms_in


def place_by_hand(desk: Desk, fields: Fields) -> Order:
    """Place an order that no client sent; `fields` are those of placeOrder.

    Client 0 hears of it, under a new negative id if it asked to bind such orders.

    Raises:
        Refused: As for an order of a client.
    """
    terms = terms_in(desk, fields)
    if refusal := desk.credit.refusal(terms):
        raise Refused(201, refusal)
    order = desk.registry.open_by_hand(terms, at=desk.market.second)
    if desk.binder in desk.clients:
        bind(desk, order)
    desk.report(desk.engine.submit(order))
    return order


def bind(desk: Desk, order: Order) -> None:
    """Give client 0 an id for an order made by hand, and tell it."""
    if order.is_bound or not order.is_manual or order.is_liquidation:
        return
    order.is_bound = True
    desk.is_changed = True
    client = desk.client_named(0)
    if client is not None:
        ids = {
            "permId": order.perm_id,
            "clientId": order.client_id,
            "orderId": order.order_id,
        }
        desk.outbox.append(Reply(client.key, Message("orderBound", ids)))


def bind_all(desk: Desk) -> None:
    """Bind every working order made by hand."""
    for order in list(desk.registry.working()):
        bind(desk, order)
