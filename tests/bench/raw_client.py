"""A client of the gateway that costs as little as possible: frames out, frames in, nothing understood but ids."""

import contextlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from ib_async import Contract, LimitOrder, MarketOrder, Order
from ib_async.client import Client

VERSION = 178


@dataclass
class Process:
    """A gateway process with a state directory that goes with it."""

    port: int
    pid: int
    start_s: float
    process: "subprocess.Popen[str]" = field(repr=False)


@contextlib.contextmanager
def gateway(*arguments: str) -> Generator[Process]:
    """Run a gateway of its own; `start_s` is from the command to its first line."""
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "edgerunner_lab.sim", "--port", "0", "--seed", "7"]
        command += ["--state", state, "--runtime", state, *arguments]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            took = time.perf_counter() - began
            try:
                yield Process(port, process.pid, took, process)
            finally:
                process.terminate()


class RawClient:
    """One connection; `read` yields each frame's fields."""

    def __init__(self, port: int, client_id: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        hello = f"v157..{VERSION}".encode()
        self._socket.sendall(b"API\0" + struct.pack(">I", len(hello)) + hello)
        self.send(f"71\0002\0{client_id}\0\0")

    def send(self, text: str) -> None:
        """Send one frame, its fields each ending in NUL."""
        payload = text.encode()
        self._socket.sendall(struct.pack(">I", len(payload)) + payload)

    def send_all(self, texts: list[str]) -> None:
        """Send several frames at once."""
        frames = [struct.pack(">I", len(text)) + text.encode() for text in texts]
        self._socket.sendall(b"".join(frames))

    def read(self) -> Iterator[list[bytes]]:
        """Yield frames as they come; ends when the gateway closes."""
        while True:
            while len(self._rest) >= 4:
                (length,) = struct.unpack_from(">I", self._rest)
                if len(self._rest) < 4 + length:
                    break
                frame, self._rest = self._rest[4 : 4 + length], self._rest[4 + length :]
                yield frame.split(b"\0")
            data = self._socket.recv(1 << 18)
            if not data:
                return
            self._rest += data

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def order_frame(order_id: int, price: float | None = None, quantity: int = 1) -> str:
    """Return a placeOrder frame for SPY as ib_async writes it: a limit order, or without a price a market order."""
    client: Any = Client(wrapper=None)
    written: list[str] = []
    client._serverVersion = VERSION
    client.sendMsg = written.append
    client.isConnected = lambda: True
    contract = Contract(
        conId=756733, symbol="SPY", secType="STK", exchange="SMART", currency="USD"
    )
    order: Order = MarketOrder("BUY", quantity)
    if price is not None:
        order = LimitOrder("BUY", quantity, price, tif="GTC")
    client.placeOrder(order_id, contract, order)
    return written[0]
