"""Limits, halt and resume."""

import asyncio

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import (
    EdgerunnerError,
    LedgerError,
    NotConnected,
    RequestFailed,
    RequestTimedOut,
    UsageError,
)
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.guard.limits import Limits, describe
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.session.cancels import CANCEL_SECONDS
from edgerunner_lab.session.verbs.baskets import BasketVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table

OTHERS_SECONDS = 1.5
"""How long a halt waits for other notebooks to cancel their own orders, which they do within a tenth of a second."""

_ASK_AGAIN_SECONDS = 0.1

_NOT_CANCELLED = (
    NotConnected,
    UsageError,
    RequestFailed,
    RequestTimedOut,
    ConnectionError,
)
"""What may go wrong with a cancel, or with the question that finds what to cancel; ib_async raises the last one."""


class RiskVerbs(BasketVerbs):
    """What stops trading."""

    async def risk(self) -> Table[reports.LimitRow]:
        """Return the limits in force, and where each came from."""
        return self._limit_table(self._limits(self._mode()))

    async def set_risk(self, name: str, value: str) -> Table[reports.LimitRow]:
        """Change one limit for this session; tightening holds at once."""
        mode = self._mode()
        before = {row.name: row.value for row in describe(self._limits(mode))}
        changed = self._limits.change(mode, name, str(value))
        self._engine.records.note(
            "LIMIT_CHANGED",
            {"name": name, "from": str(before.get(name, "")), "to": str(value)},
        )
        return self._limit_table(changed)

    async def halt(
        self, reason: str = "", *, everything: bool = False, by: str = "user"
    ) -> Table[OrderUpdate]:
        """Stop trading: latch first, then cancel this session's working orders; only `resume` lifts it.

        Every other notebook of this user cancels its own within moments.

        Args:
            reason: For the journal.
            everything: Have the broker cancel every order of the account, whoever placed it, TWS included.
            by: Who halts, for the latch.

        Raises:
            EdgerunnerError: UNCONFIRMED, with the number of orders whose end is not proven; the latch holds.
        """
        trouble = ""
        # The latch's first half holds at once; writing it and cancelling go on side by side.
        latching = asyncio.ensure_future(
            self._engine.latch.set(
                LatchState.HALTED, by=by, reason=reason or "halted by hand"
            )
        )
        await asyncio.sleep(0)
        self._engine.drop_queued_orders()
        own, failure = await self._cancel_for_halt()
        if everything:
            failure = failure or await self._cancel_everything()
            asked = {update.order_ref for update in own}
            open_now = self._engine.tracker.open_orders
            others = [update for update in open_now if update.order_ref not in asked]
        else:
            others = await self._left_to_others()
        try:
            await latching
        except LedgerError as error:
            trouble = f"; the halt is NOT durable and holds in this notebook only ({error})"
        ended = [self._engine.tracker.order(update.order_ref) or update for update in own]
        doubtful = [update for update in (*ended, *others) if update.state.is_open]
        if doubtful or failure is not None:
            refs = ", ".join(update.order_ref for update in doubtful)
            what = f"{len(doubtful)} orders may still work ({refs})"
            if not doubtful:
                what = "orders that work at the broker were not cancelled"
            why = f"; {failure}" if failure is not None else ""
            if isinstance(failure, NotConnected):
                why += "; they are cancelled as soon as the session is connected again"
            if others and not everything:
                why += "; halt with --all to have the broker cancel everything, orders of TWS and other programs too"
            raise EdgerunnerError(
                f"HALTED, but UNCONFIRMED: {what}{why}{trouble}; look at %orders and at TWS"
            )
        if trouble:
            raise EdgerunnerError(f"HALTED, {len(ended)} working orders cancelled{trouble}")
        return layouts.orders(
            ended, title="HALTED, cancelled orders", empty="HALTED; no working orders"
        )

    async def _cancel_for_halt(self) -> tuple[list[OrderUpdate], Exception | None]:
        """Cancel what works under this client id, then what the broker names besides; return it, and what went wrong."""
        failure: Exception | None = None
        asked: dict[str, OrderUpdate] = {}
        # A halt in the first second of a session finds its connection being made.
        try:
            await self._engine.linked()
        except NotConnected as error:
            failure = error
        for is_asked in (False, True):
            try:
                if is_asked:
                    await self._engine.reconciler.open_orders()
                new = [one for one in self._own_working() if one.order_ref not in asked]
                asked.update((one.order_ref, one) for one in new)
                await self._engine.cancels.and_wait(new)
            except _NOT_CANCELLED as error:
                failure = failure or error
        return list(asked.values()), failure

    async def _cancel_everything(self) -> Exception | None:
        """Have the broker cancel all orders there are, and wait until it names none; return what went wrong."""
        try:
            await self._engine.linked()
            self._engine.ib.reqGlobalCancel()
            await self._until_none_open()
        except _NOT_CANCELLED as error:
            return error
        return None

    async def _until_none_open(self) -> None:
        """Ask the broker for open orders until there are none, about so long as a cancel may take."""
        for _ in range(round(CANCEL_SECONDS / _ASK_AGAIN_SECONDS)):
            if not await self._engine.reconciler.open_orders():
                break
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        # How they ended: of those whose notebooks are gone nobody else would hear it.
        await self._engine.reconciler.snapshot()

    async def _left_to_others(self) -> list[OrderUpdate]:
        """Return orders of ours under other client ids that still work after their notebooks had time to cancel them."""
        for _ in range(round(OTHERS_SECONDS / _ASK_AGAIN_SECONDS)):
            if not self._of_other_client_ids():
                break
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
            try:
                await self._engine.reconciler.open_orders()
            except _NOT_CANCELLED:
                break
        return self._of_other_client_ids()

    async def resume(self, *, reason: str) -> Table[reports.Status]:
        """Lift a halt; `reason` is written to the journal."""
        if not reason.strip():
            raise UsageError(
                'a reason was not given, expected words, e.g. %resume --reason "checked positions"'
            )
        await self._engine.latch.set(LatchState.ACTIVE, by="user", reason=reason.strip())
        return await self.status()

    def _mode(self) -> Mode:
        link = self._engine.gateway.link
        return link.mode if link is not None else Mode.SIM

    def _limit_table(self, limits: Limits) -> Table[reports.LimitRow]:
        return reports.limits(
            reports.LimitRow(
                name=row.name, value=row.value, unit=row.unit, origin=row.origin
            )
            for row in describe(limits)
        )
