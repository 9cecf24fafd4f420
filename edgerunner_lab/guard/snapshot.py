"""Everything a decision may look at, frozen at one moment."""

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.facts import AccountSnapshot, OrderUpdate, Quote
from edgerunner_lab.core.intents import Side


class LatchState(enum.StrEnum):
    """Whether new orders are let through; set durably, shared by all kernels of a user."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """The latch as the ledger has it.

    Attributes:
        by: Who or what set it, e.g. "user" or "daily_loss".
        at: When, aware UTC; None for a latch that was never touched.
    """

    state: LatchState
    by: str
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """What may still move the position: any client's open order, a reservation, or a fill not yet booked.

    Attributes:
        order_ref: Ours, or `perm:` and the broker's permId for an order placed elsewhere.
        remaining: Shares or contracts that may still fill; positive or zero.
        resting_price: Limit price of an order that lies in the book; None for market orders and for orders that
            wait for their trigger.
        parent_ref: Reference of the entry that must fill before this exit works; empty for any other order.
        unit_value: What one share or contract of it is worth at worst, in the account's currency; None unknown.
        is_fill: It has filled and the position does not show it yet: no order any more, but it moves the position.
    """

    order_ref: str
    con_id: int
    side: Side
    remaining: Decimal
    resting_price: Decimal | None = None
    parent_ref: str = ""
    unit_value: Decimal | None = None
    is_fill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the account holds in one instrument, and what it is worth (R16).

    Attributes:
        position: Signed.
        unit_value: Of one share or contract, in the account's currency; None unknown.
        short_unit_value: The same for a short position, where that is another: an option's underlying.
    """

    con_id: int
    symbol: str
    position: Decimal
    unit_value: Decimal | None
    short_unit_value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """An order that has closed something (R29).

    Attributes:
        at: When it was filled last, aware UTC.
        realized_pnl: Profit or loss of its fills together, in the contract's currency.
    """

    con_id: int
    at: datetime
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a new order or a modification, denied ones included (R20)."""

    at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """An earlier order with the fingerprint of the one being judged (R18)."""

    order_ref: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """An order of which nobody knows what became (R32).

    Attributes:
        at: Since when, aware UTC.
    """

    order_ref: str
    con_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What the ledger knows, read in the transaction that would reserve the order.

    Attributes:
        working: Of this account, all instruments, other kernels' orders and reservations included.
        attempts: New and modify attempts of at least the last 24 hours, in any order, without the present one.
        repeats: Same fingerprint as the order being judged.
        reruns: Sent by the same cell on the same trading day: the same line or the same fingerprint (R19).
        burst: When orders of the same source, instrument and side were sent, of at least the last minute (R22).
        unresolved: Orders of this account whose outcome is unknown, all instruments.
        round_trips: What has closed something in the last 24 hours, oldest first.
        messages: New orders, modifications and cancels of the last 24 hours.
        filled_orders: How many of those orders have filled at least in part.
    """

    latch: Latch
    working: tuple[WorkingOrder, ...]
    attempts: tuple[Attempt, ...]
    repeats: tuple[PastOrder, ...]
    reruns: tuple[PastOrder, ...]
    burst: tuple[datetime, ...]
    unresolved: tuple[Unresolved, ...]
    round_trips: tuple[RoundTrip, ...] = ()
    messages: int = 0
    filled_orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """The connection at the moment of the decision.

    Attributes:
        missing: Parts of the first synchronisation that are not complete, e.g. "open_orders"; empty means ready.
        not_ready_since_s: Seconds for which something has been missing.
        heartbeat_age_s: Seconds since the broker last gave a sign of life; None before the first.
        loop_lag_s: How late the session's loop runs; None before it was measured.
        bound_account: The one account this session trades on, in full.
        managed_accounts: What the broker announced on this very connection.
        is_armed: Whether a live account was armed from a terminal; means nothing in other modes.
        environment: What speaks against trading from this process, e.g. "colab" or "root"; see `session.environment`.
        clock_skew_s: Our wall clock less the broker's; None before it was compared.
    """

    missing: tuple[str, ...]
    not_ready_since_s: float
    heartbeat_age_s: float | None
    loop_lag_s: float | None
    mode: Mode
    bound_account: str
    managed_accounts: tuple[str, ...]
    port: int
    is_armed: bool
    environment: tuple[str, ...] = ()
    clock_skew_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a decision may look at.

    Attributes:
        ledger: None while the ledger is unusable; `ledger_error` then says why.
        quote: Of the order's instrument; None before anything came in.
        position: Signed, in the order's instrument; None while unknown, which denies.
        broker_working: The broker's own list of open orders, every client's.
        fx_rate: Account currency for one unit of the contract's currency; 1 where they are equal, None unknown.
        open_order: The working order that is being modified; None for a new order.
        holdings: What the account holds, all instruments.
        now_mono: Monotonic seconds, on the clock of `quote.received_mono`.
    """

    session: SessionFacts
    ledger: LedgerFacts | None
    ledger_error: str
    quote: Quote | None
    position: Decimal | None
    broker_working: tuple[WorkingOrder, ...]
    account: AccountSnapshot | None
    fx_rate: Decimal | None
    open_order: OrderUpdate | None
    now_mono: float
    holdings: tuple[Holding, ...] = ()


def resting_price(update: OrderUpdate) -> Decimal | None:
    """Return where an open order lies in the book; None while it has no price or waits for its trigger."""
    return None if update.stop_price is not None else update.limit_price


def working_at_worst(
    broker: Iterable[WorkingOrder], ledger: Iterable[WorkingOrder]
) -> dict[tuple[str, Side], Decimal]:
    """Join what the broker and the ledger have working in one instrument: (order_ref, side) -> what it may still trade.

    An order between its reservation and the broker's list is in the ledger alone, one of another client in the
    broker's list alone, and one that is filling may have two remainders; the larger one is the safe one.
    Exits that wait for an entry of ours count only beyond what of it is still open, and of the exits of one entry
    only the largest does: the broker cancels the others with it.
    """
    at_broker, in_ledger = tuple(broker), tuple(ledger)
    whole = _larger(_remaining(at_broker), _remaining(in_ledger))
    entries = {
        each.order_ref: each.parent_ref
        for each in (*at_broker, *in_ledger)
        if each.parent_ref
    }
    still_open = _smaller(_open(at_broker), _open(in_ledger))
    seen = {each.order_ref for each in at_broker}
    counted: dict[tuple[str, Side], Decimal] = {}
    largest: dict[tuple[str, Side], tuple[str, Side]] = {}
    for key, remaining in whole.items():
        ref, side = key
        if ref not in entries:
            counted[key] = remaining
            continue
        # Where the broker lists an exit and no longer its entry, that has filled, whatever the ledger still says.
        waits = ref not in seen or entries[ref] in seen
        held_back = still_open.get(entries[ref], Decimal(0)) if waits else Decimal(0)
        free = max(remaining - held_back, Decimal(0))
        group = entries[ref], side
        other = largest.setdefault(group, key)
        if other != key and counted[other] < free:
            counted[other] = Decimal(0)
            largest[group] = key
        counted[key] = free if largest[group] == key else Decimal(0)
    return counted


def _open(working: Iterable[WorkingOrder]) -> dict[str, Decimal]:
    """Return what of each order is not filled; what has filled and is not booked is no order any more."""
    return {each.order_ref: each.remaining for each in working if not each.is_fill}


def _smaller(
    at_broker: dict[str, Decimal], in_ledger: dict[str, Decimal]
) -> dict[str, Decimal]:
    """Return what is open of our orders at least: only the ledger knows of every one of ours when it has filled."""
    return {ref: min(left, at_broker.get(ref, left)) for ref, left in in_ledger.items()}


def _larger(
    one: dict[tuple[str, Side], Decimal], other: dict[tuple[str, Side], Decimal]
) -> dict[tuple[str, Side], Decimal]:
    return {
        key: max(one.get(key, Decimal(0)), other.get(key, Decimal(0)))
        for key in one.keys() | other.keys()
    }


def _remaining(working: Iterable[WorkingOrder]) -> dict[tuple[str, Side], Decimal]:
    total: dict[tuple[str, Side], Decimal] = defaultdict(Decimal)
    for order in working:
        # Summed, not replaced: the legs of a foreign bracket may carry one reference.
        total[order.order_ref, order.side] += order.remaining
    return total
