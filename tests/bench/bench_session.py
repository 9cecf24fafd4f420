"""Connecting and trading, against a private embedded gateway."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from figures import Figure, summed_up

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import stop_gateway

COLD_RUNS, WARM_RUNS, DENY_RUNS, ORDER_RUNS = 3, 15, 100, 60
ORDER_SECONDS = 0.12

LIMITS = """
[sim]
max_orders_10s = 100000
max_same_orders_60s = 100000
max_orders_1h = 100000
max_orders_1d = 100000
"""
"""The rate rule would stop a benchmark after its fifth order; every other rule holds as ever."""


@contextmanager
def fresh_session() -> Generator[Session]:
    """A session in a home of its own, with its own embedded gateway, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="er-bench-") as home:
        os.environ["EDGERUNNER_HOME"] = home
        paths = Paths.default()
        (paths.config / "limits.toml").write_text(LIMITS, encoding="utf-8")
        session = Session(paths=paths, notebook="bench.ipynb")
        try:
            yield session
        finally:
            session.close()
            stop_gateway(Path(home))


def connect_cold() -> Iterator[Figure]:
    """From nothing to connected: the gateway's process is started too."""
    seconds: list[float] = []
    for _ in range(COLD_RUNS):
        with fresh_session() as session:
            seconds.append(_timed(lambda session=session: session.connect("sim")))
    yield summed_up("connect_cold", "s", seconds)


def connect_warm() -> Iterator[Figure]:
    """To a gateway that runs."""
    with fresh_session() as session:
        session.connect("sim")
        seconds: list[float] = []
        for _ in range(WARM_RUNS):
            session.disconnect()
            seconds.append(_timed(lambda: session.connect("sim")))
    yield summed_up("connect_warm", "s", seconds)


def order_deny() -> Iterator[Figure]:
    """From the verb to the denial, its durable record included."""
    with fresh_session() as session:
        session.connect("sim")
        session.quote("SPY")
        yield summed_up(
            "order_deny",
            "ms",
            [_timed(lambda: _denied(session)) * 1000 for _ in range(DENY_RUNS)],
        )


def orders() -> Iterator[Figure]:
    """From the verb to the socket, and to the fill with its commission; small orders in turn bought and sold."""
    with fresh_session() as session:
        session.connect("sim")
        session.quote("SPY")
        to_wire: list[float] = []
        round_trip: list[float] = []
        pause = threading.Event()
        for number in range(ORDER_RUNS):
            # Faster than this and the broker's 40 messages a second would be what is measured.
            pause.wait(ORDER_SECONDS)
            start = time.monotonic()
            session.order("buy 1 SPY" if number % 2 == 0 else "sell 1 SPY")
            round_trip.append((time.monotonic() - start) * 1000)
            written = session.engine.orders.last_written_mono
            assert written is not None
            to_wire.append((written - start) * 1000)
        yield summed_up("order_to_wire", "ms", to_wire)
        yield summed_up("order_round_trip", "ms", round_trip)


def _denied(session: Session) -> None:
    try:
        session.order("buy 5000 SPY")
    except OrderDenied:
        return
    raise AssertionError("the order should have been denied")


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
