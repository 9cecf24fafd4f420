"""What SQLite's and the system's errors mean for a trader, each in one clear line."""

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path

from edgerunner_lab.core.errors import LedgerDamaged, LedgerError, LedgerUnavailable

_NEEDS_PERMISSION = (
    LedgerUnavailable,
    "it cannot be written; check the permissions of the file and its directory",
)

_MEANING_BY_CODE: dict[int, tuple[type[LedgerError], str]] = {
    sqlite3.SQLITE_BUSY: (
        LedgerUnavailable,
        "another process holds it and did not let go in time; try again",
    ),
    sqlite3.SQLITE_FULL: (LedgerUnavailable, "the disk is full; make room and try again"),
    sqlite3.SQLITE_IOERR: (
        LedgerUnavailable,
        "the disk failed or has no room; check it and try again",
    ),
    sqlite3.SQLITE_READONLY: _NEEDS_PERMISSION,
    sqlite3.SQLITE_CANTOPEN: _NEEDS_PERMISSION,
    sqlite3.SQLITE_PERM: _NEEDS_PERMISSION,
    sqlite3.SQLITE_CORRUPT: (LedgerDamaged, "the file is corrupted"),
    sqlite3.SQLITE_NOTADB: (LedgerDamaged, "the file is not a database"),
}
"""SQLite's primary result code -> our error and what to say; others pass on SQLite's own words."""


def damaged(path: Path, problem: str) -> LedgerDamaged:
    """Return the error for a ledger that is not what we wrote; it names the file, and what to do."""
    return LedgerDamaged(
        f"{path}: {problem}; the file is kept as it is: compare orders with TWS, then move it and "
        f"{path.with_suffix('.anchor').name} away to start a new one"
    )


def unavailable(path: Path, error: OSError) -> LedgerUnavailable:
    """Return the error for a ledger that the system does not let us reach."""
    return LedgerUnavailable(
        f"{path}: {error.strerror or error}; check the disk and the directory's permissions"
    )


def meaning(path: Path, error: sqlite3.Error) -> LedgerError:
    """Return what an error of SQLite means; its own words are kept at the end, with its code's name."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None and isinstance(error, sqlite3.OperationalError):
        # Python's own, and its words quote the text, whatever that is.
        return damaged(path, "a text that is no UTF-8 was found")
    # The low byte is the primary code; the rest says more about the same thing.
    kind, words = _MEANING_BY_CODE.get(
        (code or 0) & 0xFF, (LedgerUnavailable, "this could not be done")
    )
    name: str = getattr(error, "sqlite_errorname", type(error).__name__)
    said = f"{words} ({name}: {error})"
    return damaged(path, said) if kind is LedgerDamaged else kind(f"{path}: {said}")


@contextlib.contextmanager
def decoding(path: Path) -> Generator[None]:
    """Turn rows into values; one that holds what we never write means a damaged file."""
    try:
        yield
    except (ValueError, TypeError, ArithmeticError) as error:
        raise damaged(path, f"a row that cannot be read was found ({error!r})") from error


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Turn the errors of SQLite and of the system into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(path, error) from error
    except OSError as error:
        raise unavailable(path, error) from error
