"""Orders and executions as the messages that report them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from .accounts import BASE
from .credit import Preview
from .events import Event, Kind
from .messages import Message, Value
from .orders import Execution, Order
from .replies import UNSET, contract_fields, error
from .stamps import stamp
from .universe import Instrument, Universe

UNSET_TEXT: Final = "1.7976931348623157E308"

_MARGIN_NAMES: Final = (
    "initMargin",
    "maintMargin",
    "equityWithLoan",
)

UNASKED: Final = -1


def rounded(price: Decimal) -> Decimal:
    """Return an average with at most eight decimals, as the broker shows them."""
    return round(price, 8).normalize() + 0


def open_order(order: Order, instrument: Instrument) -> Message:
    """Return openOrder of a live or just ended order."""
    state = _no_margins() | {"s.status": order.status.value, "o.whatIf": False}
    return Message("openOrder", _live_fields(order, instrument) | state)


def what_if(order: Order, instrument: Instrument, preview: Preview) -> Message:
    """Return the openOrder that answers a what-if order."""
    fields = _live_fields(order, instrument) | {
        "s.status": "PreSubmitted",
        "o.whatIf": True,
    }
    before, after = preview.before, preview.after
    pairs = (
        (before.initial_margin, after.initial_margin),
        (before.maintenance_margin, after.maintenance_margin),
        (before.net_liquidation, after.net_liquidation),
    )
    for name, (old, new) in zip(_MARGIN_NAMES, pairs, strict=True):
        fields[f"s.{name}Before"] = f"{old:.2f}"
        fields[f"s.{name}Change"] = f"{new - old:.2f}"
        fields[f"s.{name}After"] = f"{new:.2f}"
    fields |= {"s.commission": preview.commission, "s.commissionCurrency": BASE}
    return Message("openOrder", fields)


def order_status(order: Order) -> Message:
    """Return orderStatus."""
    fields: dict[str, Value] = {
        "orderId": order.order_id,
        "status": order.status.value,
        "filled": order.filled,
        "remaining": order.remaining,
        "avgFillPrice": rounded(order.average_price),
        "permId": order.perm_id,
        "parentId": 0,
        "lastFillPrice": order.last_price,
        "clientId": order.client_id,
        "whyHeld": "trigger" if order.is_live and order.is_waiting_for_trigger else "",
        "mktCapPrice": Decimal(0),
    }
    return Message("orderStatus", fields)


def execution_data(
    execution: Execution, instrument: Instrument, *, request: int, version: int
) -> Message:
    """Return executionData; `request` is -1 when it was not asked for."""
    fields: dict[str, Value] = {
        "reqId": request,
        "e.orderId": execution.order_id,
        **contract_fields(instrument, execution.exchange),
        "e.execId": execution.exec_id,
        "e.time": stamp(execution.time, instrument.time_zone, version),
        "e.acctNumber": execution.account,
        "e.exchange": execution.exchange,
        "e.side": "BOT" if execution.side > 0 else "SLD",
        "e.shares": execution.shares,
        "e.price": execution.price,
        "e.permId": execution.perm_id,
        "e.clientId": execution.client_id,
        "e.liquidation": 0,
        "e.cumQty": execution.cumulative,
        "e.avgPrice": rounded(execution.average_price),
        "e.orderRef": execution.order_ref,
        "e.lastLiquidity": 1 if execution.is_maker else 2,
        "e.pendingPriceRevision": False,
    }
    return Message("executionData", fields)


def commission_report(execution: Execution) -> Message:
    """Return commissionReport."""
    fields: dict[str, Value] = {
        "execId": execution.exec_id,
        "commission": execution.commission,
        "currency": BASE,
        "realizedPNL": UNSET if execution.realized is None else execution.realized,
        "yield_": UNSET,
        "yieldRedemptionDate": 0,
    }
    return Message("commissionReport", fields)


def completed_order(order: Order, instrument: Instrument) -> Message:
    """Return completedOrder."""
    assert order.ended is not None
    fields = _order_fields(order, instrument) | {
        "s.status": order.status.value,
        "s.completedTime": stamp(order.ended, instrument.time_zone),
        "s.completedStatus": order.reason,
        "o.filledQuantity": order.filled,
    }
    return Message("completedOrder", fields)


def told_messages(event: Event, universe: Universe, *, version: int, now: float) -> Message:
    """Return the message that tells a client of an event."""
    return _TELLERS[event.kind](
        event, universe.by_con_id[event.order.terms.con_id], version, now
    )


def _live_fields(order: Order, instrument: Instrument) -> dict[str, Value]:
    """Return the fields of openOrder; completed orders do not say whose they were."""
    owner: dict[str, Value] = {"o.orderId": order.order_id, "o.clientId": order.client_id}
    return owner | _order_fields(order, instrument)


def _order_fields(order: Order, instrument: Instrument) -> dict[str, Value]:
    terms = order.terms
    return {
        **contract_fields(instrument, terms.exchange, right="?"),
        "o.action": terms.side.name,
        "o.totalQuantity": terms.quantity,
        "o.orderType": terms.order_type.value,
        "o.lmtPrice": Decimal(0)
        if terms.limit is None
        else instrument.price_of(terms.limit),
        "o.auxPrice": Decimal(0) if terms.stop is None else instrument.price_of(terms.stop),
        "o.tif": terms.tif.value,
        "o.account": terms.account,
        "o.origin": 0,
        "o.orderRef": terms.order_ref,
        "o.permId": order.perm_id,
        "o.outsideRth": terms.outside_rth,
        "o.hidden": False,
    }


def _no_margins() -> dict[str, Value]:
    parts = ("Before", "Change", "After")
    return {f"s.{name}{part}": UNSET_TEXT for name in _MARGIN_NAMES for part in parts}


_Teller = Callable[[Event, Instrument, int, float], Message]


def _tell_execution(
    event: Event, instrument: Instrument, version: int, _: float
) -> Message:
    assert event.execution is not None
    return execution_data(event.execution, instrument, request=UNASKED, version=version)


def _tell_commission(event: Event, _: Instrument, __: int, ___: float) -> Message:
    assert event.execution is not None
    return commission_report(event.execution)


_TELLERS: Final[Mapping[Kind, _Teller]] = {
    Kind.OPEN: lambda event, instrument, _, __: open_order(event.order, instrument),
    Kind.STATUS: lambda event, _, __, ___: order_status(event.order),
    Kind.EXECUTION: _tell_execution,
    Kind.COMMISSION: _tell_commission,
    Kind.ERROR: lambda event, _, __, now: error(
        event.order.order_id, event.code, event.text, now
    ),
}
