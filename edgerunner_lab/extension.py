"""The composition root: the only place that wires the parts into an IPython shell.

`%load_ext` returns before the session is built: importing the broker library alone takes a quarter of a second.
A thread builds it and connects; until it is there, `lab` is a promise that waits for it at first use.
"""

import concurrent.futures
import hashlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, cast

from edgerunner_lab import __version__
from edgerunner_lab.core.accounts import Mode, mask
from edgerunner_lab.core.intents import Source
from edgerunner_lab.magics import register, unregister
from edgerunner_lab.magics.verbs import Verbs
from edgerunner_lab.panel.control import HaltControl
from edgerunner_lab.panel.status import Status as BadgeStatus
from edgerunner_lab.panel.status import StatusChannel

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from edgerunner_lab.lab import Lab
    from edgerunner_lab.tables.reports import Status

_loaded: "weakref.WeakKeyDictionary[InteractiveShell, Desk]" = weakref.WeakKeyDictionary()

NO_AUTOCONNECT = "EDGERUNNER_NO_AUTOCONNECT"
"""Set to 1, loading the extension connects to nothing until `%connect`."""

CLOSE_SECONDS_MAX = 20.0
"""How long `%unload_ext` waits for a session that is still being built."""


class PromisedLab:
    """`lab` while the session is still being built: anything asked of it waits for the real one."""

    def __init__(self, lab: "concurrent.futures.Future[Lab]") -> None:
        self._lab = lab

    def __getattr__(self, name: str) -> Any:
        # Names with an underscore are what IPython asks of everything that it shows.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._lab.result(), name)

    def __dir__(self) -> list[str]:
        return dir(self._lab.result())

    def __repr__(self) -> str:
        return repr(self._lab.result()) if self._lab.done() else "<lab: starting>"


class Desk:
    """One shell's session, its magics and its badge."""

    def __init__(self, ip: "InteractiveShell") -> None:
        self._ip = ip
        self._built: concurrent.futures.Future[Lab] = concurrent.futures.Future()
        self._badge = _badge_channel(ip)
        kernel = getattr(ip, "kernel", None)
        self._control = HaltControl(kernel, self._halt) if kernel is not None else None
        self._promise = PromisedLab(self._built)
        register(ip, cast("Verbs", self._promise))
        self._names["lab"] = self._promise

    def start(self) -> None:
        """Build the session and connect to the embedded gateway without holding up the cell."""
        threading.Thread(
            target=self._build_and_connect, name="edgerunner-start", daemon=True
        ).start()

    def close(self) -> None:
        """Take the magics, the name and the session out again."""
        unregister(self._ip)
        lab = self._built.result(CLOSE_SECONDS_MAX)
        if self._names.get("lab") in (self._promise, lab):
            del self._names["lab"]
        lab.close()
        if self._badge is not None:
            self._badge.close()
        if self._control is not None:
            self._control.close()

    def _halt(self, everything: bool) -> None:  # noqa: FBT001  the control channel's one word
        """Begin a halt, or have it begin as soon as there is a session; called on the control thread."""

        def begin(built: "concurrent.futures.Future[Lab]") -> None:
            if built.exception() is None:
                built.result().begin_halt(everything=everything)

        self._built.add_done_callback(begin)

    def _build_and_connect(self) -> None:
        try:
            from edgerunner_lab.lab import Lab  # noqa: PLC0415  heavy, and this is the thread for it

            lab = Lab(
                notebook=notebook_path(), source=self._source, on_change=self._publish
            )
        except BaseException as error:  # noqa: BLE001  whatever it is, whoever waits for the session must hear it
            self._built.set_exception(error)
            return
        if os.environ.get(NO_AUTOCONNECT) != "1":
            lab.start_connecting("sim")
        self._built.set_result(lab)
        if self._names.get("lab") is self._promise:
            self._names["lab"] = lab

    @property
    def _names(self) -> dict[str, object]:
        """The user's names; the kernel's globals."""
        return cast("dict[str, object]", self._ip.user_ns)  # pyright: ignore[reportUnknownMemberType]  # IPython leaves it open

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
        if (
            self._badge is not None
            and self._built.done()
            and self._built.exception() is None
        ):
            self._badge.publish(badge_status(self._built.result().status_now()))


def load(ip: "InteractiveShell") -> None:
    """Make the shell a desk; doing it again changes nothing."""
    if ip in _loaded:
        return
    desk = Desk(ip)
    _loaded[ip] = desk
    desk.start()
    banner = f"Edgerunner Lab {__version__} · SIM, embedded gateway, account DU*** · connecting · %status shows more"
    print(banner)  # noqa: T201  one line, shown by the cell that loads the extension


def unload(ip: "InteractiveShell") -> None:
    """Undo `load`; working orders stay at the broker."""
    desk = _loaded.pop(ip, None)
    if desk is not None:
        desk.close()


def notebook_path() -> str:
    """Return the notebook's path as Jupyter Server gives it to the kernel; empty elsewhere."""
    return os.environ.get("JPY_SESSION_NAME", "")


def badge_status(status: "Status") -> BadgeStatus:
    """Return what the badge shows of a session."""
    return BadgeStatus(
        mode=status.mode.value if status.mode is not None else Mode.SIM.value,
        state="halted" if status.latch.startswith("halted") else status.state,
        account=mask(status.account) if status.account else "",
        detail=status.latch if status.latch not in ("", "active") else "",
    )


def _badge_channel(ip: "InteractiveShell") -> StatusChannel | None:
    """Open the badge's channel where there is a kernel; a terminal has no badge."""
    kernel = getattr(ip, "kernel", None)
    return StatusChannel(kernel.comm_manager) if kernel is not None else None


def _cell_id(ip: "InteractiveShell") -> str:
    header = cast("dict[str, dict[str, object]]", getattr(ip, "parent_header", {}))
    return str(header.get("metadata", {}).get("cellId", ""))


def _cell_text(ip: "InteractiveShell") -> str:
    history = ip.history_manager
    if history is None or not history.input_hist_raw:
        return ""
    return str(history.input_hist_raw[-1])
