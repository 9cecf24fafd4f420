"""Orders through the embedded gateway as a raw client sees them, how quickly it starts, and whether it grows."""

import os
import statistics
import time
from collections.abc import Iterator

import psutil
from figures import Figure
from raw_client import RawClient, gateway, order_frame

ROUND_TRIPS = 300
ORDERS, IN_FLIGHT = 2_000, 100
STARTS = 5
FAR_PRICE = 10.0
"""Far below the market, so that it rests, and small enough for the account to carry all of them."""

SOAK_SECONDS = float(os.environ.get("EDGERUNNER_SOAK_S", "60"))
WARM_SECONDS = 20.0
"""Caches of paths fill in the first hour bucket; what comes afterwards is growth."""

SOAK_SYMBOLS = ("SPY", "QQQ", "AAPL", "MSFT", "NVDA", "AMZN", "META", "TSLA", "IBM", "JPM")
ORDER_STATUS, OPEN_ORDER = b"3", b"5"


def round_trip() -> Iterator[Figure]:
    """Time a market order from its first byte to its `Filled`."""
    with gateway() as process:
        client = RawClient(process.port, 9)
        frames = client.read()
        times: list[float] = []
        for order_id in _ids(frames, ROUND_TRIPS):
            frame = order_frame(order_id)
            began = time.perf_counter()
            client.send(frame)
            _wait_for(frames, str(order_id).encode(), b"Filled")
            times.append((time.perf_counter() - began) * 1000)
        client.close()
    cuts = statistics.quantiles(times, n=100)
    yield Figure(
        name="gateway_order_round_trip",
        unit="ms",
        p50=statistics.median(times),
        p99=cuts[98],
        runs=len(times),
    )


def throughput() -> Iterator[Figure]:
    """Count resting orders accepted in a second, a hundred under way at a time."""
    with gateway() as process:
        client = RawClient(process.port, 9)
        frames = client.read()
        ids = list(_ids(frames, ORDERS))
        texts = [order_frame(order_id, FAR_PRICE) for order_id in ids]
        began = time.perf_counter()
        client.send_all(texts[:IN_FLIGHT])
        sent = IN_FLIGHT
        for _ in ids:
            _wait_for(frames, None, b"Submitted")
            if sent < len(texts):
                client.send(texts[sent])
                sent += 1
        took = time.perf_counter() - began
        client.close()
    yield Figure(name="gateway_orders_per_s", unit="orders/s", p50=ORDERS / took, runs=1)


def start() -> Iterator[Figure]:
    """Time a gateway from its command to the line that says where it listens."""
    times: list[float] = []
    for _ in range(STARTS):
        with gateway() as process:
            times.append(process.start_s * 1000)
    yield Figure(
        name="gateway_start_ms", unit="ms", p50=statistics.median(times), runs=STARTS
    )


def soak() -> Iterator[Figure]:
    """Measure how resident memory grows under about 1,000 updates a second, as MB an hour."""
    with gateway("--ticks-per-second", "40") as process:
        client = RawClient(process.port, 9)
        for number, symbol in enumerate(SOAK_SYMBOLS):
            contract = ("0", symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
            fields = ("1", "11", str(100 + number), *contract, "0", "", "0", "0", "")
            client.send("".join(f"{each}\0" for each in fields))
        watched = psutil.Process(process.pid)
        samples: list[tuple[float, float]] = []
        frames, count = client.read(), 0
        began = time.perf_counter()
        while (now := time.perf_counter() - began) < WARM_SECONDS + SOAK_SECONDS:
            next(frames)
            count += 1
            if now > WARM_SECONDS and (not samples or now - samples[-1][0] > 1):
                samples.append((now, watched.memory_info().rss / 1e6))
        client.close()
    slope = statistics.linear_regression(*zip(*samples, strict=True)).slope
    yield Figure(name="gateway_soak_growth", unit="MB/h", p50=slope * 3600, runs=1)
    yield Figure(
        name="gateway_soak_rate",
        unit="ticks/s",
        p50=count / (WARM_SECONDS + SOAK_SECONDS),
        runs=1,
    )


def _ids(frames: Iterator[list[bytes]], count: int) -> Iterator[int]:
    """Yield order ids from the first valid one."""
    first = next(int(frame[2]) for frame in frames if frame[0] == b"9")
    return iter(range(first, first + count))


def _wait_for(frames: Iterator[list[bytes]], order_id: bytes | None, status: bytes) -> None:
    """Read until an orderStatus says `status`, of one order or of any that has not been read yet."""
    for frame in frames:
        if frame[0] == ORDER_STATUS and frame[2] == status:
            if order_id is None or frame[1] == order_id:
                return
        elif frame[0] == b"4" and int(frame[2]) > 0:
            raise RuntimeError(b" ".join(frame).decode())
    raise RuntimeError("the gateway closed the connection")
