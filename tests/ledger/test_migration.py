"""A ledger of an older version is brought up to this one and loses nothing."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from edgerunner_lab.core.errors import LedgerError
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger import anchor, schema
from edgerunner_lab.ledger.store import Store
from guard.builders import ACCOUNT, NOW
from ledger.conftest import OpenLedger
from ledger.orders import reserve
from rigs.orders import order_ref

HERE = Path(__file__).parent


@pytest.fixture
def old(path: Path) -> Path:
    """A file that version 0.1.0 of before the change wrote."""
    connection = sqlite3.connect(path)
    connection.executescript((HERE / "version_1.sql").read_text())
    connection.close()
    path.chmod(0o600)
    shutil.copy(HERE / "version_1.anchor", anchor.path_beside(path))
    return path


def test_an_older_file_keeps_orders_fills_halt_and_journal(
    old: Path, open_ledger: OpenLedger
) -> None:
    """And takes new orders."""
    assert old.exists()
    ledger = open_ledger("new")

    assert [row.update.order_ref for row in ledger.orders_since(ACCOUNT, NOW)] == [
        order_ref(1),
        order_ref(2),
    ]
    assert [fill.quantity for fill in ledger.fills_since(ACCOUNT, NOW)] == [10]
    assert ledger.latch().state is LatchState.HALTED
    assert ledger.verify().rows == 5
    reserve(ledger, 3)
    assert ledger.verify().holds


def test_two_processes_that_open_an_older_file_bring_it_up_once(old: Path) -> None:
    """The second finds it done."""
    failures: list[LedgerError] = []

    def open_it() -> None:
        try:
            Store(old).close()
        except LedgerError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    connection = sqlite3.connect(old)
    assert failures == []
    assert schema.version_of(connection) == schema.VERSION
    assert schema.problem(connection) == ""
    connection.close()


def test_an_older_file_that_was_changed_is_kept_as_it_is(old: Path) -> None:
    """What is not ours is not brought up."""
    connection = sqlite3.connect(old)
    connection.execute("DROP TABLE attempts")
    connection.close()
    before = old.read_bytes()

    with pytest.raises(LedgerError, match="changed, expected those of schema 1"):
        Store(old)
    assert old.read_bytes() == before


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    """All of it or nothing."""
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute("CREATE TABLE sources (mood TEXT)")
    with pytest.raises(sqlite3.Error, match="already exists"):
        schema.migrate(connection)

    assert schema.version_of(connection) == 1
    assert not connection.in_transaction
    connection.close()
