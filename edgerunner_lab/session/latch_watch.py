"""Hears of a halt that another notebook, the terminal or the halt button has set, and stops trading here as well."""

import asyncio
import contextlib
from typing import Final

from edgerunner_lab.core.errors import LedgerError
from edgerunner_lab.session.halting import TradingLatch
from edgerunner_lab.session.records import Records

LOOK_SECONDS: Final = 0.05
"""How often it is looked whether another process has written: a look costs some 50 µs, a halt half of this on average."""


class LatchWatch:
    """Looks at the ledger for as long as the session lives, on its loop; works whatever the notebook's cells do."""

    def __init__(self, latch: TradingLatch, records: Records) -> None:
        """Read `latch` again after others have written."""
        self._latch = latch
        self._records = records
        self._changes = -1
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._watching = asyncio.create_task(self._watch(), name="latch watch")

    def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            # A ledger that cannot be read takes no order either; the next look may find it again.
            with contextlib.suppress(LedgerError):
                await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        changes = await self._records.change(self._records.ledger.changes)
        if changes == self._changes:
            return
        self._changes = changes
        await self._latch.read()
