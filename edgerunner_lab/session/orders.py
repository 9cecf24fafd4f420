"""The order road from the guard's approval to the wire; the only caller of `placeOrder`.

judge and reserve (one durable transaction) → permit → bytes → verdict.
From the reservation on, nothing that happens to the caller stops it half-way: an interrupted cell leaves the
order either unsent, and recorded so, or sent and followed.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from edgerunner_lab.core import lifecycle
from edgerunner_lab.core.errors import (
    ChangeRefused,
    Denial,
    FirewallBreach,
    LedgerError,
    NotConnected,
    OrderDenied,
    OutcomeUnknown,
)
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import (
    OrderType,
    ProposedOrder,
    TimeInForce,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import HALTING, ApprovedOrder, approve
from edgerunner_lab.guard.snapshot import LedgerFacts
from edgerunner_lab.ledger.reservations import Reservation
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.firewall import PERMIT_SECONDS, PLACE_ORDER, Permit
from edgerunner_lab.session.gateway import Gateway
from edgerunner_lab.session.halting import TradingLatch
from edgerunner_lab.session.judgements import Judgement
from edgerunner_lab.session.records import Records
from edgerunner_lab.session.tracking import Tracker
from edgerunner_lab.session.watchdogs import Watchdogs

_log = logging.getLogger(__name__)
T = TypeVar("T")

VERDICT_SECONDS = 5.0
"""How long a caller waits for the broker's first word; the order is followed for longer."""

VERDICT_SECONDS_HARD = 30.0
"""After so long without a word the outcome is unknown and the broker's records are searched (RISK G22)."""

FILL_SECONDS = 1.5
"""A marketable order usually fills within this; waiting for it shows the fill instead of `acknowledged`."""

JUDGEMENT_SECONDS = 1.0
"""Quote, position and heartbeat of an older decision are not those of now (RISK G16, G18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An order that has left, and what the guard warned of when it let it through."""

    update: OrderUpdate
    warnings: tuple[str, ...]


_HALTED_MEANWHILE = Denial(
    code="TRADING_HALTED",
    facts=(("withdrawn", "halted before the order was sent"),),
    hint='%resume --reason "..." after review',
)


class Orders:
    """Sends and cancels, on the session's loop.

    Attributes:
        last_written_mono: Monotonic seconds at which the newest order frame was given to the socket.
    """

    def __init__(  # noqa: PLR0913  all by keyword; the road meets all of them
        self,
        *,
        ib: BrokerIB,
        gateway: Gateway,
        tracker: Tracker,
        records: Records,
        latch: TradingLatch,
        clock: Callable[[], datetime],
    ) -> None:
        self._ib = ib
        self._gateway = gateway
        self._tracker = tracker
        self._records = records
        self._latch = latch
        self._clock = clock
        self._watchdogs = Watchdogs()
        self.last_written_mono: float | None = None
        self._under_way: set[asyncio.Task[tuple[str, ...]]] = set()

    async def preview(self, judgement: Judgement) -> ApprovedOrder:
        """Return what the guard says; nothing is reserved and nothing is sent.

        Raises:
            OrderDenied: with every failed rule.
        """
        order = judgement.order

        def judge() -> ApprovedOrder:
            facts = self._records.ledger.facts(order.account, order)
            return self._approve(judgement, facts)

        return await self._records.call(judge)

    async def send(self, judgement: Judgement) -> Sent:
        """Judge, reserve durably, send, and return the order as the broker's first words have it.

        Raises:
            OrderDenied: every failed rule; nothing was sent.
            NotConnected: the connection changed meanwhile; nothing was sent.
            OutcomeUnknown: the broker said nothing within 5 s; the order is followed further.
        """
        order = judgement.order
        warnings = await self._without_interrupt(judgement)
        update = await self._tracker.wait_until(
            order.order_ref, _has_verdict, VERDICT_SECONDS
        )
        if order.order_type is OrderType.MARKET or order.tif in (
            TimeInForce.IOC,
            TimeInForce.FOK,
        ):
            update = await self._tracker.wait_until(
                order.order_ref, self._is_settled, FILL_SECONDS
            )
        if not _has_verdict(update):
            raise OutcomeUnknown(
                order.order_ref,
                f"{order.order_ref}: the broker has not answered within {VERDICT_SECONDS:g} s; the order may be working, "
                "do not repeat it: `%orders` shows it as soon as the broker speaks",
            )
        return Sent(update=update, warnings=warnings)

    def place(self, reservation: Reservation, judgement: Judgement) -> None:
        """Give one reserved order to the socket.

        Raises:
            OrderDenied: halted since it was judged; the order is recorded as withdrawn.
            NotConnected: too late, or on another connection; the order is recorded as withdrawn.
            FirewallBreach: ours; the order is recorded as withdrawn.
        """
        order = reservation.approved.order
        self._check_still_holds(reservation, judgement)
        link = judgement.link
        if order.replaces is None:
            order_id = self._ib.client.getReqId()
            self._tracker.begin(order, order_id, link.client_id)
        else:
            order_id = judgement.order_id_of_replaced
            self._tracker.begin_change(order)
        link.firewall.grant(
            Permit(
                order_ref=order.order_ref,
                order_id=order_id,
                head=adapt.order_head(order, order_id),
                expires_mono=judgement.taken_mono + PERMIT_SECONDS,
                generation=link.generation,
                tail={
                    link.extra_positions[name]: value
                    for name, value in adapt.order_extras(order).items()
                },
            )
        )
        contract = adapt.instrument_contract(order.instrument)
        if order.replaces is not None:
            # Past ib_async's own books: what it takes for ended (RISK P1) it would refuse, after the bytes have left.
            self._ib.client.placeOrder(order_id, contract, adapt.to_order(order, order_id))  # pyright: ignore[reportUnknownMemberType]  # ib_async leaves it open
            self._check_change_left(order)
            return
        self._ib.placeOrder(contract, adapt.to_order(order, order_id))
        placed = self._tracker.order(order.order_ref)
        if placed is not None and placed.state is OrderState.WITHDRAWN:
            raise FirewallBreach(PLACE_ORDER, f"{placed.reason}; nothing was sent")
        self._watchdogs.follow(self._watch(order.order_ref))

    async def modify(self, judgement: Judgement) -> Sent:
        """Judge a modification, reserve the worse of old and new durably, send it, and return the order as it then is.

        Raises:
            OrderDenied: every failed rule; nothing was sent, the order works as it was.
            ChangeRefused: the broker's own words; the order works as it was.
            OutcomeUnknown: the broker has not said so within 5 s; both forms count until it does.
        """
        order = judgement.order
        ref = order.order_ref
        warnings = await self._without_interrupt(judgement)
        update = await self._tracker.wait_until(ref, self._is_changed, VERDICT_SECONDS)
        change = self._tracker.change_of(ref)
        if change is not None and change.refused:
            raise ChangeRefused(
                f"{ref}: not changed: {change.refused}; it is {update.state.value} as it was, see %orders"
            )
        if change is not None and update.state.is_open:
            raise OutcomeUnknown(
                ref,
                f"{ref}: the broker has not confirmed the change within {VERDICT_SECONDS:g} s; the order may have its old "
                "or its new terms, `%orders` shows them as soon as the broker speaks",
            )
        return Sent(update=update, warnings=warnings)

    def _is_changed(self, update: OrderUpdate) -> bool:
        change = self._tracker.change_of(update.order_ref)
        return change is None or bool(change.refused) or not update.state.is_open

    def written(self, order_id: int) -> None:
        """Hear that an order's frame was given to the socket."""
        ref = self._ref_of_own(order_id)
        if ref is None:
            return
        self.last_written_mono = asyncio.get_running_loop().time()
        if self._tracker.change_of(ref) is None:
            self._tracker.conclude(ref, lifecycle.Sent())
        else:
            self._tracker.note_change_sent(ref)

    def withheld(self, order_id: int, reason: str) -> None:
        """Hear that an order's frame was stopped before the socket."""
        ref = self._ref_of_own(order_id)
        _log.error("the firewall stopped order id %s: %s", order_id, reason)
        if ref is None:
            return
        if self._tracker.change_of(ref) is None:
            self._tracker.conclude(ref, lifecycle.Withdrawn(reason=reason), reason=reason)
        else:
            # The order itself works at the broker, as it was.
            self._tracker.refuse_change(ref, reason)

    # Inside.

    async def _without_interrupt(self, judgement: Judgement) -> tuple[str, ...]:
        """Reserve and place whatever happens to the caller; return what the guard warned of."""
        abandoned = asyncio.Event()
        carrying = asyncio.create_task(
            self._carry_out(judgement, abandoned), name=f"send {judgement.order.order_ref}"
        )
        self._under_way.add(carrying)
        carrying.add_done_callback(self._carried)
        try:
            # The commit runs on another thread and cannot be taken back: an interrupt may stop the waiting for it,
            # never leave a reservation behind that nobody sends or withdraws.
            return await asyncio.shield(carrying)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    def _check_still_holds(self, reservation: Reservation, judgement: Judgement) -> None:
        """Withdraw an order whose judgement is no longer that of now.

        Raises:
            OrderDenied, NotConnected: why; nothing was sent.
        """
        if self._latch.is_halted:
            self._withdraw_unsent(reservation, "halted before the order was sent")
            raise OrderDenied([_HALTED_MEANWHILE])
        age = asyncio.get_running_loop().time() - judgement.taken_mono
        if age > JUDGEMENT_SECONDS:
            reason = "the decision was older than a second before the order was sent"
            self._withdraw_unsent(reservation, reason)
            raise NotConnected(f"{reason}; nothing was sent, try again")
        if self._gateway.link is not judgement.link or judgement.link.missing:
            self._withdraw_unsent(
                reservation, "the connection changed before the order was sent"
            )
            raise NotConnected(
                "the connection changed before the order was sent; nothing was sent, try again"
            )

    def _check_change_left(self, order: ProposedOrder) -> None:
        """Say so where the firewall has stopped a modification.

        Raises:
            FirewallBreach: ours; nothing was sent.
        """
        change = self._tracker.change_of(order.order_ref)
        if change is not None and change.refused:
            raise FirewallBreach(PLACE_ORDER, f"{change.refused}; nothing was sent")

    async def _carry_out(
        self, judgement: Judgement, abandoned: asyncio.Event
    ) -> tuple[str, ...]:
        """Reserve and place; return what the guard warned of."""
        reservation = await self._reserve(judgement)
        if abandoned.is_set():
            self._withdraw_unsent(reservation, "interrupted before the order was sent")
        else:
            self.place(reservation, judgement)
        return reservation.approved.warnings

    def _carried(self, carrying: "asyncio.Task[tuple[str, ...]]") -> None:
        self._under_way.discard(carrying)
        if not carrying.cancelled() and (error := carrying.exception()) is not None:
            _log.info("an order was not sent: %s", error)

    async def _reserve(self, judgement: Judgement) -> Reservation:
        ledger = self._records.ledger

        def reserve() -> Reservation:
            return ledger.reserve(
                judgement.order, lambda facts: self._approve(judgement, facts)
            )

        try:
            return await self._records.call(reserve)
        except OrderDenied as denied:
            if any(denial.code in HALTING for denial in denied.denials):
                await self._latch.read()
            raise
        except LedgerError as error:
            # Without a durable record nothing is sent; the guard words the denial (AUDIT_UNAVAILABLE).
            unusable = replace(judgement.snapshot, ledger=None, ledger_error=str(error))
            approve(judgement.order, unusable, judgement.limits, self._clock())
            raise

    def _approve(self, judgement: Judgement, facts: LedgerFacts) -> ApprovedOrder:
        snapshot = replace(judgement.snapshot, ledger=facts)
        return approve(judgement.order, snapshot, judgement.limits, self._clock())

    def _withdraw_unsent(self, reservation: Reservation, reason: str) -> None:
        order = reservation.approved.order
        if order.replaces is not None:
            self._tracker.begin_change(order)
            self._tracker.refuse_change(order.replaces, reason)
            return
        self._tracker.begin(order, 0, 0)
        self._tracker.conclude(
            order.order_ref, lifecycle.Withdrawn(reason=reason), reason=reason
        )

    def _ref_of_own(self, order_id: int) -> str | None:
        link = self._gateway.link
        return self._tracker.ref_of(link.client_id, order_id) if link is not None else None

    def _is_settled(self, update: OrderUpdate) -> bool:
        """Whether an order is over and every fill of it has its commission."""
        if update.state.is_open:
            return False
        return all(
            fill.commission is not None
            for fill in self._tracker.filled_of(update.order_ref)
        )

    async def _watch(self, ref: str) -> None:
        update = await self._tracker.wait_until(ref, _has_verdict, VERDICT_SECONDS_HARD)
        if update.state is OrderState.SENT:
            reason = f"no word from the broker within {VERDICT_SECONDS_HARD:g} s"
            self._tracker.doubt(ref, reason)


def _has_verdict(update: OrderUpdate) -> bool:
    return update.state not in (OrderState.RESERVED, OrderState.SENT)
