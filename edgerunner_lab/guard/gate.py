"""The one door: every order passes here, and only here an `ApprovedOrder` is made."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from edgerunner_lab.core.errors import Denial, OrderDenied
from edgerunner_lab.core.exposure import notional
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.core.intents import ProposedOrder, Units
from edgerunner_lab.guard import (
    rules_fields,
    rules_price,
    rules_repeats,
    rules_session,
    rules_size,
)
from edgerunner_lab.guard.case import Case, Check, Rule
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot

FIRST: Final[tuple[Rule, ...]] = (
    rules_session.session_ready,
    rules_session.account_matches,
    rules_session.live_armed,
    rules_session.audit_available,
    rules_session.not_halted,
)
"""These stop the evaluation: while one of them fails, what the others say means nothing."""

RULES: Final[tuple[Rule, ...]] = (
    rules_fields.contract_fresh,
    rules_fields.fields_valid,
    rules_fields.price_on_tick,
    rules_fields.size_on_step,
    rules_size.limit_set,
    rules_price.reference_usable,
    rules_price.price_near_market,
    rules_size.quantity_allowed,
    rules_size.notional_allowed,
    rules_size.position_allowed,
    rules_repeats.not_repeated,
    rules_repeats.rate_allowed,
)
"""All of these are evaluated, and every one that fails is shown."""

_SIZE_CODES: Final = frozenset(
    {"SIZE_INCREMENT", "MAX_ORDER_QTY", "MAX_ORDER_NOTIONAL", "MAX_POSITION"}
)
_HALVINGS = 60
"""Enough to search 10^12 units down to one."""

_MAKER: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedOrder:
    """An order that has passed every rule; `approve` alone makes one.

    Attributes:
        reference_price: What its prices were measured against, per unit, in the contract's currency.
        notional: Worst-case value, in the account's currency.
        quote: The market it was judged by.
        limits_sha256: Identifies the limits it was held to.
        approved_at: Aware UTC.
        checks: What each rule found against what it allows.
    """

    order: ProposedOrder
    reference_price: Decimal
    notional: Decimal
    quote: Quote
    limits_sha256: str
    approved_at: datetime
    checks: tuple[Check, ...]
    maker: object = field(repr=False)

    def __post_init__(self) -> None:
        if self.maker is not _MAKER:
            raise TypeError("an ApprovedOrder is made by guard.gate.approve only")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know although the order passes."""
        return tuple(check.warning for check in self.checks if check.warning)


def approve(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> ApprovedOrder:
    """Return the order as approved.

    Args:
        order: Sized and resolved.
        snapshot: Everything that may be looked at.
        limits: In force.
        now: Wall clock, aware UTC.

    Raises:
        OrderDenied: with every failed rule, and the nearest order that would pass where there is one.
    """
    case = Case(order=order, snapshot=snapshot, limits=limits, now=now)
    denials, checks = _evaluate(case)
    if denials:
        raise OrderDenied(denials, _nearest(case, denials))
    reference, valuation, quote = case.reference, case.valuation, snapshot.quote
    assert reference is not None, "reference_usable has passed"
    assert valuation is not None, "notional_allowed has passed"
    assert quote is not None, "reference_usable has passed"
    return ApprovedOrder(
        order=order,
        reference_price=reference,
        notional=notional(order.quantity, valuation),
        quote=quote,
        limits_sha256=limits.sha256,
        approved_at=now,
        checks=tuple(checks),
        maker=_MAKER,
    )


def _evaluate(case: Case) -> tuple[list[Denial], list[Check]]:
    checks: list[Check] = []
    for rule in FIRST:
        found = rule(case)
        if isinstance(found, Denial):
            return [found], []
        if found is not None:
            checks.append(found)
    denials: list[Denial] = []
    for rule in RULES:
        found = rule(case)
        if isinstance(found, Denial):
            denials.append(found)
        elif found is not None:
            checks.append(found)
    return denials, checks


def _nearest(case: Case, denials: list[Denial]) -> str | None:
    """Return the nearest order that would pass by its size alone; None where size is not what is wrong."""
    if (
        not {denial.code for denial in denials} <= _SIZE_CODES
        or not case.order.quantity.is_finite()
    ):
        return None
    step = case.order.instrument.size_increment
    fits, too_many = (
        Decimal(0),
        (case.order.quantity / step).to_integral_value(ROUND_FLOOR) + 1,
    )
    for _ in range(_HALVINGS):
        if too_many - fits <= 1:
            break
        middle = ((fits + too_many) / 2).to_integral_value(ROUND_FLOOR)
        if _passes(case, middle * step):
            fits = middle
        else:
            too_many = middle
    if fits == 0:
        return None
    return str(replace(case.order.intent, size=Units(quantity=fits * step)))


def _passes(case: Case, quantity: Decimal) -> bool:
    denials, _ = _evaluate(replace(case, order=replace(case.order, quantity=quantity)))
    return not denials
