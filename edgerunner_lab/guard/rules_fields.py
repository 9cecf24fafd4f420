"""Whether the order is well formed: fields, increments, contract."""

import re
from datetime import timedelta
from decimal import Decimal

from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import OrderType
from edgerunner_lab.guard.case import Case, Check, denial, plain

ORDER_REF = re.compile(r"ELB:[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
"""Ours: the prefix and a ULID; 30 characters, where IBKR is known to echo 32."""

TEXT_CHARS_MAX = 40
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)
_PRICES_BY_TYPE = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
}
"""order type -> (has a limit price, has a stop price); a type that is not here is not carried yet"""

_NEGATIVE_OK: frozenset[SecType] = frozenset()
"""Security types whose price may be zero or less; none is carried yet."""


def fields_valid(case: Case) -> Denial | Check:
    """R05: every field is finite, positive, explicit and of its kind."""
    order = case.order
    for name, value in (
        ("quantity", order.quantity),
        ("price", order.limit_price),
        ("stop", order.stop_price),
    ):
        if value is not None and (not value.is_finite() or value <= 0):
            return denial(
                "INVALID_FIELD", "must be a finite number > 0", field=name, value=value
            )
    prices = _PRICES_BY_TYPE.get(order.order_type)
    if prices is None:
        return denial(
            "INVALID_FIELD",
            "this order type is not carried yet",
            field="type",
            value=order.order_type.value,
        )
    if prices != (order.limit_price is not None, order.stop_price is not None):
        return denial(
            "INVALID_FIELD",
            "the prices do not belong to the type",
            field="type",
            value=order.order_type.value,
        )
    if ORDER_REF.fullmatch(order.order_ref) is None:
        return denial(
            "INVALID_FIELD",
            "must be ELB: and a ULID",
            field="order_ref",
            value=repr(order.order_ref),
        )
    instrument = order.instrument
    texts = {
        "symbol": instrument.symbol,
        "exchange": instrument.exchange,
        "currency": instrument.currency,
        "local_symbol": instrument.local_symbol,
        "trading_class": instrument.trading_class,
        "account": order.account,
    }
    for name, text in texts.items():
        if len(text) > TEXT_CHARS_MAX or _PRINTABLE.fullmatch(text) is None:
            return denial("INVALID_FIELD", f"must be at most {TEXT_CHARS_MAX} printable ASCII characters", field=name, value=ascii(text[:TEXT_CHARS_MAX]))  # fmt: skip
    return Check(rule="INVALID_FIELD", value="valid", limit="")


def price_on_tick(case: Case) -> Denial | Check:
    """R06: every price is a multiple of the tick that holds at it; nothing is rounded silently."""
    for price in (case.order.limit_price, case.order.stop_price):
        if price is None or not price.is_finite():
            continue
        tick = case.order.instrument.increment_at(price)
        if tick <= 0 or not tick.is_finite():
            return denial(
                "PRICE_INCREMENT",
                "the broker gives no tick for this price",
                price=plain(price),
                tick=tick,
            )
        if price % tick != 0:
            lower = price - price % tick
            return denial(
                "PRICE_INCREMENT",
                f"use {plain(lower)} or {plain(lower + tick)}",
                price=plain(price),
                tick=plain(tick),
            )
    return Check(rule="PRICE_INCREMENT", value="on tick", limit="")


def size_on_step(case: Case) -> Denial | Check:
    """R06: the quantity is a multiple of the step and not below the smallest order."""
    instrument, quantity = case.order.instrument, case.order.quantity
    step, smallest = instrument.size_increment, instrument.size_min
    if not quantity.is_finite() or not step.is_finite() or step <= 0:
        return denial(
            "SIZE_INCREMENT",
            "the broker gives no step for this size",
            qty=quantity,
            step=step,
        )
    if quantity % step != 0 or quantity < smallest:
        lower = max(quantity - quantity % step, _up(smallest, step))
        return denial(
            "SIZE_INCREMENT",
            f"use {plain(lower)} or {plain(lower + step)}",
            qty=plain(quantity),
            step=plain(step),
            min=plain(smallest),
        )
    return Check(rule="SIZE_INCREMENT", value=plain(quantity), limit=f"step {plain(step)}")


def contract_fresh(case: Case) -> Denial | Check:
    """R07: exactly one instrument, by its conId, described within a day, not expired."""
    instrument = case.order.instrument
    if instrument.con_id <= 0:
        return denial(
            "CONTRACT_NOT_FOUND",
            f"check %search {instrument.symbol}",
            symbol=instrument.symbol,
            secType=instrument.sec_type.value,
            currency=instrument.currency,
        )
    age = case.now - instrument.resolved_at
    if not timedelta(0) <= age <= timedelta(seconds=case.limits.contract_age_s_max):
        hours = age.total_seconds() / 3600
        return denial(
            "CONTRACT_STALE",
            "re-qualifying; retry",
            conId=instrument.con_id,
            age=f"{hours:.0f}h",
        )
    if instrument.expiry is not None and instrument.expiry < case.now.date():
        return denial(
            "CONTRACT_STALE",
            "it has expired",
            conId=instrument.con_id,
            expiry=instrument.expiry,
        )
    return Check(rule="CONTRACT_STALE", value=str(instrument.con_id), limit="")


def _up(number: Decimal, step: Decimal) -> Decimal:
    rest = number % step
    return number if rest == 0 else number - rest + step
