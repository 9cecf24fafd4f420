"""Is this order the same again, or one too many (R18, R19, R20, R22)."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.checks import Check, Unknown, WordedDenial, seconds_since
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import open_quantity, reach_of
from edgerunner_lab.guard.wording import escaped, moment, plain, short_ref, span

TEN_SECONDS: Final = 10
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400

EXIT_BUDGET: Final = 2
"""How many times the rate of other orders an order that shrinks a position may have."""


def order_is_no_repeat(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R18: the same order within the window is denied, or where the limits say so warned of.

    A modification adds no order, so that it repeats none, and the exits of a bracket repeat what their entry does.
    """
    if snapshot.ledger is None:
        raise Unknown("ledger")
    window_s = float(limits.duplicate_window_s)
    ages = [
        (seconds_since(past.at, now, "earlier orders"), past.order_ref)
        for past in snapshot.ledger.repeats
        if past.order_ref != order.order_ref
    ]
    # A time ahead of ours counts as recent: a clock that was set back makes nothing forgotten.
    recent = [(age, ref) for age, ref in ages if age < window_s]
    if not _stands_alone(order) or not recent:
        return Check(rule="DUPLICATE_ORDER", value="no repeat", limit=span(window_s))
    age, ref = min(recent)
    denial = WordedDenial(
        code="DUPLICATE_ORDER",
        facts=(("ref", ref), ("age", f"{age:.0f}s"), ("window", f"{window_s:g}s")),
        words=f"same as {short_ref(ref)}, {age:.0f}s ago, window={window_s:g}s",
        hint="add --again if intended",
    )
    if order.intent.again:
        return Check(
            rule="DUPLICATE_ORDER", value=f"again, {short_ref(ref)} was {age:.0f}s ago"
        )
    if limits.duplicate_order_denied:
        return denial
    return Check(
        rule="DUPLICATE_ORDER", value=f"same as {short_ref(ref)}", warning=str(denial)
    )


def cell_is_no_rerun(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R19: a cell sends an order once a trading day, whatever kernel runs it and however often it is restarted.

    Repetitions within the duplicates' window are that rule's matter. A modification repeats nothing.
    """
    if snapshot.ledger is None:
        raise Unknown("ledger")
    window_s = float(limits.duplicate_window_s)
    earlier = [
        (past.at, past.order_ref)
        for past in snapshot.ledger.reruns
        if past.order_ref not in (order.order_ref, order.replaces)
        and seconds_since(past.at, now, "earlier orders") >= window_s
    ]
    if not _stands_alone(order) or not earlier:
        return Check(rule="CELL_RERUN", value="first time today")
    at, ref = min(earlier)
    denial = WordedDenial(
        code="CELL_RERUN",
        facts=(("first", moment(at, now)), ("ref", ref)),
        words=f"this cell already sent this order today, first={moment(at, now)} UTC, ref={short_ref(ref)}",
        hint="--again to repeat it",
    )
    if order.intent.again:
        return Check(rule="CELL_RERUN", value=f"again, {short_ref(ref)} was the first")
    if limits.cell_rerun_denied:
        return denial
    return Check(rule="CELL_RERUN", value=f"same as {short_ref(ref)}", warning=str(denial))


def source_is_no_loop(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R22: one cell or program that sends the same instrument and side over and over is taken for a runaway loop.

    The session halts trading when this denies.
    """
    if snapshot.ledger is None:
        raise Unknown("ledger")
    recent = [
        at for at in snapshot.ledger.burst if seconds_since(at, now, "orders") < MINUTE
    ]
    count, most = len(recent) + 1, limits.max_same_orders_60s
    if not _stands_alone(order) or count <= most:
        return Check(
            rule="REPEATED_EXECUTION",
            value=f"{count} in 60s",
            limit=plain(most),
            used=count / most,
        )
    name = f"{order.side.value} {escaped(str(order.instrument))}"
    return WordedDenial(
        code="REPEATED_EXECUTION",
        facts=(
            ("source", source_name(order)),
            ("orders", str(count)),
            ("max", plain(most)),
        ),
        words=f"source={source_name(order)}, {name} orders={count} in 60s, max={plain(most)}",
        hint='trading is halted, %resume --reason "..." after review',
    )


def source_name(order: ProposedOrder) -> str:
    """Return where an order comes from, short enough for a line."""
    source = order.source
    key = source.cell_id or source.code_sha256
    return f"cell {escaped(key)[:8]}" if key else escaped(source.kind)


def rate_is_low(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R20: new orders and modifications, denied ones included, in rolling windows; refused, never queued.

    An order that shrinks a position may use each window twice over: whoever was refused a few times in a hurry
    must not be kept in a position by the count of refusals.
    """
    if snapshot.ledger is None:
        raise Unknown("ledger")
    if order.attached is not None and order.replaces is None:
        return Check(rule="ORDER_RATE", value="counted with its entry")
    attempts = sorted(
        (seconds_since(attempt.at, now, "attempts"), attempt.accepted)
        for attempt in snapshot.ledger.attempts
    )
    budget = EXIT_BUDGET if _shrinks(order, snapshot) else 1
    fullest = Check(rule="ORDER_RATE", value="none")
    for window_s, most in (
        (TEN_SECONDS, limits.max_orders_10s * budget),
        (HOUR, limits.max_orders_1h * budget),
        (DAY, limits.max_orders_1d * budget),
    ):
        recent = [(age, accepted) for age, accepted in attempts if age < window_s]
        count = len(recent) + 1
        if count > most:
            # The youngest `most` attempts fill the window; the oldest of those makes room when it leaves.
            wait_s = window_s - recent[int(most) - 1][0]
            refused = sum(1 for _, accepted in recent if not accepted)
            return _too_many(count, window_s, most, wait_s, refused)
        used = count / most
        if fullest.used is None or used > fullest.used:
            value = f"{count} in {span(window_s)}"
            fullest = Check(rule="ORDER_RATE", value=value, limit=plain(most), used=used)
    return fullest


def _stands_alone(order: ProposedOrder) -> bool:
    """Whether an order is a decision of its own: neither a modification nor the exit of a bracket."""
    return order.replaces is None and order.attached is None


def _shrinks(order: ProposedOrder, snapshot: Snapshot) -> bool:
    try:
        return reach_of(order, open_quantity(order, snapshot), snapshot).shrinks
    except Unknown:
        return False


def _too_many(
    count: int, window_s: int, most: Decimal, wait_s: float, refused: int
) -> WordedDenial:
    also = f"; {refused} of them were refused, which counts" if refused else ""
    return WordedDenial(
        code="ORDER_RATE",
        facts=(
            ("orders", str(count)),
            ("window", span(window_s)),
            ("max", plain(most)),
            ("retry_s", f"{wait_s:.1f}"),
        ),
        words=f"{count} orders in {span(window_s)}, max={plain(most)}",
        hint=f"retry in {wait_s:.1f}s (not queued{also})",
    )
