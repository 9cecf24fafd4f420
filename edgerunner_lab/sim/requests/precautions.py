"""The precautionary settings and the limit on working orders: what the owner of a gateway does not let pass without an override."""

from decimal import Decimal

from edgerunner_lab.sim.orders.orders import Terms
from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, text_of
from edgerunner_lab.sim.requests.desk import Desk

PERCENT_CODE = 163
VALUE_CODE = 382
SIZE_CODE = 383

_RESTRICTION = (
    " Restriction is specified in Precautionary Settings of Global Configuration/Presets."
)


def refuse_reckless(desk: Desk, terms: Terms, fields: Fields) -> None:
    """Let an order pass that keeps within the owner's limits, or that overrides the one it breaks.

    Raises:
        Refused: 163 for the price, 382 for the value, 383 for the size.
    """
    overridden = {
        code.strip() for code in text_of(fields, "o.advancedErrorOverride").split(",")
    }
    if flag_of(fields, "o.overridePercentageConstraints"):
        overridden.add(str(PERCENT_CODE))
    for code, text in (
        (SIZE_CODE, _size(desk, terms)),
        (VALUE_CODE, _value(desk, terms)),
        (PERCENT_CODE, _percent(desk, terms)),
    ):
        if text and str(code) not in overridden:
            raise Refused(code, text + _RESTRICTION)


def crowded(desk: Desk, terms: Terms) -> str | None:
    """Return the broker's text if as many orders are at work on this side of the contract as may be."""
    most = desk.rules.side_orders_max
    if most is None:
        return None
    asked = (terms.con_id, terms.side)
    at_work = sum(
        (order.terms.con_id, order.terms.side) == asked for order in desk.registry.working()
    )
    if at_work < most:
        return None
    return (
        f"Order rejected - reason:Your account has a minimum of {most} orders working on"
        " either the buy or sell side for this particular contract."
    )


def _size(desk: Desk, terms: Terms) -> str:
    most = desk.rules.size_max
    if most is None or terms.quantity <= most:
        return ""
    return (
        f"The following order size {terms.quantity:f} exceeds the Size Limit of {most:f}."
    )


def _value(desk: Desk, terms: Terms) -> str:
    most = desk.rules.value_max
    if most is None:
        return ""
    instrument = desk.market.universe.by_con_id[terms.con_id]
    price = (
        desk.market.mark(instrument)
        if terms.limit is None
        else instrument.price_of(terms.limit)
    )
    value = abs(terms.quantity * price * instrument.point_value)
    if value <= most:
        return ""
    return (
        f"The following order value {value:.2f} {instrument.currency}"
        f" exceeds the Value Limit of {most:f} {instrument.currency}."
    )


def _percent(desk: Desk, terms: Terms) -> str:
    most = desk.rules.price_percent_max
    if most is None or terms.limit is None or terms.stop is not None:
        return ""
    instrument = desk.market.universe.by_con_id[terms.con_id]
    mark = desk.market.mark(instrument)
    if mark <= 0:
        return ""
    beyond = (instrument.price_of(terms.limit) / mark - 1) * terms.side * Decimal(100)
    if beyond <= most:
        return ""
    return (
        f"The following order price is {beyond:.2f}% beyond the market"
        f" and would violate the Percentage Constraint of {most:f}%."
    )
