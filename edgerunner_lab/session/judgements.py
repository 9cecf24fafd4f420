"""What the guard may look at for one order, gathered at one moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import (
    SessionFacts,
    Snapshot,
    WorkingOrder,
    resting_price,
)
from edgerunner_lab.session.lag import LoopLag
from edgerunner_lab.session.link import Link
from edgerunner_lab.session.market import Market
from edgerunner_lab.session.portfolio import Portfolio
from edgerunner_lab.session.records import Records
from edgerunner_lab.session.tracking import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the guard looked at for one order, and for which connection it holds.

    Attributes:
        taken_mono: When, on the loop's clock; an older decision than a second is not carried out.
    """

    order: ProposedOrder
    snapshot: Snapshot
    limits: Limits
    link: Link
    taken_mono: float

    @property
    def order_id_of_replaced(self) -> int:
        """The id under which the order to be modified was placed."""
        assert self.snapshot.open_order is not None, (
            "the guard lets no other modification pass"
        )
        return self.snapshot.open_order.order_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Everything that knows something about the present, on the session's loop.

    Attributes:
        limits: Returns the limits in force for a mode.
        environment: What speaks against trading from this process.
    """

    market: Market
    portfolio: Portfolio
    tracker: Tracker
    records: Records
    lag: LoopLag
    limits: Callable[[Mode], Limits]
    environment: tuple[str, ...]

    def judgement(self, order: ProposedOrder, link: Link) -> Judgement:
        """Gather what concerns `order` on `link`, now; what the ledger counts is added when it reserves."""
        now = asyncio.get_running_loop().time()
        instrument = order.instrument
        snapshot = Snapshot(
            session=SessionFacts(
                missing=tuple(sorted(link.missing)),
                not_ready_since_s=0.0 if not link.missing else now - link.heartbeat_mono,
                heartbeat_age_s=now - link.heartbeat_mono,
                loop_lag_s=self.lag.seconds,
                mode=link.mode,
                bound_account=link.account,
                managed_accounts=link.accounts,
                port=link.port,
                is_armed=False,
                environment=self.environment,
                clock_skew_s=link.clock_skew_s,
            ),
            ledger=None,
            ledger_error=self.records.trouble,
            quote=self.market.quote(instrument),
            position=self.portfolio.quantity(instrument.con_id),
            broker_working=(*self._open_at_broker(), *self.portfolio.unsettled(now)),
            account=self.portfolio.account(),
            fx_rate=self.portfolio.fx_rate(instrument.currency),
            open_order=self.tracker.order(order.replaces) if order.replaces else None,
            now_mono=now,
            holdings=self.portfolio.holdings(),
        )
        return Judgement(
            taken_mono=now,
            order=order,
            snapshot=snapshot,
            limits=self.limits(link.mode),
            link=link,
        )

    def _open_at_broker(self) -> tuple[WorkingOrder, ...]:
        return tuple(
            WorkingOrder(
                order_ref=update.order_ref,
                con_id=update.con_id,
                side=update.side,
                remaining=update.remaining,
                resting_price=resting_price(update),
                parent_ref=update.parent_ref,
            )
            for update in self.tracker.open_orders
        )
