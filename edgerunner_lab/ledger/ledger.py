"""The ledger as the session uses it: intents before bytes, evidence after, the latch, the journal."""

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import Latch, LatchState, LedgerFacts
from edgerunner_lab.ledger import journal, latch, reservations
from edgerunner_lab.ledger.journal import JSON, Entry, Verification
from edgerunner_lab.ledger.reservations import OrderRow, Reservation
from edgerunner_lab.ledger.store import Store

Judge = Callable[[LedgerFacts], ApprovedOrder]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an order stands, for its row: the ids it has got meanwhile and what has filled."""

    state: OrderState
    order_id: int = 0
    client_id: int = 0
    perm_id: int = 0
    filled: Decimal = Decimal(0)


class Ledger:
    """One process's view of the file; every method may be called from any thread and may block for two seconds."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime], owner: str) -> None:
        """Use `store`.

        Args:
            store: The open file.
            clock: Wall clock, aware UTC.
            owner: Names this process and its notebook in every row.
        """
        self.owner = owner
        self._store = store
        self._clock = clock
        self._anchor = store.path.with_suffix(".anchor")
        self._last: tuple[int, str] | None = None

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime], owner: str) -> "Ledger":
        """Open the ledger, or make it.

        Raises:
            LedgerUnavailable: it cannot be reached now.
            LedgerDamaged: it is not what we wrote, or of another version; it is kept as it is.
        """
        return cls(Store(path), clock=clock, owner=owner)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def reserve(self, order: ProposedOrder, judge: Judge) -> Reservation:
        """Judge an order on what the ledger says now, and write its intent durably, in one transaction.

        Raises:
            OrderDenied: by `judge`; the attempt and its reasons are recorded.
            LedgerError: nothing was reserved.
        """
        with self._writing() as (connection, now):
            with self._store.decoding():
                facts = reservations.read_facts(
                    connection, order.account, order, now, self.owner
                )
            try:
                approved = judge(facts)
            except OrderDenied as error:
                denied = error
                reservations.insert_attempt(connection, order.account, now, accepted=False)
                self._append(
                    connection, now, "DENIED", order.order_ref, _denial_facts(order, error)
                )
                reserved = None
            else:
                denied = None
                reservations.insert_attempt(connection, order.account, now, accepted=True)
                reservations.insert_order(connection, order, now, self.owner)
                seq = self._append(
                    connection, now, "INTENT", order.order_ref, _intent_facts(approved)
                )
                reserved = Reservation(approved=approved, journal_seq=seq, committed_at=now)
        if reserved is None:
            # Raised only now: the transaction that keeps the denial has been committed.
            assert denied is not None, "what was not reserved was denied"
            raise denied
        return reserved

    def facts(self, account: str, order: ProposedOrder | None) -> LedgerFacts:
        """Return what the rules may know from the ledger, without reserving."""
        with self._store.reading() as connection, self._store.decoding():
            return reservations.read_facts(
                connection, account, order, self._clock(), self.owner
            )

    def record(
        self, order_ref: str, standing: Standing, *, kind: str, facts: Mapping[str, JSON]
    ) -> None:
        """Write evidence about one of our orders: a journal row, and where the order now stands."""
        with self._writing() as (connection, now):
            connection.execute(
                "UPDATE orders SET state = ?, order_id = max(order_id, ?), client_id = max(client_id, ?), "
                "perm_id = max(perm_id, ?), filled = ?, updated_at = ? WHERE order_ref = ?",
                (
                    standing.state.value, standing.order_id, standing.client_id, standing.perm_id,
                    f"{standing.filled:f}", now.isoformat(), order_ref,
                ),
            )  # fmt: skip
            if standing.order_id:
                connection.execute(
                    "INSERT INTO order_ids VALUES (?, ?) ON CONFLICT (client_id) DO UPDATE "
                    "SET floor = max(floor, excluded.floor)",
                    (standing.client_id, standing.order_id),
                )
            self._append(
                connection, now, kind, order_ref, {**facts, "state": standing.state.value}
            )

    def record_fill(self, fill: Fill) -> bool:
        """Write an execution, or its correction or commission; return whether anything of it was new."""
        stem, version = reservations.execution(fill.execution_id)
        with self._writing() as (connection, now):
            known = connection.execute(
                "SELECT version, commission FROM fills WHERE stem = ?", (stem,)
            ).fetchone()
            is_new = known is None or version > known[0]
            has_commission = (
                known is not None
                and version == known[0]
                and known[1] is None
                and fill.commission is not None
            )
            if not is_new and not has_commission:
                return False
            # A commission arrives later than its execution and does not make the fill settle anew.
            connection.execute(
                "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stem) DO UPDATE SET "
                "version = excluded.version, quantity = excluded.quantity, price = excluded.price, "
                "commission = excluded.commission, realized_pnl = excluded.realized_pnl",
                (
                    stem, version, fill.order_ref, fill.account, fill.con_id, fill.side.value, f"{fill.quantity:f}",
                    f"{fill.price:f}", fill.time.isoformat(), _text(fill.commission), _text(fill.realized_pnl),
                    self.owner, now.isoformat(),
                ),
            )  # fmt: skip
            self._append(connection, now, "FILL", fill.order_ref, _fill_facts(fill))
        return True

    def note(self, kind: str, facts: Mapping[str, JSON]) -> None:
        """Write a journal row that concerns no single order."""
        with self._writing() as (connection, now):
            self._append(connection, now, kind, "", facts)

    def latch(self) -> Latch:
        """Return the latch."""
        with self._store.reading() as connection, self._store.decoding():
            return latch.read(connection)

    def set_latch(self, state: LatchState, *, by: str, reason: str) -> Latch:
        """Set the latch durably and return it."""
        with self._writing() as (connection, now):
            new = Latch(state=state, by=by, at=now, reason=reason)
            latch.write(connection, new)
            self._append(
                connection,
                now,
                "LATCH",
                "",
                {"state": state.value, "by": by, "reason": reason},
            )
        return new

    def open_orders(self, account: str) -> list[OrderRow]:
        """Return every order that may still trade, oldest first."""
        with self._store.reading() as connection, self._store.decoding():
            return reservations.open_orders(connection, account)

    def order(self, order_ref: str) -> OrderRow | None:
        """Return one order, or None."""
        with self._store.reading() as connection, self._store.decoding():
            return reservations.order(connection, order_ref)

    def next_order_id_floor(self, client_id: int) -> int:
        """Return an order id above every one that this client id has used."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT floor FROM order_ids WHERE client_id = ?", (client_id,)
            ).fetchone()
        return row[0] + 1 if row is not None else 1

    def verify(self) -> Verification:
        """Walk the journal's chain and compare it with its anchor."""
        with self._store.reading() as connection:
            return journal.verify(connection, journal.read_anchor(self._anchor))

    @contextlib.contextmanager
    def _writing(self) -> Generator[tuple[sqlite3.Connection, datetime]]:
        with self._store.transaction() as connection:
            self._last = None
            yield connection, self._clock()
            # Where rows are missing the old anchor is what proves it, and stays.
            has_anchor_to_write = self._last is not None and journal.follows(
                connection, journal.read_anchor(self._anchor)
            )
            last = self._last if has_anchor_to_write else None
        if last is not None:
            with contextlib.suppress(OSError):
                # The anchor only helps to find a cut-off tail; a disk that has no room for it takes no order either.
                journal.write_anchor(self._anchor, *last)

    def _append(
        self,
        connection: sqlite3.Connection,
        now: datetime,
        kind: str,
        order_ref: str,
        facts: Mapping[str, JSON],
    ) -> int:
        entry = Entry(
            at=now.isoformat(),
            kind=kind,
            order_ref=order_ref,
            owner=self.owner,
            facts=facts,
        )
        self._last = journal.append(connection, entry)
        return self._last[0]


def _intent_facts(approved: ApprovedOrder) -> dict[str, JSON]:
    order, quote = approved.order, approved.quote
    return {
        "order": str(order.intent),
        "con_id": order.instrument.con_id,
        "side": order.side.value,
        "quantity": f"{order.quantity:f}",
        "type": order.order_type.value,
        "limit_price": _text(order.limit_price),
        "stop_price": _text(order.stop_price),
        "tif": order.tif.value,
        "account": order.account,
        "bid": _text(quote.bid),
        "ask": _text(quote.ask),
        "notional": f"{approved.notional:f}",
        "limits": approved.limits_sha256,
        "checks": [str(check) for check in approved.checks],
        "source": _source_facts(order),
    }


def _denial_facts(order: ProposedOrder, error: OrderDenied) -> dict[str, JSON]:
    return {
        "order": str(order.intent),
        "quantity": f"{order.quantity:f}",
        "denials": [str(denial) for denial in error.denials],
        "source": _source_facts(order),
    }


def _source_facts(order: ProposedOrder) -> dict[str, JSON]:
    source = order.source
    return {
        "kind": source.kind,
        "notebook": source.notebook,
        "cell_id": source.cell_id,
        "code_sha256": source.code_sha256,
        "pid": source.kernel_pid,
    }


def _fill_facts(fill: Fill) -> dict[str, JSON]:
    return {
        "execution_id": fill.execution_id,
        "perm_id": fill.perm_id,
        "con_id": fill.con_id,
        "side": fill.side.value,
        "quantity": f"{fill.quantity:f}",
        "price": f"{fill.price:f}",
        "at": fill.time.isoformat(),
        "commission": _text(fill.commission),
        "realized_pnl": _text(fill.realized_pnl),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
