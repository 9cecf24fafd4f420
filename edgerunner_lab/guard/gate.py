"""The one door of the order road: every rule is asked, and only here an `ApprovedOrder` is made."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass, replace
from datetime import datetime
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final, NamedTuple

from edgerunner_lab.core.errors import Denial, OrderDenied
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard import (
    rules_account,
    rules_allowed,
    rules_conduct,
    rules_exposure,
    rules_fields,
    rules_price,
    rules_repeats,
    rules_session,
    rules_size,
    rules_working,
)
from edgerunner_lab.guard.checks import Check, Judge, Unknown
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.nearest import (
    MENDED_BY_PRICE,
    MENDED_BY_SIZE,
    with_largest_quantity,
    with_valid_prices,
)
from edgerunner_lab.guard.snapshot import Attempt, Snapshot
from edgerunner_lab.guard.valuation import order_value, reference_price

EXACT: Final = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Decisions do not depend on the caller's decimal context; 80 digits hold any product of three of our numbers."""


class Rule(NamedTuple):
    """A rule and the code that it denies with, where it has several the first."""

    code: str
    judge: Judge


FIRST: Final = (
    Rule("SESSION_NOT_READY", rules_session.session_is_ready),
    Rule("ACCOUNT_MISMATCH", rules_session.account_is_bound),
    Rule("FOREIGN_ENVIRONMENT", rules_session.environment_is_ours),
    Rule("LIVE_NOT_ARMED", rules_session.live_is_armed),
    Rule("AUDIT_UNAVAILABLE", rules_session.audit_is_available),
    Rule("TRADING_HALTED", rules_session.latch_lets_through),
    Rule("UNRESOLVED_ORDER", rules_session.nothing_is_unresolved),
)
"""The first denial among these is the only one: R01, R02, R37, R03, R36, R04, R32."""

SIZE_RULES: Final = (
    Rule("SIZE_INCREMENT", rules_fields.size_is_on_step),
    Rule("MAX_ORDER_QTY", rules_size.quantity_is_small),
    Rule("MAX_ORDER_NOTIONAL", rules_size.value_is_small),
    Rule("MAX_POSITION", rules_size.position_is_small),
    Rule("MAX_GROSS_EXPOSURE", rules_exposure.exposure_is_small),
    Rule("EXIT_ONLY", rules_size.exit_stays_an_exit),
    Rule("INSUFFICIENT_FUNDS", rules_account.funds_suffice),
    Rule("SHORT_SALE", rules_allowed.sale_is_covered),
)
"""What a smaller quantity may mend."""

RULES: Final = (
    Rule("CONTRACT_NOT_FOUND", rules_fields.contract_is_known),
    Rule("CONTRACT_STALE", rules_fields.contract_is_fresh),
    Rule("INVALID_FIELD", rules_fields.quantity_is_valid),
    Rule("INVALID_FIELD", rules_fields.limit_price_is_valid),
    Rule("INVALID_FIELD", rules_fields.stop_price_is_valid),
    Rule("INVALID_FIELD", rules_fields.trail_is_valid),
    Rule("INVALID_FIELD", rules_fields.words_are_known),
    Rule("INVALID_FIELD", rules_fields.attached_order_fits),
    Rule("INVALID_FIELD", rules_fields.texts_are_plain),
    Rule("INVALID_FIELD", rules_fields.contract_facts_are_valid),
    Rule("INVALID_FIELD", rules_fields.modified_order_is_ours),
    Rule("INVALID_FIELD", rules_fields.modified_order_stays_open),
    Rule("MODIFY_CONFLICT", rules_fields.modified_order_can_change),
    Rule("PRICE_INCREMENT", rules_fields.limit_price_is_on_tick),
    Rule("PRICE_INCREMENT", rules_fields.stop_price_is_on_tick),
    Rule("NO_LIMIT_SET", rules_size.limits_exist),
    Rule("INSTRUMENT_NOT_ALLOWED", rules_allowed.instrument_is_allowed),
    Rule("MARKET_CLOSED", rules_allowed.market_is_open),
    Rule("NO_REFERENCE", rules_price.quote_is_usable),
    Rule("STALE_QUOTE", rules_price.quote_is_fresh),
    Rule("PRICE_COLLAR", rules_price.limit_price_is_near),
    Rule("PRICE_COLLAR", rules_price.stop_price_is_near),
    Rule("PRICE_COLLAR", rules_price.market_order_is_in_hours),
    Rule("FX_RATE_MISSING", rules_size.currency_is_known),
    *SIZE_RULES,
    Rule("DUPLICATE_ORDER", rules_repeats.order_is_no_repeat),
    Rule("CLOCK_SKEW", rules_session.clocks_agree),
    Rule("LOSS_STREAK", rules_conduct.losses_in_a_row_are_few),
    Rule("COOLDOWN", rules_conduct.exit_is_not_reversed_at_once),
    Rule("ORDER_EFFICIENCY", rules_conduct.messages_lead_to_fills),
    Rule("DAY_TRADES", rules_conduct.day_trades_are_left),
    Rule("DAILY_LOSS", rules_account.loss_of_the_day_is_small),
    Rule("SELF_MATCH", rules_working.order_meets_none_of_ours),
    Rule("MAX_OPEN_ORDERS", rules_working.open_orders_are_few),
    Rule("CELL_RERUN", rules_repeats.cell_is_no_rerun),
    Rule("REPEATED_EXECUTION", rules_repeats.source_is_no_loop),
    Rule("ORDER_RATE", rules_repeats.rate_is_low),
)
"""All of these are asked, in RISK.md's order of evaluation, and every one that fails is shown."""

HALTING: Final = frozenset({"REPEATED_EXECUTION"})
"""Denials after which nothing is trusted any more: the ledger halts trading as it records one (R22)."""

_MINT: Final = object()
"""Known to `approve` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedOrder:
    """An order that passed every rule; only `approve` makes one.

    Attributes:
        reference_price: The ask for a buy, the bid for a sale; per unit, in the contract's currency.
        notional: Worst case, in the account's currency.
        funds: What it may take of the account's funds at worst, by our own estimate, in its currency; 0 for an exit.
        quote: The market it was measured by.
        limits_sha256: Names the limits that were in force.
        approved_at: Aware UTC.
        checks: Every rule that was asked, and how much of its limit is used.
        warnings: What the user should see although the order passes.
    """

    order: ProposedOrder
    reference_price: Decimal
    notional: Decimal
    funds: Decimal
    quote: Quote
    limits_sha256: str
    approved_at: datetime
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError(
                "an ApprovedOrder is made by guard.gate.approve and nowhere else"
            )


def approve(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> ApprovedOrder:
    """Judge one order against everything known at one moment.

    Args:
        order: Sized and resolved, every field explicit.
        snapshot: Taken for this very order: quote, position and repeats are those of its instrument.
        limits: In force for the session's mode.
        now: Wall clock, aware UTC.

    Raises:
        OrderDenied: with every failed rule, and the nearest order that would pass where there is one.
    """
    with localcontext(EXACT):
        checks, denials = _ask(FIRST, order, snapshot, limits, now)
        if denials:
            raise OrderDenied(denials[:1])
        more_checks, denials = _ask(RULES, order, snapshot, limits, now)
        if denials:
            raise OrderDenied(denials, _nearest(order, snapshot, limits, now, denials))
        assert snapshot.quote is not None, "the rules about prices passed"
        checks += more_checks
        return ApprovedOrder(
            order=order,
            reference_price=reference_price(order, snapshot),
            notional=order_value(order, snapshot, limits),
            funds=rules_account.funds_needed(order, snapshot, limits),
            quote=snapshot.quote,
            limits_sha256=limits.sha256,
            approved_at=now,
            checks=tuple(checks),
            warnings=tuple(check.warning for check in checks if check.warning),
            mint=_MINT,
        )


def _ask(
    rules: Iterable[Rule],
    order: ProposedOrder,
    snapshot: Snapshot,
    limits: Limits,
    now: datetime,
) -> tuple[list[Check], list[Denial]]:
    """Return what passed and what failed; without a failure, everything passed."""
    checks: list[Check] = []
    denials: list[Denial] = []
    unjudged: list[Denial] = []
    for rule in rules:
        try:
            verdict = rule.judge(order, snapshot, limits, now)
        except Unknown as unknown:
            facts = (("unknown", unknown.what),)
            verdict = Denial(
                code=rule.code, facts=facts, hint="what cannot be judged is not sent"
            )
            unjudged.append(verdict)
            continue
        if isinstance(verdict, Denial):
            denials.append(verdict)
        else:
            checks.append(verdict)
    # What could not be judged is a consequence of what was denied, and repeats it; alone it denies by itself.
    return checks, denials or unjudged


def _nearest(
    order: ProposedOrder,
    snapshot: Snapshot,
    limits: Limits,
    now: datetime,
    denials: list[Denial],
) -> str | None:
    codes = {denial.code for denial in denials}
    if not codes <= MENDED_BY_SIZE | MENDED_BY_PRICE or snapshot.ledger is None:
        return None
    if order.attached is not None:
        # Offered by itself it would be another order: one without its entry.
        return None
    # The denial just made counts as an attempt, too: what is offered must pass after it.
    attempts = (*snapshot.ledger.attempts, Attempt(at=now, accepted=False))
    after = replace(snapshot, ledger=replace(snapshot.ledger, attempts=attempts))

    def fits(candidate: ProposedOrder) -> bool:
        return not _ask(SIZE_RULES, candidate, after, limits, now)[1]

    mended: ProposedOrder | None = order
    if codes & MENDED_BY_PRICE:
        mended = with_valid_prices(order, after, limits)
    if mended is not None and not fits(mended):
        mended = with_largest_quantity(mended, fits)
    if mended is None or _ask((*FIRST, *RULES), mended, after, limits, now)[1]:
        return None
    return str(mended.intent)
