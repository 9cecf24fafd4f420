"""The SQLite file: found or made, opened, and one transaction at a time."""

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Generator
from pathlib import Path

from edgerunner_lab.core.errors import LedgerDamaged
from edgerunner_lab.ledger import anchor, schema
from edgerunner_lab.ledger.creation import make_whole
from edgerunner_lab.ledger.failures import damaged, translated

BUSY_SECONDS = 2.0
"""How long another process may hold the file before we say so (RISK R36)."""

_CHECKPOINT_PAGES = 250
"""4 KiB each; so many of them make a commit copy the write-ahead log back. SQLite waits for 1000, and the order whose
commit that is then waits for all of them."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Store:
    """One process's connection to the file, usable from any thread, one transaction at a time."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        """Open the file, or make it.

        Args:
            path: The ledger's file; its directory is made where it is missing.
            busy_seconds: How long to wait for another process that holds the file.

        Raises:
            LedgerUnavailable: it cannot be reached now.
            LedgerDamaged: it is not what we wrote, or of another version; it is kept as it is.
        """
        self.path = path
        self._lock = threading.RLock()
        with translated(path):
            if not _is_there(path):
                _make(path)
            self._connection = connect(path, "rw", busy_seconds)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Hold the write lock of the file; committed durably at the end, undone on any exception."""
        with self._lock, translated(self.path):
            try:
                # Inside, because an interrupt right after it must not leave the lock held.
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo()
                raise

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Read one consistent state of the file; nobody waits for it."""
        with self._lock, translated(self.path):
            try:
                self._connection.execute("BEGIN")
                yield self._connection
            finally:
                self._undo()

    def _undo(self) -> None:
        # SQLite may have undone everything itself, as it does on a full disk.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def _prepare(self) -> None:
        # Before anything that could write: a file of another version is kept as it is.
        found = schema.problem(self._connection)
        if found:
            raise damaged(self.path, found)
        with contextlib.suppress(OSError):
            # Whoever can read it sees every order; on a file system that cannot change it we can only go on.
            self.path.chmod(0o600)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # FULL alone survives a power cut; NORMAL would lose the intents of the last seconds (RISK P21).
        self._connection.execute("PRAGMA synchronous = FULL")
        # Where a plain fsync stops at the drive's cache (macOS); elsewhere it changes nothing.
        self._connection.execute("PRAGMA fullfsync = ON")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise damaged(self.path, f"the file is corrupted ({found})")
        if schema.version_of(self._connection) < schema.VERSION:
            schema.migrate(self._connection)


def connect(
    path: Path, mode: str, busy_seconds: float = BUSY_SECONDS
) -> sqlite3.Connection:
    """Connect to a file that is there; `mode` is "rw" or "ro"."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )


def _is_there(path: Path) -> bool:
    """Return whether the file exists; refuse one that somebody else could have put there or could write."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise LedgerDamaged(
            f"{path}: a link or a directory was found, expected the file itself"
        )
    _require_ours(path, found)
    _require_ours(path.parent, path.parent.stat())
    return True


def _require_ours(path: Path, found: os.stat_result) -> None:
    if os.name == "posix" and (
        found.st_uid != os.getuid() or found.st_mode & _OTHERS_WRITE
    ):
        raise LedgerDamaged(
            f"{path}: belongs to user {found.st_uid} with mode {stat.S_IMODE(found.st_mode):o}, "
            "expected it to be yours and nobody else's to write (chmod go-w)"
        )


def _make(path: Path) -> None:
    """Make an empty ledger and its anchor; it appears whole, and where two processes make one, one is made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        anchored = anchor.make(anchor.path_beside(path))
    except ValueError as error:
        raise damaged(path, "the database is missing and its anchor is broken") from error
    has_log = path.with_name(f"{path.name}-wal").exists()
    # Asked again last: what is there by now another process has made, and it stays.
    if (anchored.seq or has_log) and not _is_there(path):
        raise damaged(
            path,
            f"the database is missing, expected its journal of {anchored.seq} rows or more",
        )
    make_whole(path, _fill)


def _fill(scratch: Path) -> None:
    with contextlib.closing(connect(scratch, "rw")) as connection:
        connection.executescript(f"BEGIN;{schema.SCHEMA}COMMIT;PRAGMA journal_mode = WAL;")
