"""The session's thread and its event loop; the only module that knows about threads.

Cells compute on the kernel's main thread for as long as they like; the broker's socket is served here meanwhile.
"""

import asyncio
import concurrent.futures
import inspect
import os
import threading
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar, cast

from edgerunner_lab.core.errors import EdgerunnerError, NotConnected

P = ParamSpec("P")
T = TypeVar("T")

START_SECONDS_MAX = 5.0
"""A thread that has not entered its loop by then never will."""

STOP_SECONDS_MAX = 5.0
"""How long `stop()` waits for the thread before it leaves it to die with the process (it is a daemon)."""


class SessionThread:
    """One daemon thread with one asyncio loop on which everything of the session happens."""

    def __init__(self, name: str = "edgerunner-session") -> None:
        self._owner_pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()
        if not self._running.wait(START_SECONDS_MAX):
            raise NotConnected(
                "the session thread did not start within 5 s, restart the kernel"
            )

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for `call_soon_threadsafe`; everything else goes through `run` and `future`."""
        return self._loop

    @property
    def is_alive(self) -> bool:
        """Whether calls would be served."""
        return self._thread.is_alive() and os.getpid() == self._owner_pid

    def run(
        self, function: Callable[P, Awaitable[T] | T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `function` on the session thread, wait, and return its result.

        The function is marshalled, not its result: many ib_async methods send as soon as they are called.
        An interrupt of the wait cancels the call; what must not stop half-way shields itself.

        Raises:
            NotConnected: the thread has ended, or this process was forked from the one that owns it.
        """
        if threading.get_ident() == self._thread.ident:
            raise EdgerunnerError(
                "a blocking call was made on the session's own thread, where it would wait for itself; "
                "use lab.aio in callbacks"
            )
        future = self._submit(function, *args, **kwargs)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def future(
        self, function: Callable[P, Awaitable[T] | T], *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[T]":
        """Call `function` on the session thread; the result can be awaited on the caller's own loop."""
        return asyncio.wrap_future(self._submit(function, *args, **kwargs))

    def soon(self, function: Callable[[], object]) -> None:
        """Call `function` on the session thread some time soon; errors go to the loop's handler."""
        if self.is_alive:
            self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """End the loop and the thread; later calls raise NotConnected."""
        if self._thread.is_alive() and os.getpid() == self._owner_pid:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS_MAX)

    def _submit(
        self, function: Callable[P, Awaitable[T] | T], *args: P.args, **kwargs: P.kwargs
    ) -> "concurrent.futures.Future[T]":
        if os.getpid() != self._owner_pid:
            raise NotConnected(
                f"FOREIGN_ENVIRONMENT: forked child pid={os.getpid()} (owner {self._owner_pid}), "
                "expected the owner process: orders and data only from there"
            )
        if not self._thread.is_alive():
            raise NotConnected(
                "the session has ended, `%load_ext edgerunner_lab` starts a new one"
            )

        async def go() -> T:
            result = function(*args, **kwargs)
            return (
                await cast("Awaitable[T]", result)
                if inspect.isawaitable(result)
                else cast("T", result)
            )

        return asyncio.run_coroutine_threadsafe(go(), self._loop)

    def _serve(self) -> None:
        # eventkit, below ib_async, asks the thread for its loop.
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._running.set)
        try:
            self._loop.run_forever()
        finally:
            self._drain()
            self._loop.close()

    def _drain(self) -> None:
        """Cancel what is left, so that nothing is reported as lost when the loop closes."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
