"""A TCP proxy between a session and a gateway that sees every frame and can act on one of them."""

import contextlib
import socket
import threading
from collections.abc import Callable

Watch = Callable[[str, int], bool]
"""Told of each frame before it is passed on: its direction, "out" or "in", and its message id; False drops it."""


class Proxy:
    """Serves its clients, one after the other or at once."""

    def __init__(self, upstream_port: int, watch: Watch) -> None:
        self._upstream_port = upstream_port
        self._watch = watch
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._sockets: list[socket.socket] = [self._server]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Close everything."""
        for one in self._sockets:
            # shutdown wakes the thread that reads; close alone would leave it waiting.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                gateway = socket.create_connection(("127.0.0.1", self._upstream_port))
                self._sockets += [client, gateway]
                for ends in ((gateway, client, "in"), (client, gateway, "out")):
                    pump = threading.Thread(target=self._pump, args=ends, daemon=True)
                    self._threads.append(pump)
                    pump.start()

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                rest += data
                if rest.startswith(b"API\0"):
                    sink.sendall(rest[:4])
                    rest = rest[4:]
                while len(rest) >= 4 and len(rest) >= (
                    end := 4 + int.from_bytes(rest[:4], "big")
                ):
                    frame, rest = rest[:end], rest[end:]
                    text = frame[4 : frame.find(b"\0", 4)]
                    if self._watch(direction, int(text) if text.isdigit() else -1):
                        sink.sendall(frame)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
