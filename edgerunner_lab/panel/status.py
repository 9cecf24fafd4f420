"""The badge's channel: says the session's mode and connection to every front end of a kernel.

The protocol is written down in labextension/README.md.
"""

import threading
from dataclasses import asdict, dataclass
from typing import Any, Final

from comm import create_comm
from comm.base_comm import BaseComm

TARGET: Final = "edgerunner_lab.status"

SCHEMA: Final = 1

CHARACTERS_MAX: Final = 400
"""The front end takes no longer text for a status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the badge shows.

    Attributes:
        mode: "SIM", "PAPER" or "LIVE".
        state: Where the connection stands, in the words `%status` uses.
        account: Masked; empty while none is bound.
        detail: Why, and what to do; empty where the state says it.
    """

    mode: str
    state: str
    account: str = ""
    detail: str = ""


class StatusChannel:
    """Keeps one comm open to all front ends of this kernel; usable from any thread.

    The kernel opens it, so that front ends need not ask kernels that have never heard of us.
    A front end that comes later finds the comm through the kernel's list and says hello.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: Status | None = None
        self._comm: BaseComm | None = None
        self._is_closed = False

    def publish(self, status: Status) -> None:
        """Say `status` to every front end, unless they know it already."""
        with self._lock:
            if self._is_closed or (status == self._latest and self._comm is not None):
                return
            self._latest = status
            if self._comm is None:
                self._open(status)
            else:
                self._comm.send(_message(status))

    def close(self) -> None:
        """Take the badge away."""
        with self._lock:
            self._is_closed = True
            comm, self._comm = self._comm, None
        if comm is not None:
            comm.close()
