"""A JupyterLab server of its own, in empty directories, on a free port."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import psutil

READY_SECONDS_MAX = 40
STOP_SECONDS_MAX = 20

_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}
"""JupyterLab neither fetches news nor pops up questions."""


class JupyterLab:
    """A running server; everything it and its kernels keep is under one temporary directory.

    Attributes:
        root: The directory that the file browser shows.
        home: EDGERUNNER_HOME of its kernels.
        environment: Of the server and so of its kernels; change it before `start`.
    """

    def __init__(self) -> None:
        # Its path is short because it holds sockets, whose paths end at 107 bytes.
        self._directory = Path(tempfile.mkdtemp(prefix="er-lab-"))
        self.root = self._made("notebooks")
        self.home = self._made("home")
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.environment = os.environ | self._places()
        self._log = self._directory / "server.log"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server and its kernels have written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.root,
            )
        self._wait_until_ready()

    def url(self, path: str) -> str:
        """Return the address of a page, without what the browser remembers of earlier ones."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}&reset"

    def write_notebook(
        self, cells: Sequence[str], *, name: str = "notebook.ipynb", markdown: str = ""
    ) -> str:
        """Write a notebook with these code cells, below `markdown` if there is any; return its name."""
        v4: Any = nbformat.v4
        nodes = [v4.new_markdown_cell(markdown)] if markdown else []
        nodes += [v4.new_code_cell(cell) for cell in cells]
        book = v4.new_notebook(cells=nodes, metadata={"kernelspec": _KERNELSPEC})
        (self.root / name).write_text(json.dumps(book), encoding="utf-8")
        return name

    def copy_notebook(self, source: Path) -> str:
        """Put a copy of a notebook where the file browser shows it; return its name."""
        shutil.copy(source, self.root / source.name)
        return source.name

    def close(self) -> None:
        """End the server, its kernels and the gateways they started, and take the directory away."""
        if self._server is not None:
            children = psutil.Process(self._server.pid).children(recursive=True)
            self._server.terminate()
            try:
                self._server.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait(STOP_SECONDS_MAX)
            _end(children)
        _end(self._gateways())
        shutil.rmtree(self._directory, ignore_errors=True)

    def _made(self, name: str) -> Path:
        directory = self._directory / name
        directory.mkdir(mode=0o700)
        return directory

    def _places(self) -> dict[str, str]:
        config = self._made("config")
        overrides = config / "labconfig" / "default_setting_overrides.json"
        overrides.parent.mkdir()
        overrides.write_text(json.dumps(_SETTINGS), encoding="utf-8")
        return {
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTER_DATA_DIR": str(self._made("data")),
            "JUPYTER_RUNTIME_DIR": str(self._made("runtime")),
            "IPYTHONDIR": str(self._made("ipython")),
            "JUPYTERLAB_SETTINGS_DIR": str(self._made("settings")),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._made("workspaces")),
            "EDGERUNNER_HOME": str(self.home),
        }

    def _wait_until_ready(self) -> None:
        assert self._server is not None
        deadline = time.monotonic() + READY_SECONDS_MAX
        pause = threading.Event()
        while time.monotonic() < deadline:
            if self._server.poll() is not None:
                message = f"JupyterLab ended with {self._server.returncode}:\n{self.log}"
                raise RuntimeError(message)
            with contextlib.suppress(urllib.error.URLError, TimeoutError, ConnectionError):
                address = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
                with urllib.request.urlopen(address, timeout=5):
                    return
            pause.wait(0.1)
        raise TimeoutError(
            f"JupyterLab did not answer in {READY_SECONDS_MAX} s:\n{self.log}"
        )

    def _gateways(self) -> list[psutil.Process]:
        """Return the embedded gateways of this home; they are made to outlive their kernels."""
        found: list[psutil.Process] = []
        for path in self._directory.rglob("gateway.json"):
            pid = json.loads(path.read_text(encoding="utf-8")).get("pid")
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(pid)))
        return found


_KERNELSPEC = {"name": "python3", "display_name": "Python 3", "language": "python"}


def _end(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, STOP_SECONDS_MAX)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
