"""Cancelling: nothing stands in its way but a missing line and the broker's own rule."""

import asyncio

from ib_async import Order

from edgerunner_lab.core import lifecycle
from edgerunner_lab.core.errors import NotConnected, UsageError
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.gateway import Gateway
from edgerunner_lab.session.tracking import Tracker
from edgerunner_lab.session.watchdogs import Watchdogs

CANCEL_SECONDS = 3.0
CANCEL_SECONDS_HARD = 10.0
"""A cancel without a word for so long is in doubt, and the broker's records are searched."""


class Cancels:
    """Cancels orders, on the session's loop."""

    def __init__(self, ib: BrokerIB, gateway: Gateway, tracker: Tracker) -> None:
        self._ib = ib
        self._gateway = gateway
        self._tracker = tracker
        self._watchdogs = Watchdogs()

    def begin(self, update: OrderUpdate) -> None:
        """Ask the broker to cancel one working order of this client; nothing may stand in the way of this.

        Raises:
            NotConnected: there is no connection to send it on.
            UsageError: the order belongs to another client id, which alone may cancel it.
        """
        link = self._gateway.link
        if link is None:
            raise NotConnected(
                f"{update.order_ref}: no connection, the cancel was not sent; `%connect` and repeat it"
            )
        if update.client_id != link.client_id or update.order_id <= 0:
            raise UsageError(
                f"{update.order_ref}: placed by client id {update.client_id}, this session is {link.client_id}; "
                "the broker lets only that one cancel it: use the notebook or the TWS window that placed it, or, where "
                f"that has ended, `%connect PROFILE --client-id {update.client_id}`"
            )
        if self._ib.client.take_back(update.order_id):
            if self._tracker.change_of(update.order_ref) is None:
                # Its own frame has not left yet: a cancel would overtake it and find nothing.
                self._tracker.withdraw_queued(
                    update.order_ref, "cancelled before it was sent"
                )
                return
            # What was taken back is only a change: the order works at the broker.
            self._tracker.refuse_change(
                update.order_ref, "cancelled before the change was sent"
            )
        self._tracker.conclude(update.order_ref, lifecycle.CancelRequested())
        self._ib.cancelOrder(Order(orderId=update.order_id, clientId=update.client_id))
        self._watchdogs.follow(self._watch_cancel(update.order_ref))

    async def and_wait(self, updates: list[OrderUpdate]) -> list[OrderUpdate]:
        """Cancel, then wait up to 3 s for the broker's word on each; return them as they then stand.

        Raises:
            NotConnected, UsageError: one could not be cancelled; every other one has been all the same.
        """
        asked: list[str] = []
        failures: list[NotConnected | UsageError] = []
        for update in updates:
            try:
                self.begin(update)
            except (NotConnected, UsageError) as failure:
                failures.append(failure)
            else:
                asked.append(update.order_ref)
        waits = [
            self._tracker.wait_until(ref, lambda now: not now.state.is_open, CANCEL_SECONDS)
            for ref in asked
        ]
        ended = list(await asyncio.gather(*waits))
        if failures:
            raise failures[0]
        return ended

    async def _watch_cancel(self, ref: str) -> None:
        update = await self._tracker.wait_until(
            ref, lambda now: now.state is not OrderState.PENDING_CANCEL, CANCEL_SECONDS_HARD
        )
        if update.state is OrderState.PENDING_CANCEL:
            self._tracker.doubt(
                ref, f"the cancel was not answered within {CANCEL_SECONDS_HARD:g} s"
            )
