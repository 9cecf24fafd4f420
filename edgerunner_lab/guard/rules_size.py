"""Is the order small enough: limits exist, quantity, value, and the position it could lead to (R09, R12, R13, R15)."""

from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import notional
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, positive
from edgerunner_lab.guard.increments import size_step
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import (
    HUNDRED,
    net_liquidation,
    open_quantity,
    order_value,
    reach_of,
    valuation_of,
)
from edgerunner_lab.guard.wording import escaped, money, plain, signed

CANNOT_VALUE = "what cannot be valued is not sent"


def limits_exist(
    order: ProposedOrder, _snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R09: every limit that this security type needs is set."""
    sec_type = order.instrument.sec_type
    missing = [
        name
        for name, by_type in (
            ("max_order_qty", limits.max_order_qty),
            ("collar_pct", limits.collar_pct),
            ("collar_passive_pct", limits.collar_passive_pct),
        )
        if sec_type not in by_type
    ]
    if not missing:
        return Check(rule="NO_LIMIT_SET", value=sec_type.value)
    return Denial(
        code="NO_LIMIT_SET",
        facts=(("rule", ",".join(missing)), ("secType", sec_type.value)),
        hint="set a limit before trading this type",
    )


def quantity_is_small(
    order: ProposedOrder, _snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R12: the whole quantity of one order, what has filled of a modified one included.

    An exit is as large as its position or its entry, so that nobody is kept in one by its size.
    """
    if order.is_exit or order.attached is not None:
        return Check(rule="MAX_ORDER_QTY", value="an exit")
    quantity = positive(order.quantity, "quantity")
    most = limits.order_qty_max(order.instrument)
    if most is None:
        raise Unknown("max_order_qty")
    if quantity <= most:
        return Check(
            rule="MAX_ORDER_QTY",
            value=plain(quantity),
            limit=plain(most),
            used=quantity / most,
        )
    return Denial(
        code="MAX_ORDER_QTY",
        facts=(
            ("qty", plain(quantity)),
            ("max", plain(most)),
            ("secType", order.instrument.sec_type.value),
        ),
    )


def currency_is_known(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R13 rests on it: what one unit of the contract's currency is worth in the account's."""
    try:
        rate = positive(snapshot.fx_rate, "fx_rate")
    except Unknown:
        base = "" if snapshot.account is None else snapshot.account.currency
        return Denial(
            code="FX_RATE_MISSING",
            facts=(
                ("currency", escaped(order.instrument.currency)),
                ("base", escaped(base or "unknown")),
            ),
            hint="no rate ≤ 24h; cannot value this order",
        )
    return Check(rule="FX_RATE_MISSING", value=plain(rate))


def value_is_small(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R13: the worst-case value of what can still trade, absolutely and as a part of the account; no exit's."""
    if order.is_exit or order.attached is not None:
        return Check(rule="MAX_ORDER_NOTIONAL", value="an exit")
    if order.instrument.multiplier is None:
        return _unvalued("MAX_ORDER_NOTIONAL", "mult")
    try:
        worth = net_liquidation(order, snapshot)
    except Unknown as unknown:
        return _unvalued("MAX_ORDER_NOTIONAL", unknown.what)
    value = order_value(order, snapshot, limits)
    most = min(
        limits.order_notional_max(order.instrument),
        worth * limits.max_order_notional_pct / HUNDRED,
    )
    if value <= most:
        return Check(
            rule="MAX_ORDER_NOTIONAL",
            value=money(value),
            limit=money(most),
            used=value / most,
        )
    valuation = valuation_of(order, snapshot, limits)
    price = valuation.price / valuation.price_magnifier
    currency = "" if snapshot.account is None else f" {escaped(snapshot.account.currency)}"
    product = (
        f"qty {plain(open_quantity(order, snapshot))} × {plain(price)} "
        f"× mult {plain(valuation.multiplier)} × fx {plain(valuation.fx_rate)}"
    )
    return Denial(
        code="MAX_ORDER_NOTIONAL",
        facts=(("notional", f"{money(value)}{currency} ({product})"), ("max", money(most))),
    )


def position_is_small(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R15: the position if everything fills that works on the order's side, other clients' orders included."""
    quantity = open_quantity(order, snapshot)
    try:
        reach = reach_of(order, quantity, snapshot)
    except Unknown as unknown:
        return _unvalued("MAX_POSITION", unknown.what)
    most = _position_max(order, snapshot, limits)
    # Only what lies beyond zero on the order's own side counts: coming back towards zero is never too much.
    outward = max(Decimal(0), reach.after * order.side.sign)
    if outward <= most:
        return Check(
            rule="MAX_POSITION",
            value=signed(reach.after),
            limit=_units(order, most),
            used=outward / most,
        )
    return Denial(
        code="MAX_POSITION",
        facts=(
            ("pos", plain(reach.position)),
            ("working", plain(reach.working)),
            ("reserved", plain(reach.reserved)),
            ("after", plain(reach.after)),
            ("max", _units(order, most)),
        ),
    )


def exit_stays_an_exit(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """An order that is meant to close a position never opens one on the other side.

    What works on its side counts with it: the exit of another notebook may fill first.
    """
    if not order.is_exit:
        return Check(rule="EXIT_ONLY", value="no exit")
    reach = reach_of(order, open_quantity(order, snapshot), snapshot)
    if reach.shrinks:
        return Check(
            rule="EXIT_ONLY", value=signed(reach.after), limit=signed(reach.position)
        )
    return Denial(
        code="EXIT_ONLY",
        facts=(
            ("pos", signed(reach.position)),
            ("working", plain(reach.working + reach.reserved)),
            ("after", signed(reach.after)),
        ),
        hint="another exit is on its way: look at %orders",
    )


def _position_max(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Decimal:
    """Return the largest position allowed, in units and unrounded."""
    one = notional(Decimal(1), valuation_of(order, snapshot, limits))
    by_value = net_liquidation(order, snapshot) * limits.max_position_pct / HUNDRED / one
    by_quantity = limits.position_qty_max(order.instrument)
    return by_value if by_quantity is None else min(by_value, by_quantity)


def _units(order: ProposedOrder, quantity: Decimal) -> str:
    step = size_step(order.instrument)
    return plain(quantity // step * step)


def _unvalued(code: str, what: str) -> Denial:
    return Denial(code=code, facts=(("unknown", what),), hint=CANNOT_VALUE)
