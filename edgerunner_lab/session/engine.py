"""The parts of a session wired together on its loop; hears the broker and passes on to whom it concerns."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ib_async import Contract, Execution, Order
from ib_async import OrderState as IbOrderState
from ib_async.objects import CommissionReport

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.codes import Effect, Severity, classify
from edgerunner_lab.core.errors import NotConnected
from edgerunner_lab.core.facts import Fill, OrderUpdate
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.ledger import owners
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.unusable import UnusableLedger
from edgerunner_lab.session import adapt, environment
from edgerunner_lab.session.broker import BrokerIB, RawStatus
from edgerunner_lab.session.cancels import Cancels
from edgerunner_lab.session.gateway import Gateway
from edgerunner_lab.session.halting import TradingLatch
from edgerunner_lab.session.history import History
from edgerunner_lab.session.instruments import Instruments
from edgerunner_lab.session.judgements import Judgement, Witness
from edgerunner_lab.session.lag import LoopLag
from edgerunner_lab.session.latch_watch import LatchWatch
from edgerunner_lab.session.link import ConnectionState, Link
from edgerunner_lab.session.market import Market
from edgerunner_lab.session.orders import Orders
from edgerunner_lab.session.portfolio import Portfolio
from edgerunner_lab.session.reconcile import OPEN_ORDERS_FRESH_SECONDS, Reconciler
from edgerunner_lab.session.records import Records
from edgerunner_lab.session.tracking import Tracker
from edgerunner_lab.session.tripwires import Tripwires

_log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECT_SECONDS_MAX = 20.0
"""How long a verb waits for a connection that is being made before it says so."""

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
        self._tell_change = on_change
        self.records = Records(ledger)
        self.latch = TradingLatch(
            self.records,
            on_change=self._on_change,
            on_halt_elsewhere=self._halted_elsewhere,
        )
        self._lag = LoopLag()
        self.ib = BrokerIB(self)
        self.instruments = Instruments(self.ib, clock=clock)
        self.market = Market(self.ib)
        self.history = History(self.ib, clock=clock)
        self.portfolio = Portfolio(self.ib)
        self.tracker = Tracker(
            clock=clock,
            journal=self.records.order,
            on_fill=self._filled,
            on_doubt=self._search,
            name_of=adapt.contract_name,
        )
        self.reconciler = Reconciler(self.ib, self.tracker, on_silence=self._restart)
        self.gateway = Gateway(
            self.ib, on_ready=self._ready, on_lost=self._lost, on_state=self._state_changed
        )
        self.cancels = Cancels(self.ib, self.gateway, self.tracker)
        self.orders = Orders(
            ib=self.ib,
            gateway=self.gateway,
            tracker=self.tracker,
            records=self.records,
            latch=self.latch,
            cancels=self.cancels,
            clock=clock,
        )
        self._witness = Witness(
            market=self.market,
            portfolio=self.portfolio,
            tracker=self.tracker,
            records=self.records,
            lag=self._lag,
            limits=limits,
            environment=environment.found(os.environ, is_root=environment.is_root()),
        )
        self.tripwires = Tripwires(
            self.latch,
            clock=clock,
            in_background=self.in_background,
            cancel_all=self._cancel_own,
        )
        self._latch_watch = LatchWatch(self.latch, self.records)
        self._limits = limits
        self.ib.pnlEvent += self._pnl_told
        self.messages: list[tuple[datetime, int, str]] = []
        self._loop = asyncio.get_running_loop()
        self._venue: tuple[str, Mode, str, int] | None = None
        self._venue_by_ref: dict[str, tuple[str, Mode, str, int]] = {}
        self._background: set[asyncio.Future[object]] = set()

    async def start(self) -> None:
        """Begin measuring the loop; called once, on the loop."""
        self._lag.start()
        await self.latch.read()
        self._latch_watch.start()

    async def stop(self) -> None:
        """Disconnect and let the ledger finish what was given to it."""
        self._latch_watch.stop()
        await self.gateway.disconnect()
        self._lag.stop()
        await self.records.close()

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

    async def judgement(self, order: ProposedOrder) -> Judgement:
        """Gather everything the guard may look at, now."""
        return (await self.judgements([order]))[0]

    async def judgements(self, orders: Sequence[ProposedOrder]) -> list[Judgement]:
        """Gather everything the guard may look at for several orders, at one moment."""
        link = await self.linked()
        if self.latch.is_halted:
            await self.latch.read()
        await self.reconciler.open_orders(max_age_s=OPEN_ORDERS_FRESH_SECONDS)
        return [self._witness.judgement(order, link) for order in orders]

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

    # What the broker says: broker.Listener.

    def broker_error(self, req_id: int, code: int, text: str) -> None:
        """Pass a message code to whom it concerns."""
        self.messages.append((self._clock(), code, text))
        del self.messages[:-MESSAGES_KEPT]
        _log.info("code %d for %d: %s", code, req_id, text)
        self.gateway.note_code(code)
        self.tripwires.code(req_id, code, text)
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
        self.tripwires.evidence_lost(message_id)

    # Inside.

    def _pnl_told(self, _pnl: object) -> None:
        link = self.gateway.link
        if link is not None:
            self.tripwires.account(self.portfolio.account(), self._limits(link.mode))

    async def _cancel_own(self) -> None:
        """Ask the broker to cancel what works under this client id."""
        self.drop_queued_orders()
        await self.linked()
        await self.cancels.and_wait(
            [
                update
                for update in self.tracker.open_orders
                if update.client_id == self.tracker.client_id
            ]
        )

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
        ledger = self.records.ledger
        floor = await self.records.read(
            lambda: ledger.next_order_id_floor(link.client_id), 1
        )
        self.ib.client.updateReqId(floor)  # pyright: ignore[reportUnknownMemberType]  # ib_async leaves it open
        self.tracker.own(await self.records.read(lambda: self._recoverable(link), []))
        await self.reconciler.after_connect()
        self.portfolio.attach(link.account)
        self.market.attach(link.mode)
        self._note_connection(link)
        if self.latch.is_halted:
            # Whoever halted while the line was down meant what has gone on working.
            self.in_background(self._cancel_own())

    def _note_connection(self, link: Link) -> None:
        target = self.gateway.target
        is_embedded = target is not None and target.find_port is not None
        made = Connection(
            account=link.account,
            client_id=link.client_id,
            profile=target.profile if target is not None else "",
            host="" if is_embedded else link.host,
            port=0 if is_embedded else link.port,
            at=self._clock(),
        )
        self.records.connection(made)

    def _halted_elsewhere(self) -> None:
        """Stop here too: nothing queued leaves, and what works under this client id is cancelled."""
        self.drop_queued_orders()
        self.in_background(self._cancel_own())
        self._on_change()

    def _recoverable(self, link: Link) -> list[OrderUpdate]:
        """Return the ledger's open orders that are this session's to follow (on the ledger's thread).

        Those of its own client id, and those of processes that are gone. What this session has left working at
        another gateway stays as it is: that it is not here proves nothing.
        """
        return [
            row.update
            for row in self.records.ledger.open_orders(link.account)
            if self._venue_by_ref.get(row.update.order_ref, self._venue) == self._venue
            and (
                row.owner == self.records.ledger.owner
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

    def _filled(self, fill: Fill) -> None:
        self.portfolio.note_fill(fill, self._loop.time())
        self._on_change()
        self.records.fill(fill)


def is_working(update: OrderUpdate) -> bool:
    """Whether an order rests at the broker as far as is known; unknown outcomes are counted apart."""
    return update.state.is_open and update.state is not OrderState.UNKNOWN
