"""What the journal says of one order, from its intent or denial to its end."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edgerunner_lab.core.intents import Side
from edgerunner_lab.ledger.columns import stamp
from edgerunner_lab.ledger.journal import JSON

DENIED: Final = "DENIED"
"""The journal's word for an order that was not sent."""

REFS_MAX: Final = 8
"""So many orders are named where a piece of a reference fits several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the journal.

    Attributes:
        at: When it was written, aware UTC.
        kind: "INTENT", "DENIED", "FILL", or what brought the news, e.g. "StatusReported".
        owner: The process and notebook that wrote it.
    """

    seq: int
    at: datetime
    kind: str
    owner: str
    facts: Mapping[str, JSON]


def of(connection: sqlite3.Connection, order_ref: str) -> list[Entry]:
    """Return every row about one order, oldest first."""
    rows = connection.execute(
        "SELECT seq, at, kind, owner, facts FROM journal WHERE order_ref = ? ORDER BY seq",
        (order_ref,),
    )
    return [
        Entry(
            seq=seq,
            at=datetime.fromisoformat(at),
            kind=kind,
            owner=owner,
            facts=json.loads(facts),
        )
        for seq, at, kind, owner, facts in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """An order that the guard refused.

    Attributes:
        at: Aware UTC.
        text: The order in canonical words.
        denials: Every failed rule, a line each.
        owner: The process and notebook that tried it.
    """

    order_ref: str
    at: datetime
    text: str
    symbol: str
    side: Side
    quantity: str
    denials: tuple[str, ...]
    owner: str


def denied_since(
    connection: sqlite3.Connection, account: str, moment: datetime
) -> list[Denied]:
    """Return every order of an account that was refused at `moment` or later, oldest first."""
    rows = connection.execute(
        "SELECT order_ref, at, owner, facts FROM journal WHERE kind = ? AND at >= ? ORDER BY seq",
        (DENIED, stamp(moment)),
    )
    read = ((ref, at, owner, json.loads(facts)) for ref, at, owner, facts in rows)
    return [
        Denied(
            order_ref=ref,
            at=datetime.fromisoformat(at),
            text=facts["order"],
            symbol=facts["symbol"],
            side=Side(facts["side"]),
            quantity=facts["quantity"],
            denials=tuple(facts["denials"]),
            owner=owner,
        )
        for ref, at, owner, facts in read
        if facts["account"] == account
    ]


def refs_like(connection: sqlite3.Connection, piece: str) -> list[str]:
    """Return the references that contain `piece` in any case, the one written about last first; denied ones too.

    An order's name fits as well. An empty piece fits every order.
    """
    pattern = piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = connection.execute(
        "SELECT journal.order_ref FROM journal LEFT JOIN orders USING (order_ref) "
        "WHERE journal.order_ref != '' AND (journal.order_ref LIKE ? ESCAPE '\\' OR orders.name = ?) "
        "GROUP BY journal.order_ref ORDER BY max(journal.seq) DESC LIMIT ?",
        (f"%{pattern}%", piece, REFS_MAX),
    )
    return [ref for (ref,) in rows]
