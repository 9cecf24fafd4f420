"""The badge's channel: says the session's mode and connection to every front end of a kernel.

The protocol is written down in labextension/README.md.
"""

import threading
from dataclasses import asdict, dataclass
from typing import Any, Final

import comm
from comm.base_comm import BaseComm, CommManager

TARGET: Final = "edgerunner_lab.status"

SCHEMA: Final = 1

CHARACTERS_MAX: Final = 400
"""The front end takes no longer text for a status; what is longer is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the badge shows.

    Attributes:
        mode: "SIM", "PAPER" or "LIVE".
        state: Where the connection stands, in the words `%status` uses; never empty.
        account: Masked; empty while none is bound.
        detail: Why, and what to do; empty where the state says it.
    """

    mode: str
    state: str
    account: str = ""
    detail: str = ""


class StatusChannel:
    """Keeps one comm open to all front ends of a kernel; usable from any thread.

    The kernel opens it, so that a front end need not ask kernels that have never heard of us.
    One that comes later finds the comm in the kernel's list and says hello.
    """

    def __init__(self, comm_manager: CommManager) -> None:
        self._manager = comm_manager
        self._lock = threading.Lock()
        self._latest: Status | None = None
        self._comm: BaseComm | None = None
        self._is_closed = False

    def publish(self, status: Status) -> None:
        """Say `status` to every front end, unless it was the last thing said."""
        with self._lock:
            if self._is_closed or (status == self._latest and self._is_open):
                return
            self._latest = status
            self._send(status)

    def close(self) -> None:
        """Take the badge away; publishing does nothing from now on."""
        with self._lock:
            self._is_closed = True
            if self._comm is not None and self._is_open:
                self._comm.close()
            self._comm = None

    @property
    def _is_open(self) -> bool:
        """Whether the comm stands; any front end may close it, and the manager drops it then."""
        return self._comm is not None and self._comm.comm_id in self._manager.comms

    def _send(self, status: Status) -> None:
        """Say `status`, opening the comm first if need be; the lock is held."""
        message = _message(status)
        if self._comm is not None and self._is_open:
            self._comm.send(message)
        else:
            # Looked up now: ipykernel puts its own maker of comms there.
            self._comm = comm.create_comm(target_name=TARGET, data=message)
            self._comm.on_msg(self._answer)

    def _answer(self, message: dict[str, Any]) -> None:
        """Say the latest status to a front end that has come later."""
        data: object = message.get("content", {}).get("data")
        if data != {"schema": SCHEMA, "type": "hello"}:
            return
        with self._lock:
            if self._latest is not None and self._is_open:
                self._send(self._latest)


def _message(status: Status) -> dict[str, Any]:
    texts: dict[str, str] = asdict(status)
    # Not "state": nbclient takes any comm whose data has that key for a widget, and breaks on it.
    texts["connection"] = texts.pop("state")
    return {"schema": SCHEMA} | {key: text[:CHARACTERS_MAX] for key, text in texts.items()}
