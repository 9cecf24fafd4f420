"""What the gateway tells how fast: `gateway_ticks_per_s` to one client and over many, `gateway_clients` connected ones."""

import asyncio
import contextlib
import resource
import socket
import statistics
import struct
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import Figure
from raw_client import gateway

from edgerunner_lab.sim.listing.universe import load_universe

SECONDS, RUNS = 3.0, 3
LINES = 90
"""Lines of the one client: with fewer instruments the market itself makes fewer ticks than the aim."""

STEPS = 1000
"""Steps a second and instrument, the most the gateway offers: more than one core makes."""

CROWD = 100
CROWD_LINES = 10
CROWD_STEPS = 100
"""So that the market makes fewer ticks than are told: each goes to a hundred clients."""

CLIENTS = 1000
CLIENT_LINES = 10
WARM_SECONDS = 10.0
"""Time for the gateway to answer ten thousand requests before the figure begins."""

WATCH_SECONDS = 10.0


def measure() -> Iterator[Figure]:
    """Count the frames that one client gets in three seconds, and those that a hundred get together."""
    rates = [_rate(1, LINES, STEPS) for _ in range(RUNS)]
    yield Figure(
        name="gateway_ticks_per_s", unit="ticks/s", p50=statistics.median(rates), runs=RUNS
    )
    rates = [_rate(CROWD, CROWD_LINES, CROWD_STEPS) for _ in range(RUNS)]
    yield Figure(
        name="gateway_ticks_per_s_100_clients",
        unit="ticks/s",
        p50=statistics.median(rates),
        runs=RUNS,
    )


def clients() -> Iterator[Figure]:
    """Connect a thousand clients with ten lines each at one update a second; see how late and how large it gets."""
    files = CLIENTS + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    with gateway("--ticks-per-second", "1") as process:
        empty = _resident(process.pid)
        with _crowd(process.port, CLIENTS, CLIENT_LINES) as crowd:
            asyncio.run(_drain(crowd, WARM_SECONDS))
            began, used = time.perf_counter(), _cpu_seconds(process.pid)
            ticks = asyncio.run(_drain(crowd, WATCH_SECONDS))
            took = time.perf_counter() - began
            share = (_cpu_seconds(process.pid) - used) / took
            size = (_resident(process.pid) - empty) / CLIENTS
    yield Figure(
        name="gateway_clients_ticks_per_s", unit="ticks/s", p50=ticks / took, runs=1
    )
    yield Figure(name="gateway_clients_cpu", unit="cores", p50=share, runs=1)
    yield Figure(name="gateway_clients_memory", unit="bytes/client", p50=size, runs=1)


@dataclass
class Member:
    """A client and the part of a frame that it has read last."""

    socket: socket.socket
    rest: bytes = b""


def _rate(count: int, lines: int, steps: int) -> float:
    with (
        gateway("--ticks-per-second", str(steps)) as process,
        _crowd(process.port, count, lines) as crowd,
    ):
        # The first second is start-up, which is another figure.
        asyncio.run(_drain(crowd, 1.0))
        began = time.perf_counter()
        ticks = asyncio.run(_drain(crowd, SECONDS))
        return ticks / (time.perf_counter() - began)


@contextlib.contextmanager
def _crowd(port: int, count: int, lines: int) -> Generator[list[Member]]:
    """Connect clients that watch the first so many instruments each."""
    universe = load_universe()
    stocks = [
        i.con_id
        for i in universe.by_con_id.values()
        if i.currency == "USD" and i.sec_type == "STK"
    ]
    hello = b"v157..178"
    with contextlib.ExitStack() as held:
        crowd: list[Member] = []
        for number in range(count):
            client = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"API\0" + struct.pack(">I", len(hello)) + hello)
            client.sendall(_frame("71", "2", str(number + 1), ""))
            for line, con_id in enumerate(stocks[:lines]):
                contract = (str(con_id), "", "", "", "0.0", "", "", "SMART", "", "", "", "")
                client.sendall(
                    _frame("1", "11", str(100 + line), *contract, "0", "", "0", "0", "")
                )
            client.settimeout(0)
            crowd.append(Member(client))
        yield crowd


async def _drain(crowd: list[Member], seconds: float) -> int:
    """Read whatever comes for so long; return how many ticks came."""
    loop = asyncio.get_running_loop()
    ticks = 0

    def read(member: Member) -> None:
        nonlocal ticks
        try:
            data = member.socket.recv(1 << 18)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the gateway hung up")
        found, member.rest = _ticks(member.rest + data)
        ticks += found

    for member in crowd:
        loop.add_reader(member.socket, read, member)
    await asyncio.sleep(seconds)
    for member in crowd:
        loop.remove_reader(member.socket)
    return ticks


def _ticks(data: bytes) -> tuple[int, bytes]:
    """Return how many tickPrice and tickSize frames there are, and what is left after the last whole frame."""
    count, position, end = 0, 0, len(data)
    while position + 4 <= end:
        length = int.from_bytes(data[position : position + 4])
        if position + 4 + length > end:
            break
        count += data[position + 4 : position + 6] in (b"1\0", b"2\0")
        position += 4 + length
    return count, data[position:]


def _resident(pid: int) -> int:
    """Return the memory of a process in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process."""
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / 100


def _frame(*fields: str) -> bytes:
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload
