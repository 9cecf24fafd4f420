"""`edgerunner halt` against a real kernel: idle, busy, holding the interpreter, and dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from rigs.kernels import Kernel, environment_of_a_kernel

REST = """
%load_ext edgerunner_lab
%connect sim
bid = float(lab.quote("SPY").bid)
print(lab.buy("SPY", 1, limit=round(bid * 0.9, 2), tif="GTC").order_ref)
"""

BUSY = {
    "idle": "",
    "asleep": "import time; time.sleep(20)",
    "looping": "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass",
    # One call into C that does not let go of the interpreter.
    "holding the interpreter": "import re; print('in it', flush=True); re.match(r'(a|a)*b', 'a' * 27)",
}


def edgerunner(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a terminal does."""
    return subprocess.run(
        [sys.executable, "-m", "edgerunner_lab.cli", *arguments],
        env=environment_of_a_kernel(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=25,
    )


def begin(kernel: Kernel, code: str) -> None:
    """Start a cell and wait until the kernel has begun it."""
    assert kernel.client is not None
    sent = kernel.send(code)
    while True:
        message = kernel.client.get_iopub_msg(timeout=20)
        if (
            message["parent_header"].get("msg_id") == sent
            and message["msg_type"] == "execute_input"
        ):
            return


@pytest.mark.parametrize("doing", ["idle", "asleep", "looping"])
def test_a_kernel_that_lives_cancels_whatever_its_cell_does(
    kernel: Kernel, home: Path, doing: str
) -> None:
    """The session has a thread of its own, and it hears of the halt within a moment."""
    ref = kernel.run(REST).text
    assert "ELB:" in ref
    if BUSY[doing]:
        begin(kernel, BUSY[doing])
    done = edgerunner(home, "halt", "--reason", "test")

    assert done.stdout.strip() == "HALTED, confirmed: 1 order no longer works", done.stderr
    assert done.returncode == 0


def test_a_kernel_that_holds_the_interpreter_is_told_apart(
    kernel: Kernel, home: Path
) -> None:
    """Its own order cannot be cancelled by others, and that is said; --all has the broker do it."""
    kernel.run(REST)
    begin(kernel, BUSY["holding the interpreter"])
    named = edgerunner(home, "halt")
    everything = edgerunner(home, "halt", "--all")

    assert named.returncode == 1
    assert "HALTED, but UNCONFIRMED: 1 of 1 order may still work (ELB:" in named.stderr
    assert "--all" in named.stderr
    assert everything.stdout.startswith("HALTED, confirmed: the broker names no open order")


def test_orders_of_a_dead_kernel_are_cancelled_in_its_place(
    kernel: Kernel, home: Path
) -> None:
    """Killed, it can do nothing itself; its client id is free again."""
    kernel.run(REST)
    kernel.kill()
    done = edgerunner(home, "halt")

    assert done.stdout.strip() == "HALTED, confirmed: 1 order no longer works", done.stderr
