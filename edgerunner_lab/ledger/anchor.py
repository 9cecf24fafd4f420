"""The journal's newest row, noted outside the database, so that a cut-off tail shows.

The file is one line of fixed length: number and hash of the row, and a check that the line is whole.
It is moved on after the commit and not synced: whatever a crash leaves in it is older, and still true.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edgerunner_lab.ledger.creation import make_whole

FIRST_HASH = "0" * 64
"""What the journal's first row builds on."""

_SEQ_DIGITS, _HASH_DIGITS, _CHECK_DIGITS = 20, 64, 16
_LENGTH = _SEQ_DIGITS + _HASH_DIGITS + _CHECK_DIGITS + 3
_READS_MAX = 3
"""Another process may be writing while we read; a line that is broken as often as this is broken for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A row that was once the journal's last.

    Attributes:
        seq: Its number; 0 before the first row.
        hash: Lower-case hex SHA-256.
    """

    seq: int = 0
    hash: str = FIRST_HASH


def path_beside(database: Path) -> Path:
    """Return where the anchor of a database lies."""
    return database.with_suffix(".anchor")


def make(path: Path) -> Anchor:
    """Make the anchor of an empty journal; one that is there already stays and is returned.

    Raises:
        OSError: it can be neither made nor read.
        ValueError: there is something else in its place.
    """
    if not path.exists():
        make_whole(path, _fill)
    found = read(path)
    if found is None:
        raise ValueError(f"{path} is not an anchor")
    return found


def read(path: Path) -> Anchor | None:
    """Return the anchor; None where there is none that can be read."""
    for _ in range(_READS_MAX):
        try:
            found = _parsed(path.read_bytes())
        except OSError:
            return None
        if found is not None:
            return found
    return None


def advance(path: Path, to: Anchor) -> None:
    """Note a newer row; an anchor that is newer still, missing or broken stays as it is, as evidence.

    Raises:
        OSError: it cannot be written; an older anchor still holds.
    """
    # In place and in one write: a reader never finds the file missing, and no crash leaves it empty.
    with path.open("r+b", buffering=0) as file:
        found = _parsed(file.read(_LENGTH + 1))
        if found is not None and found.seq < to.seq:
            file.seek(0)
            file.write(_line(to))


def _fill(scratch: Path) -> None:
    with scratch.open("wb") as file:
        file.write(_line(Anchor()))
        file.flush()
        # Once: a power cut must not leave an empty file beside a ledger that holds.
        os.fsync(file.fileno())


def _line(anchor: Anchor) -> bytes:
    text = f"{anchor.seq:0{_SEQ_DIGITS}d} {anchor.hash}"
    return f"{text} {_check(text)}\n".encode()


def _parsed(line: bytes) -> Anchor | None:
    text, _, check = line.decode("ascii", "replace").removesuffix("\n").rpartition(" ")
    if len(line) != _LENGTH or check != _check(text):
        return None
    seq, _, found = text.partition(" ")
    return Anchor(seq=int(seq), hash=found)


def _check(text: str) -> str:
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()[:_CHECK_DIGITS]
