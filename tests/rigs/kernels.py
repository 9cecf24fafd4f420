"""A real ipykernel, driven through jupyter_client as a front end drives it."""

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

REPLY_SECONDS_MAX = 25


@dataclass
class Run:
    """What one execution left behind.

    Attributes:
        status: "ok" or "error".
        text: Everything that was printed or shown as plain text, in order.
        html: Every text/html that was shown.
    """

    status: str
    text: str = ""
    html: list[str] = field(default_factory=list[str])
    error_name: str = ""
    error_lines: list[str] = field(default_factory=list[str])


class Kernel:
    """A running kernel."""

    def __init__(self, directory: Path) -> None:
        self.manager = KernelManager(
            kernel_name="python3", transport="ipc", ip=str(directory / "kernel")
        )
        self.client: BlockingKernelClient | None = None

    def start(self, environment: dict[str, str]) -> None:
        """Start it and wait until it answers."""
        self.manager.start_kernel(env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=REPLY_SECONDS_MAX)

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self.run("import os; print(os.getpid())").text)

    def send(self, code: str) -> str:
        """Queue a cell and return its message id, as Run All does."""
        assert self.client is not None
        return self.client.execute(code, stop_on_error=False)

    def result(self, message_id: str) -> Run:
        """Wait for a queued cell to end."""
        assert self.client is not None
        run = Run(status="")
        while True:
            message = self.client.get_iopub_msg(timeout=REPLY_SECONDS_MAX)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            self._take(run, kind, content)
        run.status = run.status or "ok"
        return run

    def run(self, code: str) -> Run:
        """Run a cell and wait for it."""
        return self.result(self.send(code))

    def restart(self) -> None:
        """Kill it and start it anew, as Restart Kernel does."""
        assert self.client is not None
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=REPLY_SECONDS_MAX)

    def kill(self) -> None:
        """End it as a crash would."""
        self.manager.signal_kernel(signal.SIGKILL)

    def close(self) -> None:
        """End the kernel and its channels."""
        if self.client is not None:
            self.client.stop_channels()
        if self.manager.has_kernel:
            # Gracefully, so that what a kernel wants to say at its end (coverage, for one) is said.
            self.manager.shutdown_kernel(now=False)
        self.manager.cleanup_resources()

    @staticmethod
    def _take(run: Run, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            run.text += content["text"]
        elif kind in ("execute_result", "display_data"):
            run.text += content["data"].get("text/plain", "") + "\n"
            if "text/html" in content["data"]:
                run.html.append(content["data"]["text/html"])
        elif kind == "error":
            run.status, run.error_name = "error", content["ename"]
            run.error_lines = content["traceback"]


def environment_of_a_kernel(directory: Path) -> dict[str, str]:
    """Return an environment in which a kernel finds nothing of the developer's own."""
    return {
        **os.environ,
        "EDGERUNNER_HOME": str(directory),
        "IPYTHONDIR": str(directory / "ipython"),
    }
