"""A ledger of one's own, kernels beside it, and a way into the file past every safeguard."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgerunner_lab.ledger.ledger import Ledger
from guard.builders import NOW
from rigs.clocks import ManualClock

OpenLedger = Callable[[str], Ledger]


@pytest.fixture
def clock() -> ManualClock:
    """A wall clock that shows the time of the guard's builders."""
    return ManualClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger's file goes."""
    return tmp_path / "ledger.db"


@pytest.fixture
def open_ledger(path: Path, clock: ManualClock) -> Iterator[OpenLedger]:
    """Open the same file for another owner."""
    opened: list[Ledger] = []

    def opener(owner: str) -> Ledger:
        ledger = Ledger.open(path, clock=clock, owner=owner)
        opened.append(ledger)
        return ledger

    yield opener
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    """The ledger as our kernel has it."""
    return open_ledger("ours")


@pytest.fixture
def raw(path: Path, ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """A connection of a forger's, with the journal's triggers dropped; each statement commits."""
    assert ledger.owner == "ours"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete;"
    )
    yield connection
    connection.close()
