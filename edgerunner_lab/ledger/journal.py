"""Append-only rows, each carrying the hash of all before it; an edit anywhere breaks the chain."""

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FIRST_PREVIOUS = "0" * 64
"""What the first row builds on."""

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one row says, before it is chained.

    Attributes:
        at: ISO 8601, UTC.
        order_ref: Empty where no single order is concerned.
        owner: Process and notebook that wrote it.
    """

    at: str
    kind: str
    order_ref: str
    owner: str
    facts: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a walk over the chain found.

    Attributes:
        rows: How many rows were read.
        problem: The first thing that is wrong, in words; empty where the chain holds.
        seq: The row where it is wrong; None where the chain holds.
    """

    rows: int
    problem: str = ""
    seq: int | None = None

    @property
    def holds(self) -> bool:
        """Whether every row is what was written."""
        return not self.problem


def append(connection: sqlite3.Connection, entry: Entry) -> tuple[int, str]:
    """Write one row inside the caller's transaction; return its number and hash."""
    last = connection.execute(
        "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, FIRST_PREVIOUS)
    facts = json.dumps(
        entry.facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str
    )
    digest = _digest(
        previous, (seq, entry.at, entry.kind, entry.order_ref, entry.owner, facts)
    )
    connection.execute(
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, entry.at, entry.kind, entry.order_ref, entry.owner, facts, previous, digest),
    )
    return seq, digest


def verify(connection: sqlite3.Connection, anchor: tuple[int, str] | None) -> Verification:
    """Walk the chain from its first row.

    Args:
        connection: Inside a read transaction.
        anchor: Number and hash of a row that was once the last, kept outside the database; None without one.
    """
    previous, expected, hash_by_anchor = FIRST_PREVIOUS, 1, ""
    rows = 0
    for seq, *columns, previous_bytes, hash_bytes in connection.execute(
        # As bytes: a text that is no UTF-8 any more is an edited row, not an error.
        "SELECT seq, CAST(at AS BLOB), CAST(kind AS BLOB), CAST(order_ref AS BLOB), CAST(owner AS BLOB), "
        "CAST(facts AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB) FROM journal ORDER BY seq"
    ):
        found_previous, found, *texts = (
            text.decode(errors="surrogateescape")
            for text in (previous_bytes, hash_bytes, *columns)
        )
        if seq != expected:
            return Verification(
                rows=rows,
                seq=expected,
                problem=f"row {expected} is missing: deleted or renumbered",
            )
        digest = _digest(found_previous, (seq, *texts))
        if digest != found:
            return Verification(rows=rows, seq=seq, problem=f"row {seq} was edited")
        if found_previous != previous:
            return Verification(
                rows=rows,
                seq=seq,
                problem=f"row {seq} does not follow row {seq - 1}: reordered or replaced",
            )
        if anchor is not None and seq == anchor[0]:
            hash_by_anchor = found
        previous, expected, rows = found, seq + 1, rows + 1
    if anchor is not None and rows < anchor[0]:
        return Verification(
            rows=rows,
            seq=rows + 1,
            problem=f"rows {rows + 1} to {anchor[0]} are missing: cut off at the end",
        )
    if anchor is not None and anchor[0] > 0 and hash_by_anchor != anchor[1]:
        return Verification(
            rows=rows,
            seq=anchor[0],
            problem=f"row {anchor[0]} is not the one that was anchored: rewritten",
        )
    return Verification(rows=rows)


def follows(connection: sqlite3.Connection, anchor: tuple[int, str] | None) -> bool:
    """Return whether the anchored row is still there, so that the anchor may move on."""
    if anchor is None:
        return True
    row = connection.execute(
        "SELECT hash FROM journal WHERE seq = ?", (anchor[0],)
    ).fetchone()
    return row is not None and row[0] == anchor[1]


def write_anchor(path: Path, seq: int, digest: str) -> None:
    """Keep the newest row's hash outside the database, so that a cut-off tail shows.

    It is not synced: after a crash an older anchor is still a true one.
    """
    scratch = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
    scratch.write_text(json.dumps({"seq": seq, "hash": digest}), encoding="utf-8")
    scratch.chmod(0o600)
    scratch.replace(path)


def read_anchor(path: Path) -> tuple[int, str] | None:
    """Return the anchored row's number and hash; None where there is no readable anchor."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return int(found["seq"]), str(found["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(previous: str, row: tuple[object, ...]) -> str:
    canonical = json.dumps(row, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(
        f"{previous}\0{canonical}".encode(errors="surrogateescape")
    ).hexdigest()
