"""Executions: each once, whoever tells of it and however often."""

import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from edgerunner_lab.core.errors import LedgerDamaged
from edgerunner_lab.ledger.fills import stem_and_version
from edgerunner_lab.ledger.ledger import Ledger
from guard.builders import ACCOUNT, NOW
from ledger.orders import a_fill
from rigs.clocks import ManualClock

STEM: Final = "0000e0d5.00000001.01"


def journalled_fills(raw: sqlite3.Connection) -> list[str]:
    """Return the kinds of all rows."""
    return [kind for (kind,) in raw.execute("SELECT kind FROM journal ORDER BY seq")]


def known(ledger: Ledger) -> list[tuple[str, str, str, str | None]]:
    """Return id, quantity, price and commission of each execution."""
    return [
        (
            fill.execution_id,
            str(fill.quantity),
            str(fill.price),
            None if fill.commission is None else str(fill.commission),
        )
        for fill in ledger.fills_since(ACCOUNT, NOW)
    ]


def test_fill_reads_back_as_it_was_written(ledger: Ledger) -> None:
    """Every field, and no digit lost."""
    fill = a_fill(
        quantity=Decimal("0.0001"),
        price=Decimal("100.1250"),
        commission=Decimal("1.00"),
        realized_pnl=Decimal("-0.5"),
    )
    ledger.record_fill(fill)

    (found,) = ledger.fills_since(ACCOUNT, NOW)
    assert found == fill
    assert str(found.price) == "100.1250"


def test_fill_that_comes_twice_is_written_once(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """The broker repeats executions after every connect."""
    assert ledger.record_fill(a_fill())
    assert not ledger.record_fill(a_fill())

    assert known(ledger) == [(f"{STEM}.01", "10", "100.00", None)]
    assert journalled_fills(raw) == ["FILL"]


def test_fill_that_another_kernel_wrote_is_not_new(
    ledger: Ledger, path: Path, clock: ManualClock
) -> None:
    """Both hear of the same execution."""
    other = Ledger.open(path, clock=clock, owner="theirs")

    assert other.record_fill(a_fill())
    assert not ledger.record_fill(a_fill())
    other.close()


def test_correction_replaces_and_an_older_one_does_not(ledger: Ledger) -> None:
    """The last part of the id counts corrections."""
    ledger.record_fill(a_fill())
    corrected = a_fill(f"{STEM}.03", quantity=Decimal(9), price=Decimal("99.50"))

    assert ledger.record_fill(corrected)
    assert not ledger.record_fill(a_fill(f"{STEM}.02", quantity=Decimal(8)))
    assert not ledger.record_fill(a_fill(commission=Decimal(1)))
    assert known(ledger) == [(f"{STEM}.03", "9", "99.50", None)]


def test_commission_comes_later_and_counts_once(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """It completes the row; a fill without it takes it back from nobody."""
    paid = a_fill(commission=Decimal("1.25"), realized_pnl=Decimal("-3.10"))
    ledger.record_fill(a_fill())

    assert ledger.record_fill(paid)
    assert not ledger.record_fill(paid)
    assert not ledger.record_fill(a_fill())
    assert known(ledger) == [(f"{STEM}.01", "10", "100.00", "1.25")]
    assert journalled_fills(raw) == ["FILL", "FILL"]


def test_commission_that_changes_is_new(ledger: Ledger) -> None:
    """The last word of the broker holds."""
    ledger.record_fill(a_fill(commission=Decimal(1)))

    assert ledger.record_fill(a_fill(commission=Decimal("0.35")))
    assert known(ledger) == [(f"{STEM}.01", "10", "100.00", "0.35")]


def test_executions_without_a_counter_stay_two(ledger: Ledger) -> None:
    """An id in another form is a name as a whole."""
    assert ledger.record_fill(a_fill("first"))
    assert ledger.record_fill(a_fill("second"))

    assert [row[0] for row in known(ledger)] == ["first", "second"]


def test_fills_are_those_of_one_account_since_a_moment(ledger: Ledger) -> None:
    """The moment itself included, oldest first."""
    times = {"old": -1, "second": 1, "first": 0}
    for name, minutes in times.items():
        ledger.record_fill(a_fill(name, time=NOW + timedelta(minutes=minutes)))
    ledger.record_fill(a_fill("elsewhere", account="DU0000000"))

    assert [row[0] for row in known(ledger)] == ["first", "second"]


@pytest.mark.parametrize("forgery", ["quantity = 'ten'", "side = 'HOLD'", "at = '9999'"])
def test_fill_that_cannot_be_read_is_damage(
    ledger: Ledger, raw: sqlite3.Connection, forgery: str
) -> None:
    """It is neither skipped nor guessed at."""
    ledger.record_fill(a_fill())
    raw.execute(f"UPDATE fills SET {forgery}")  # noqa: S608  the test's own

    with pytest.raises(LedgerDamaged, match="kept as it is"):
        ledger.fills_since(ACCOUNT, NOW)


def test_correction_of_a_fill_that_cannot_be_read_is_damage(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """How much has newly filled cannot be known."""
    ledger.record_fill(a_fill())
    raw.execute("UPDATE fills SET quantity = 'ten'")

    with pytest.raises(LedgerDamaged, match="kept as it is"):
        ledger.record_fill(a_fill(f"{STEM}.02"))
    assert journalled_fills(raw) == ["FILL"]


@pytest.mark.parametrize(
    ("execution_id", "expected"),
    [
        ("0000e0d5.00000001.01.02", ("0000e0d5.00000001.01", 2)),
        ("0000e0d5.00000001.01.10", ("0000e0d5.00000001.01", 10)),
        ("execution", ("execution", 0)),
        ("a.b", ("a.b", 0)),
        ("a.²", ("a.²", 0)),
        (".1", (".1", 0)),
        ("", ("", 0)),
    ],
)
def test_last_part_of_an_execution_id_counts_corrections(
    execution_id: str, expected: tuple[str, int]
) -> None:
    """Where it is no number, the whole is the name: two executions never become one."""
    assert stem_and_version(execution_id) == expected
