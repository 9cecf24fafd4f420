"""The composition root: the only place that wires the parts into an IPython shell."""

import hashlib
import os
import threading
import weakref
from typing import TYPE_CHECKING

from edgerunner_lab import __version__
from edgerunner_lab.core.accounts import Mode, mask
from edgerunner_lab.core.errors import EdgerunnerError
from edgerunner_lab.core.intents import Source
from edgerunner_lab.lab import Lab
from edgerunner_lab.magics import register, unregister
from edgerunner_lab.panel.status import Status as BadgeStatus
from edgerunner_lab.panel.status import StatusChannel
from edgerunner_lab.session.reports import Status

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_loaded: "weakref.WeakKeyDictionary[InteractiveShell, Desk]" = weakref.WeakKeyDictionary()

NO_AUTOCONNECT = "EDGERUNNER_NO_AUTOCONNECT"
"""Set to 1, loading the extension connects to nothing until `%connect`."""


class Desk:
    """One shell's session, its magics and its badge."""

    def __init__(self, ip: "InteractiveShell") -> None:
        self._ip = ip
        self._badge = _badge_channel(ip)
        self.lab = Lab(notebook=notebook_path(), source=self._source, on_change=self._publish)
        register(ip, self.lab)
        ip.push({"lab": self.lab}, interactive=False)

    def connect_in_background(self) -> None:
        """Connect to the embedded gateway without holding up the cell; failures show in `%status`."""
        threading.Thread(target=self._connect, name="edgerunner-connect", daemon=True).start()

    def close(self) -> None:
        """Take the magics, the name and the session out again."""
        unregister(self._ip)
        if self._ip.user_ns.get("lab") is self.lab:
            del self._ip.user_ns["lab"]
        self.lab.close()
        if self._badge is not None:
            self._badge.close()

    def _connect(self) -> None:
        try:
            self.lab.connect("sim")
        except EdgerunnerError:
            # %status, the badge and the next verb say why; a thread's print would land in some cell.
            return

    def _source(self, kind: str) -> Source:
        cell = _cell_text(self._ip)
        return Source(
            kind=kind,
            notebook=notebook_path(),
            cell_id=_cell_id(self._ip),
            code_sha256=hashlib.sha256(cell.encode()).hexdigest() if cell else "",
            kernel_pid=os.getpid(),
        )

    def _publish(self) -> None:
        """Tell the badge; called on the session's thread."""
        if self._badge is not None:
            self._badge.publish(badge_status(self.lab.status_now()))


def load(ip: "InteractiveShell") -> None:
    """Make the shell a desk; doing it again changes nothing."""
    desk = _loaded.get(ip)
    if desk is None:
        desk = Desk(ip)
        _loaded[ip] = desk
        if os.environ.get(NO_AUTOCONNECT) != "1":
            desk.connect_in_background()
        print(_banner(desk))  # noqa: T201  one line, shown by the cell that loads the extension


def unload(ip: "InteractiveShell") -> None:
    """Undo `load`; working orders stay at the broker."""
    desk = _loaded.pop(ip, None)
    if desk is not None:
        desk.close()


def notebook_path() -> str:
    """Return the notebook's path as Jupyter Server gives it to the kernel; empty elsewhere."""
    return os.environ.get("JPY_SESSION_NAME", "")


def badge_status(status: Status) -> BadgeStatus:
    """Return what the badge shows of a session."""
    return BadgeStatus(
        mode=status.mode.value if status.mode is not None else Mode.SIM.value,
        state=status.state,
        account=mask(status.account) if status.account else "",
        detail=status.latch if status.latch not in ("", "active") else "",
    )


def _banner(desk: Desk) -> str:
    status = desk.lab.thread.run(desk.lab.status_now)
    account = f", account {mask(status.account)}" if status.account else ""
    return f"Edgerunner Lab {__version__} · SIM (embedded gateway){account} · {status.state} · %status shows more"


def _badge_channel(ip: "InteractiveShell") -> StatusChannel | None:
    """Open the badge's channel where there is a kernel; a terminal has no badge."""
    kernel = getattr(ip, "kernel", None)
    return StatusChannel(kernel.comm_manager) if kernel is not None else None


def _cell_id(ip: "InteractiveShell") -> str:
    try:
        metadata = ip.parent_header.get("metadata", {})  # type: ignore[attr-defined]  # kernels have it
    except (AttributeError, LookupError):
        return ""
    return str(metadata.get("cellId", ""))


def _cell_text(ip: "InteractiveShell") -> str:
    history = ip.history_manager
    if history is None or not history.input_hist_raw:
        return ""
    return str(history.input_hist_raw[-1])
