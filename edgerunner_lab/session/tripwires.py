"""What stops trading without anybody's doing: critical messages of the broker, the day's loss, and a fall from the day's peak."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.core.codes import Severity, classify
from edgerunner_lab.core.errors import LedgerError
from edgerunner_lab.core.facts import AccountSnapshot
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.guard.wording import escaped, percent
from edgerunner_lab.session.halting import TradingLatch

_log = logging.getLogger(__name__)

HUNDRED: Final = Decimal(100)

Background = Callable[[Coroutine[Any, Any, object]], None]


class Tripwires:
    """Watches for what must stop trading, on the session's loop.

    A level of loss trips once a day: whoever has looked and resumed is not stopped by the same loss again, and the
    guard's DAILY_LOSS goes on letting nothing through but exits.
    """

    def __init__(
        self,
        latch: TradingLatch,
        *,
        clock: Callable[[], datetime],
        in_background: Background,
        cancel_all: Callable[[], Awaitable[object]],
    ) -> None:
        """Stop trading through `latch`; `cancel_all` asks the broker to cancel what this session has working."""
        self._latch = latch
        self._clock = clock
        self._in_background = in_background
        self._cancel_all = cancel_all
        self._tripped: set[tuple[str, str, LatchState]] = set()
        self._peak_pnl: dict[tuple[str, str], Decimal] = {}

    def code(self, req_id: int, code: int, text: str) -> None:
        """Hear a message code; a critical one halts trading."""
        known = classify(code, has_order=req_id > 0, text=text)
        if known.severity is Severity.CRITICAL and not self._latch.is_halted:
            reason = f"code {code}: {escaped(text)}"
            self._latch.halt_here(f"by code_{code}: {reason}")
            self._in_background(
                self._set(LatchState.HALTED, by=f"code_{code}", reason=reason)
            )

    def evidence_lost(self, message_id: int) -> None:
        """Hear that a message about orders or positions could not be read."""
        if not self._latch.is_halted:
            reason = f"message {message_id} of the broker could not be read"
            self._latch.halt_here(f"by unreadable_message: {reason}")
            self._in_background(
                self._set(LatchState.HALTED, by="unreadable_message", reason=reason)
            )

    def account(self, account: AccountSnapshot, limits: Limits) -> None:
        """Hear of the account's profit and loss."""
        pnl, worth = account.daily_pnl, account.net_liquidation
        if pnl is None or worth is None or not pnl.is_finite() or not worth > 0:
            return
        lost = -pnl / worth
        self._watch_drawdown(account.account, pnl, worth, limits)
        for state, bound in (
            (LatchState.HALTED, limits.daily_loss_halt_pct),
            (LatchState.REDUCING, limits.daily_loss_pct),
        ):
            key = (account.account, f"{self._clock():%Y-%m-%d}", state)
            if lost < bound / HUNDRED:
                continue
            if key not in self._tripped:
                self._tripped.add(key)
                self._lost_too_much(state, lost, bound / HUNDRED)
            # A halt says everything that "reducing" would.
            return

    def _watch_drawdown(
        self, account: str, pnl: Decimal, worth: Decimal, limits: Limits
    ) -> None:
        """Halt when the day's profit and loss has fallen too far from its peak (R28).

        Deposits and withdrawals change the account's value, not its profit and loss.
        """
        key = (account, f"{self._clock():%Y-%m-%d}")
        # The day begins at zero, whenever this session does.
        peak = self._peak_pnl[key] = max(self._peak_pnl.get(key, Decimal(0)), pnl)
        fallen, most = (peak - pnl) / worth, limits.max_drawdown_pct / HUNDRED
        if fallen < most or self._latch.is_halted:
            return
        # Whoever looks and resumes begins anew from here.
        self._peak_pnl[key] = pnl
        reason = f"dd={percent(fallen)} from the day's peak, limit={percent(most)}"
        self._latch.halt_here(f"by max_drawdown: {reason}")
        self._in_background(self._stop(LatchState.HALTED, reason, by="max_drawdown"))

    def _lost_too_much(self, state: LatchState, lost: Decimal, most: Decimal) -> None:
        if self._latch.is_halted:
            return
        reason = f"{percent(-lost, is_signed=True)} NLV, limit -{percent(most)}"
        if state is LatchState.HALTED:
            self._latch.halt_here(f"by daily_loss: {reason}")
        self._in_background(self._stop(state, reason))

    async def _stop(
        self, state: LatchState, reason: str, *, by: str = "daily_loss"
    ) -> None:
        await self._set(state, by=by, reason=reason)
        if state is LatchState.HALTED:
            await self._cancel_all()

    async def _set(self, state: LatchState, *, by: str, reason: str) -> None:
        _log.error("trading is %s by %s: %s", state.value.lower(), by, reason)
        try:
            await self._latch.set(state, by=by, reason=reason)
        except LedgerError as error:
            # A halt holds in this session all the same.
            _log.error("the latch is not durable: %s", error)
