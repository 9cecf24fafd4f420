"""Placing, changing, cancelling and listing orders."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from edgerunner_lab.sim.market.sessions import NEW_YORK
from edgerunner_lab.sim.orders.orders import Execution, Order, Status, Terms
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.protocol.stamps import parse_stamp
from edgerunner_lab.sim.requests import exercises
from edgerunner_lab.sim.requests.brackets import (
    attached,
    kept_links,
    transmitted_with,
    waits_for_entry,
)
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler
from edgerunner_lab.sim.requests.manual_orders import bind_all
from edgerunner_lab.sim.requests.order_messages import (
    UNASKED,
    commission_report,
    completed_order,
    execution_data,
    open_order,
    order_status,
    what_if,
)
from edgerunner_lab.sim.requests.order_terms import terms_in
from edgerunner_lab.sim.requests.precautions import crowded, refuse_reckless

COMPLETED_SECONDS: Final = 86_400
"""How long an ended order is listed."""

EXECUTION_DAYS_MAX: Final = 7

REJECTED_CODE: Final = 201


def place_order(desk: Desk, client: Client, fields: Fields) -> Iterable[Message]:
    """Answer placeOrder: a new order, a change of one, or a what-if."""
    order_id = number_of(fields, "orderId", UNASKED)
    terms = terms_in(desk, fields)
    is_sent = flag_of(fields, "o.transmit")
    if flag_of(fields, "o.whatIf"):
        if not is_sent:
            raise Refused(413, "What-if order should have the transmit flag set to true.")
        return [_previewed(desk, client, order_id, terms)]
    refuse_reckless(desk, terms, fields)
    known = desk.registry.live.get((client.client_id, order_id))
    if known is None:
        terms = attached(desk, client.client_id, terms)
        order = _opened(desk, client, order_id, terms)
    else:
        order = known
        _refuse_mismatch(order, terms)
        terms = kept_links(order, terms)
        if order.status is not Status.HELD:
            _change(desk, order, terms)
            return ()
        desk.registry.relink(order, terms)
        order.begin()
    if is_sent:
        for member in transmitted_with(desk.registry, order):
            _send(desk, member)
    return ()


def cancel_order(desk: Desk, client: Client, fields: Fields) -> Iterable[Message]:
    """Answer cancelOrder."""
    order_id = number_of(fields, "orderId", UNASKED)
    order = _cancellable(desk, client, order_id)
    if order is not None:
        if order.status is Status.PENDING_CANCEL:
            raise Refused(
                161,
                "Cancel attempted when order is not in a cancellable state."
                f" Order permId = {order.perm_id}",
            )
        desk.report(desk.engine.cancel(order))
        return ()
    ended = desk.registry.finished(client.client_id, order_id)
    if ended is None:
        raise Refused(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
    raise Refused(
        10148,
        f"OrderId {order_id} that needs to be cancelled cannot be cancelled,"
        f" state: {ended.status}.",
    )


def global_cancel(desk: Desk, _: Client, __: Fields) -> Iterable[Message]:
    """Answer reqGlobalCancel: every order of every client, and those made by hand."""
    for order in list(desk.registry.live.values()):
        # The end of a parent has ended its children, and what the broker liquidates is not the client's.
        is_over = not order.is_live or order.status is Status.PENDING_CANCEL
        if not is_over and not order.is_liquidation:
            desk.report(desk.engine.cancel(order))
    return ()


def open_orders(desk: Desk, client: Client, _: Fields) -> Iterator[Message]:
    """Answer reqOpenOrders: the client's own orders; client 0 binds those made by hand by asking."""
    if client.client_id == 0:
        bind_all(desk)
        yield from _told_first(desk, client)
    own = (o for o in desk.registry.working() if o.client_id == client.client_id)
    yield from _listed(desk, own)


def all_open_orders(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqAllOpenOrders: the orders of every client."""
    yield from _listed(desk, desk.registry.working())


def auto_open_orders(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqAutoOpenOrders, with which client 0 binds orders made by hand from now on."""
    if client.client_id != 0:
        raise Refused(
            321,
            "Error validating request.-'bC' : cause - Only the default client (i.e 0) can auto bind orders.",
        )
    desk.binder = client.key if flag_of(fields, "bAutoBind") else None
    yield from open_orders(desk, client, fields)


def completed_orders(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqCompletedOrders: what ended within a day, without those made by hand if only the API's are wanted."""
    is_api_only = flag_of(fields, "apiOnly")
    since = desk.market.now - COMPLETED_SECONDS
    for order in desk.registry.completed:
        if order.is_manual and is_api_only:
            continue
        if order.ended is not None and order.ended >= since:
            instrument = desk.market.universe.by_con_id[order.terms.con_id]
            yield completed_order(order, instrument)
    yield Message("completedOrdersEnd", {})


def executions(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqExecutions: today's fills, or those of the days a newer client names."""
    request = number_of(fields, "reqId", UNASKED)
    for execution in _asked_for(desk, fields):
        instrument = desk.market.universe.by_con_id[execution.con_id]
        yield execution_data(execution, instrument, request=request, version=client.version)
        yield commission_report(execution)
    yield Message("executionDataEnd", {"reqId": request})


def request_ids(desk: Desk, client: Client, _: Fields) -> Iterator[Message]:
    """Answer reqIds."""
    yield Message("nextValidId", {"orderId": desk.registry.next_order_id(client.client_id)})


def _opened(desk: Desk, client: Client, order_id: int, terms: Terms) -> Order:
    ended = desk.registry.finished(client.client_id, order_id)
    if ended is not None and ended.status is Status.FILLED:
        raise Refused(104, "Cannot modify a filled order.")
    if ended is not None or order_id <= 0:
        raise Refused(103, "Duplicate order ID.")
    desk.is_changed = True
    return desk.registry.open(client.client_id, order_id, terms, at=desk.market.second)


def _change(desk: Desk, order: Order, terms: Terms) -> None:
    if order.status is Status.PENDING_CANCEL:
        raise Refused(
            161,
            "Cancel attempted when order is not in a cancellable state."
            f" Order permId = {order.perm_id}",
        )
    if not waits_for_entry(desk.registry, order) and (
        refusal := desk.credit.refusal(terms, replacing=order)
    ):
        raise Refused(201, refusal)
    desk.report(desk.engine.amend(order, terms))


def _send(desk: Desk, order: Order) -> None:
    if not order.is_live:
        return
    refusal = crowded(desk, order.terms)
    if refusal is None and not waits_for_entry(desk.registry, order):
        refusal = desk.credit.refusal(order.terms, replacing=order)
    desk.report(
        desk.engine.submit(order)
        if refusal is None
        else desk.engine.reject(order, REJECTED_CODE, refusal)
    )


def _cancellable(desk: Desk, client: Client, order_id: int) -> Order | None:
    """Return the live order that a client means; client 0 may name any client's if only one has the id."""
    own = desk.registry.live.get((client.client_id, order_id))
    if own is not None or client.client_id != 0:
        return own
    named = [o for o in desk.registry.live.values() if o.order_id == order_id]
    return named[0] if len(named) == 1 else None


def _told_first(desk: Desk, client: Client) -> Iterator[Message]:
    """Take what waits for a client out of the outbox, so that it comes before the answer."""
    waiting = [reply for reply in desk.outbox if reply.client == client.key]
    desk.outbox = [reply for reply in desk.outbox if reply.client != client.key]
    return (reply.message for reply in waiting)


def _previewed(desk: Desk, client: Client, order_id: int, terms: Terms) -> Message:
    instrument = desk.market.universe.by_con_id[terms.con_id]
    order = Order(
        key=0,
        client_id=client.client_id,
        order_id=order_id,
        perm_id=0,
        terms=terms,
        placed=desk.market.second,
    )
    order.begin()
    return what_if(order, instrument, desk.credit.preview(terms))


def _refuse_mismatch(known: Order, terms: Terms) -> None:
    is_same = (known.terms.con_id, known.terms.side) == (terms.con_id, terms.side)
    if not is_same:
        raise Refused(105, "Order being modified does not match original order.")


def _listed(desk: Desk, orders: Iterable[Order]) -> Iterator[Message]:
    for order in orders:
        yield open_order(order, desk.market.universe.by_con_id[order.terms.con_id])
        yield order_status(order)
    yield Message("openOrderEnd", {})


def _asked_for(desk: Desk, fields: Fields) -> Iterator[Execution]:
    since, dates = _period(desk, fields)
    client_id = number_of(fields, "f.clientId")
    side = _SIDES.get(text_of(fields, "f.side").upper(), 0)
    account = text_of(fields, "f.acctCode")
    names = {name: text_of(fields, f"f.{name}").upper() for name in ("symbol", "secType")}
    for execution in desk.registry.executions:
        instrument = desk.market.universe.by_con_id[execution.con_id]
        fits = (
            execution.time >= since,
            dates is None or _date_number(execution.time) in dates,
            not client_id or execution.client_id == client_id,
            not side or execution.side == side,
            not account or execution.account == account,
            names["symbol"] in ("", instrument.symbol),
            names["secType"] in ("", instrument.sec_type),
            text_of(fields, "f.exchange") in ("", "SMART", execution.exchange),
        )
        if all(fits):
            yield execution


_SIDES: Final = {"BUY": 1, "BOT": 1, "SELL": -1, "SLD": -1, "SSHORT": -1}


def _period(desk: Desk, fields: Fields) -> tuple[float, frozenset[int] | None]:
    """Return the first second asked for, and the dates if the client named some."""
    listed = fields.get("specificDates")
    dates = listed if isinstance(listed, tuple) else ()
    numbers = frozenset(number_of(row, "date") for row in dates)
    if numbers:
        return 0.0, numbers
    since = float(desk.midnight())
    days = number_of(fields, "f.lastNDays")
    if 0 < days <= EXECUTION_DAYS_MAX:
        since -= timedelta(days=days - 1).total_seconds()
    asked = text_of(fields, "f.time")
    if asked:
        try:
            since = max(since, parse_stamp(asked, "US/Eastern"))
        except ValueError:
            raise Refused(
                321,
                "Error validating request.-'bE' : cause - Invalid time format:"
                f" found '{asked}', expected yyyymmdd hh:mm:ss",
            ) from None
    return since, None


def _date_number(second: int) -> int:
    return int(datetime.fromtimestamp(second, NEW_YORK).strftime("%Y%m%d"))


HANDLERS: Final[Mapping[str, Handler]] = {
    "placeOrder": place_order,
    "cancelOrder": cancel_order,
    "reqGlobalCancel": global_cancel,
    "reqOpenOrders": open_orders,
    "reqAllOpenOrders": all_open_orders,
    "reqAutoOpenOrders": auto_open_orders,
    "reqCompletedOrders": completed_orders,
    "reqExecutions": executions,
    "reqIds": request_ids,
    **exercises.HANDLERS,
}
"""Request -> answer."""
