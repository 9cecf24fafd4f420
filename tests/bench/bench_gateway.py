"""`gateway_ticks_per_s`: how many ticks one client takes from the embedded gateway, as fast as it makes them."""

import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from figures import Figure

SECONDS, RUNS = 3.0, 3
SYMBOLS = (
    "SPY",
    "QQQ",
    "IWM",
    "DIA",
    "GLD",
    "TLT",
    "AAPL",
    "MSFT",
    "GOOGL",
    "NVDA",
    "AMZN",
    "META",
    "TSLA",
    "IBM",
    "JPM",
    "AMD",
    "KO",
)
TICKS_ASKED = 1000
"""Steps a second and instrument, the most the gateway offers: more than one core makes."""


def measure() -> Iterator[Figure]:
    """Count the frames that arrive in three seconds."""
    rates = [_rate() for _ in range(RUNS)]
    yield Figure(
        name="gateway_ticks_per_s", unit="ticks/s", p50=statistics.median(rates), runs=RUNS
    )


def _rate() -> float:
    with tempfile.TemporaryDirectory() as state:
        command = [
            sys.executable,
            "-m",
            "edgerunner_lab.sim",
            "--port",
            "0",
            "--seed",
            "7",
            "--state",
            state,
        ]
        command += ["--runtime", state, "--ticks-per-second", str(TICKS_ASKED)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
            assert gateway.stdout is not None
            port = int(gateway.stdout.readline().rpartition(":")[2])
            try:
                return _count(port)
            finally:
                gateway.terminate()


def _count(port: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"API\0" + _frame("v157..178", end=""))
        client.sendall(_frame("71", "2", "9", ""))
        for number, symbol in enumerate(SYMBOLS):
            contract = ("0", symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
            client.sendall(
                _frame("1", "11", str(100 + number), *contract, "0", "", "0", "0", "")
            )
        rest, ticks, start = b"", 0, 0.0
        while not start or time.perf_counter() - start < SECONDS:
            data = rest + client.recv(1 << 18)
            found, rest = _ticks(data)
            ticks += found
            # The clock starts with the first ticks: start-up is another figure.
            if not start and ticks:
                start, ticks = time.perf_counter(), 0
        return ticks / (time.perf_counter() - start)


def _ticks(data: bytes) -> tuple[int, bytes]:
    count, position = 0, 0
    while position + 4 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        if position + 4 + length > len(data):
            break
        count += data[position + 4 : position + 6] in (b"1\0", b"2\0")
        position += 4 + length
    return count, data[position:]


def _frame(*fields: str, end: str = "\0") -> bytes:
    payload = "".join(f"{field}{end}" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload
