"""The broker's global cancel with as little before it as the protocol allows, for whoever halts from another process.

A whole session synchronises before it is ready, which takes a second. A cancel needs none of that: the handshake, the
broker's word that this is the account, and the request. What came of it a whole session asks afterwards.
"""

import asyncio
import contextlib
import random
import socket
import struct
from typing import Final

from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import embedded
from edgerunner_lab.session.firewall import REQ_GLOBAL_CANCEL

TIMEOUT_SECONDS: Final = 2.0

_VERSIONS: Final = "v157..178"
_START_API: Final = ("71", "2")
_NEXT_VALID_ID, _MANAGED_ACCOUNTS = "9", "15"
_CLIENT_IDS: Final = (20_000, 30_000)
"""Far from those of sessions; it is used for a moment."""

_FRAME_BYTES_MAX: Final = 1 << 20


def ask(paths: Paths, place: Connection) -> socket.socket | None:
    """Have the broker cancel every order at `place`; return the connection, to be closed after the next word with it.

    None where there is nobody, the account is not there, or the broker does not let us in: nothing was asked then.
    """
    host, port = place.host, place.port
    if not port:
        running = asyncio.run(embedded.find(paths.runtime))
        if running is None:
            return None
        host, port = "127.0.0.1", running.port
    with contextlib.ExitStack() as undone:
        try:
            line = socket.create_connection((host, port), TIMEOUT_SECONDS)
            undone.callback(line.close)
            line.settimeout(TIMEOUT_SECONDS)
            line.sendall(b"API\0" + _framed(_VERSIONS, is_text=True))
            _read(line)
            line.sendall(_framed(*_START_API, str(random.randrange(*_CLIENT_IDS)), ""))  # noqa: S311  not a secret
            if not _is_let_in(line, place.account):
                return None
            line.sendall(_framed(str(REQ_GLOBAL_CANCEL), "1"))
        except (OSError, ValueError):
            return None
        undone.pop_all()
        return line


def _is_let_in(line: socket.socket, account: str) -> bool:
    """Read until the broker takes requests; return whether the account is one of this login's."""
    accounts: list[str] = []
    while True:
        fields = _read(line)
        if fields[0] == _MANAGED_ACCOUNTS:
            accounts = fields[2].split(",")
        if fields[0] == _NEXT_VALID_ID:
            return account in accounts


def _framed(*fields: str, is_text: bool = False) -> bytes:
    data = fields[0].encode() if is_text else "".join(f"{one}\0" for one in fields).encode()
    return struct.pack(">I", len(data)) + data


def _read(line: socket.socket) -> list[str]:
    """Return one frame's fields.

    Raises:
        OSError: the line broke or fell silent.
        ValueError: these are no frames.
    """
    (length,) = struct.unpack(">I", _exactly(line, 4))
    if length > _FRAME_BYTES_MAX:
        raise ValueError(f"a frame of {length} bytes was announced")
    return _exactly(line, length).decode("utf-8", "replace").split("\0")


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        if not piece:
            raise ConnectionError("the broker closed the connection")
        data += piece
    return data
