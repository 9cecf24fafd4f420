"""What became of each order, from the broker's raw messages through `core.lifecycle`; ib_async's opinion is not asked."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ib_async import Contract, Execution, Order
from ib_async import OrderState as IbOrderState
from ib_async.objects import CommissionReport

from edgerunner_lab.core import lifecycle
from edgerunner_lab.core.codes import Effect, classify
from edgerunner_lab.core.facts import Fill, OrderUpdate
from edgerunner_lab.core.intents import OrderType, ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.order_rows import terms_at_worst
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import RawStatus
from edgerunner_lab.session.executions import Executions, stem_of, version_of
from edgerunner_lab.session.told_orders import retold, stranger

_log = logging.getLogger(__name__)

OUR_PREFIX = "ELB:"
"""Every order of ours carries it in orderRef, with a ULID behind it; what lacks it was placed elsewhere."""

_ENDED_STATUSES = frozenset({"Filled", "Cancelled", "ApiCancelled"})

_WORKED = (OrderState.WORKING, OrderState.PARTIAL, OrderState.PENDING_CANCEL)

Journal = Callable[[OrderUpdate, str, Mapping[str, str]], None]
"""Told of every change of one of our orders: the order, what kind of evidence, its facts."""


@dataclass(slots=True)
class Change:
    """A modification that is on its way: until the broker has spoken, the order may have either form.

    Attributes:
        asked: The order as it is to be.
        refused: Why it has not been changed; empty while that is open.
    """

    asked: ProposedOrder
    refused: str = ""

    def is_in(self, update: OrderUpdate) -> bool:
        """Whether the broker tells the order as it is to be."""
        return terms_of(update) == (
            self.asked.quantity,
            self.asked.limit_price,
            self.asked.stop_price,
        )


def terms_of(update: OrderUpdate) -> tuple[Decimal, Decimal | None, Decimal | None]:
    """Return what a modification may change."""
    return update.quantity, update.limit_price, update.stop_price


@dataclass(slots=True)
class Tracked:
    """One order and what its executions add up to.

    Attributes:
        change: The modification that is on its way, or the last one that was refused.
    """

    update: OrderUpdate
    executed_by_stem: dict[str, tuple[int, Fill]] = field(
        default_factory=dict[str, tuple[int, Fill]]
    )
    status_filled: Decimal = Decimal(0)
    waiters: list[asyncio.Future[None]] = field(
        default_factory=list["asyncio.Future[None]"]
    )
    is_foreign: bool = False
    has_worked: bool = False
    outside_rth: bool = False
    change: Change | None = None

    @property
    def executed(self) -> Decimal:
        """Quantity over all executions, each stem once, corrections in place of what they correct."""
        return sum(
            (fill.quantity for _, fill in self.executed_by_stem.values()), Decimal(0)
        )


class Tracker:
    """All orders this session has heard of, on the session's loop."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        journal: Journal,
        on_fill: Callable[[Fill], None],
        on_doubt: Callable[[str], None],
        name_of: Callable[[Contract], str],
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._on_fill = on_fill
        self._on_doubt = on_doubt
        self._name_of = name_of
        self._by_ref: dict[str, Tracked] = {}
        self._ref_by_key: dict[tuple[int, int], str] = {}
        self._ref_by_perm: dict[int, str] = {}
        self._executions = Executions()
        self.client_id = -1
        self.seen_open: set[str] | None = None

    # What is known.

    @property
    def orders(self) -> list[OrderUpdate]:
        """Every order, oldest first."""
        return [tracked.update for tracked in self._by_ref.values()]

    @property
    def open_orders(self) -> list[OrderUpdate]:
        """Every order that may still trade, other clients' included."""
        return [update for update in self.orders if update.state.is_open]

    @property
    def fills(self) -> list[Fill]:
        """Every execution once, by time."""
        return self._executions.by_time

    def order(self, ref: str) -> OrderUpdate | None:
        """Return an order by its reference, or None."""
        tracked = self._by_ref.get(ref)
        return tracked.update if tracked is not None else None

    def ref_of(self, client_id: int, order_id: int) -> str | None:
        """Return the reference of an order by the ids under which it was placed, or None."""
        return self._ref_by_key.get((client_id, order_id))

    # What we do ourselves.

    def begin(self, order: ProposedOrder, order_id: int, client_id: int) -> None:
        """Know an order before its bytes leave, so that no answer can come for a stranger."""
        update = OrderUpdate(
            order_ref=order.order_ref,
            name=order.intent.ref or "",
            order_id=order_id,
            perm_id=0,
            client_id=client_id,
            account=order.account,
            con_id=order.instrument.con_id,
            symbol=str(order.instrument),
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
            tif=order.tif,
            state=OrderState.RESERVED,
            filled=Decimal(0),
            average_price=None,
            reason="",
            updated_at=self._clock(),
            parent_ref=order.attached.parent_ref if order.attached is not None else "",
        )
        self.adopt(update)

    def begin_change(self, order: ProposedOrder) -> None:
        """Know a modification before its bytes leave."""
        assert order.replaces is not None, "a new order is begun"
        self._by_ref[order.replaces].change = Change(asked=order)

    def change_of(self, ref: str) -> Change | None:
        """Return the modification of an order that is on its way, or was refused; None for none, or one that is done."""
        tracked = self._by_ref.get(ref)
        return tracked.change if tracked is not None else None

    def note_change_sent(self, ref: str) -> None:
        """Write down that a modification was given to the socket."""
        self._journal(self._at_worst(self._by_ref[ref]), "ModifySent", {})

    def refuse_change(self, ref: str, reason: str) -> None:
        """Conclude that an order was not modified: it is as the broker last told it."""
        tracked = self._by_ref[ref]
        assert tracked.change is not None, "there is a change to refuse"
        tracked.change.refused = reason
        self._journal(tracked.update, "ModifyRefused", {"reason": reason})
        _wake(tracked)

    def is_outside_rth(self, ref: str) -> bool:
        """Return whether an order also works outside regular trading hours."""
        return self._by_ref[ref].outside_rth

    def adopt(self, update: OrderUpdate, *, is_foreign: bool = False) -> Tracked:
        """Take an order in, from the ledger or from the broker."""
        tracked = Tracked(update=update, status_filled=update.filled, is_foreign=is_foreign)
        self._by_ref[update.order_ref] = tracked
        self._index(update)
        for fill in self._executions.of_order(update.order_ref):
            self._count(fill, fill.perm_id)
        return tracked

    def conclude(
        self, ref: str, evidence: lifecycle.Evidence, reason: str = ""
    ) -> OrderUpdate:
        """Apply evidence that we have ourselves (sent, withdrawn, doubted, absent …)."""
        tracked = self._by_ref[ref]
        self._apply(tracked, evidence, reason=reason)
        return tracked.update

    async def wait_until(
        self, ref: str, is_enough: Callable[[OrderUpdate], bool], wait_s: float
    ) -> OrderUpdate:
        """Wait until an order satisfies `is_enough`, at most `wait_s`; return it as it then stands."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        tracked = self._by_ref[ref]
        while not is_enough(tracked.update) and (left := deadline - loop.time()) > 0:
            change = loop.create_future()
            tracked.waiters.append(change)
            await asyncio.wait({change}, timeout=left)
        return tracked.update

    def doubt(self, ref: str, reason: str) -> None:
        """Make an outcome unknown and have the broker's records searched."""
        self.conclude(ref, lifecycle.Doubt(reason=reason), reason=reason)

    def doubt_all_in_flight(self, reason: str) -> None:
        """The line broke: what was sent and not acknowledged may or may not have arrived."""
        for tracked in list(self._by_ref.values()):
            in_flight = (OrderState.SENT, OrderState.RESERVED, OrderState.PENDING_CANCEL)
            if not tracked.is_foreign and tracked.update.state in in_flight:
                self._apply(tracked, lifecycle.Doubt(reason=reason), reason=reason)

    def own(self, known: Iterable[OrderUpdate]) -> None:
        """Take the ledger's open orders in; what the broker has already said of them stays."""
        for update in known:
            tracked = self._by_ref.get(update.order_ref)
            if tracked is None:
                self.adopt(update)
                continue
            tracked.is_foreign = False
            tracked.update = replace(
                tracked.update, name=update.name, parent_ref=update.parent_ref
            )
            self._journal(tracked.update, "Recovered", {})

    def leave(self) -> None:
        """Another account or gateway is connected to: what is known of the last one says nothing about it.

        The ledger keeps it; going back there brings it up again.
        """
        self._by_ref.clear()
        self._ref_by_key.clear()
        self._ref_by_perm.clear()
        self._executions.clear()

    def withdraw_queued(self, ref: str, reason: str) -> None:
        """Conclude that an order's frame was taken out of the queue before the socket."""
        self.conclude(ref, lifecycle.Withdrawn(reason=reason), reason=reason)

    def forget_foreign(self, open_refs: Iterable[str]) -> None:
        """Drop other people's orders that a complete snapshot of open orders no longer has."""
        kept = set(open_refs)
        for ref, tracked in list(self._by_ref.items()):
            if tracked.is_foreign and tracked.update.state.is_open and ref not in kept:
                del self._by_ref[ref]

    # What the broker says.

    def open_order(self, contract: Contract, order: Order, state: IbOrderState) -> None:
        """Hear that an order is, or was just, open."""
        tracked = self._known_or_new(contract, order, state.status)
        if self.seen_open is not None:
            self.seen_open.add(tracked.update.order_ref)
        before = terms_of(tracked.update)
        tracked.update = retold(tracked.update, order)
        tracked.outside_rth = order.outsideRth
        self._index(tracked.update)
        self._note_terms(tracked, before)
        self._apply(
            tracked,
            lifecycle.OpenReported(status=state.status),
            reason=state.warningText or "",
        )

    def completed_order(
        self, contract: Contract, order: Order, state: IbOrderState
    ) -> None:
        """Hear that an order has ended."""
        tracked = self._known_or_new(contract, order, state.status)
        filled = adapt.decimal(order.filledQuantity) or Decimal(0)
        tracked.status_filled = max(tracked.status_filled, filled)
        remaining = max(tracked.update.quantity - filled, Decimal(0))
        # A completed order has ended whatever its status is called; `Inactive` alone would leave it open.
        ended = state.status if state.status in _ENDED_STATUSES else "Cancelled"
        evidence = lifecycle.StatusReported(
            status=ended, filled=filled, remaining=remaining
        )
        self._apply(tracked, evidence, reason=state.completedStatus or "")

    def order_status(self, status: RawStatus) -> None:
        """Hear an order's status; one for an order that nobody introduced is asked about."""
        ref = (
            self._ref_by_key.get((status.client_id, status.order_id))
            if status.order_id > 0
            else None
        )
        ref = ref or self._ref_by_perm.get(status.perm_id)
        tracked = self._by_ref.get(ref) if ref is not None else None
        if tracked is None:
            _log.info(
                "a status came for order %s of client %s, which is not known yet",
                status.order_id,
                status.client_id,
            )
            return
        if status.perm_id:
            tracked.update = replace(tracked.update, perm_id=status.perm_id)
            self._index(tracked.update)
        filled = adapt.decimal(status.filled) or Decimal(0)
        tracked.status_filled = max(tracked.status_filled, filled)
        average = adapt.price(status.average_price)
        if average is not None and not tracked.executed_by_stem:
            tracked.update = replace(tracked.update, average_price=average)
        evidence = lifecycle.StatusReported(
            status=status.status,
            filled=filled,
            remaining=adapt.decimal(status.remaining) or Decimal(0),
        )
        self._apply(
            tracked, evidence, reason=f"held: {status.why_held}" if status.why_held else ""
        )

    def execution(self, contract: Contract, execution: Execution) -> None:
        """Hear an execution, possibly again or corrected; each stem counts once."""
        fill = adapt.to_fill(contract, execution, self._name_of(contract))
        known, is_news = self._executions.hear(fill)
        if is_news:
            self._on_fill(known)
        # One that was heard before its order was known is counted now, once.
        self._count(known, execution.permId)

    def _count(self, fill: Fill, perm_id: int) -> None:
        """Let an execution count for its order; each stem once, a correction in place of what it corrects."""
        in_refs = fill.order_ref in self._by_ref
        ref = fill.order_ref if in_refs else self._ref_by_perm.get(perm_id)
        tracked = self._by_ref.get(ref) if ref is not None else None
        stem, version = stem_of(fill), version_of(fill)
        if tracked is None or tracked.executed_by_stem.get(stem, (-1, fill))[0] >= version:
            return
        tracked.executed_by_stem[stem] = (version, fill)
        executed = tracked.executed
        value = sum(
            (one.quantity * one.price for _, one in tracked.executed_by_stem.values()),
            Decimal(0),
        )
        tracked.update = replace(
            tracked.update,
            # A busted trade leaves nothing to have an average.
            average_price=value / executed if executed else None,
            perm_id=perm_id or tracked.update.perm_id,
        )
        evidence = lifecycle.Executed(
            cumulative=max(executed, tracked.status_filled),
            quantity=tracked.update.quantity,
        )
        self._apply(tracked, evidence, reason="")

    def commission(self, report: CommissionReport) -> None:
        """Hear what an execution cost."""
        fill = self._executions.charge(report)
        if fill is None:
            return
        self._on_fill(fill)
        stem = stem_of(fill)
        for tracked in self._by_ref.values():
            if stem in tracked.executed_by_stem:
                tracked.executed_by_stem[stem] = (version_of(fill), fill)
                _wake(tracked)

    def order_error(self, order_id: int, code: int, text: str) -> bool:
        """Hear a message code about one of this client's orders; return whether it was about one."""
        ref = self._ref_by_key.get((self.client_id, order_id))
        tracked = self._by_ref.get(ref) if ref is not None else None
        if tracked is None or ref is None:
            return False
        reason = f"code {code}: {text}"
        effect = classify(
            code, has_order=True, is_working=tracked.has_worked, text=text
        ).effect
        if effect is Effect.CANCELLED:
            self._apply(tracked, lifecycle.CancelConfirmed(), reason=reason)
        elif self._is_changing(tracked) and effect not in (Effect.LIVE, Effect.NONE):
            # Whatever it says of a new order, of a change it says that there is none; whether the order itself is
            # still there, the broker is asked.
            self.refuse_change(ref, reason)
            if effect is not Effect.MODIFY_VERDICT:
                self._apply(tracked, lifecycle.Doubt(reason=reason), reason=reason)
        elif effect is Effect.REJECTED:
            evidence = lifecycle.Rejected(code=code, was_working=tracked.has_worked)
            self._apply(tracked, evidence, reason=reason)
        elif effect in (Effect.LIVE, Effect.MODIFY_VERDICT, Effect.NONE):
            self._apply(tracked, lifecycle.Noticed(code=code), reason=reason)
        else:
            # Rejected probably, a verdict on a cancel, or unknown: ask the broker, believe nothing till then.
            self._apply(tracked, lifecycle.Doubt(reason=reason), reason=reason)
        return True

    def filled_of(self, ref: str) -> list[Fill]:
        """Return the executions of one order."""
        tracked = self._by_ref.get(ref)
        return (
            [fill for _, fill in tracked.executed_by_stem.values()]
            if tracked is not None
            else []
        )

    # Inside.

    @staticmethod
    def _is_changing(tracked: Tracked) -> bool:
        return tracked.change is not None and not tracked.change.refused

    def _apply(
        self, tracked: Tracked, evidence: lifecycle.Evidence, *, reason: str
    ) -> None:
        before = tracked.update
        filled = max(tracked.executed, tracked.status_filled)
        state = lifecycle.next_state(before.state, evidence)
        tracked.update = replace(
            before,
            state=state,
            filled=filled,
            reason=reason or before.reason,
            updated_at=self._clock(),
        )
        is_news = (state, filled, tracked.update.perm_id, reason) != (
            before.state, before.filled, before.perm_id, before.reason if reason else ""
        )  # fmt: skip
        if is_news and not tracked.is_foreign:
            facts = {"evidence": repr(evidence), "reason": reason}
            self._journal(self._at_worst(tracked), type(evidence).__name__, facts)
        tracked.has_worked = tracked.has_worked or state in _WORKED
        if state is OrderState.UNKNOWN and before.state is not OrderState.UNKNOWN:
            self._on_doubt(before.order_ref)
        _wake(tracked)

    def _note_terms(
        self, tracked: Tracked, before: tuple[Decimal, Decimal | None, Decimal | None]
    ) -> None:
        """Write down that an order has other terms than before, whoever changed them."""
        is_done = (
            tracked.change is not None
            and not tracked.change.refused
            and tracked.change.is_in(tracked.update)
        )
        if is_done:
            tracked.change = None
        follows = tracked.update.order_type is OrderType.TRAIL
        # The trigger of a trailing stop moves with the market, every second perhaps; that is no news for the journal.
        is_changed = (
            terms_of(tracked.update)[: 2 if follows else 3] != before[: 2 if follows else 3]
        )
        if (is_done or is_changed) and not tracked.is_foreign:
            self._journal(self._at_worst(tracked), "Modified", {})

    @staticmethod
    def _at_worst(tracked: Tracked) -> OrderUpdate:
        """Return an order for the ledger: with a modification on its way, in the form that may do more."""
        if tracked.change is None or tracked.change.refused:
            return tracked.update
        terms = terms_at_worst(tracked.update, tracked.change.asked)
        return replace(
            tracked.update,
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            stop_price=terms.stop_price,
        )

    def _known_or_new(self, contract: Contract, order: Order, status: str) -> Tracked:
        ref = self._ref_of_order(order)
        tracked = self._by_ref.get(ref)
        if tracked is not None:
            return tracked
        update = stranger(
            contract,
            order,
            ref=ref,
            symbol=self._name_of(contract),
            status=status,
            now=self._clock(),
        )
        return self.adopt(update, is_foreign=True)

    def _ref_of_order(self, order: Order) -> str:
        if order.orderRef.startswith(OUR_PREFIX):
            return order.orderRef
        known = self._ref_by_perm.get(order.permId)
        return known or f"perm:{order.permId}"

    def _index(self, update: OrderUpdate) -> None:
        if update.order_id > 0:
            self._ref_by_key[(update.client_id, update.order_id)] = update.order_ref
        if update.perm_id > 0:
            self._ref_by_perm[update.perm_id] = update.order_ref


def _wake(tracked: Tracked) -> None:
    waiters, tracked.waiters = tracked.waiters, []
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
