"""Append-only rows, each carrying the hash of all before it; an edit anywhere breaks the chain."""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from edgerunner_lab.ledger.anchor import FIRST_HASH, Anchor
from edgerunner_lab.ledger.columns import stamp, storable

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a walk over the chain found.

    Attributes:
        rows: How many rows were read and held.
        problem: The first thing that is wrong, in words; empty where the chain holds.
        seq: The row where it is wrong; None where the chain holds, or where the fault is not in one row.
    """

    rows: int
    problem: str = ""
    seq: int | None = None

    @property
    def holds(self) -> bool:
        """Whether every row is what was written."""
        return not self.problem


class Row(NamedTuple):
    """A row as it lies in the table; `previous` is the hash of the row before it."""

    seq: int
    at: str
    kind: str
    order_ref: str
    owner: str
    facts: str
    previous: str
    hash: str


class Writer:
    """Writes rows inside one transaction, all of the same time and by the same owner.

    Attributes:
        newest: The last row written; None before the first.
    """

    def __init__(self, connection: sqlite3.Connection, now: datetime, owner: str) -> None:
        """Use `connection`, which holds the file's write lock; `owner` names process and notebook."""
        self.connection = connection
        self.now = now
        self.owner = owner
        self.newest: Anchor | None = None

    @contextlib.contextmanager
    def trial(self) -> Generator[None]:
        """Undo what is written inside where it ends in an error, and leave what was written before."""
        newest = self.newest
        self.connection.execute("SAVEPOINT trial")
        try:
            yield
        except BaseException:
            self.newest = newest
            # On a full disk SQLite has undone everything itself, this savepoint with it.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO trial")
                self.connection.execute("RELEASE trial")
            raise
        self.connection.execute("RELEASE trial")

    def append(self, kind: str, facts: Mapping[str, JSON], order_ref: str = "") -> int:
        """Write one row and return its number; `order_ref` is empty where no single order is concerned."""
        last = _last(self.connection)
        row = Row(
            seq=last.seq + 1,
            at=stamp(self.now),
            kind=storable(kind),
            order_ref=storable(order_ref),
            owner=self.owner,
            # What JSON does not know is a slip of ours; a row in other words is better than none.
            facts=json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str),
            previous=last.hash,
            hash="",
        )
        row = row._replace(hash=_digest(row))
        self.connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.newest = Anchor(seq=row.seq, hash=row.hash)
        return row.seq


def verify(
    connection: sqlite3.Connection, anchor: Anchor | None, *, newest: int | None = None
) -> Verification:
    """Walk the chain and compare it with its anchor.

    Args:
        connection: Inside a transaction that began after the anchor was read.
        anchor: Read from beside the database; None where it is missing or broken.
        newest: How many rows to walk at most, from the end; None for every one.
    """
    first = 1 if newest is None else max(1, _last(connection).seq - newest + 1)
    # What stands before the first row walked is taken on trust; before row 1 nothing may stand.
    before = FIRST_HASH if first == 1 else _hash_of(connection, first - 1)
    held = 0
    for row in rows(connection, first):
        problem = _fault(connection, row, first + held, before)
        if problem:
            return Verification(rows=held, seq=row.seq, problem=problem)
        before, held = row.hash, held + 1
    problem = anchor_problem(connection, anchor)
    return Verification(rows=held, problem=problem)


def anchor_problem(connection: sqlite3.Connection, anchor: Anchor | None) -> str:
    """Return how the journal fails to contain the anchored row, in words; empty where it does."""
    if anchor is None:
        return "the journal's anchor is missing or broken"
    if anchor.seq == 0:
        return ""
    found = _hash_of(connection, anchor.seq)
    if found == anchor.hash:
        return ""
    if found is not None:
        return f"row {anchor.seq} is not the one that was anchored: rewritten"
    last = _last(connection).seq
    if last > anchor.seq:
        return f"row {anchor.seq} is missing: deleted"
    return f"{_span(last + 1, anchor.seq)} missing: truncated"


def _fault(
    connection: sqlite3.Connection, row: Row, expected: int, before: str | None
) -> str:
    """Return what is wrong with a row in its place, in words; empty where nothing is."""
    if _digest(row) != row.hash:
        return f"row {row.seq} was edited"
    if row.previous != before:
        moved = connection.execute(
            "SELECT 1 FROM journal WHERE hash = ?", (storable(row.previous),)
        ).fetchone()
        if moved or row.previous == FIRST_HASH:
            return f"row {row.seq} stands in another's place: reordered"
        if row.seq > expected:
            return f"{_span(expected, row.seq - 1)} missing: deleted"
        return f"what came before row {row.seq} is missing: deleted and renumbered"
    if row.seq != expected:
        return f"row {expected} was found as row {row.seq}: renumbered"
    return ""


def rows(connection: sqlite3.Connection, first: int = 1) -> Iterator[Row]:
    """Yield the rows from number `first` on, by number."""
    # A forged row may be numbered below 1, and a whole walk must meet it.
    lowest = first if first > 1 else -(2**63)
    for seq, *texts in connection.execute(
        # As bytes: a text that is no UTF-8 any more is an edited row, not an error.
        "SELECT seq, CAST(at AS BLOB), CAST(kind AS BLOB), CAST(order_ref AS BLOB), CAST(owner AS BLOB), "
        "CAST(facts AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB) FROM journal WHERE seq >= ? ORDER BY seq",
        (lowest,),
    ):
        yield Row(seq, *(text.decode(errors="surrogateescape") for text in texts))


def _last(connection: sqlite3.Connection) -> Anchor:
    found = connection.execute(
        "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Anchor(seq=found[0], hash=found[1]) if found else Anchor()


def _hash_of(connection: sqlite3.Connection, seq: int) -> str | None:
    found = connection.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
    return found[0] if found else None


def _digest(row: Row) -> str:
    """Return the row's hash: its texts after the previous hash; the chain itself proves the number."""
    texts = (row.at, row.kind, row.order_ref, row.owner, row.facts)
    canonical = json.dumps(texts, separators=(",", ":"))
    return hashlib.sha256(
        f"{row.previous}\0{canonical}".encode("utf-8", "surrogatepass")
    ).hexdigest()


def _span(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"
