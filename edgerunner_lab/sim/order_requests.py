"""Placing, changing, cancelling and listing orders."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from .clients import Client
from .desk import Desk, Handler
from .events import Kind, reported, told
from .messages import Fields, Message
from .order_messages import (
    UNASKED,
    commission_report,
    completed_order,
    execution_data,
    open_order,
    order_status,
    what_if,
)
from .order_terms import terms_in
from .orders import Execution, Order, Status, Terms
from .replies import Refused, flag_of, number_of, text_of
from .sessions import NEW_YORK
from .stamps import parse_stamp

COMPLETED_SECONDS: Final = 86_400
"""How long an ended order is listed."""

EXECUTION_DAYS_MAX: Final = 7


def place_order(desk: Desk, client: Client, fields: Fields) -> Iterable[Message]:
    """Answer placeOrder: a new order, a change of one, or a what-if."""
    order_id = number_of(fields, "orderId", UNASKED)
    terms = terms_in(desk, fields)
    if flag_of(fields, "o.whatIf"):
        return [_previewed(desk, client, order_id, terms)]
    known = desk.registry.live.get((client.client_id, order_id))
    if known is None:
        _place_new(desk, client, order_id, terms, is_sent=flag_of(fields, "o.transmit"))
        return ()
    _refuse_mismatch(known, terms)
    if known.status is Status.HELD:
        known.terms = terms
        if flag_of(fields, "o.transmit"):
            _send(desk, known)
        return ()
    if refusal := desk.credit.refusal(terms, replacing=known):
        raise Refused(201, refusal)
    desk.report(desk.engine.amend(known, terms))
    return ()


def cancel_order(desk: Desk, client: Client, fields: Fields) -> Iterable[Message]:
    """Answer cancelOrder."""
    order_id = number_of(fields, "orderId", UNASKED)
    order = desk.registry.live.get((client.client_id, order_id))
    if order is not None:
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
    """Answer reqGlobalCancel: every order of every client."""
    for order in list(desk.registry.live.values()):
        desk.report(desk.engine.cancel(order))
    return ()


def open_orders(desk: Desk, client: Client, _: Fields) -> Iterator[Message]:
    """Answer reqOpenOrders: the client's own orders."""
    own = (o for o in desk.registry.working() if o.client_id == client.client_id)
    yield from _listed(desk, own)


def all_open_orders(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqAllOpenOrders: the orders of every client."""
    yield from _listed(desk, desk.registry.working())


def auto_open_orders(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqAutoOpenOrders, which binds orders made by hand; nobody can make any here."""
    if flag_of(fields, "bAutoBind") and client.client_id != 0:
        raise Refused(
            321,
            "Error validating request.-'bC' : cause - Only the default client (i.e 0) can auto bind orders.",
        )
    yield from open_orders(desk, client, fields)


def completed_orders(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqCompletedOrders: what ended within a day; every order here came through the API."""
    since = desk.market.now - COMPLETED_SECONDS
    for order in desk.registry.completed:
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


def _place_new(
    desk: Desk, client: Client, order_id: int, terms: Terms, *, is_sent: bool
) -> None:
    ended = desk.registry.finished(client.client_id, order_id)
    if ended is not None and ended.status is Status.FILLED:
        raise Refused(104, "Cannot modify a filled order.")
    if ended is not None or order_id <= 0:
        raise Refused(103, "Duplicate order ID.")
    order = desk.registry.open(client.client_id, order_id, terms, at=desk.market.second)
    desk.is_changed = True
    if is_sent:
        _send(desk, order)


def _send(desk: Desk, order: Order) -> None:
    refusal = desk.credit.refusal(order.terms, replacing=order)
    if refusal is None:
        desk.report(desk.engine.submit(order))
        return
    order.move(Status.INACTIVE, at=desk.market.second, reason=refusal)
    desk.registry.close(order)
    desk.report([*reported(order), told(Kind.ERROR, order, code=201, text=refusal)])


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
}
"""Request -> answer."""
