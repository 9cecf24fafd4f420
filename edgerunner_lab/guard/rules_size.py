"""How much: quantity, value, and the worst position that could come of it."""

from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import notional, worst_case
from edgerunner_lab.guard.case import Case, Check, denial, money, plain


def limit_set(case: Case) -> Denial | Check:
    """R09: what has no limit is not traded."""
    sec_type = case.order.instrument.sec_type.value
    for rule in ("max_order_qty", "collar_aggressive", "collar_passive"):
        if sec_type not in getattr(case.limits, rule):
            return denial(
                "NO_LIMIT_SET",
                "set a limit before trading this type",
                rule=rule,
                secType=sec_type,
            )
    return Check(rule="NO_LIMIT_SET", value=sec_type, limit="")


def quantity_allowed(case: Case) -> Denial | Check | None:
    """R12: shares or contracts of one order."""
    sec_type, quantity = case.order.instrument.sec_type.value, case.order.quantity
    limit = case.limits.max_order_qty.get(sec_type)
    if limit is None:
        return None
    if not quantity.is_finite() or quantity > limit:
        return denial("MAX_ORDER_QTY", qty=plain(quantity) if quantity.is_finite() else quantity, max=plain(limit), secType=sec_type)  # fmt: skip
    return Check(rule="MAX_ORDER_QTY", value=plain(quantity), limit=plain(limit))


def notional_allowed(case: Case) -> Denial | Check:
    """R13: the order's worst-case value, in money and as a part of the account."""
    valuation, worth, quantity = case.valuation, case.net_liquidation, case.order.quantity
    if valuation is None or worth is None or not quantity.is_finite():
        return _cannot_value(case, "MAX_ORDER_NOTIONAL")
    value = notional(quantity, valuation)
    limit = min(case.limits.max_order_notional, case.limits.max_order_share * worth)
    currency = case.snapshot.account.currency if case.snapshot.account is not None else ""
    if value > limit:
        return denial(
            "MAX_ORDER_NOTIONAL",
            notional=(
                f"{money(value)} {currency} (qty {plain(quantity)} × {plain(round(valuation.price, 4))} "
                f"× mult {plain(valuation.multiplier)} × fx {plain(valuation.fx_rate)})"
            ),
            max=money(limit),
        )
    return Check(
        rule="MAX_ORDER_NOTIONAL", value=money(value), limit=f"{money(limit)} {currency}"
    )


def position_allowed(case: Case) -> Denial | Check:
    """R15: the outermost position reachable with everything that works, other clients' orders included."""
    order, position, valuation, worth = (
        case.order,
        case.snapshot.position,
        case.valuation,
        case.net_liquidation,
    )
    if (
        position is None
        or not position.is_finite()
        or valuation is None
        or worth is None
        or not order.quantity.is_finite()
    ):
        return _cannot_value(case, "MAX_POSITION")
    con_id = order.instrument.con_id
    working = [
        (other.side, other.remaining)
        for other in case.snapshot.working
        if other.con_id == con_id
        and other.order_ref not in (order.replaces, order.order_ref)
    ]
    if not all(remaining.is_finite() and remaining >= 0 for _, remaining in working):
        return _cannot_value(case, "MAX_POSITION")
    reach = worst_case(position, [*working, (order.side, order.quantity)])
    after = reach.longest if order.side.sign > 0 else reach.shortest
    one_unit = notional(Decimal(1), valuation)
    limit = _units_allowed(case, one_unit, worth)
    same_side = sum(
        (remaining for side, remaining in working if side is order.side), Decimal(0)
    )
    # An order that only brings the position nearer to zero is never what makes it too large.
    grows = abs(after) > abs(position)
    if grows and abs(after) > limit:
        return denial(
            "MAX_POSITION",
            pos=plain(position),
            working=plain(same_side),
            order=plain(order.quantity),
            after=plain(after),
            max=plain(round(limit, 2)),
        )
    return Check(rule="MAX_POSITION", value=plain(after), limit=plain(round(limit, 2)))


def _units_allowed(case: Case, one_unit: Decimal, worth: Decimal) -> Decimal:
    by_value = case.limits.max_position_share * worth / one_unit
    by_count = case.limits.max_position_qty.get(case.order.instrument.sec_type.value)
    return by_value if by_count is None else min(by_value, by_count)


def _cannot_value(case: Case, code: str) -> Denial:
    unknown = {
        "price": case.worst_price is None,
        "multiplier": case.order.instrument.multiplier is None,
        "fx_rate": case.snapshot.fx_rate is None,
        "net_liquidation": case.net_liquidation is None,
        "position": case.snapshot.position is None,
    }
    names = ",".join(name for name, is_unknown in unknown.items() if is_unknown) or "number"
    return denial(code, "what cannot be valued is not sent", unknown=f"[{names}]")
