"""May anything be sent at all: session, account, arming, ledger, latch, open questions (R01–R04, R32, R34, R36, R37).

While one of these fails, what the others would say means nothing: the first denial is the only one.
"""

import json
import math
from datetime import datetime
from typing import Final

from edgerunner_lab.core.accounts import Mode, is_paper, mask
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, WordedDenial
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Latch, LatchState, Snapshot
from edgerunner_lab.guard.valuation import open_quantity, reach_of
from edgerunner_lab.guard.wording import escaped, moment, short_ref, signed

HEARTBEAT_AGE_S_MAX: Final = 10.0
"""Without a sign of life for so long, what we believe of the account may be old (RISK R01)."""

CLOCK_SKEW_WARNED_S: Final = 2.0
CLOCK_SKEW_MAX_S: Final = 10.0
"""Seconds between our wall clock and the broker's (RISK R34)."""

HOSTED: Final = frozenset({"binder", "colab", "kaggle"})
"""Machines that belong to nobody who trades on them (RISK R37)."""

LOOP_LAG_S_MAX: Final = 1.0
"""A loop that runs later than this cannot tell fresh from stale (RISK R01)."""

UNRESOLVED_MAX: Final = 3
"""So many unknown outcomes mean that what we believe of the account is not to be traded on (RISK R32)."""

KIND_BY_PORT: Final = {
    7497: "paper",
    4002: "paper",
    4004: "paper",
    7496: "live",
    4001: "live",
    4003: "live",
}
"""The broker's default ports and the containers'; any other port says nothing."""


def session_is_ready(
    _order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R01: the first synchronisation is complete, the broker is alive, and our loop keeps up."""
    session = snapshot.session
    missing = list(session.missing)
    since_s = session.not_ready_since_s
    for name, value, most in (
        ("heartbeat", session.heartbeat_age_s, HEARTBEAT_AGE_S_MAX),
        ("session_thread", session.loop_lag_s, LOOP_LAG_S_MAX),
    ):
        # Written so that NaN fails; None is "not measured yet".
        if value is None or not 0 <= value <= most:
            missing.append(name)
            since_s = max(since_s, value) if value is not None else since_s
    if not missing:
        return Check(rule="SESSION_NOT_READY", value="ready")
    since = f"{since_s:.1f}s" if math.isfinite(since_s) else "unknown"
    return Denial(
        code="SESSION_NOT_READY",
        facts=(("missing", f"[{escaped(','.join(missing))}]"), ("since", since)),
        hint="wait or %connect; orders are not queued",
    )


def account_is_bound(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R02: the order names this session's account, the broker announced it, and it is of the mode's kind."""
    session = snapshot.session
    kind = "paper" if is_paper(order.account) else "live"
    hint = KIND_BY_PORT.get(session.port)
    fits = (
        order.account != ""
        and order.account == session.bound_account
        and order.account in session.managed_accounts
        and (kind == "live") is (session.mode is Mode.LIVE)
        and hint in (kind, None)
        # Limits loaded for another mode are no limits for this one.
        and limits.mode is session.mode
    )
    if fits:
        return Check(rule="ACCOUNT_MISMATCH", value=mask(order.account))
    return Denial(
        code="ACCOUNT_MISMATCH",
        facts=(
            ("bound", mask(session.bound_account) if session.bound_account else "none"),
            ("got", mask(order.account) if order.account else "none"),
            ("port", f"{session.port}({hint} hint)" if hint else f"{session.port}"),
        ),
        hint="session quarantined; %connect again",
    )


def live_is_armed(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R03: a live account is only observed until someone has armed it from a terminal."""
    session = snapshot.session
    if session.mode is not Mode.LIVE:
        return Check(rule="LIVE_NOT_ARMED", value=session.mode.value)
    if session.is_armed is True:
        return Check(rule="LIVE_NOT_ARMED", value="armed")
    return Denial(
        code="LIVE_NOT_ARMED",
        facts=(("account", mask(order.account)), ("mode", "LIVE_OBSERVE")),
        hint="run `edgerunner arm` in a terminal (TTL 15 min)",
    )


def environment_is_ours(
    _order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R37: on a machine that is not the user's own only the simulation trades; a shared one, or root, never trades live."""
    session = snapshot.session
    against = {
        Mode.SIM: (),
        Mode.PAPER: tuple(word for word in session.environment if word in HOSTED),
        Mode.LIVE: session.environment,
    }[session.mode]
    if not against:
        return Check(rule="FOREIGN_ENVIRONMENT", value=", ".join(session.environment))
    return Denial(
        code="FOREIGN_ENVIRONMENT",
        facts=(("found", ",".join(against)), ("mode", session.mode.value)),
        hint="run it on a machine and under a user of your own",
    )


def clocks_agree(
    _order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R34: our wall clock is the broker's, because hours and days are told by it; the simulation has a time of its own."""
    skew_s = snapshot.session.clock_skew_s
    if snapshot.session.mode is Mode.SIM or skew_s is None:
        return Check(rule="CLOCK_SKEW", value="not compared")
    shown = f"{skew_s:+.1f}s"
    # Written so that NaN fails.
    if abs(skew_s) <= CLOCK_SKEW_WARNED_S:
        return Check(rule="CLOCK_SKEW", value=shown)
    facts = (("local-server", shown), ("max", f"{CLOCK_SKEW_MAX_S:g}s"))
    denial = Denial(code="CLOCK_SKEW", facts=facts, hint="set this machine's clock")
    if abs(skew_s) <= CLOCK_SKEW_MAX_S or not limits.closed_market_denied:
        return Check(rule="CLOCK_SKEW", value=shown, warning=str(denial))
    return denial


def audit_is_available(
    _order: ProposedOrder, snapshot: Snapshot, _limits: Limits, _now: datetime
) -> Denial | Check:
    """R36: what cannot be recorded durably is not sent."""
    if snapshot.ledger is not None:
        return Check(rule="AUDIT_UNAVAILABLE", value="recorded")
    why = escaped(snapshot.ledger_error or "the ledger was not read")
    return WordedDenial(
        code="AUDIT_UNAVAILABLE",
        facts=(("error", why),),
        words=why,
        hint="no new orders; cancels and %halt still work",
    )


def latch_lets_through(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, now: datetime
) -> Denial | Check:
    """R04: halted lets nothing through; reducing only what brings the position nearer to zero."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    latch = snapshot.ledger.latch
    if latch.state is LatchState.ACTIVE:
        return Check(rule="TRADING_HALTED", value="active")
    if latch.state is LatchState.REDUCING:
        return _reducing(order, snapshot)
    return _halted(latch, now)


def nothing_is_unresolved(
    order: ProposedOrder, snapshot: Snapshot, _limits: Limits, now: datetime
) -> Denial | Check:
    """R32: while nobody knows what became of an order, its instrument is left alone; after three, everything is."""
    if snapshot.ledger is None:
        raise Unknown("ledger")
    unresolved = [
        each
        for each in snapshot.ledger.unresolved
        if each.order_ref not in (order.order_ref, order.replaces)
    ]
    same = [each for each in unresolved if each.con_id == order.instrument.con_id]
    if not same and len(unresolved) < UNRESOLVED_MAX:
        return Check(rule="UNRESOLVED_ORDER", value="none")
    first = min(same or unresolved, key=lambda each: each.at)
    more = f" and {len(unresolved) - 1} more" if len(unresolved) > 1 else ""
    return WordedDenial(
        code="UNRESOLVED_ORDER",
        facts=(("ref", first.order_ref), ("since", moment(first.at, now))),
        words=f"{short_ref(first.order_ref)}{more} outcome unknown since {moment(first.at, now)} UTC",
        hint="it is asked for again when the connection is whole; compare %orders with TWS",
    )


def _halted(latch: Latch, now: datetime) -> Denial:
    return Denial(
        code="TRADING_HALTED",
        facts=(
            ("by", escaped(latch.by)),
            ("at", moment(latch.at, now)),
            ("reason", json.dumps(escaped(latch.reason))),
        ),
        hint='%resume --reason "..." after review',
    )


def _reducing(order: ProposedOrder, snapshot: Snapshot) -> Denial | Check:
    hint = "only orders that shrink the position are accepted"
    try:
        reach = reach_of(order, open_quantity(order, snapshot), snapshot)
    except Unknown as unknown:
        return Denial(
            code="TRADING_REDUCING",
            facts=(("side", order.side.value), ("unknown", unknown.what)),
            hint=hint,
        )
    if reach.shrinks:
        return Check(
            rule="TRADING_REDUCING",
            value=signed(reach.after),
            limit=signed(reach.position),
        )
    return Denial(
        code="TRADING_REDUCING",
        facts=(
            ("side", order.side.value),
            ("pos", signed(reach.position)),
            ("after", signed(reach.after)),
        ),
        hint=hint,
    )
