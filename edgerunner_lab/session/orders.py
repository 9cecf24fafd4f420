"""The order road from the guard's approval to the wire; the only caller of `placeOrder`.

judge and reserve (one durable transaction) → permit → bytes → verdict.
From the reservation on, nothing that happens to the caller stops it half-way: an interrupted cell leaves the
order either unsent, and recorded so, or sent and followed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
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
from edgerunner_lab.session.brackets import Brackets
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.cancels import Cancels
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


_Watching = asyncio.Task[dict[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Orders that have left together.

    Attributes:
        warnings: What the guard warned of, order by order.
        watching: Looks after their brackets; order_ref -> what to say of it.
    """

    warnings: tuple[tuple[str, ...], ...]
    watching: _Watching


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
        cancels: Cancels,
        clock: Callable[[], datetime],
    ) -> None:
        self._ib = ib
        self._cancels = cancels
        self._brackets = Brackets(tracker, cancels)
        self._gateway = gateway
        self._tracker = tracker
        self._records = records
        self._latch = latch
        self._clock = clock
        self._watchdogs = Watchdogs()
        self.last_written_mono: float | None = None
        self._watching: set[_Watching] = set()
        self._under_way: set[asyncio.Task[_Placed]] = set()

    async def preview(
        self, judgements: Sequence[Judgement]
    ) -> list[ApprovedOrder | OrderDenied | None]:
        """Return what the guard says of each order, with those before it; nothing is reserved and nothing is sent.

        None for the exit of an entry that is denied.
        """
        ledger = self._records.ledger
        orders = [judgement.order for judgement in judgements]
        judge = self._judge_of(judgements)
        try:
            return await self._records.call(lambda: ledger.look(orders, judge))
        except LedgerError as error:
            return [self._denied_without_ledger(each, error) for each in judgements]

    async def send(self, judgement: Judgement) -> Sent:
        """Judge, reserve durably, send, and return the order as the broker's first words have it.

        Raises:
            OrderDenied: every failed rule; nothing was sent.
            NotConnected: the connection changed meanwhile; nothing was sent.
            OutcomeUnknown: the broker said nothing within 5 s; the order is followed further.
        """
        return (await self.send_together([judgement]))[0]

    async def send_together(self, judgements: Sequence[Judgement]) -> list[Sent]:
        """Judge several orders, reserve all of them or none, send them, and return each as `send` does.

        The exits of a bracket come behind their entry; the broker lets it go with the last of them.

        Raises:
            TogetherDenied: one or more; nothing was sent. The rest as `send`.
        """
        placed = await self._without_interrupt(judgements)
        notes = await asyncio.shield(placed.watching)
        updates = await asyncio.gather(*(self._verdict(each.order) for each in judgements))
        silent = [each.order_ref for each in updates if not _has_verdict(each)]
        if silent:
            raise OutcomeUnknown(
                silent[0],
                f"{', '.join(silent)}: the broker has not answered within {VERDICT_SECONDS:g} s; the order may be "
                "working, do not repeat it: `%orders` shows it as soon as the broker speaks",
            )
        return [
            Sent(
                # What became of its bracket may have changed it since.
                update=self._tracker.order(update.order_ref) or update,
                warnings=(*notes.get(update.order_ref, ()), *warned),
            )
            for update, warned in zip(updates, placed.warnings, strict=True)
        ]

    async def _verdict(self, order: ProposedOrder) -> OrderUpdate:
        """Wait for the broker's first word, and where an order fills at once for the fill."""
        ref = order.order_ref
        update = await self._first_word(ref)
        fills_at_once = order.order_type is OrderType.MARKET or order.tif in (
            TimeInForce.IOC,
            TimeInForce.FOK,
        )
        if fills_at_once:
            update = await self._tracker.wait_until(ref, self._is_settled, FILL_SECONDS)
        return update

    async def _first_word(self, ref: str) -> OrderUpdate:
        return await self._tracker.wait_until(ref, _has_verdict, VERDICT_SECONDS)

    def _place_all(
        self, reservations: Sequence[Reservation], judgements: Sequence[Judgement]
    ) -> None:
        """Give reserved orders to the socket, without a pause between them.

        Raises:
            OrderDenied: halted since they were judged, or the line is too busy to take all of them at once; all of them
                are recorded as withdrawn.
            NotConnected: too late, or on another connection; all of them are recorded as withdrawn.
            FirewallBreach: ours; that order and those behind it are recorded as withdrawn.
        """
        pairs = list(zip(reservations, judgements, strict=True))
        for judgement in judgements:
            why = self._reason_not_to_send(judgement) or self._reason_not_together(
                len(pairs)
            )
            if why is not None:
                for each in reservations:
                    self._withdraw_unsent(each, why[0])
                raise why[1]
        waiting = {
            each.order.attached.parent_ref for each in judgements if each.order.attached
        }
        for number, (reservation, judgement) in enumerate(pairs):
            behind = reservations[number + 1 :]
            bracket = _bracket_of(reservation)
            is_last = not any(_bracket_of(each) == bracket for each in behind)
            try:
                self._place(reservation, judgement, is_last=is_last)
            except FirewallBreach:
                for each in behind:
                    self._withdraw_unsent(each, "an order that it goes with was stopped")
                if bracket in waiting:
                    self._take_back_entry(bracket)
                raise

    def _take_back_entry(self, ref: str) -> None:
        """Cancel an entry whose bracket has not left whole; the broker holds it, and would for ever."""
        entry = self._tracker.order(ref)
        if entry is not None and entry.state.is_open:
            self._cancels.begin(entry)

    def _place(
        self, reservation: Reservation, judgement: Judgement, *, is_last: bool
    ) -> None:
        """Give one reserved order to the socket.

        Raises:
            FirewallBreach: ours; the order is recorded as withdrawn.
        """
        order = reservation.approved.order
        link = judgement.link
        if order.replaces is None:
            order_id = self._ib.client.getReqId()
            self._tracker.begin(order, order_id, link.client_id)
        else:
            order_id = judgement.order_id_of_replaced
            self._tracker.begin_change(order)
        place = adapt.Place(
            order_id=order_id, parent_id=self._parent_id(order), is_last=is_last
        )
        link.firewall.grant(
            Permit(
                order_ref=order.order_ref,
                order_id=order_id,
                head=adapt.order_head(order, place),
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
            self._ib.client.placeOrder(order_id, contract, adapt.to_order(order, place))  # pyright: ignore[reportUnknownMemberType]  # ib_async leaves it open
            self._check_change_left(order)
            return
        self._ib.placeOrder(contract, adapt.to_order(order, place))
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
        (warnings,) = (await self._without_interrupt([judgement])).warnings
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

    async def _without_interrupt(self, judgements: Sequence[Judgement]) -> _Placed:
        """Reserve and place whatever happens to the caller."""
        abandoned = asyncio.Event()
        carrying = asyncio.create_task(
            self._carry_out(judgements, abandoned),
            name=f"send {judgements[0].order.order_ref}",
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

    def _reason_not_to_send(
        self, judgement: Judgement
    ) -> tuple[str, OrderDenied | NotConnected] | None:
        """Return why a judgement is no longer that of now, for the journal and for the user; None while it is."""
        if self._latch.is_halted:
            return "halted before the order was sent", OrderDenied([_HALTED_MEANWHILE])
        reason = ""
        age = asyncio.get_running_loop().time() - judgement.taken_mono
        if age > JUDGEMENT_SECONDS:
            reason = "the decision was older than a second before the order was sent"
        elif self._gateway.link is not judgement.link or judgement.link.missing:
            reason = "the connection changed before the order was sent"
        if not reason:
            return None
        return reason, NotConnected(f"{reason}; nothing was sent, try again")

    def _check_change_left(self, order: ProposedOrder) -> None:
        """Say so where the firewall has stopped a modification.

        Raises:
            FirewallBreach: ours; nothing was sent.
        """
        change = self._tracker.change_of(order.order_ref)
        if change is not None and change.refused:
            raise FirewallBreach(PLACE_ORDER, f"{change.refused}; nothing was sent")

    async def _carry_out(
        self, judgements: Sequence[Judgement], abandoned: asyncio.Event
    ) -> _Placed:
        """Reserve and place, and have brackets looked after."""
        reservations = await self._reserve(judgements)
        if abandoned.is_set():
            for reservation in reservations:
                self._withdraw_unsent(reservation, "interrupted before the order was sent")
        else:
            self._place_all(reservations, judgements)
        new = [each.order for each in judgements if each.order.replaces is None]
        # From here on whoever waits may be interrupted: an entry never fills without its stop for that.
        watching = asyncio.create_task(self._brackets.watched(new, self._first_word))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return _Placed(
            warnings=tuple(each.approved.warnings for each in reservations),
            watching=watching,
        )

    def _carried(self, carrying: "asyncio.Task[_Placed]") -> None:
        self._under_way.discard(carrying)
        if not carrying.cancelled() and (error := carrying.exception()) is not None:
            _log.info("an order was not sent: %s", error)

    async def _reserve(self, judgements: Sequence[Judgement]) -> list[Reservation]:
        ledger = self._records.ledger
        orders = [judgement.order for judgement in judgements]
        judge = self._judge_of(judgements)
        try:
            return await self._records.call(lambda: ledger.reserve_together(orders, judge))
        except OrderDenied as denied:
            if any(denial.code in HALTING for denial in denied.denials):
                await self._latch.read()
            raise
        except LedgerError as error:
            # Without a durable record nothing is sent; the guard words the denial (AUDIT_UNAVAILABLE).
            raise self._denied_without_ledger(judgements[0], error) from error

    def _reason_not_together(
        self, count: int
    ) -> tuple[str, OrderDenied | NotConnected] | None:
        """Return why several orders would not leave at once; one that waits alone is withdrawn when it is too late."""
        room = self._ib.client.room
        if count == 1 or count <= room:
            return None
        denial = Denial(
            code="WIRE_RATE",
            facts=(("orders", str(count)), ("room", str(room))),
            hint="they would not leave together; try again in a second",
        )
        return "they would not have left together", OrderDenied([denial])

    def _judge_of(
        self, judgements: Sequence[Judgement]
    ) -> Callable[[ProposedOrder, LedgerFacts], ApprovedOrder]:
        by_ref = {judgement.order.order_ref: judgement for judgement in judgements}

        def judge(order: ProposedOrder, facts: LedgerFacts) -> ApprovedOrder:
            judgement = by_ref[order.order_ref]
            snapshot = replace(judgement.snapshot, ledger=facts)
            return approve(order, snapshot, judgement.limits, self._clock())

        return judge

    def _denied_without_ledger(
        self, judgement: Judgement, error: LedgerError
    ) -> OrderDenied:
        unusable = replace(judgement.snapshot, ledger=None, ledger_error=str(error))
        try:
            approve(judgement.order, unusable, judgement.limits, self._clock())
        except OrderDenied as denied:
            return denied
        raise error

    def _parent_id(self, order: ProposedOrder) -> int:
        """Return the order id of the entry that an order waits for; 0 without one, or where it has long ended."""
        if order.attached is None:
            return 0
        entry = self._tracker.order(order.attached.parent_ref)
        return entry.order_id if entry is not None else 0

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


def _bracket_of(reservation: Reservation) -> str:
    """Return the reference of the entry that an order is, or waits for."""
    order = reservation.approved.order
    return order.order_ref if order.attached is None else order.attached.parent_ref


def _has_verdict(update: OrderUpdate) -> bool:
    return update.state not in (OrderState.RESERVED, OrderState.SENT)
