"""How late the session's loop is; a loop that hangs decides on old news."""

import asyncio

PROBE_SECONDS = 0.25
"""How often it is measured; the guard refuses orders above one second (R01)."""


class LoopLag:
    """Measures the loop it was started on.

    Attributes:
        seconds: How much later than asked the newest probe ran.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._probe: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._probe = asyncio.create_task(self._measure(), name="loop lag")

    def stop(self) -> None:
        """Measure no longer."""
        if self._probe is not None:
            self._probe.cancel()

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE_SECONDS
            await asyncio.sleep(PROBE_SECONDS)
            self.seconds = max(loop.time() - due, 0.0)
