"""Where each client id was last connected: for whoever has to cancel its orders when its notebook cannot."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edgerunner_lab.ledger.columns import stamp, storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to reach the orders of a client id.

    Attributes:
        profile: As `%connect` names it: sim, paper, live …
        host, port: Where it was; empty and 0 for the embedded gateway, which is found, or started, wherever it is.
        at: When it was made, aware UTC.
    """

    account: str
    client_id: int
    profile: str
    host: str
    port: int
    at: datetime


def write(connection: sqlite3.Connection, made: Connection) -> None:
    """Write a connection in place of the client id's last one to the account."""
    connection.execute(
        "INSERT OR REPLACE INTO connections VALUES (?, ?, ?, ?, ?, ?)",
        (
            made.account,
            made.client_id,
            made.profile,
            storable(made.host),
            made.port,
            stamp(made.at),
        ),
    )


def every(connection: sqlite3.Connection) -> list[Connection]:
    """Return the last connection of each client id to each account, the newest first."""
    rows = connection.execute(
        "SELECT account, client_id, profile, host, port, at FROM connections ORDER BY at DESC"
    )
    return [
        Connection(
            account=account,
            client_id=client_id,
            profile=profile,
            host=host,
            port=port,
            at=datetime.fromisoformat(at),
        )
        for account, client_id, profile, host, port, at in rows
    ]
