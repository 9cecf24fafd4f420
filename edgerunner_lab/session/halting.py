"""The latch as one session sees it: halted from the first moment, durable when the ledger has it, lifted by anyone."""

from collections.abc import Callable

from edgerunner_lab.guard.snapshot import Latch, LatchState
from edgerunner_lab.session.records import Records


class TradingLatch:
    """What stops trading, on the session's loop.

    Attributes:
        is_halted: Nothing new is sent from this moment on, whatever the ledger says yet.
        words: The latch as last read or set.
    """

    def __init__(
        self,
        records: Records,
        *,
        on_change: Callable[[], None],
        on_halt_elsewhere: Callable[[], None],
    ) -> None:
        """Read and set the latch in `records`.

        Args:
            records: Where it is durable.
            on_change: Called after it was set.
            on_halt_elsewhere: Called when it is first read that somebody else has halted trading.
        """
        self.is_halted = False
        self.words = ""
        self._records = records
        self._on_change = on_change
        self._on_halt_elsewhere = on_halt_elsewhere
        self._is_durable = True

    def halt_here(self, words: str) -> None:
        """Halt this session at once; it stays halted until the ledger has taken the halt and somebody lifts it."""
        self.is_halted = True
        self._is_durable = False
        self.words = f"halted {words}; in this notebook only so far"

    async def set(self, state: LatchState, *, by: str, reason: str) -> None:
        """Set the latch durably; every kernel of the user reads it before its next order.

        Raises:
            LedgerError: it is not durable; a halt holds in this session all the same.
        """
        if state is LatchState.HALTED:
            self.halt_here(f"by {by}: {reason}")
        ledger = self._records.ledger
        latch = await self._records.change(
            lambda: ledger.set_latch(state, by=by, reason=reason)
        )
        self.is_halted = latch.state is LatchState.HALTED
        self._is_durable = True
        self.words = latch_words(latch)
        self._on_change()

    async def read(self) -> None:
        """Read the latch again: another notebook may have set it, or lifted the halt that was set here.

        A halt that the ledger did not take holds here until it is lifted here.
        """
        latch = await self._records.read(self._records.ledger.latch, None)
        if not self._is_durable:
            return
        if latch is None:
            self.words = "unknown"
            return
        was_halted = self.is_halted
        self.is_halted = latch.state is LatchState.HALTED
        self.words = latch_words(latch)
        if self.is_halted and not was_halted:
            self._on_halt_elsewhere()


def latch_words(latch: Latch) -> str:
    """Return a latch in words: its state, and who and why where it is not active."""
    if latch.state is LatchState.ACTIVE:
        return latch.state.value.lower()
    return f"{latch.state.value.lower()} by {latch.by}: {latch.reason}"
