"""Orders and executions as the messages that report them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import BASE
from edgerunner_lab.sim.listing.instrument import Instrument, Leg
from edgerunner_lab.sim.listing.universe import Universe
from edgerunner_lab.sim.matching.credit import Preview
from edgerunner_lab.sim.orders.conditions import condition_rows
from edgerunner_lab.sim.orders.events import Event, Kind
from edgerunner_lab.sim.orders.order_echo import ECHOED_LIVE
from edgerunner_lab.sim.orders.orders import Execution, Order, Terms
from edgerunner_lab.sim.protocol.messages import Message, Value
from edgerunner_lab.sim.protocol.replies import UNSET, contract_fields, error
from edgerunner_lab.sim.protocol.stamps import stamp

UNSET_TEXT: Final = "1.7976931348623157E308"

LIVE_ONLY: Final = ECHOED_LIVE | {
    *("o.parentId", "o.adjustedOrderType", "o.triggerPrice", "o.adjustedStopPrice"),
    *("o.adjustedStopLimitPrice", "o.adjustedTrailingAmount"),
}
"""Fields of openOrder that completedOrder has not."""

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
        "orderId": order.shown_id,
        "status": order.status.value,
        "filled": order.filled,
        "remaining": order.remaining,
        "avgFillPrice": rounded(order.average_price),
        "permId": order.perm_id,
        "parentId": order.terms.parent_id,
        "lastFillPrice": order.last_price,
        "clientId": order.client_id,
        "whyHeld": order.why_held,
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
        "e.liquidation": int(execution.is_liquidation),
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
    common = _order_fields(order, instrument)
    fields = {name: common[name] for name in common if name not in LIVE_ONLY} | {
        "s.status": order.status.value,
        "s.completedTime": stamp(order.ended, instrument.time_zone),
        "s.completedStatus": order.reason,
        "o.filledQuantity": order.filled,
    }
    return Message("completedOrder", fields)


def told_messages(event: Event, universe: Universe, *, version: int, now: float) -> Message:
    """Return the message that tells a client of an event."""
    # A combo's legs are executed in their own contracts.
    about = event.execution.con_id if event.execution else event.order.terms.con_id
    return _TELLERS[event.kind](event, universe.by_con_id[about], version, now)


def _live_fields(order: Order, instrument: Instrument) -> dict[str, Value]:
    """Return the fields of openOrder; completed orders do not say whose they were."""
    owner: dict[str, Value] = {"o.orderId": order.shown_id, "o.clientId": order.client_id}
    return owner | _order_fields(order, instrument)


def _order_fields(order: Order, instrument: Instrument) -> dict[str, Value]:
    terms = order.terms
    return {
        **contract_fields(instrument, terms.exchange, right="?"),
        **_attachments(terms, instrument),
        **_prices(order, instrument),
        **_adjustment(terms, instrument),
        "o.action": "SSHORT" if terms.is_short else terms.side.name,
        "o.totalQuantity": terms.quantity,
        "o.orderType": order.type_now.value,
        "o.tif": terms.tif.value,
        "o.account": terms.account,
        "o.orderRef": terms.order_ref,
        "o.permId": order.perm_id,
        "o.parentId": terms.parent_id,
        "o.ocaGroup": terms.oca_group,
        "o.ocaType": terms.oca_type,
        "o.outsideRth": terms.outside_rth,
        "o.allOrNone": terms.all_or_none,
        "o.minQty": int(terms.minimum) or None,
        "o.displaySize": int(terms.display) or None,
        "o.triggerMethod": terms.trigger_method,
        "o.autoCancelParent": terms.auto_cancel_parent,
        "o.origin": 0,
        "o.hidden": False,
        **dict(terms.echo),
    }


def _prices(order: Order, instrument: Instrument) -> dict[str, Value]:
    """Return the prices as they are now: those of trailing and pegged orders have moved."""
    trail, kind = order.trail, order.type_now.kind
    limit = order.terms.limit if kind.peg is not None else order.limit
    aux = order.stop if kind.touch is not None else order.terms.offset
    if kind.is_trailing:
        aux = trail.amount if trail is not None else None
    fields: dict[str, Value] = {
        "o.lmtPrice": Decimal(0) if limit is None else instrument.price_of(limit),
        "o.auxPrice": Decimal(0) if not aux else instrument.price_of(aux),
    }
    if trail is not None:
        fields["o.trailingPercent"] = trail.percent
        if order.stop is not None:
            fields["o.trailStopPrice"] = instrument.price_of(order.stop)
        if trail.limit_offset is not None:
            fields["o.lmtPriceOffset"] = instrument.price_of(trail.limit_offset)
    return fields


def _adjustment(terms: Terms, instrument: Instrument) -> dict[str, Value]:
    change = terms.adjustment
    if change is None:
        return {}
    fields: dict[str, Value] = {
        "o.adjustedOrderType": change.order_type.value,
        "o.triggerPrice": instrument.price_of(change.trigger),
        "o.adjustedStopPrice": instrument.price_of(change.stop),
    }
    if change.limit is not None:
        fields["o.adjustedStopLimitPrice"] = instrument.price_of(change.limit)
    if change.trail is not None:
        amount = change.trail.amount
        fields["o.adjustedTrailingAmount"] = (
            change.trail.percent if amount is None else instrument.price_of(amount)
        )
    return fields


def _attachments(terms: Terms, instrument: Instrument) -> dict[str, Value]:
    """Return the counted groups of an order: legs, conditions and the parameters of its algorithm."""
    fields: dict[str, Value] = {}
    if instrument.legs:
        fields["comboLegs"] = tuple(_leg_row(leg) for leg in instrument.legs)
    if terms.conditions:
        fields["conditions"] = condition_rows(terms.conditions)
        fields["o.conditionsIgnoreRth"] = terms.conditions_ignore_rth
        fields["o.conditionsCancelOrder"] = terms.conditions_cancel
    if terms.algo is not None:
        fields["o.algoStrategy"] = terms.algo.strategy
        fields["algoParams"] = tuple(
            {"tag": tag, "value": value} for tag, value in terms.algo.parameters
        )
    return fields


def _leg_row(leg: Leg) -> dict[str, Value]:
    return {
        "conId": leg.con_id,
        "ratio": abs(leg.ratio),
        "action": "BUY" if leg.ratio > 0 else "SELL",
        "exchange": leg.exchange,
        "openClose": 0,
        "shortSaleSlot": 0,
        "designatedLocation": "",
        "exemptCode": -1,
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
        event.order.shown_id, event.code, event.text, now
    ),
}
