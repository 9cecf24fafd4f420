"""Does the whole account bear it: everything held and everything that works, in one sum (R16)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import Extremes, notional, worst_case
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, number, positive
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot, WorkingOrder, working_at_worst
from edgerunner_lab.guard.valuation import (
    HUNDRED,
    as_working,
    leads_outward,
    net_liquidation,
    open_quantity,
    valuation_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What the account is exposed to if everything fills, in its currency.

    Attributes:
        gross: Every instrument at its outermost position, unsigned, added up.
        net: Of all buys filled and of all sales filled the larger sum, signs counted.
    """

    gross: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """What one unit of an instrument is worth held long, and held short; None where that is not known."""

    long: Decimal
    short: Decimal | None


def exposure_is_small(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R16: with every order that works filled, the account's gross and net exposure stay below their share of its value.

    A sold option counts as its underlying at the strike. An order of another program in what is not held, and whose
    value nobody has told, is not counted. What leads no further away from zero always passes.
    """
    if not leads_outward(order, snapshot):
        return Check(rule="MAX_GROSS_EXPOSURE", value="takes none")
    worth = net_liquidation(order, snapshot)
    before = exposure(order, snapshot, limits, is_there=False)
    after = exposure(order, snapshot, limits)
    fullest = Check(rule="MAX_GROSS_EXPOSURE", value="none")
    for code, now, then, pct in (
        ("MAX_GROSS_EXPOSURE", before.gross, after.gross, limits.max_gross_exposure_pct),
        ("MAX_NET_EXPOSURE", before.net, after.net, limits.max_net_exposure_pct),
    ):
        times, most = then / worth, pct / HUNDRED
        if times > most and then > now:
            return Denial(
                code=code,
                facts=(("after", f"{times:.2f}×NLV"), ("max", f"{most:.2f}×NLV")),
                hint="close something first: %positions and %orders show what counts",
            )
        if fullest.used is None or times / most > fullest.used:
            fullest = Check(
                rule=code,
                value=f"{times:.2f}×NLV",
                limit=f"{most:.2f}×NLV",
                # What was beyond it before, the order has not brought there.
                used=min(times / most, Decimal(1)),
            )
    return fullest


def exposure(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, *, is_there: bool = True
) -> Exposure:
    """Return what the account is exposed to with `order` beside everything else, or without it."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    own = order.instrument.con_id
    at_broker = _by_instrument(order, snapshot.broker_working)
    in_ledger = _by_instrument(order, snapshot.ledger.working)
    if is_there:
        in_ledger[own].append(as_working(order, open_quantity(order, snapshot)))
    held = {each.con_id: each for each in snapshot.holdings}
    gross = longest = shortest = Decimal(0)
    for con_id in {own, *held, *at_broker, *in_ledger}:
        if con_id == own:
            position = number(snapshot.position, "position")
        else:
            position = held[con_id].position if con_id in held else Decimal(0)
        extremes = _extremes(position, at_broker[con_id], in_ledger[con_id])
        if extremes.largest == 0:
            continue
        if con_id == own:
            worth = _worth_of_own(order, snapshot, limits)
        else:
            worth = _worth(snapshot, con_id, [*at_broker[con_id], *in_ledger[con_id]])
        if worth is None:
            continue
        long = _value(extremes.longest, worth)
        short = _value(extremes.shortest, worth)
        gross += max(abs(long), abs(short))
        longest, shortest = longest + long, shortest + short
    return Exposure(gross=gross, net=max(abs(longest), abs(shortest)))


def _by_instrument(
    order: ProposedOrder, working: Iterable[WorkingOrder]
) -> defaultdict[int, list[WorkingOrder]]:
    """Return what works by instrument, without the order itself and what it replaces."""
    found: defaultdict[int, list[WorkingOrder]] = defaultdict(list)
    for each in working:
        if each.order_ref not in (order.order_ref, order.replaces):
            number(each.remaining, "working orders")
            found[each.con_id].append(each)
    return found


def _extremes(
    position: Decimal, at_broker: list[WorkingOrder], in_ledger: list[WorkingOrder]
) -> Extremes:
    counted = working_at_worst(at_broker, in_ledger)
    return worst_case(position, [(side, left) for (_, side), left in counted.items()])


def _worth_of_own(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> _Worth:
    valuation = valuation_of(order, snapshot, limits)
    value = notional(Decimal(1), valuation)
    instrument = order.instrument
    if instrument.sec_type is not SecType.OPTION:
        return _Worth(long=value, short=value)
    strike = instrument.strike
    short = strike * valuation.multiplier * valuation.fx_rate if strike else None
    return _Worth(long=value, short=short)


def _worth(snapshot: Snapshot, con_id: int, working: list[WorkingOrder]) -> _Worth | None:
    """Return what a unit of another instrument is worth; None where it is not held and nobody has told."""
    for held in snapshot.holdings:
        if held.con_id == con_id and held.position:
            value = positive(held.unit_value, f"value of {held.symbol}")
            return _Worth(long=value, short=held.short_unit_value or value)
    told = [each.unit_value for each in working if each.unit_value is not None]
    return _Worth(long=max(told), short=max(told)) if told else None


def _value(quantity: Decimal, worth: _Worth) -> Decimal:
    if quantity >= 0:
        return quantity * worth.long
    return quantity * positive(worth.short, "strike")
