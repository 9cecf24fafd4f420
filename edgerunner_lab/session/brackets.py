"""What brackets come to while they are sent: no entry works on without its protection."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from edgerunner_lab.core.errors import NotConnected, UsageError
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session.cancels import Cancels
from edgerunner_lab.session.tracking import Tracker

_CAME_TO_NOTHING = (
    OrderState.REJECTED,
    OrderState.CANCELLED,
    OrderState.WITHDRAWN,
    OrderState.EXPIRED,
)

FirstWord = Callable[[str], Coroutine[Any, Any, OrderUpdate]]
"""Waits for the broker's first word on the order of a reference."""


class Brackets:
    """Looks after brackets that were just sent, on the session's loop."""

    def __init__(self, tracker: Tracker, cancels: Cancels) -> None:
        self._tracker = tracker
        self._cancels = cancels

    async def watched(
        self, orders: Sequence[ProposedOrder], first_word: FirstWord
    ) -> dict[str, tuple[str, ...]]:
        """Cancel each entry one of whose exits is refused, while it can be; return order_ref -> what to say.

        Where an exit is refused the broker goes on holding what came before it, and says nothing of that.
        """
        exits_by_entry: dict[str, list[str]] = {}
        for order in orders:
            if order.attached is not None:
                of_entry = exits_by_entry.setdefault(order.attached.parent_ref, [])
                of_entry.append(order.order_ref)
        return dict(
            await asyncio.gather(
                *(
                    self._watched(entry, exits, first_word)
                    for entry, exits in exits_by_entry.items()
                )
            )
        )

    async def _watched(
        self, entry: str, exits: Sequence[str], first_word: FirstWord
    ) -> tuple[str, tuple[str, ...]]:
        waiting = {asyncio.create_task(first_word(ref)) for ref in (entry, *exits)}
        while waiting:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            lost = [each for each in self._now(exits) if _came_to_nothing(each)]
            if lost:
                return entry, await self._without_exits(entry, exits, lost)
        return entry, ()

    async def _without_exits(
        self, entry_ref: str, exits: Sequence[str], lost: Sequence[OrderUpdate]
    ) -> tuple[str, ...]:
        (entry,) = self._now([entry_ref])
        if _came_to_nothing(entry):
            return ()
        why = "; ".join(
            f"{_name(each)}: {each.reason or each.state.value}" for each in lost
        )
        has_stop = not any(_is_stop(each) for each in lost)
        try:
            if entry.state.is_open and not (entry.filled and has_stop):
                (entry,) = await self._cancels.and_wait([entry])
            if _came_to_nothing(entry):
                # Only now: an exit protects whatever its entry has filled, and it may have while it was cancelled.
                left = [each for each in self._now(exits) if each.state.is_open]
                await self._cancels.and_wait(left)
        except (NotConnected, UsageError) as error:
            return (f"{why}: the bracket is not whole, and {error}",)
        return (_what_is_left(entry, why, has_stop=has_stop),)

    def _now(self, refs: Sequence[str]) -> list[OrderUpdate]:
        return [each for each in map(self._tracker.order, refs) if each is not None]


def _came_to_nothing(update: OrderUpdate) -> bool:
    return update.state in _CAME_TO_NOTHING and not update.filled


def _what_is_left(entry: OrderUpdate, why: str, *, has_stop: bool) -> str:
    if entry.filled and has_stop:
        return f"{why}: the position has its stop and no profit taker"
    if entry.state.is_open and not entry.filled:
        return f"{why}: the bracket is not whole, and its entry is NOT confirmed cancelled: look at %orders"
    if entry.filled:
        return (
            f"{why}: UNPROTECTED: the entry has filled {entry.filled.normalize():f} {entry.symbol} and there is no stop; "
            "`%close`, or place one"
        )
    return f"{why}: the bracket was not whole, so its entry was cancelled"


def _name(update: OrderUpdate) -> str:
    return "stop" if _is_stop(update) else "take"


def _is_stop(update: OrderUpdate) -> bool:
    return update.stop_price is not None
