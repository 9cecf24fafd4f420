"""Find the embedded gateway or start it; it is a process of its own, one a user, shared by all notebooks.

What we know of it is its discovery file, `gateway.json` in the runtime directory:
`{"schema": 1, "pid": int, "port": int, "started": ISO 8601, "version": str}`.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from edgerunner_lab.core.errors import ConnectFailed
from edgerunner_lab.ledger.paths import Paths

DISCOVERY_FILE = "gateway.json"
START_SECONDS_MAX = 20.0
"""A cold start takes 1–2 s on two cores; a machine that is paging may need ten times that."""
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedGateway:
    """A gateway that answered on its port."""

    pid: int
    port: int


async def find(runtime: Path) -> EmbeddedGateway | None:
    """Return the running gateway of `runtime`, or None; a stale file is not believed."""
    try:
        found = json.loads((runtime / DISCOVERY_FILE).read_text(encoding="utf-8"))
        gateway = EmbeddedGateway(pid=int(found["pid"]), port=int(found["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return gateway if await _listens(gateway.port) else None


async def ensure(paths: Paths, *, seed: int, idle_exit_s: float) -> EmbeddedGateway:
    """Return the running gateway of this user, started if there was none.

    Raises:
        ConnectFailed: it did not start; the line carries its own last words.
    """
    runtime, state = paths.runtime, paths.data / "gateway"
    running = await find(runtime)
    if running is not None:
        return running
    log = paths.runtime / "gateway.log"
    process = _spawn(runtime, state, log, seed=seed, idle_exit_s=idle_exit_s)
    deadline = asyncio.get_running_loop().time() + START_SECONDS_MAX
    while asyncio.get_running_loop().time() < deadline:
        running = await find(runtime)
        if running is not None:
            return running
        # Exit status 0 means that another kernel's start was quicker; its gateway is about to answer.
        if process.poll() not in (None, 0):
            break
        await asyncio.sleep(_POLL_SECONDS)
    raise ConnectFailed(
        f"the embedded gateway did not start: {_last_words(log)} (its log is {log})"
    )


def _spawn(
    runtime: Path, state: Path, log: Path, *, seed: int, idle_exit_s: float
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "edgerunner_lab.sim"]
    command += ["--port", "0", "--seed", str(seed), "--state", str(state)]
    command += ["--runtime", str(runtime), "--idle-exit", f"{idle_exit_s:g}"]
    with log.open("ab") as output:
        os.chmod(log, 0o600)  # noqa: PTH101  the open file's name
        # A session of its own, so that interrupting a cell or closing a kernel does not end it.
        process = subprocess.Popen(  # noqa: S603  our own module, with the interpreter that runs us
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=runtime,
        )
    # It outlives this process as a rule; where it does not, somebody has to take notice of its end.
    threading.Thread(target=process.wait, name="gateway's end", daemon=True).start()
    return process


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", port), timeout=1.0
        )
    except (OSError, TimeoutError):
        return False
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return False
    return True


def _last_words(log: Path) -> str:
    lines = (
        log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if log.exists()
        else []
    )
    return lines[-1] if lines else "it said nothing"
