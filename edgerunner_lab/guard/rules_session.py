"""Whether anything may be sent at all: session, account, mode, latch, ledger. These stop the evaluation."""

import math

from edgerunner_lab.core.accounts import Mode, is_paper, mask
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import worst_case
from edgerunner_lab.guard.case import Case, Check, denial, plain
from edgerunner_lab.guard.snapshot import LatchState

HEARTBEAT_AGE_S_MAX = 10.0
LOOP_LAG_S_MAX = 1.0
"""RISK R01."""


def session_ready(case: Case) -> Denial | Check:
    """R01: the picture of the account is complete and the line is alive."""
    session = case.snapshot.session
    missing = list(session.missing)
    if not _at_most(session.heartbeat_age_s, HEARTBEAT_AGE_S_MAX):
        missing.append("heartbeat")
    if not _at_most(session.loop_lag_s, LOOP_LAG_S_MAX):
        missing.append("session_thread")
    if missing:
        return denial(
            "SESSION_NOT_READY",
            "wait or %connect; orders are not queued",
            missing=f"[{','.join(missing)}]",
            since=f"{session.not_ready_since_s:.1f}s",
        )
    return Check(rule="SESSION_NOT_READY", value="ready", limit="")


def account_matches(case: Case) -> Denial | Check:
    """R02: the order names the account that this connection is bound to, and it is of the mode's kind."""
    session, account = case.snapshot.session, case.order.account
    is_right_kind = is_paper(account) is (session.mode is not Mode.LIVE)
    if (
        account != session.bound_account
        or account not in session.managed_accounts
        or not account
        or not is_right_kind
    ):
        return denial(
            "ACCOUNT_MISMATCH",
            "session quarantined; %connect again",
            bound=mask(session.bound_account),
            got=mask(account),
            port=session.port,
        )
    return Check(rule="ACCOUNT_MISMATCH", value=mask(account), limit="")


def live_armed(case: Case) -> Denial | Check:
    """R03: a live account is observed only, unless it is armed."""
    session = case.snapshot.session
    if session.mode is Mode.LIVE and not session.is_armed:
        return denial(
            "LIVE_NOT_ARMED",
            "this version observes live accounts and sends nothing that can trade",
            account=mask(session.bound_account),
            mode="LIVE_OBSERVE",
        )
    return Check(rule="LIVE_NOT_ARMED", value=session.mode.value, limit="")


def audit_available(case: Case) -> Denial | Check:
    """R36: what cannot be recorded durably is not sent."""
    if case.snapshot.ledger is None:
        return denial(
            "AUDIT_UNAVAILABLE",
            "no new orders; cancels and %halt still work",
            ledger=case.snapshot.ledger_error or "unreadable",
        )
    return Check(rule="AUDIT_UNAVAILABLE", value="ledger", limit="")


def not_halted(case: Case) -> Denial | Check:
    """R04: halted lets nothing through, reducing only what shrinks a position and never flips it."""
    ledger = case.snapshot.ledger
    assert ledger is not None, "audit_available stands before this rule"
    latch = ledger.latch
    if latch.state is LatchState.HALTED:
        at = f"{latch.at:%Y-%m-%d %H:%M:%S} UTC" if latch.at is not None else "unknown"
        return denial(
            "TRADING_HALTED",
            '%resume --reason "..." after review',
            by=latch.by,
            at=at,
            reason=f'"{latch.reason}"',
        )
    if latch.state is LatchState.REDUCING:
        return _reducing(case)
    return Check(rule="TRADING_HALTED", value="active", limit="")


def _reducing(case: Case) -> Denial | Check:
    order, position = case.order, case.snapshot.position
    if position is None:
        return denial(
            "TRADING_REDUCING",
            "only orders that shrink the position are accepted",
            pos="unknown",
        )
    same_way = [
        (other.side, other.remaining)
        for other in case.snapshot.working
        if other.con_id == order.instrument.con_id
        and other.side is order.side
        and other.order_ref != order.replaces
    ]
    reach = worst_case(position, [*same_way, (order.side, order.quantity)])
    after = reach.longest if order.side.sign > 0 else reach.shortest
    shrinks = position != 0 and abs(after) < abs(position) and after * position >= 0
    if not shrinks:
        return denial(
            "TRADING_REDUCING",
            "only orders that shrink the position are accepted",
            side=order.side.value,
            pos=f"{position:+f}",
            after=f"{after:+f}",
        )
    return Check(rule="TRADING_REDUCING", value=plain(after), limit=plain(position))


def _at_most(value: float | None, limit: float) -> bool:
    return value is not None and math.isfinite(value) and 0 <= value <= limit
