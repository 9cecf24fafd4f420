"""The latch: set by one kernel, read by all, and still there after everything ended."""

import sqlite3
from pathlib import Path

import pytest

from edgerunner_lab.core.errors import LedgerDamaged
from edgerunner_lab.guard.snapshot import Latch, LatchState
from edgerunner_lab.ledger import latch
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.store import Store
from guard.builders import ACCOUNT, NOW
from ledger.conftest import OpenLedger
from rigs.clocks import ManualClock

NEVER_SET = Latch(state=LatchState.ACTIVE, by="", at=None, reason="")


def test_new_ledger_lets_through(ledger: Ledger) -> None:
    """Nobody has set it yet."""
    assert ledger.latch() == NEVER_SET


@pytest.mark.parametrize("state", LatchState)
def test_latch_that_one_kernel_sets_holds_in_another(
    open_ledger: OpenLedger, state: LatchState
) -> None:
    """A halt anywhere halts everywhere, and in the facts that judge an order too."""
    ours, theirs = open_ledger("ours"), open_ledger("theirs")

    halted = ours.set_latch(state, by="user", reason="lunch")

    assert halted == Latch(state=state, by="user", at=NOW, reason="lunch")
    assert theirs.latch() == halted
    assert theirs.facts(ACCOUNT, None).latch == halted


def test_latch_outlives_every_process(path: Path, clock: ManualClock) -> None:
    """A restart is no way around a halt."""
    first = Ledger.open(path, clock=clock, owner="first")
    halted = first.set_latch(LatchState.HALTED, by="daily_loss", reason="-2.1 %")
    first.close()

    second = Ledger.open(path, clock=clock, owner="second")

    assert second.latch() == halted
    second.close()


def test_setting_the_latch_is_journalled(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """Who halted and why is evidence."""
    ledger.set_latch(LatchState.REDUCING, by="user", reason="the close")

    assert raw.execute("SELECT kind, owner, facts FROM journal").fetchall() == [
        ("LATCH", "ours", '{"by":"user","reason":"the close","state":"REDUCING"}')
    ]


def test_latch_can_be_put_back_to_never_set(path: Path) -> None:
    """A latch without a time is one that nobody has set."""
    store = Store(path)
    with store.transaction() as connection:
        latch.write(connection, Latch(state=LatchState.HALTED, by="x", at=NOW, reason="y"))
    with store.transaction() as connection:
        latch.write(connection, NEVER_SET)

    with store.reading() as connection:
        assert latch.read(connection) == NEVER_SET
    store.close()


@pytest.mark.parametrize(
    "forgery",
    [
        "DELETE FROM latch",
        "UPDATE latch SET state = 'OPEN'",
        "UPDATE latch SET at = 'noon'",
        "UPDATE latch SET by = CAST(x'ff' AS TEXT)",
    ],
)
def test_latch_that_cannot_be_read_is_damage(
    ledger: Ledger, raw: sqlite3.Connection, forgery: str
) -> None:
    """What is not known to be active is not taken for it."""
    raw.execute(forgery)

    with pytest.raises(LedgerDamaged, match="kept as it is"):
        ledger.latch()
