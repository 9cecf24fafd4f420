"""Owners: a process is told apart from a later one with its number."""

import os
import subprocess
import sys

import pytest

from edgerunner_lab.ledger.owners import is_alive, this_process


def _started() -> int:
    return int(this_process("").partition(":")[2])


def test_this_process_is_alive() -> None:
    """Whatever the notebook is called, the process comes first."""
    assert is_alive(this_process("my notes: part 2.ipynb"))


def test_owner_names_the_notebook_behind_the_process() -> None:
    """A reader of the journal sees which notebook it was."""
    assert this_process("a.ipynb") == f"{os.getpid()}:{_started()} a.ipynb"


def test_owner_without_a_notebook_ends_with_the_process() -> None:
    """A terminal has no notebook."""
    assert this_process("") == f"{os.getpid()}:{_started()}"


def test_boot_time_that_moved_by_a_second_kills_nobody() -> None:
    """The order of a living kernel must not be taken over because a clock was corrected."""
    assert is_alive(f"{os.getpid()}:{_started() + 1}")
    assert is_alive(f"{os.getpid()}:{_started() - 1}")


def test_reused_process_id_is_another_process() -> None:
    """The number is ours now; it was someone's who started an hour before."""
    assert not is_alive(f"{os.getpid()}:{_started() - 3600} a.ipynb")


def test_process_that_ended_is_dead() -> None:
    """What a real process was called means nothing after its end."""
    program = (
        "from edgerunner_lab.ledger.owners import this_process; print(this_process('x'))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert not is_alive(ended.stdout.strip())


@pytest.mark.parametrize(
    "owner", ["", "ours", "12", "12:", ":12", "²:1", "1:²", f"{10**30}:1", "12:x a.ipynb"]
)
def test_name_that_no_process_wrote_is_dead(owner: str) -> None:
    """An owner that cannot be understood follows no orders."""
    assert not is_alive(owner)
