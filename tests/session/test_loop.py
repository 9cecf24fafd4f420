"""The session's thread: calls from any thread, no deadlock, no work after its end, none in a forked child."""

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest

from edgerunner_lab.core.errors import EdgerunnerError, NotConnected
from edgerunner_lab.session.loop import SessionThread


@pytest.fixture
def thread() -> Iterator[SessionThread]:
    """A session thread."""
    started = SessionThread("test-session")
    yield started
    started.stop()


def test_the_function_itself_runs_on_the_session_thread(thread: SessionThread) -> None:
    """Many ib_async methods send as soon as they are called, so the call is what is marshalled."""
    name = thread.run(lambda: threading.current_thread().name)

    assert name == "test-session"


def test_a_coroutine_is_awaited_and_its_error_raised_here(thread: SessionThread) -> None:
    """Errors cross threads as themselves."""

    async def fail() -> None:
        raise NotConnected("as it was")

    with pytest.raises(NotConnected, match="as it was"):
        thread.run(fail)


async def test_a_call_can_be_awaited_on_another_loop(thread: SessionThread) -> None:
    """`lab.aio` works on the kernel's loop."""

    async def add(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    assert await thread.future(add, 1, b=2) == 3


def test_a_blocking_call_from_the_session_thread_is_refused(thread: SessionThread) -> None:
    """It would wait for itself for ever."""
    with pytest.raises(EdgerunnerError, match=r"lab\.aio"):
        thread.run(lambda: thread.run(lambda: None))


def test_an_ended_thread_says_how_to_start_again() -> None:
    """Nothing hangs after `%unload_ext`."""
    ended = SessionThread()
    ended.stop()

    with pytest.raises(NotConnected, match="load_ext"):
        ended.run(lambda: None)


def test_tasks_left_over_are_ended_with_the_loop(thread: SessionThread) -> None:
    """Nothing is reported as destroyed while pending."""
    cancelled = threading.Event()

    async def linger() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    kept: list[asyncio.Task[None]] = []
    thread.soon(lambda: kept.append(asyncio.ensure_future(linger())))
    thread.run(lambda: asyncio.sleep(0))
    thread.stop()

    assert cancelled.is_set()


def test_a_forked_child_is_refused(thread: SessionThread) -> None:
    """A child's order would go out on the parent's socket (RISK P15)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            thread.run(lambda: None)
        except NotConnected as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        words = said.read()
    os.waitpid(child, 0)

    assert words.startswith("FOREIGN_ENVIRONMENT")
