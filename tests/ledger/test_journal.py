"""The journal: whatever is done to a row, to their order or to the end of the chain is named."""

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from edgerunner_lab.core.errors import LedgerDamaged, LedgerUnavailable
from edgerunner_lab.ledger import anchor, journal
from edgerunner_lab.ledger.anchor import FIRST_HASH, Anchor
from edgerunner_lab.ledger.journal import Row, Verification
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.verification import verify_file
from rigs.clocks import ManualClock

ROWS: Final = 6
COLUMNS: Final = ", ".join(Row._fields)


@pytest.fixture
def ledger(ledger: Ledger, clock: ManualClock) -> Ledger:
    """A ledger with six rows, a second apart."""
    for number in range(1, ROWS + 1):
        ledger.note("NOTE", {"number": number, "text": "größer ≥ 1"})
        clock.advance(1)
    return ledger


@pytest.fixture
def anchor_file(path: Path) -> Path:
    """Where the newest row's hash is kept."""
    return anchor.path_beside(path)


def rows_of(raw: sqlite3.Connection) -> list[Row]:
    """Return the journal."""
    found = raw.execute(f"SELECT {COLUMNS} FROM journal ORDER BY seq")  # noqa: S608  ours
    return [Row(*row) for row in found]


def chained(row: Row) -> str:
    """Return a row's hash, worked out by itself from what the format says."""
    texts = json.dumps(
        [row.at, row.kind, row.order_ref, row.owner, row.facts], separators=(",", ":")
    )
    return hashlib.sha256(f"{row.previous}\0{texts}".encode()).hexdigest()


def write(raw: sqlite3.Connection, row: Row) -> None:
    """Put a row where its number says."""
    marks = ", ".join("?" * len(row))
    raw.execute(f"INSERT OR REPLACE INTO journal VALUES ({marks})", row)  # noqa: S608  marks


def forge(raw: sqlite3.Connection, first: int, **changes: Any) -> None:
    """Change row `first` and chain it and all behind it anew, as someone would who knows how."""
    for row in rows_of(raw)[first - 1 :]:
        before = rows_of(raw)[row.seq - 2].hash if row.seq > 1 else FIRST_HASH
        forged = row._replace(previous=before, **changes if row.seq == first else {})
        write(raw, forged._replace(hash=chained(forged)))


def swap(raw: sqlite3.Connection, one: int, other: int) -> None:
    """Let two rows change places."""
    for was, becomes in ((one, 99), (other, one), (99, other)):
        raw.execute("UPDATE journal SET seq = ? WHERE seq = ?", (becomes, was))


def close_gap(raw: sqlite3.Connection, row: int) -> None:
    """Delete a row and number those behind it anew."""
    raw.execute("DELETE FROM journal WHERE seq = ?", (row,))
    for seq in range(row + 1, ROWS + 1):
        raw.execute("UPDATE journal SET seq = ? WHERE seq = ?", (seq - 1, seq))


def test_untouched_journal_holds(ledger: Ledger, path: Path) -> None:
    """Every row is counted, from inside and from outside."""
    assert ledger.verify() == Verification(rows=ROWS)
    assert ledger.verify().holds
    assert verify_file(path) == Verification(rows=ROWS)


def test_empty_journal_holds(path: Path, clock: ManualClock) -> None:
    """There is nothing that could be wrong."""
    empty = Ledger.open(path.with_name("empty.db"), clock=clock, owner="ours")

    assert empty.verify() == Verification(rows=0)
    empty.close()


def test_the_hash_is_what_the_format_says(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """Somebody else's verifier can be written from the description (RISK S17, S18)."""
    before = FIRST_HASH
    for row in rows_of(raw):
        assert row.previous == before
        assert row.hash == chained(row)
        before = row.hash

    assert ledger.verify().holds


def test_row_tells_when_who_and_what(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """Facts are canonical JSON in ASCII, so that they hash the same everywhere."""
    assert ledger.owner == "ours"
    assert rows_of(raw)[0][:7] == (
        1,
        "2026-05-04T15:00:00.000000+00:00",
        "NOTE",
        "",
        "ours",
        r'{"number":1,"text":"gr\u00f6\u00dfer \u2265 1"}',
        FIRST_HASH,
    )


@pytest.mark.parametrize("row", [1, 3, ROWS])
@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-05-04T15:00:09.000000+00:00'",
        "kind = 'FILL'",
        "order_ref = 'ELB:1'",
        "owner = 'theirs'",
        "facts = '{}'",
        "facts = CAST(x'ff' AS TEXT)",
        "previous = hash",
        "hash = previous",
    ],
)
def test_edit_of_any_column_names_the_row(
    ledger: Ledger, raw: sqlite3.Connection, row: int, change: str
) -> None:
    """In the first row, inside, and in the last."""
    raw.execute(f"UPDATE journal SET {change} WHERE seq = ?", (row,))  # noqa: S608  the test's own

    assert ledger.verify() == Verification(
        rows=row - 1, seq=row, problem=f"row {row} was edited"
    )


def test_edit_of_any_single_character_names_the_row(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """Every character of every text of every row, one at a time (RISK I12)."""
    seed = random.randrange(1 << 32)  # noqa: S311  which other character, no secret
    letters = random.Random(seed)  # noqa: S311  likewise
    held: list[tuple[int, str, int]] = []
    for row in rows_of(raw):
        for name in Row._fields[1:]:
            text = getattr(row, name)
            for place, letter in enumerate(text):
                other = chr((ord(letter) + letters.randint(1, 90)) % 127)
                edited = f"{text[:place]}{other}{text[place + 1 :]}"
                write(raw, row._replace(**{name: edited}))
                if ledger.verify().seq != row.seq:
                    held.append((row.seq, name, place))
        write(raw, row)

    assert held == [], f"seed {seed}"
    assert ledger.verify().holds


def forge_previous(raw: sqlite3.Connection) -> None:
    """Let row 4 follow something that never was."""
    row = rows_of(raw)[3]._replace(previous="\0")
    write(raw, row._replace(hash=chained(row)))


TAMPERINGS: Final[dict[str, tuple[Callable[[sqlite3.Connection], object], str]]] = {
    "first deleted": (
        lambda raw: raw.execute("DELETE FROM journal WHERE seq = 1"),
        "row 1 is missing: deleted",
    ),
    "one deleted": (
        lambda raw: raw.execute("DELETE FROM journal WHERE seq = 3"),
        "row 3 is missing: deleted",
    ),
    "two deleted": (
        lambda raw: raw.execute("DELETE FROM journal WHERE seq IN (3, 4)"),
        "rows 3 to 4 are missing: deleted",
    ),
    "one deleted, the rest renumbered": (
        lambda raw: close_gap(raw, 3),
        "what came before row 3 is missing: deleted and renumbered",
    ),
    "neighbours swapped": (
        lambda raw: swap(raw, 3, 4),
        "row 3 stands in another's place: reordered",
    ),
    "ends swapped": (
        lambda raw: swap(raw, 1, ROWS),
        "row 1 stands in another's place: reordered",
    ),
    "first moved behind": (
        lambda raw: swap(raw, 1, 2),
        "row 1 stands in another's place: reordered",
    ),
    "first repeated": (
        lambda raw: write(raw, rows_of(raw)[0]._replace(seq=ROWS + 1)),
        f"row {ROWS + 1} stands in another's place: reordered",
    ),
    "one repeated": (
        lambda raw: write(raw, rows_of(raw)[2]._replace(seq=ROWS + 1)),
        f"row {ROWS + 1} stands in another's place: reordered",
    ),
    "last renumbered": (
        lambda raw: raw.execute("UPDATE journal SET seq = 99 WHERE seq = 6"),
        "row 6 was found as row 99: renumbered",
    ),
    "one put before the first": (
        lambda raw: write(raw, rows_of(raw)[3]._replace(seq=0)),
        "row 0 stands in another's place: reordered",
    ),
    "one cut off": (
        lambda raw: raw.execute("DELETE FROM journal WHERE seq = 6"),
        "row 6 is missing: truncated",
    ),
    "some cut off": (
        lambda raw: raw.execute("DELETE FROM journal WHERE seq > 3"),
        "rows 4 to 6 are missing: truncated",
    ),
    "all cut off": (
        lambda raw: raw.execute("DELETE FROM journal"),
        "rows 1 to 6 are missing: truncated",
    ),
    "all rewritten": (
        lambda raw: forge(raw, 1, kind="FORGED"),
        "row 6 is not the one that was anchored: rewritten",
    ),
    "last rewritten": (
        lambda raw: forge(raw, ROWS, kind="FORGED"),
        "row 6 is not the one that was anchored: rewritten",
    ),
    "rewritten with a previous of no text": (
        forge_previous,
        "what came before row 4 is missing: deleted and renumbered",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named(
    ledger: Ledger, path: Path, raw: sqlite3.Connection, name: str
) -> None:
    """Deleted, reordered, renumbered, truncated or rewritten; by the ledger and by the file alone."""
    tamper, problem = TAMPERINGS[name]
    tamper(raw)

    assert ledger.verify().problem == problem
    assert verify_file(path).problem == problem


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_journal_that_was_tampered_with_is_not_opened(
    ledger: Ledger, path: Path, raw: sqlite3.Connection, clock: ManualClock, name: str
) -> None:
    """Nothing is sent on a broken chain (RISK R36); the file is kept for whoever looks into it."""
    triggers = _triggers(path)
    TAMPERINGS[name][0](raw)
    for sql in triggers:
        raw.execute(sql)

    with pytest.raises(LedgerDamaged, match=r"row.*; the file is kept as it is"):
        Ledger.open(path, clock=clock, owner="next")
    assert ledger.owner == "ours"


def _triggers(path: Path) -> list[str]:
    """Return how the triggers of an untouched ledger are made."""
    fresh = path.with_name("fresh.db")
    Ledger.open(fresh, clock=ManualClock(), owner="x").close()
    connection = sqlite3.connect(fresh)
    found = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = [sql for (sql,) in found]
    connection.close()
    return triggers


@pytest.mark.parametrize("cut", ["seq = 6", "seq > 2", "seq > 0"])
def test_nothing_is_written_onto_a_cut_off_tail(
    ledger: Ledger, raw: sqlite3.Connection, cut: str
) -> None:
    """Else the journal would grow past its anchor, and over the evidence."""
    raw.execute(f"DELETE FROM journal WHERE {cut}")  # noqa: S608  the test's own

    with pytest.raises(LedgerDamaged, match="truncated"):
        ledger.note("NOTE", {})
    assert "truncated" in ledger.verify().problem


def test_a_deleted_row_that_was_anchored_is_named(
    ledger: Ledger, raw: sqlite3.Connection, anchor_file: Path
) -> None:
    """Where rows follow it, it was not cut off."""
    older = anchor_file.read_bytes()
    ledger.note("NOTE", {})
    anchor_file.write_bytes(older)
    raw.execute("DELETE FROM journal WHERE seq = ?", (ROWS,))

    with pytest.raises(LedgerDamaged, match=f"row {ROWS} is missing: deleted"):
        ledger.note("NOTE", {})


def test_anchor_from_before_a_crash_still_holds(ledger: Ledger, anchor_file: Path) -> None:
    """It is not synced, so that an older one may come back; it was true once and still is."""
    older = anchor_file.read_bytes()
    ledger.note("NOTE", {})
    anchor_file.write_bytes(older)

    assert ledger.verify().holds
    ledger.note("NOTE", {})
    assert ledger.verify() == Verification(rows=ROWS + 2)


@pytest.mark.parametrize(
    "damage", ["missing", "emptied", "edited", "foreign", "a directory"]
)
def test_without_its_anchor_a_journal_takes_nothing(
    ledger: Ledger, anchor_file: Path, path: Path, clock: ManualClock, damage: str
) -> None:
    """A tail could have been cut off; what the guard cannot know, it denies."""
    content = anchor_file.read_bytes()
    anchor_file.unlink()
    if damage == "a directory":
        anchor_file.mkdir()
    elif damage != "missing":
        anchor_file.write_bytes(
            {
                "emptied": b"",
                "edited": content.replace(b"6 ", b"5 ", 1),
                "foreign": b"\xff" * len(content),
            }[damage]
        )

    with pytest.raises(LedgerDamaged, match="anchor is missing or broken"):
        ledger.note("NOTE", {})
    with pytest.raises(LedgerDamaged, match="anchor is missing or broken"):
        Ledger.open(path, clock=clock, owner="next")
    assert ledger.verify() == Verification(
        rows=ROWS, problem="the journal's anchor is missing or broken"
    )


def test_a_newer_anchor_is_never_put_back(anchor_file: Path, ledger: Ledger) -> None:
    """Two processes may write it in the other order than they committed."""
    newest = anchor.read(anchor_file)

    anchor.advance(anchor_file, Anchor(seq=2, hash="f" * 64))

    assert ledger.verify().holds
    assert anchor.read(anchor_file) == newest


def test_an_anchor_that_cannot_be_moved_on_stops_no_order(
    ledger: Ledger, anchor_file: Path, clock: ManualClock
) -> None:
    """The row is committed, and an older anchor is still a true one."""
    kept = anchor_file.with_suffix(".kept")

    def clock_that_moves_the_anchor_away() -> Any:
        anchor_file.rename(kept)
        return clock()

    slow = Ledger(
        ledger._store,  # pyright: ignore[reportPrivateUsage]  # the same file, another clock
        clock=clock_that_moves_the_anchor_away,
        owner="slow",
    )
    slow.note("NOTE", {})
    kept.rename(anchor_file)

    assert ledger.verify() == Verification(rows=ROWS + 1)


def test_the_end_of_a_long_journal_can_be_checked_alone(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """What opening does, so that years of rows do not delay it; all of it is `verify`'s."""
    raw.execute("UPDATE journal SET kind = 'FORGED' WHERE seq = 2")

    assert ledger.verify(newest=4) == Verification(rows=4)
    assert ledger.verify(newest=5) == Verification(
        rows=0, seq=2, problem="row 2 was edited"
    )
    assert ledger.verify(newest=99).seq == 2


def test_a_hole_right_before_the_checked_end_is_found(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """The first row that is walked must follow one that is there."""
    raw.execute("DELETE FROM journal WHERE seq = 3")

    assert "missing" in ledger.verify(newest=3).problem


def test_journal_takes_neither_edits_nor_deletions(path: Path, ledger: Ledger) -> None:
    """Our own mistakes end at the file's triggers."""
    assert ledger.verify().holds
    connection = sqlite3.connect(path)
    for statement in ("UPDATE journal SET kind = 'X'", "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="the journal is append-only"):
            connection.execute(statement)
    connection.close()


def test_journal_that_was_dropped_is_said(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """Without the table there is nothing to walk."""
    raw.execute("DROP TABLE journal")

    with pytest.raises(LedgerUnavailable, match="no such table: journal"):
        ledger.verify()


def test_a_file_that_is_no_database_is_verified_as_broken(path: Path) -> None:
    """The verifier says so and changes nothing."""
    path.write_bytes(b"not a database" * 100)

    verification = verify_file(path)

    assert "file is not a database" in verification.problem
    assert path.read_bytes() == b"not a database" * 100


def test_a_copy_is_verified_without_the_ledger_it_came_from(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    """After a kill, on another machine: database, log and anchor suffice (RISK S18)."""
    assert ledger.owner == "ours"
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in path.parent.glob("ledger.*"):
        shutil.copy(each, copy / each.name)

    assert verify_file(copy / path.name) == Verification(rows=ROWS)


def test_text_that_sqlite_cannot_store_is_written_in_escapes(
    path: Path, clock: ManualClock, raw: sqlite3.Connection
) -> None:
    """A notebook's file name may hold bytes that are no UTF-8."""
    odd = Ledger.open(path.with_name("odd.db"), clock=clock, owner="7:1 \udcff.ipynb")
    odd.note("NO\udcffTE", {"text": "\udcff", "odd": Path("x")})  # pyright: ignore[reportArgumentType]  # a slip of ours

    assert odd.owner == r"7:1 \udcff.ipynb"
    assert odd.verify().holds
    assert raw.execute("SELECT count(*) FROM journal").fetchone() is not None
    odd.close()


def test_rows_of_one_transaction_follow_each_other(
    ledger: Ledger, clock: ManualClock
) -> None:
    """Numbers have no gaps, and each row builds on the one before."""
    store = ledger._store  # pyright: ignore[reportPrivateUsage]  # below the ledger
    with store.transaction() as connection:
        writer = journal.Writer(connection, clock(), "ours")
        numbers = [writer.append("NOTE", {}), writer.append("NOTE", {}, "ELB:1")]

    assert numbers == [ROWS + 1, ROWS + 2]
    assert writer.newest is not None
    assert writer.newest.seq == ROWS + 2
    assert ledger.verify().holds
