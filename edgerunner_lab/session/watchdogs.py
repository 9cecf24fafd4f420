"""Tasks that keep an eye on one order each, and are forgotten when they have seen enough."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Watchdogs:
    """Holds what nobody else holds: asyncio keeps only weak references to its tasks."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def follow(self, watching: Coroutine[Any, Any, None]) -> None:
        """Run `watching` until it ends."""
        watchdog = asyncio.create_task(watching, name="watchdog")
        self._running.add(watchdog)
        watchdog.add_done_callback(self._running.discard)
