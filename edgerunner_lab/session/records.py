"""The ledger on a thread of its own: what is written to it goes in order, and waits while it cannot be taken."""

import asyncio
import concurrent.futures
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from edgerunner_lab.core.errors import LedgerError, LedgerUnavailable
from edgerunner_lab.core.facts import Fill, OrderUpdate
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.ledger import Ledger, Standing
from edgerunner_lab.ledger.order_rows import Terms
from edgerunner_lab.ledger.unusable import UnusableLedger

_log = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_SECONDS = 1.0


class Records:
    """Writes and reads the ledger for one session; made and called on its loop.

    Attributes:
        trouble: Why the ledger cannot be used now, in one line; empty while it can.
    """

    def __init__(self, ledger: Ledger | UnusableLedger) -> None:
        self.trouble = ""
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._pool = concurrent.futures.ThreadPoolExecutor(
            1, thread_name_prefix="edgerunner-ledger"
        )
        self._waiting: deque[Callable[[], object]] = deque()
        self._retry: asyncio.TimerHandle | None = None

    @property
    def ledger(self) -> Ledger | UnusableLedger:
        """The ledger; its methods are called inside `call` and `read` only."""
        return self._ledger

    async def close(self) -> None:
        """Let the ledger finish what was given to it."""
        await self._on_its_thread(lambda: None)
        self._pool.shutdown(wait=False)

    # What is written, in the order of asking. New orders are denied while anything waits.

    def note(self, kind: str, facts: Mapping[str, str]) -> None:
        """Write a journal row that concerns no single order."""
        self._write(lambda: self._ledger.note(kind, facts))

    def order(self, update: OrderUpdate, kind: str, facts: Mapping[str, str]) -> None:
        """Write what an order has come to, and the evidence."""
        standing = Standing(
            state=update.state,
            order_id=update.order_id,
            client_id=update.client_id,
            perm_id=update.perm_id,
            filled=update.filled,
            terms=Terms(
                quantity=update.quantity,
                limit_price=update.limit_price,
                stop_price=update.stop_price,
            ),
        )
        self._write(
            lambda: self._ledger.record(update.order_ref, standing, kind=kind, facts=facts)
        )

    def connection(self, made: Connection) -> None:
        """Write where this session is connected."""
        self._write(lambda: self._ledger.note_connection(made))

    def fill(self, fill: Fill) -> None:
        """Write an execution."""
        self._write(lambda: self._ledger.record_fill(fill))

    # What is waited for.

    async def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the ledger's thread, after all that was written, and return its result.

        Raises:
            LedgerUnavailable: earlier records wait to be written: what the limits count is not complete.
        """

        def after_the_others() -> T:
            self._write_all()
            if self._waiting:
                raise LedgerUnavailable(self.trouble)
            return function()

        return await self._on_its_thread(after_the_others)

    async def change(self, function: Callable[[], T]) -> T:
        """Run `function` on the ledger's thread, whatever waits to be written: for halts.

        Raises:
            LedgerError: the ledger did not take it.
        """
        return await self._on_its_thread(function)

    async def read(self, function: Callable[[], T], otherwise: T) -> T:
        """Read; while the ledger cannot be read, go on with `otherwise`: the guard denies new orders."""
        try:
            return await self._on_its_thread(function)
        except LedgerError as error:
            self.trouble = str(error)
            return otherwise

    # Inside.

    def _write(self, write: Callable[[], object]) -> None:
        self._waiting.append(write)
        self._pool.submit(self._write_all)

    def _write_all(self) -> None:
        """Write what waits, oldest first, until the ledger refuses; on the ledger's thread."""
        while self._waiting:
            try:
                self._waiting[0]()
            except LedgerError as error:
                self.trouble = str(error)
                _log.error("the ledger did not take a record: %s", error)
                self._loop.call_soon_threadsafe(self._retry_later)
                return
            except Exception as error:  # noqa: BLE001  ours; the record cannot be written, ever
                _log.exception("a record could not be written")
                self.trouble = f"{type(error).__name__}: {error}"
            self._waiting.popleft()
        self.trouble = ""

    def _retry_later(self) -> None:
        if (
            self._retry is None
            or self._retry.cancelled()
            or self._retry.when() < self._loop.time()
        ):
            self._retry = self._loop.call_later(
                RETRY_SECONDS, lambda: self._pool.submit(self._write_all)
            )

    async def _on_its_thread(self, function: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._pool, function)
