"""Is the order well formed: every field valid, on the broker's increments, and its contract known (R05–R07)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.checks import (
    Check,
    Unknown,
    is_number,
    positive,
    seconds_since,
)
from edgerunner_lab.guard.increments import size_least, size_step, tick_at, ticks_around
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import reference_price
from edgerunner_lab.guard.wording import escaped, plain

CONTRACT_AGE_MAX: Final = timedelta(hours=24)
"""Ticks, hours and corporate actions change overnight (RISK R07)."""

TEXT_LENGTH_MAX: Final = 64
HUNDRED: Final = Decimal(100)
ORDER_REF_PREFIX: Final = "ELB:"
ORDER_REF_LENGTH_MAX: Final = 32
"""Longer references have come back from the broker cut short, and a cut one is not found again."""

PRICES_BY_TYPE: Final = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
    OrderType.TRAIL: (False, True),
}
"""order type -> (has a limit price, has a stop price); what is not listed is not carried yet"""


# R05: INVALID_FIELD.


def quantity_is_valid(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: the quantity is a finite number above zero."""
    return _numeric_field("quantity", order.quantity)


def limit_price_is_valid(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: an order has a limit price exactly where its type asks for one, and it is above zero."""
    return _price_field("price", order, order.limit_price, which=0)


def stop_price_is_valid(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: an order has a trigger exactly where its type asks for one, and it is above zero."""
    return _price_field("stop", order, order.stop_price, which=1)


def trail_is_valid(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05, R06: a trailing stop, and nothing else, has one distance: an amount on the tick, or a share of the price."""
    amount, percent = order.trail_amount, order.trail_percent
    if order.order_type is not OrderType.TRAIL:
        if amount is None and percent is None:
            return Check(rule="INVALID_FIELD", value="no trail")
        kind = escaped(str(order.order_type))
        return _invalid("trail", "given", f"{kind} orders have none")
    if (amount is None) is (percent is None):
        found = "none" if amount is None else "amount and percent"
        return _invalid("trail", found, "must be an amount or a percentage")
    return _trail_percent(percent) if amount is None else _trail_amount(order, amount)


def _trail_amount(order: ProposedOrder, amount: Decimal) -> Denial | Check:
    verdict = _numeric_field("trail", amount)
    if isinstance(verdict, Denial):
        return verdict
    tick = tick_at(order.instrument, amount)
    if amount % tick:
        hint = f"must be a multiple of the tick {plain(tick)}"
        return _invalid("trail", plain(amount), hint)
    return verdict


def _trail_percent(percent: Decimal | None) -> Denial | Check:
    if percent is not None and is_number(percent) and 0 < percent < HUNDRED:
        return Check(rule="INVALID_FIELD", value=f"trail={plain(percent)}%")
    return _invalid("trail", escaped(str(percent)), "must be above 0 and below 100 percent")


def attached_order_fits(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: the exit of a bracket undoes its entry and no more, and takes a profit where it says that it takes one."""
    entry = order.attached
    if entry is None:
        return Check(rule="INVALID_FIELD", value="no bracket")
    if order.side is entry.side:
        return _invalid(
            "side", order.side.value, "an exit is on the other side of its entry"
        )
    most = positive(entry.quantity, "entry")
    if positive(order.quantity, "quantity") > most:
        return _invalid(
            "quantity", plain(order.quantity), f"must be at most the entry's {plain(most)}"
        )
    if order.replaces is not None or order.order_type is not OrderType.LIMIT:
        # Whoever moves a profit taker through the market wants out; a stop's side is the collar's matter.
        return Check(rule="INVALID_FIELD", value="an exit")
    price, reference = (
        positive(order.limit_price, "price"),
        reference_price(order, snapshot),
    )
    if price > reference if order.side is Side.SELL else price < reference:
        return Check(rule="INVALID_FIELD", value="an exit")
    where = "above" if order.side is Side.SELL else "below"
    return _invalid("take", plain(price), f"must be {where} the entry's {plain(reference)}")


def words_are_known(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: side, type and time in force are explicit, and ones that we carry."""
    for field, value, known in (
        ("side", order.side, tuple(Side)),
        ("type", order.order_type, tuple(PRICES_BY_TYPE)),
        ("tif", order.tif, tuple(TimeInForce)),
        ("outside_rth", order.outside_rth, (True, False)),
    ):
        # Compared by kind too: a plain "BUY" equals Side.BUY, and has not been through our language.
        if not any(value is each for each in known):
            words = ", ".join(str(each) for each in known)
            return _invalid(field, escaped(str(value)), f"must be one of {words}")
    return Check(rule="INVALID_FIELD", value="known words")


def texts_are_plain(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: what goes on the wire as text is short printable ASCII; a NUL there would shift every later field."""
    instrument = order.instrument
    for field, text in (
        ("account", order.account),
        ("symbol", instrument.symbol),
        ("exchange", instrument.exchange),
        ("primary_exchange", instrument.primary_exchange),
        ("currency", instrument.currency),
        ("local_symbol", instrument.local_symbol),
        ("trading_class", instrument.trading_class),
    ):
        if len(text) > TEXT_LENGTH_MAX or not (text.isascii() and text.isprintable()):
            hint = f"must be at most {TEXT_LENGTH_MAX} printable ASCII characters"
            return _invalid(field, escaped(text), hint)
    ref = order.order_ref
    is_ours = ref.startswith(ORDER_REF_PREFIX) and len(ref) > len(ORDER_REF_PREFIX)
    if (
        not (is_ours and ref.isascii() and ref.isprintable())
        or len(ref) > ORDER_REF_LENGTH_MAX
    ):
        hint = f"must be {ORDER_REF_PREFIX} and a ULID, at most {ORDER_REF_LENGTH_MAX} characters"
        return _invalid("order_ref", escaped(ref), hint)
    return Check(rule="INVALID_FIELD", value="plain text")


def contract_facts_are_valid(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: what the broker said of the contract are numbers that can be calculated with."""
    for field, value in _contract_numbers(order.instrument):
        if not is_number(value) or value <= 0:
            return _numeric_field(field, value)
    if not order.instrument.price_bands:
        return _invalid("tick", "none", "the broker gave no tick size; %search and retry")
    return Check(rule="INVALID_FIELD", value="contract facts")


_CHANGEABLE: Final = frozenset({OrderState.ACKED, OrderState.WORKING, OrderState.PARTIAL})
"""States in which a modification does not race with an end that is under way."""


def modified_order_is_ours(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: a modification names a working order, and keeps its account, instrument and side."""
    old = snapshot.open_order
    if old is None and order.replaces is None:
        return Check(rule="INVALID_FIELD", value="new order")
    shown = "none" if order.replaces is None else escaped(order.replaces)
    if old is None or old.order_ref != order.replaces or not old.state.is_open:
        return _invalid("replaces", shown, "must name the working order that is modified")
    same = (
        old.account == order.account
        and old.con_id == order.instrument.con_id
        and old.side is order.side
    )
    if not same:
        return _invalid("replaces", shown, "account, contract and side cannot be changed")
    return Check(rule="INVALID_FIELD", value="modification")


def modified_order_can_change(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R35: only an order that surely works is modified, in size and prices, and a day order into one that may not wait."""
    old = snapshot.open_order
    if old is None or order.replaces is None or not old.state.is_open:
        # No modification, or none that `modified_order_is_ours` lets pass.
        return Check(rule="MODIFY_CONFLICT", value="no working order to change")
    if old.state not in _CHANGEABLE:
        return _conflict("state", old.state.value, "cancel it, or wait for the broker")
    if old.order_type != order.order_type:
        return _conflict(
            "type",
            str(old.order_type),
            "the kind of an order stays; cancel it and place another",
        )
    becomes_immediate = (old.tif, order.tif) == (TimeInForce.DAY, TimeInForce.IOC)
    if old.tif != order.tif and not becomes_immediate:
        return _conflict("tif", str(old.tif), "only DAY may be changed, to IOC")
    return Check(rule="MODIFY_CONFLICT", value=old.state.value)


def _conflict(field: str, value: str, hint: str) -> Denial:
    return Denial(
        code="MODIFY_CONFLICT",
        facts=((field, escaped(value)),),
        hint=f"{hint}; nothing was sent",
    )


def modified_order_stays_open(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R05: a modification's whole quantity is above what has filled."""
    if snapshot.open_order is None:
        return Check(rule="INVALID_FIELD", value="new order")
    filled = snapshot.open_order.filled
    if not is_number(filled) or filled < 0:
        return _numeric_field("filled", filled)
    quantity = positive(order.quantity, "quantity")
    if quantity > filled:
        return Check(rule="INVALID_FIELD", value=f"{plain(quantity - filled)} stay open")
    hint = f"must be above the {plain(filled)} that are filled"
    return _invalid("quantity", plain(quantity), hint)


def _price_field(
    field: str, order: ProposedOrder, price: Decimal | None, *, which: int
) -> Denial | Check:
    has_prices = PRICES_BY_TYPE.get(order.order_type)
    if has_prices is None:
        raise Unknown("type")
    if price is None:
        if not has_prices[which]:
            return Check(rule="INVALID_FIELD", value=f"no {field}")
        return _invalid(field, "none", f"{order.order_type.value} orders need one")
    if not has_prices[which]:
        shown = plain(price) if is_number(price) else escaped(str(price))
        return _invalid(field, shown, f"{order.order_type.value} orders have none")
    return _numeric_field(field, price)


def _numeric_field(field: str, value: Decimal | None) -> Denial | Check:
    if value is not None and is_number(value) and value > 0:
        return Check(rule="INVALID_FIELD", value=f"{field}={plain(value)}")
    shown = plain(value) if isinstance(value, Decimal) else escaped(str(value))
    return _invalid(field, shown, "must be a finite number > 0")


def _contract_numbers(instrument: Instrument) -> Iterator[tuple[str, Decimal]]:
    yield "size_increment", instrument.size_increment
    yield "size_min", instrument.size_min
    yield "price_magnifier", Decimal(instrument.price_magnifier)
    for band in instrument.price_bands:
        yield "tick", band.increment
    # A missing multiplier is MAX_ORDER_NOTIONAL's to say.
    if instrument.multiplier is not None:
        yield "multiplier", instrument.multiplier


def _invalid(field: str, value: str, hint: str) -> Denial:
    return Denial(
        code="INVALID_FIELD", facts=(("field", field), ("value", value)), hint=hint
    )


# R06: increments. Nothing is ever rounded silently.


def limit_price_is_on_tick(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R06: the limit price is a multiple of the tick that holds at that price."""
    return _on_tick(order.instrument, order.limit_price)


def stop_price_is_on_tick(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R06: so is the trigger."""
    return _on_tick(order.instrument, order.stop_price)


def size_is_on_step(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R06: the quantity is a multiple of the broker's step and not below its smallest order."""
    quantity = positive(order.quantity, "quantity")
    step, least = size_step(order.instrument), size_least(order.instrument)
    lower = quantity // step * step
    if lower == quantity >= least:
        return Check(rule="SIZE_INCREMENT", value=plain(quantity), limit="")
    valid = [each for each in (lower, lower + step) if each >= least] or [least]
    return Denial(
        code="SIZE_INCREMENT",
        facts=(("qty", plain(quantity)), ("step", plain(step)), ("min", plain(least))),
        hint=f"use {' or '.join(plain(each) for each in valid)}",
    )


def _on_tick(instrument: Instrument, price: Decimal | None) -> Denial | Check:
    if price is None:
        return Check(rule="PRICE_INCREMENT", value="no price")
    lower, upper = ticks_around(instrument, price)
    if lower == price:
        return Check(rule="PRICE_INCREMENT", value=plain(price))
    tick = tick_at(instrument, price)
    valid = [plain(each) for each in (lower, upper) if each > 0]
    return Denial(
        code="PRICE_INCREMENT",
        facts=(("price", plain(price)), ("tick", plain(tick))),
        hint=f"use {' or '.join(valid)}",
    )


# R07: the contract.


def contract_is_known(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R07: the broker named exactly one contract, by its conId."""
    instrument = order.instrument
    if instrument.con_id > 0:
        return Check(rule="CONTRACT_NOT_FOUND", value=f"conId {instrument.con_id}")
    return Denial(
        code="CONTRACT_NOT_FOUND",
        facts=(
            ("symbol", escaped(instrument.symbol)),
            ("secType", instrument.sec_type.value),
            ("currency", escaped(instrument.currency)),
        ),
        hint=f"check %search {escaped(instrument.symbol)}",
    )


def contract_is_fresh(
    order: ProposedOrder, _snapshot: Snapshot, _limits: Limits, now: datetime
) -> Denial | Check:
    """R07: the contract's details are at most a day old, and it has not expired."""
    instrument = order.instrument
    con_id = ("conId", str(instrument.con_id))
    age_s = seconds_since(instrument.resolved_at, now, "resolved_at")
    # Details from the future are as doubtful as old ones; a small step back of the clock is neither.
    if abs(age_s) > CONTRACT_AGE_MAX.total_seconds():
        return Denial(
            code="CONTRACT_STALE",
            facts=(con_id, ("age", f"{age_s / 3600:.0f}h")),
            hint="re-qualifying; retry",
        )
    if instrument.expiry is not None and instrument.expiry < now.date():
        expired = ("expired", instrument.expiry.isoformat())
        return Denial(
            code="CONTRACT_STALE", facts=(con_id, expired), hint="name another expiry"
        )
    return Check(rule="CONTRACT_STALE", value=f"{age_s / 3600:.1f}h", limit="24h")
