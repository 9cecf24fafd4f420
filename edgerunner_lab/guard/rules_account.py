"""Does the account bear it: funds, and the day's loss (R17, R27)."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import notional
from edgerunner_lab.core.facts import AccountSnapshot
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, number
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import (
    HUNDRED,
    net_liquidation,
    open_quantity,
    reach_of,
    valuation_of,
)
from edgerunner_lab.guard.wording import money, percent

FUNDS_USED_MAX: Final = Decimal("0.9")
"""Part of the available funds that one order may take; the rest is for prices that move meanwhile (RISK R17)."""


def funds_suffice(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R17: what the order may take of the account's funds, by our own estimate, is there.

    Only what leads away from zero takes funds, whatever works on the same side included. The estimate is a part of
    the worst-case value, by security type: `margin_pct`.
    """
    account = _account(order, snapshot)
    need = funds_needed(order, snapshot, limits)
    if need == 0:
        return Check(rule="INSUFFICIENT_FUNDS", value="takes none")
    available = number(account.available_funds, "AvailableFunds") * FUNDS_USED_MAX
    cushion = net_liquidation(order, snapshot) * limits.min_excess_liquidity_pct / HUNDRED
    excess = number(account.excess_liquidity, "ExcessLiquidity")
    most = min(available, excess - cushion)
    if need <= most:
        return Check(
            rule="INSUFFICIENT_FUNDS",
            value=money(need),
            limit=money(most),
            used=need / most if most else None,
        )
    why = "90% of AvailableFunds" if available <= excess - cushion else "ExcessLiquidity"
    return Denial(
        code="INSUFFICIENT_FUNDS",
        facts=(
            ("need", money(need)),
            ("available", f"{money(max(most, Decimal(0)))} ({why})"),
            ("source", "estimate"),
        ),
    )


def funds_needed(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Decimal:
    """Return what an order may take of the account's funds, by our own estimate, in its currency; 0 for an exit."""
    reach = reach_of(order, open_quantity(order, snapshot), snapshot)
    outward = reach.outward(order.side)
    if outward == 0:
        return Decimal(0)
    pct = limits.margin_pct.get(order.instrument.sec_type)
    if pct is None:
        raise Unknown("margin_pct")
    return notional(outward, valuation_of(order, snapshot, limits)) * pct / HUNDRED


def loss_of_the_day_is_small(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R27: after a loss of `daily_loss_pct` of the account's value only what shrinks a position passes.

    An unknown profit and loss lets nothing but that through on a live account; elsewhere it is passed over, because
    the broker tells it some seconds after connecting.
    """
    account = _account(order, snapshot)
    try:
        lost = -number(account.daily_pnl, "dailyPnL") / net_liquidation(order, snapshot)
    except Unknown as unknown:
        if not limits.unknown_loss_denied:
            return Check(rule="DAILY_LOSS", value="not told yet")
        facts = (("unknown", unknown.what),)
        return _reduces_or(order, snapshot, Denial(code="DAILY_LOSS", facts=facts))
    most = limits.daily_loss_pct / HUNDRED
    if lost < most:
        used = max(lost, Decimal(0)) / most
        return Check(
            rule="DAILY_LOSS",
            value=percent(-lost, is_signed=True),
            limit=f"-{percent(most)}",
            used=used,
        )
    denial = Denial(
        code="DAILY_LOSS",
        facts=(
            ("pnl", f"{percent(-lost, is_signed=True)} NLV"),
            ("limit", f"-{percent(most)}"),
        ),
        hint="only orders that shrink a position are accepted",
    )
    return _reduces_or(order, snapshot, denial)


def _reduces_or(order: ProposedOrder, snapshot: Snapshot, denial: Denial) -> Denial | Check:
    reach = reach_of(order, open_quantity(order, snapshot), snapshot)
    return Check(rule="DAILY_LOSS", value="shrinks") if reach.shrinks else denial


def _account(order: ProposedOrder, snapshot: Snapshot) -> AccountSnapshot:
    if snapshot.account is None or snapshot.account.account != order.account:
        raise Unknown("account")
    return snapshot.account
