"""Ask the broker what it has: complete snapshots of orders and executions, and the search for doubtful outcomes."""

import asyncio
import logging
from collections.abc import Callable

from edgerunner_lab.core import lifecycle
from edgerunner_lab.core.errors import RequestTimedOut
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.instruments import answer
from edgerunner_lab.session.tracking import Tracker

_log = logging.getLogger(__name__)

SNAPSHOTS_TO_BELIEVE_ABSENCE = 2
"""An order missing from two complete snapshots never arrived or is long over (RISK I7)."""

SNAPSHOT_PAUSE_SECONDS = 1.0
RETRY_PAUSE_SECONDS = 5.0
OPEN_ORDERS_FRESH_SECONDS = 2.0
RESOLVE_SECONDS = 10.0

_AT_THE_BROKER = frozenset(
    {OrderState.WORKING, OrderState.PARTIAL, OrderState.PENDING_CANCEL}
)
"""What a complete snapshot of open orders must show; an acknowledgement alone may be older than it."""


class Reconciler:
    """Compares what we believe with what the broker has, on the session's loop."""

    def __init__(
        self, ib: BrokerIB, tracker: Tracker, *, on_silence: Callable[[str], None]
    ) -> None:
        """Compare `tracker` with what the broker tells `ib`; `on_silence` is told of a question without an answer."""
        self._ib = ib
        self._tracker = tracker
        self._on_silence = on_silence
        self._is_up = False
        # Two requests for open orders at once would leave the first one waiting for ever (PROTOCOL §6).
        self.one_at_a_time = asyncio.Lock()
        self._open_orders_mono = float("-inf")
        self._searches: dict[str, asyncio.Task[None]] = {}

    async def open_orders(self, *, max_age_s: float = 0.0) -> frozenset[str]:
        """Fetch every client's open orders unless that was done within `max_age_s`; return their references.

        Raises:
            RequestTimedOut, RequestFailed: the picture is incomplete.
        """
        loop = asyncio.get_running_loop()
        if loop.time() - self._open_orders_mono <= max_age_s:
            return frozenset(update.order_ref for update in self._tracker.open_orders)
        async with self.one_at_a_time:
            believed = {
                update.order_ref
                for update in self._tracker.open_orders
                if update.state in _AT_THE_BROKER
            }
            self._tracker.seen_open = set()
            try:
                await answer(self._ib.reqAllOpenOrdersAsync(), "open orders")
                seen = frozenset(self._tracker.seen_open)
            except RequestTimedOut:
                # Its answer may still come, and would end the next question half-way.
                self._on_silence("the open orders were not answered")
                raise
            finally:
                self._tracker.seen_open = None
            self._open_orders_mono = loop.time()
            self._tracker.forget_foreign(seen)
        for ref in believed - seen:
            update = self._tracker.order(ref)
            if update is not None and update.state in _AT_THE_BROKER:
                self._tracker.doubt(ref, "no longer among the broker's open orders")
        return seen

    async def snapshot(self) -> frozenset[str]:
        """Fetch open orders, completed orders and executions; return the references of what is open."""
        seen = await self.open_orders()
        async with self.one_at_a_time:
            await answer(
                self._ib.reqCompletedOrdersAsync(apiOnly=False), "completed orders"
            )
            await answer(self._ib.reqExecutionsAsync(), "executions")
        return seen

    def search(self, ref: str) -> None:
        """Find out, in the background, what became of an order whose outcome is unknown."""
        if self._is_up and ref not in self._searches:
            task = asyncio.create_task(self._search(ref), name=f"reconcile {ref}")
            self._searches[ref] = task
            task.add_done_callback(lambda _: self._searches.pop(ref, None))

    async def resolve(self, ref: str) -> None:
        """Have the broker's records searched for an order now, and wait for what comes of it, 10 s at most."""
        self.search(ref)
        task = self._searches.get(ref)
        if task is not None:
            await asyncio.wait({task}, timeout=RESOLVE_SECONDS)

    def connection_lost(self) -> None:
        """Stop asking; what is in doubt is searched for after the next connect."""
        self._is_up = False
        self._open_orders_mono = float("-inf")
        for task in self._searches.values():
            task.cancel()

    async def after_connect(self) -> None:
        """Bring every order of ours up to date on a new connection, before the session calls itself ready."""
        seen = await self.snapshot()
        self._is_up = True
        for update in self._tracker.open_orders:
            if update.order_ref in seen or update.order_ref.startswith("perm:"):
                continue
            self._tracker.doubt(
                update.order_ref, "not among the broker's open orders after a connect"
            )
            # Also what was in doubt before the connect.
            self.search(update.order_ref)

    async def _search(self, ref: str) -> None:
        absences = 0
        while (
            update := self._tracker.order(ref)
        ) is not None and update.state is OrderState.UNKNOWN:
            try:
                seen = await self.snapshot()
            except Exception as error:  # noqa: BLE001  whatever it is, the outcome is still unknown
                _log.warning("the outcome of %s could not be asked for: %s", ref, error)
                await asyncio.sleep(RETRY_PAUSE_SECONDS)
                continue
            update = self._tracker.order(ref)
            if update is None or update.state is not OrderState.UNKNOWN:
                return
            absences = 0 if ref in seen else absences + 1
            if absences >= SNAPSHOTS_TO_BELIEVE_ABSENCE:
                self._tracker.conclude(
                    ref,
                    lifecycle.Absent(was_seen=update.perm_id > 0),
                    reason="in none of the broker's records: it did not arrive or has ended",
                )
                return
            await asyncio.sleep(SNAPSHOT_PAUSE_SECONDS)
