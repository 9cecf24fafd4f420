"""How has trading gone today: losses in a row, a pause after an exit, messages for fills, day trades (R29, R30, R39)."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, seconds_since
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import leads_outward
from edgerunner_lab.guard.wording import escaped, moment, plain, span

MESSAGES_BEFORE_COUNTING: Final = 50
"""Fewer say nothing about a way of trading (RISK R30)."""

WARNED_AT: Final = Decimal("0.5")
"""Part of the limit from which on it is warned of."""


def losses_in_a_row_are_few(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R29: after several losing round trips in a row, only what leads towards zero passes for a while."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    losses, last = 0, None
    for trip in reversed(snapshot.ledger.round_trips):
        if trip.realized_pnl >= 0:
            break
        losses, last = losses + 1, last or trip.at
    most, pause_s = limits.max_losses_in_a_row, float(limits.loss_pause_s)
    if last is None or losses < most:
        used = losses / most if losses else None
        return Check(rule="LOSS_STREAK", value=str(losses), limit=plain(most), used=used)
    age_s = seconds_since(last, now, "round trips")
    if age_s >= pause_s or not leads_outward(order, snapshot):
        return Check(rule="LOSS_STREAK", value=f"{losses}, paused")
    return Denial(
        code="LOSS_STREAK",
        facts=(("losses", str(losses)), ("since", moment(last, now))),
        hint=f"only exits for {span(pause_s - age_s)} more",
    )


def exit_is_not_reversed_at_once(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R29: after an exit the same instrument is left alone for a moment."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    pause_s = float(limits.cooldown_s)
    ages = [
        seconds_since(trip.at, now, "round trips")
        for trip in snapshot.ledger.round_trips
        if trip.con_id == order.instrument.con_id
    ]
    age_s = min(ages, default=pause_s)
    if age_s >= pause_s or not leads_outward(order, snapshot):
        return Check(rule="COOLDOWN", value="none")
    symbol = escaped(str(order.instrument))
    return Denial(
        code="COOLDOWN",
        facts=(("symbol", symbol), ("left", span(pause_s - age_s))),
        hint="an exit was just made; only exits pass until then",
    )


def messages_lead_to_fills(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R30: the broker asks for no more than twenty orders, changes and cancels for one that fills."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    messages, filled = snapshot.ledger.messages, snapshot.ledger.filled_orders
    ratio, most = Decimal(messages) / (filled + 1), limits.max_messages_per_fill
    shown = f"{ratio:.1f} (msgs={messages}, filled={filled})"
    if messages < MESSAGES_BEFORE_COUNTING or ratio < most * WARNED_AT:
        return Check(rule="ORDER_EFFICIENCY", value=shown, limit=plain(most))
    if ratio < most or not leads_outward(order, snapshot):
        warning = f"ORDER_EFFICIENCY: oer={shown}, limit={plain(most)}"
        return Check(
            rule="ORDER_EFFICIENCY",
            value=shown,
            limit=plain(most),
            used=min(ratio / most, Decimal(1)),
            warning=warning,
        )
    return Denial(
        code="ORDER_EFFICIENCY",
        facts=(("oer", shown), ("limit", plain(most))),
        hint="only exits pass until more orders fill or the day ends",
    )


def day_trades_are_left(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R39: where the limits ask for it, nothing new is opened once the broker allows no more day trades."""
    left = snapshot.account.day_trades_remaining if snapshot.account is not None else None
    shown = "not counted" if left is None or left < 0 else f"{plain(left)} left"
    if left != 0 or not limits.day_trades_guarded or not leads_outward(order, snapshot):
        return Check(rule="DAY_TRADES", value=shown)
    return Denial(
        code="DAY_TRADES",
        facts=(("left", "0"),),
        hint="what is opened today could not be closed today",
    )
