"""The tables, and whether a file has them."""

import sqlite3

VERSION = 1

SCHEMA = """
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


def problem(connection: sqlite3.Connection) -> str:
    """Return what is wrong with the tables of a file, in words; empty where they are ours. Writes nothing."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        age = "a newer" if version > VERSION else "an unknown"
        hint = ": update Edgerunner Lab" if version > VERSION else ""
        return f"{age} schema {version} was found, expected {VERSION}{hint}"
    if _definitions(connection) != _expected():
        return f"its tables or triggers were changed, expected those of schema {VERSION}"
    return ""


def _expected() -> list[tuple[str, str]]:
    fresh = sqlite3.connect(":memory:")
    try:
        fresh.executescript(SCHEMA)
        return _definitions(fresh)
    finally:
        fresh.close()


def _definitions(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
