"""The parts of a session wired together on its loop; hears the broker and passes on to whom it concerns."""

import asyncio
import concurrent.futures
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from ib_async import Contract, Execution, Order
from ib_async import OrderState as IbOrderState
from ib_async.objects import CommissionReport

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.codes import Effect, Severity, classify
from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import LedgerError, LedgerUnavailable, NotConnected
from edgerunner_lab.core.facts import Fill, OrderUpdate, Quote
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import (
    Latch,
    LatchState,
    SessionFacts,
    Snapshot,
    WorkingOrder,
)
from edgerunner_lab.ledger import owners
from edgerunner_lab.ledger.ledger import Ledger, Standing
from edgerunner_lab.ledger.unusable import UnusableLedger
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import BrokerIB, RawStatus
from edgerunner_lab.session.gateway import ConnectionState, Gateway, Link
from edgerunner_lab.session.history import History
from edgerunner_lab.session.instruments import Instruments
from edgerunner_lab.session.market import Market
from edgerunner_lab.session.orders import Judgement, Orders
from edgerunner_lab.session.portfolio import Portfolio
from edgerunner_lab.session.reconcile import OPEN_ORDERS_FRESH_SECONDS, Reconciler
from edgerunner_lab.session.tracking import Tracker

_log = logging.getLogger(__name__)
T = TypeVar("T")

LAG_PROBE_SECONDS = 0.25
"""How often the loop measures how late it is; the guard refuses orders above one second (R01)."""

CONNECT_SECONDS_MAX = 20.0
"""How long a verb waits for a connection that is being made before it says so."""

LEDGER_RETRY_SECONDS = 1.0

MESSAGES_KEPT = 200
"""Broker messages kept for `%status`; older ones are in the log."""


class Engine:
    """One session's machinery. Everything here runs on the session's loop unless it says otherwise."""

    def __init__(
        self,
        *,
        ledger: Ledger | UnusableLedger,
        limits: Callable[[Mode], Limits],
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
    ) -> None:
        """Wire the parts.

        Args:
            ledger: Shared by all kernels; called on a thread of its own.
            limits: Returns the limits in force for a mode.
            clock: Wall clock, aware UTC.
            on_change: Called when the connection's state or an order has changed.
        """
        self._clock = clock
        self._limits = limits
        self._tell_change = on_change
        self._ledger_pool = concurrent.futures.ThreadPoolExecutor(
            1, thread_name_prefix="edgerunner-ledger"
        )
        self._ledger = ledger
        self.ib = BrokerIB(self)
        self.instruments = Instruments(self.ib, clock=clock)
        self.market = Market(self.ib)
        self.history = History(self.ib, clock=clock)
        self.portfolio = Portfolio(self.ib)
        self.tracker = Tracker(
            clock=clock,
            journal=self._journal,
            on_fill=self._journal_fill,
            on_doubt=self._search,
            name_of=adapt.contract_name,
        )
        self.reconciler = Reconciler(self.ib, self.tracker, on_silence=self._restart)
        self.gateway = Gateway(
            self.ib, on_ready=self._ready, on_lost=self._lost, on_state=self._state_changed
        )
        self.orders = Orders(
            ib=self.ib,
            gateway=self.gateway,
            tracker=self.tracker,
            ledger=self,
            clock=clock,
        )
        self.messages: list[tuple[datetime, int, str]] = []
        self.ledger_trouble = ""
        self._unwritten: deque[Callable[[], object]] = deque()
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._latch_words = ""
        self._is_halt_durable = True
        self._venue: tuple[str, Mode, str, int] | None = None
        self._venue_by_ref: dict[str, tuple[str, Mode, str, int]] = {}
        self._background: set[asyncio.Future[object]] = set()
        self._lag_s = 0.0
        self._lag_probe: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin measuring the loop; called once, on the loop."""
        self._lag_probe = asyncio.create_task(self._measure_lag(), name="loop lag")
        await self.read_latch()

    async def stop(self) -> None:
        """Disconnect and let the ledger finish what was given to it."""
        await self.gateway.disconnect()
        if self._lag_probe is not None:
            self._lag_probe.cancel()
        await self._on_ledger_thread(lambda: None)
        self._ledger_pool.shutdown(wait=False)

    @property
    def ledger(self) -> Ledger | UnusableLedger:
        """The ledger; its methods are called inside `call` only."""
        return self._ledger

    @property
    def link(self) -> Link:
        """The connection.

        Raises:
            NotConnected: there is none; the line says what the session is doing about it.
        """
        link = self.gateway.link
        if link is None or self.gateway.state in (
            ConnectionState.CONNECTING,
            ConnectionState.SYNCING,
        ):
            detail = f" ({self.gateway.detail})" if self.gateway.detail else ""
            raise NotConnected(
                f"the session is {self.gateway.state.value}{detail}; `%connect` or wait, see %status"
            )
        return link

    async def linked(self) -> Link:
        """Return the connection, waiting for one that is being made.

        Raises:
            NotConnected: there is none; the line says what the session is doing about it.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gateway.settled(), CONNECT_SECONDS_MAX)
        return self.link

    async def judgement(self, order: ProposedOrder, quote: Quote | None) -> Judgement:
        """Gather everything the guard may look at, now."""
        link = await self.linked()
        if self.orders.is_halted:
            await self.read_latch()
        await self.reconciler.open_orders(max_age_s=OPEN_ORDERS_FRESH_SECONDS)
        loop = asyncio.get_running_loop()
        now = loop.time()
        instrument = order.instrument
        snapshot = Snapshot(
            session=SessionFacts(
                missing=tuple(sorted(link.missing)),
                not_ready_since_s=0.0 if not link.missing else now - link.heartbeat_mono,
                heartbeat_age_s=now - link.heartbeat_mono,
                loop_lag_s=self._lag_s,
                mode=link.mode,
                bound_account=link.account,
                managed_accounts=link.accounts,
                port=link.port,
                is_armed=False,
            ),
            ledger=None,
            ledger_error=self.ledger_trouble,
            quote=self.market.quote(instrument) if quote is None else quote,
            position=self.portfolio.quantity(instrument.con_id),
            broker_working=self._broker_working(),
            account=self.portfolio.account(),
            fx_rate=self.portfolio.fx_rate(instrument.currency),
            open_order=None,
            now_mono=now,
        )
        return Judgement(
            taken_mono=now,
            order=order,
            snapshot=snapshot,
            limits=self._limits(link.mode),
            link=link,
        )

    @property
    def latch_words(self) -> str:
        """The latch as last read, in words."""
        return self._latch_words

    async def read_latch(self) -> None:
        """Read the latch again: another notebook may have set it, or lifted the halt that was set here.

        A halt that the ledger did not take holds here until it is lifted here.
        """
        latch = await self._from_ledger(self._ledger.latch, None)
        if latch is None:
            self._latch_words = "unknown"
            return
        if not self._is_halt_durable:
            return
        self.orders.is_halted = latch.state is LatchState.HALTED
        self._latch_words = latch_words(latch)

    async def set_latch(self, state: LatchState, *, by: str, reason: str) -> None:
        """Set the latch durably; every kernel of the user reads it before its next order.

        Halting holds in this session from the first moment, whether or not the ledger takes it.

        Raises:
            LedgerError: it is not durable.
        """
        if state is LatchState.HALTED:
            self.orders.is_halted = True
            self._is_halt_durable = False
            self._latch_words = f"halted by {by}: {reason}; in this notebook only so far"
        latch = await self._on_ledger_thread(
            lambda: self._ledger.set_latch(state, by=by, reason=reason)
        )
        self.orders.is_halted = state is LatchState.HALTED
        self._is_halt_durable = True
        self._latch_words = latch_words(latch)
        self._on_change()

    async def alone(
        self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any
    ) -> T:
        """Call one of ib_async's requests that answers whoever asks with the same key: one at a time."""
        is_time = function.__name__.startswith("reqCurrentTime")
        lock = self.gateway.time_lock if is_time else self.reconciler.one_at_a_time
        async with lock:
            return await function(*args, **kwargs)

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` without anyone waiting; what it raises is in the session's state and the log."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Future[object]") -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("background work ended: %s", error)

    def drop_queued_orders(self) -> None:
        """Withdraw order frames that wait for a token; they never reach the socket."""
        for order_id in self.ib.client.drop_queued_orders():
            self.orders.withheld(order_id, "halted before it was sent")

    async def note(self, kind: str, facts: Mapping[str, str]) -> None:
        """Write a journal row that concerns no single order; a ledger that refuses stops nothing but new orders."""
        self._in_background(lambda: self._ledger.note(kind, facts))

    def position(self, instrument: Instrument) -> Decimal | None:
        """Return the signed position in one instrument; None where it is no number."""
        return self.portfolio.quantity(instrument.con_id)

    # What the broker says: broker.Listener.

    def broker_error(self, req_id: int, code: int, text: str) -> None:
        """Pass a message code to whom it concerns."""
        self.messages.append((self._clock(), code, text))
        del self.messages[:-MESSAGES_KEPT]
        _log.info("code %d for %d: %s", code, req_id, text)
        self.gateway.note_code(code)
        if req_id <= 0 and self._puts_all_in_doubt(code, text):
            self.tracker.doubt_all_in_flight(f"code {code}: {text}")
        if req_id > 0 and not self.tracker.order_error(req_id, code, text):
            self.market.note_error(req_id, code, text)

    def open_order(self, contract: Contract, order: Order, state: IbOrderState) -> None:
        """Pass on."""
        self.tracker.open_order(contract, order, state)

    def order_status(self, status: RawStatus) -> None:
        """Pass on."""
        self.tracker.order_status(status)

    def execution(self, contract: Contract, execution: Execution) -> None:
        """Pass on."""
        self.tracker.execution(contract, execution)

    def commission(self, report: CommissionReport) -> None:
        """Pass on."""
        self.tracker.commission(report)

    def completed_order(
        self, contract: Contract, order: Order, state: IbOrderState
    ) -> None:
        """Pass on."""
        self.tracker.completed_order(contract, order, state)

    def frame_written(self, order_id: int) -> None:
        """Pass on."""
        self.orders.written(order_id)

    def frame_withheld(self, order_id: int, reason: str) -> None:
        """Pass on."""
        self.orders.withheld(order_id, reason)

    def evidence_lost(self, message_id: int) -> None:
        """A message about orders or positions could not be read: only a fresh picture can be believed."""
        self.gateway.note_evidence_lost(f"message_{message_id}")

    # Inside.

    @staticmethod
    def _puts_all_in_doubt(code: int, text: str) -> bool:
        known = classify(code, has_order=False, text=text)
        return known.severity is Severity.CRITICAL and known.effect is Effect.UNKNOWN

    def _on_change(self) -> None:
        """Tell who shows the session that it has changed; what they do with it must not reach the order road."""
        try:
            self._tell_change()
        except Exception:  # noqa: BLE001  see above
            _log.exception("showing a change failed")

    async def _ready(self, link: Link) -> None:
        """Complete the picture of a new connection before anyone may trade on it."""
        venue = (link.account, link.mode, link.host, link.port)
        if self._venue is not None and self._venue != venue:
            self._venue_by_ref.update(
                (update.order_ref, self._venue) for update in self.tracker.open_orders
            )
            self.tracker.leave()
        self._venue = venue
        self.tracker.client_id = link.client_id
        floor = await self._from_ledger(
            lambda: self._ledger.next_order_id_floor(link.client_id), 1
        )
        self.ib.client.updateReqId(floor)  # pyright: ignore[reportUnknownMemberType]  # ib_async leaves it open
        self.tracker.own(await self._from_ledger(lambda: self._recoverable(link), []))
        await self.reconciler.after_connect()
        self.portfolio.attach(link.account)
        self.market.attach(link.mode)
        facts = {
            "mode": link.mode.value,
            "client_id": str(link.client_id),
            "server_version": str(link.server_version),
        }
        await self.note("CONNECTED", facts)

    async def _from_ledger(self, read: Callable[[], T], otherwise: T) -> T:
        """Read from the ledger; while it cannot be read, go on with `otherwise`: the guard denies new orders."""
        try:
            return await self._on_ledger_thread(read)
        except LedgerError as error:
            self.ledger_trouble = str(error)
            return otherwise

    def _recoverable(self, link: Link) -> list[OrderUpdate]:
        """Return the ledger's open orders that are this session's to follow (on the ledger's thread).

        Those of its own client id, and those of processes that are gone. What this session has left working at
        another gateway stays as it is: that it is not here proves nothing.
        """
        return [
            row.update
            for row in self._ledger.open_orders(link.account)
            if self._venue_by_ref.get(row.update.order_ref, self._venue) == self._venue
            and (
                row.owner == self._ledger.owner
                or row.update.client_id == link.client_id
                or not owners.is_alive(row.owner)
            )
        ]

    def _lost(self, reason: str) -> None:
        self.reconciler.connection_lost()
        self.market.detach()
        self.tracker.doubt_all_in_flight(f"the connection broke: {reason}")
        self._on_change()

    def _restart(self, reason: str) -> None:
        self.gateway.restart(reason)

    def _search(self, ref: str) -> None:
        self.reconciler.search(ref)

    def _state_changed(self) -> None:
        self._on_change()

    def _broker_working(self) -> tuple[WorkingOrder, ...]:
        """Return what may still trade, and what has filled but may not show in the position yet."""
        return (
            *self._open_at_broker(),
            *self.portfolio.unsettled(asyncio.get_running_loop().time()),
        )

    def _open_at_broker(self) -> tuple[WorkingOrder, ...]:
        return tuple(
            WorkingOrder(
                order_ref=update.order_ref,
                con_id=update.con_id,
                side=update.side,
                remaining=update.remaining,
                price=update.limit_price or update.stop_price,
            )
            for update in self.tracker.open_orders
        )

    def _journal(self, update: OrderUpdate, kind: str, facts: Mapping[str, str]) -> None:
        standing = Standing(
            state=update.state,
            order_id=update.order_id,
            client_id=update.client_id,
            perm_id=update.perm_id,
            filled=update.filled,
        )
        self._in_background(
            lambda: self._ledger.record(update.order_ref, standing, kind=kind, facts=facts)
        )

    def _journal_fill(self, fill: Fill) -> None:
        self.portfolio.note_fill(fill, asyncio.get_running_loop().time())
        self._on_change()
        self._in_background(lambda: self._ledger.record_fill(fill))

    def _in_background(self, write: Callable[[], object]) -> None:
        """Give the ledger something to write, in order; what it cannot take waits, and denies new orders meanwhile."""
        self._unwritten.append(write)
        self._ledger_pool.submit(self._write_all)

    def _write_all(self) -> None:
        """Write what waits, oldest first, until the ledger refuses; on the ledger's thread."""
        while self._unwritten:
            try:
                self._unwritten[0]()
            except LedgerError as error:
                self.ledger_trouble = str(error)
                _log.error("the ledger did not take a record: %s", error)
                self._loop.call_soon_threadsafe(self._retry_later)
                return
            except Exception as error:  # noqa: BLE001  ours; the record cannot be written, ever
                _log.exception("a record could not be written")
                self.ledger_trouble = f"{type(error).__name__}: {error}"
            self._unwritten.popleft()
        self.ledger_trouble = ""

    def _retry_later(self) -> None:
        if (
            self._retry is None
            or self._retry.cancelled()
            or self._retry.when() < self._loop.time()
        ):
            self._retry = self._loop.call_later(
                LEDGER_RETRY_SECONDS, lambda: self._ledger_pool.submit(self._write_all)
            )

    async def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the ledger's thread and return its result.

        Raises:
            LedgerUnavailable: earlier records wait to be written: what the limits count is not complete.
        """

        def after_the_others() -> T:
            self._write_all()
            if self._unwritten:
                raise LedgerUnavailable(self.ledger_trouble)
            return function()

        return await self._on_ledger_thread(after_the_others)

    async def _on_ledger_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ledger_pool, function)

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_PROBE_SECONDS
            await asyncio.sleep(LAG_PROBE_SECONDS)
            self._lag_s = max(loop.time() - due, 0.0)


def is_working(update: OrderUpdate) -> bool:
    """Whether an order rests at the broker as far as is known; unknown outcomes are counted apart."""
    return update.state.is_open and update.state is not OrderState.UNKNOWN


def latch_words(latch: Latch) -> str:
    """Return a latch in words: its state, and who and why where it is not active."""
    if latch.state is LatchState.ACTIVE:
        return latch.state.value.lower()
    return f"{latch.state.value.lower()} by {latch.by}: {latch.reason}"
