"""How often: the same order again, and too many orders."""

from datetime import timedelta

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.guard.case import Case, Check, denial


def not_repeated(case: Case) -> Denial | Check | None:
    """R18: the same order within the window is refused, or on simulated and paper accounts pointed out."""
    ledger = case.snapshot.ledger
    if ledger is None or case.order.replaces is not None:
        return None
    window = timedelta(seconds=case.limits.duplicate_window_s)
    recent = [
        past for past in ledger.repeats if timedelta(0) <= case.now - past.at <= window
    ]
    if not recent:
        return Check(
            rule="DUPLICATE_ORDER",
            value="none like it",
            limit=f"{window.total_seconds():g}s",
        )
    newest = recent[-1]
    age = (case.now - newest.at).total_seconds()
    if case.order.intent.again or not case.limits.duplicate_denies:
        warning = f"same as {newest.order_ref}, {age:.0f}s ago"
        return Check(rule="DUPLICATE_ORDER", value="repeated", limit="", warning=warning)
    return denial(
        "DUPLICATE_ORDER",
        "add --again if intended",
        same_as=newest.order_ref,
        age=f"{age:.0f}s ago",
        window=f"{window.total_seconds():g}s",
    )


def rate_allowed(case: Case) -> Denial | Check | None:
    """R20: rolling windows over new and changed orders, accepted and denied; cancels are never counted."""
    ledger = case.snapshot.ledger
    if ledger is None:
        return None
    windows = (
        (10, "10s", case.limits.orders_per_10s),
        (3600, "1h", case.limits.orders_per_hour),
        (86_400, "24h", case.limits.orders_per_day),
    )
    for seconds, name, limit in windows:
        window = timedelta(seconds=seconds)
        recent = [
            attempt.at for attempt in ledger.attempts if case.now - attempt.at < window
        ]
        if len(recent) >= limit:
            # The window opens when the oldest attempt that fills it leaves it.
            wait = (recent[len(recent) - limit] + window - case.now) if limit else window
            return denial(
                "ORDER_RATE",
                f"retry in {wait.total_seconds():.1f}s (not queued)",
                orders=f"{len(recent) + 1} in {name}",
                max=limit,
            )
    in_ten = sum(
        1 for attempt in ledger.attempts if case.now - attempt.at < timedelta(seconds=10)
    )
    return Check(
        rule="ORDER_RATE",
        value=f"{in_ten + 1} in 10s",
        limit=str(case.limits.orders_per_10s),
    )
