"""The SQLite file: opening, schema, transactions, and what its errors mean."""

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Generator
from pathlib import Path

from edgerunner_lab.core.errors import LedgerDamaged, LedgerError, LedgerUnavailable

SCHEMA_VERSION = 1
BUSY_SECONDS = 2.0
"""How long another process may hold the file before we say so (RISK R36)."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_SCHEMA = (
    """CREATE TABLE orders (
    order_ref TEXT PRIMARY KEY, account TEXT NOT NULL, con_id INTEGER NOT NULL, symbol TEXT NOT NULL,
    side TEXT NOT NULL, quantity TEXT NOT NULL, order_type TEXT NOT NULL, limit_price TEXT, stop_price TEXT,
    tif TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, order_id INTEGER NOT NULL, client_id INTEGER NOT NULL,
    perm_id INTEGER NOT NULL, filled TEXT NOT NULL, fingerprint TEXT NOT NULL, owner TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX orders_by_account ON orders (account, state)",
    "CREATE INDEX orders_by_fingerprint ON orders (fingerprint, created_at)",
    """CREATE TABLE fills (
    stem TEXT PRIMARY KEY, version INTEGER NOT NULL, order_ref TEXT NOT NULL, account TEXT NOT NULL,
    con_id INTEGER NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL, at TEXT NOT NULL,
    commission TEXT, realized_pnl TEXT, owner TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX fills_by_time ON fills (account, recorded_at)",
    "CREATE TABLE attempts (id INTEGER PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL, accepted INTEGER NOT NULL) STRICT",
    "CREATE INDEX attempts_by_time ON attempts (account, at)",
    """CREATE TABLE latch (
    id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, by TEXT NOT NULL, at TEXT, reason TEXT NOT NULL
) STRICT""",
    "INSERT INTO latch VALUES (1, 'ACTIVE', '', NULL, '')",
    "CREATE TABLE order_ids (client_id INTEGER PRIMARY KEY, floor INTEGER NOT NULL) STRICT",
    """CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, order_ref TEXT NOT NULL, owner TEXT NOT NULL,
    facts TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT""",
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "PRAGMA user_version = 1",
)


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
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        _check_file(path)
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
        try:
            with self._translated():
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
        with self._lock, self._translated():
            try:
                # Inside, because an interrupt right after it must not leave the lock held.
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Read one consistent state of the file."""
        with self._lock, self._translated():
            try:
                self._connection.execute("BEGIN")
                yield self._connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def decoding(self) -> Generator[None]:
        """Turn rows into values; one that holds something we never write means a damaged file."""
        try:
            yield
        except (ValueError, TypeError, ArithmeticError, AssertionError) as error:
            raise LedgerDamaged(
                f"{self.path}: a row that cannot be read was found ({error}); {_KEPT}"
            ) from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL alone survives a power cut; NORMAL would lose the intents of the last seconds (RISK P21).
        connection.execute("PRAGMA synchronous = FULL")
        with self.reading():
            # In one transaction: another process may be making the tables at this moment.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and not tables:
            self._create()
            version = SCHEMA_VERSION
        if version != SCHEMA_VERSION:
            age = "a newer" if version > SCHEMA_VERSION else "an unknown"
            raise LedgerDamaged(
                f"{self.path}: {age} schema {version} was found, expected {SCHEMA_VERSION}; the file is kept as it is, "
                "update Edgerunner Lab or move the file away"
            )
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise LedgerDamaged(f"{self.path}: {found}; {_KEPT}")

    def _create(self) -> None:
        with self.transaction() as connection:
            # Two kernels may start at once: the second finds the tables there.
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA:
                    connection.execute(statement)

    @contextlib.contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: sqlite3.Error) -> LedgerError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        # Python's own operational error, without a code of SQLite's, is a text that is not UTF-8.
        is_no_text = code == 0 and isinstance(error, sqlite3.OperationalError)
        if code in _DAMAGED or is_no_text:
            return LedgerDamaged(f"{self.path}: {error}; {_KEPT}")
        if code == sqlite3.SQLITE_BUSY:
            return LedgerUnavailable(
                f"{self.path}: held by another process for more than {self._busy_seconds:g} s; try again"
            )
        if code == sqlite3.SQLITE_FULL:
            return LedgerUnavailable(
                f"{self.path}: the disk is full; make room and try again"
            )
        return LedgerUnavailable(
            f"{self.path}: {error}; check the disk and its permissions"
        )


_KEPT = (
    "the file is kept as it is: to start a new one move it and the .anchor beside it away, "
    "after comparing orders with TWS"
)


def _check_file(path: Path) -> None:
    """Make the file where it is missing; refuse one that someone else could have put there or could write."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # SQLite would make it with the umask's permissions, and its -wal after them.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        found = path.lstat()
    except OSError as error:
        raise LedgerUnavailable(
            f"{path}: {error.strerror}; check the directory's permissions"
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise LedgerDamaged(
            f"{path}: not a regular file was found, expected the ledger itself, not a link"
        )
    if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        raise LedgerDamaged(
            f"{path}: others can write it; expected it to be yours alone (chmod 600)"
        )
