"""Who is at the other end of a loopback socket, where the system tells it."""

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_TABLES: Final = {
    socket.AF_INET: Path("/proc/net/tcp"),
    socket.AF_INET6: Path("/proc/net/tcp6"),
}
_ROOT: Final = 0


def is_foreign(accepted: socket.socket) -> bool:
    """Return True when another user of this machine has opened the other end.

    On systems that do not tell, nobody is foreign; there the loopback address is all there is.
    """
    if sys.platform != "linux":
        return False
    try:
        with _TABLES[accepted.family].open(encoding="ascii") as table:
            owner = owner_in(table, accepted.getpeername()[1], accepted.getsockname()[1])
    except (OSError, KeyError):
        return False
    return owner is not None and owner not in (_ROOT, os.getuid())


def owner_in(table: Iterable[str], local_port: int, remote_port: int) -> int | None:
    """Return the user id of the socket between two loopback ports in the kernel's `table`."""
    ends = (f":{local_port:04X}", f":{remote_port:04X}")
    for line in table:
        columns = line.split(maxsplit=8)
        if columns[1].endswith(ends[0]) and columns[2].endswith(ends[1]):
            return int(columns[7])
    return None
