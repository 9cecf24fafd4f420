"""The tables, whether a file has them, and how an older file gets them."""

import sqlite3
from typing import Final

_VERSION_1: Final = """
CREATE TABLE orders (
    order_ref TEXT PRIMARY KEY, account TEXT NOT NULL, con_id INTEGER NOT NULL, symbol TEXT NOT NULL,
    side TEXT NOT NULL, quantity TEXT NOT NULL, order_type TEXT NOT NULL, limit_price TEXT, stop_price TEXT,
    tif TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, order_id INTEGER NOT NULL, client_id INTEGER NOT NULL,
    perm_id INTEGER NOT NULL, filled TEXT NOT NULL, fingerprint TEXT NOT NULL, owner TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX orders_by_account ON orders (account, state);
CREATE INDEX orders_by_fingerprint ON orders (fingerprint, created_at);
CREATE TABLE fills (
    stem TEXT PRIMARY KEY, version INTEGER NOT NULL, execution_id TEXT NOT NULL, order_ref TEXT NOT NULL,
    perm_id INTEGER NOT NULL, account TEXT NOT NULL, con_id INTEGER NOT NULL, symbol TEXT NOT NULL,
    currency TEXT NOT NULL, exchange TEXT NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
    at TEXT NOT NULL, commission TEXT, realized_pnl TEXT, owner TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX fills_by_time ON fills (account, at);
CREATE TABLE settling (
    id INTEGER PRIMARY KEY, order_ref TEXT NOT NULL, account TEXT NOT NULL, con_id INTEGER NOT NULL,
    side TEXT NOT NULL, told_by TEXT NOT NULL, quantity TEXT NOT NULL, owner TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE attempts (id INTEGER PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL, accepted INTEGER NOT NULL) STRICT;
CREATE INDEX attempts_by_time ON attempts (account, at);
CREATE TABLE latch (
    id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, by TEXT NOT NULL, at TEXT, reason TEXT NOT NULL
) STRICT;
INSERT INTO latch VALUES (1, 'ACTIVE', '', NULL, '');
CREATE TABLE order_ids (client_id INTEGER PRIMARY KEY, floor INTEGER NOT NULL) STRICT;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, order_ref TEXT NOT NULL, owner TEXT NOT NULL,
    facts TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA user_version = 1;
"""

_VERSION_2: Final = """
CREATE TABLE sources (
    order_ref TEXT PRIMARY KEY, kind TEXT NOT NULL, notebook TEXT NOT NULL, cell TEXT NOT NULL, line TEXT NOT NULL
) STRICT;
CREATE INDEX sources_by_cell ON sources (notebook, cell);
PRAGMA user_version = 2;
"""
"""Where each order came from: the cell, and the line without its flags. Orders of before have no row."""

_VERSION_3: Final = """
CREATE TABLE connections (
    account TEXT NOT NULL, client_id INTEGER NOT NULL, profile TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (account, client_id)
) STRICT;
PRAGMA user_version = 3;
"""
"""Where the orders of a client id can be reached by another process."""

_VERSION_4: Final = """
ALTER TABLE orders ADD COLUMN parent_ref TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN notional TEXT;
PRAGMA user_version = 4;
"""
"""Which entry the exit of a bracket waits for, and what an order may come to at worst, in the account's currency."""

STEPS: Final = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
"""What each version adds to the one before it; steps only add, so that an older file loses nothing."""

VERSION: Final = len(STEPS)
SCHEMA: Final = "".join(STEPS)
"""A new file."""


def problem(connection: sqlite3.Connection) -> str:
    """Return what is wrong with the tables of a file, in words; empty where they are ours. Writes nothing."""
    # One state of the file: another process may be bringing it up to its version.
    connection.execute("BEGIN")
    try:
        return _problem(connection, version_of(connection))
    finally:
        connection.execute("ROLLBACK")


def _problem(connection: sqlite3.Connection, version: int) -> str:
    if not 1 <= version <= VERSION:
        age = "a newer" if version > VERSION else "an unknown"
        hint = ": update Edgerunner Lab" if version > VERSION else ""
        return f"{age} schema {version} was found, expected {VERSION}{hint}"
    if _definitions(connection) != _expected(version):
        return f"its tables or triggers were changed, expected those of schema {version}"
    return ""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version that a file says it has; 0 for one that is not ours."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file of an older version up to this one: all of it or nothing, whoever comes first.

    Raises:
        sqlite3.Error: it cannot be written; it is as before.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again inside the lock: another process may have been quicker.
        for step in STEPS[version_of(connection) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(step: str) -> list[str]:
    """Return a step's statements; `executescript` would commit what was begun."""
    statements: list[str] = []
    text = ""
    for line in step.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            statements.append(text.strip())
            text = ""
    return statements


def _expected(version: int) -> list[tuple[str, str]]:
    fresh = sqlite3.connect(":memory:")
    try:
        fresh.executescript("".join(STEPS[:version]))
        return _definitions(fresh)
    finally:
        fresh.close()


def _definitions(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
