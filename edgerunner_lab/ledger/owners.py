"""Who sent an order: a process of this machine, and whether it still lives."""

import os

import psutil

START_TOLERANCE_S = 2.0
"""Linux counts start times from boot, and the boot time that it tells moves with clock corrections."""


def this_process(notebook: str) -> str:
    """Return the name under which this process writes: pid, start time and notebook."""
    return f"{os.getpid()}:{_started(os.getpid()):.0f} {notebook}".strip()


def is_alive(owner: str) -> bool:
    """Return whether the process of `owner` still runs; a reused pid is told apart by its start time."""
    pid_text, _, started_text = owner.partition(" ")[0].partition(":")
    if not (pid_text.isdecimal() and started_text.isdecimal()):
        return False
    try:
        return abs(_started(int(pid_text)) - int(started_text)) <= START_TOLERANCE_S
    except psutil.Error:
        return False


def _started(pid: int) -> float:
    return psutil.Process(pid).create_time()
