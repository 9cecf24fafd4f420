"""The ledger as the session uses it: intents before bytes, evidence after, the latch, the journal."""

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgerunner_lab.core.errors import OrderDenied, TogetherDenied
from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.gate import HALTING, ApprovedOrder
from edgerunner_lab.guard.snapshot import Latch, LatchState, LedgerFacts
from edgerunner_lab.ledger import (
    anchor,
    connections,
    entries,
    fills,
    journal,
    latch,
    order_rows,
    reservations,
    sources,
    stories,
)
from edgerunner_lab.ledger.columns import digits, storable
from edgerunner_lab.ledger.failures import damaged, decoding
from edgerunner_lab.ledger.journal import JSON, Verification, Writer
from edgerunner_lab.ledger.order_rows import OrderRow, Standing
from edgerunner_lab.ledger.reservations import Reservation
from edgerunner_lab.ledger.store import Store

Judge = Callable[[LedgerFacts], ApprovedOrder]
JudgeOfEach = Callable[[ProposedOrder, LedgerFacts], ApprovedOrder]

_NEWEST_ROWS = 1000
"""Rows at the end of the journal that are checked at every opening; `verify` walks them all."""


class _Refused(Exception):
    """Ends a trial: what was written in it is undone."""

    def __init__(self, denied: list[tuple[ProposedOrder, OrderDenied]]) -> None:
        self.denied = denied
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something learned about one of our orders.

    Attributes:
        kind: What brought it, e.g. "StatusReported".
    """

    order_ref: str
    standing: Standing
    kind: str
    facts: Mapping[str, JSON]


class Ledger:
    """One process's view of the file; every method may be called from any thread and may block for two seconds.

    Every one of them raises LedgerError where the file cannot be read or written, and has then changed nothing.
    """

    def __init__(self, store: Store, *, clock: Callable[[], datetime], owner: str) -> None:
        """Use `store`.

        Args:
            store: The open file.
            clock: Wall clock, aware.
            owner: Names this process and its notebook in every row.
        """
        self.owner = storable(owner)
        self._store = store
        self._clock = clock
        self._anchor = anchor.path_beside(store.path)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime], owner: str) -> "Ledger":
        """Open the ledger, or make it.

        Raises:
            LedgerUnavailable: it cannot be reached now.
            LedgerDamaged: it is not what we wrote, or of another version; it is kept as it is.
        """
        ledger = cls(Store(path), clock=clock, owner=owner)
        with contextlib.ExitStack() as undone:
            undone.callback(ledger.close)
            found = ledger.verify(newest=_NEWEST_ROWS)
            if not found.holds:
                raise damaged(path, found.problem)
            undone.pop_all()
        return ledger

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def reserve(self, order: ProposedOrder, judge: Judge) -> Reservation:
        """Judge an order, or a modification, on what the ledger says now, and write its intent durably, in one transaction.

        A modification is not known to have happened until the broker says so: until then the worse of both counts.

        Raises:
            OrderDenied: by `judge`; the attempt and its reasons are recorded.
            LedgerError: nothing was reserved.
        """
        return self.reserve_together([order], lambda _order, facts: judge(facts))[0]

    def reserve_together(
        self, orders: Sequence[ProposedOrder], judge: JudgeOfEach
    ) -> list[Reservation]:
        """Judge several orders, each as if those before it worked already, and reserve all of them or none.

        An exit whose entry is denied is not judged: without it there is nothing that it would undo.

        Raises:
            OrderDenied: by `judge`, of one order; the attempt and its reasons are recorded.
            TogetherDenied: likewise, where several were given.
            LedgerError: nothing was reserved.
        """
        with self._writing() as writer:
            try:
                with writer.trial():
                    return self._reserve_each(writer, orders, judge)
            except _Refused as refused:
                # What was judged passes away with the trial; why it was denied is kept.
                denied = refused.denied
                for order, denial in denied:
                    self._deny(writer, order, denial)
        # Only now: what keeps the denials has been committed.
        if len(orders) == 1:
            raise denied[0][1]
        raise TogetherDenied([(str(order.intent), denial) for order, denial in denied])

    def look(
        self, orders: Sequence[ProposedOrder], judge: JudgeOfEach
    ) -> list[ApprovedOrder | OrderDenied | None]:
        """Return what `reserve_together` would say of each order, and reserve nothing; None for what is not judged.

        Raises:
            LedgerError: it could not be reserved either.
        """
        said: dict[str, ApprovedOrder | OrderDenied] = {}

        def listening(order: ProposedOrder, facts: LedgerFacts) -> ApprovedOrder:
            try:
                approved = judge(order, facts)
            except OrderDenied as denied:
                said[order.order_ref] = denied
                raise
            said[order.order_ref] = approved
            return approved

        with (
            self._writing() as writer,
            contextlib.suppress(_Refused),
            writer.trial(),
        ):
            self._reserve_each(writer, orders, listening)
            raise _Refused([])
        return [said.get(order.order_ref) for order in orders]

    def facts(self, account: str, order: ProposedOrder | None) -> LedgerFacts:
        """Return what the rules may know from the ledger, without reserving."""
        with self._reading() as connection:
            return reservations.read_facts(
                connection, account, order, self._clock(), self.owner
            )

    def record(
        self, order_ref: str, standing: Standing, *, kind: str, facts: Mapping[str, JSON]
    ) -> None:
        """Write evidence about one of our orders: a journal row, and where the order now stands."""
        self.record_many(
            [Evidence(order_ref=order_ref, standing=standing, kind=kind, facts=facts)]
        )

    def record_many(self, evidence: Iterable[Evidence]) -> None:
        """Write what was learned, in this order, at the price of one commit: all of it or nothing."""
        with self._writing() as writer, decoding(self._store.path):
            for one in evidence:
                order_rows.update(
                    writer.connection, one.order_ref, one.standing, writer.now, self.owner
                )
                standing: dict[str, JSON] = {
                    "state": one.standing.state.value,
                    "filled": digits(one.standing.filled),
                }
                writer.append(one.kind, {**one.facts, **standing}, one.order_ref)

    def record_fill(self, fill: Fill) -> bool:
        """Write an execution, or its correction or commission; return whether anything of it was new."""
        with self._writing() as writer, decoding(self._store.path):
            is_new = fills.insert(writer.connection, fill, writer.now, self.owner)
            if is_new:
                writer.append("FILL", entries.fill_facts(fill), fill.order_ref)
        return is_new

    def note(self, kind: str, facts: Mapping[str, JSON]) -> None:
        """Write a journal row that concerns no single order."""
        with self._writing() as writer:
            writer.append(kind, facts)

    def latch(self) -> Latch:
        """Return the latch."""
        with self._reading() as connection:
            return latch.read(connection)

    def set_latch(self, state: LatchState, *, by: str, reason: str) -> Latch:
        """Set the latch durably and return it as it then is: what only reduces never weakens a halt."""
        with self._writing() as writer, decoding(self._store.path):
            now = latch.read(writer.connection)
            if state is LatchState.REDUCING and now.state is LatchState.HALTED:
                return now
            new = Latch(state=state, by=by, at=writer.now, reason=reason)
            self._write_latch(writer, new)
        return new

    def note_connection(self, made: connections.Connection) -> None:
        """Write where a client id is connected, for whoever has to cancel its orders without it."""
        with self._writing() as writer:
            connections.write(writer.connection, made)
            facts = {
                "profile": made.profile,
                "client_id": str(made.client_id),
                "where": f"{made.host}:{made.port}" if made.port else "embedded",
            }
            writer.append("CONNECTED", facts)

    def connections(self) -> list[connections.Connection]:
        """Return the last connection of each client id to each account, the newest first."""
        with self._reading() as connection:
            return connections.every(connection)

    def changes(self) -> int:
        """Return a number that is another one after any other process has written."""
        with self._store.reading() as connection:
            return connection.execute("PRAGMA data_version").fetchone()[0]

    def open_orders(self, account: str | None = None) -> list[OrderRow]:
        """Return every order that may still trade, of one account or of all, oldest first."""
        with self._reading() as connection:
            return order_rows.open_ones(connection, account)

    def orders_since(self, account: str, since: datetime) -> list[OrderRow]:
        """Return every order that was reserved at `since` or later, oldest first."""
        with self._reading() as connection:
            return order_rows.since(connection, account, since)

    def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Return every execution at `since` or later, each once, oldest first."""
        with self._reading() as connection:
            return fills.since(connection, account, since)

    def order(self, order_ref: str) -> OrderRow | None:
        """Return one order, or None."""
        with self._reading() as connection:
            return order_rows.get(connection, order_ref)

    def story(self, order_ref: str) -> list[stories.Entry]:
        """Return every journal row about one order, oldest first; a denied one has a story too."""
        with self._reading() as connection:
            return stories.of(connection, order_ref)

    def denied_since(self, account: str, since: datetime) -> list[stories.Denied]:
        """Return every order that was refused at `since` or later, oldest first."""
        with self._reading() as connection:
            return stories.denied_since(connection, account, since)

    def refs_like(self, piece: str) -> list[str]:
        """Return references that contain `piece`, or whose order has that name; the newest first, at most eight."""
        with self._reading() as connection:
            return stories.refs_like(connection, piece)

    def next_order_id_floor(self, client_id: int) -> int:
        """Return an order id above every one that this client id has used."""
        with self._reading() as connection:
            return order_rows.next_order_id(connection, client_id)

    def verify(self, *, newest: int | None = None) -> Verification:
        """Walk the journal's chain, or so many of its newest rows, and compare it with its anchor."""
        # The anchor first: a row that is committed meanwhile is then one too many, not one too few.
        anchored = anchor.read(self._anchor)
        with self._store.reading() as connection:
            return journal.verify(connection, anchored, newest=newest)

    @contextlib.contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._store.reading() as connection, decoding(self._store.path):
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Generator[Writer]:
        with self._store.transaction() as connection:
            # Inside the lock nobody's anchor is ahead of what we see; a broken chain takes no order (RISK R36).
            problem = journal.anchor_problem(connection, anchor.read(self._anchor))
            if problem:
                raise damaged(self._store.path, problem)
            writer = Writer(connection, self._clock(), self.owner)
            yield writer
        if writer.newest is not None:
            # What cannot be noted leaves an older anchor, which is still true.
            with contextlib.suppress(OSError):
                anchor.advance(self._anchor, writer.newest)

    def _reserve_each(
        self, writer: Writer, orders: Sequence[ProposedOrder], judge: JudgeOfEach
    ) -> list[Reservation]:
        """Reserve every order.

        Raises:
            _Refused: with those that were denied.
        """
        reserved: list[Reservation] = []
        denied: list[tuple[ProposedOrder, OrderDenied]] = []
        for order in orders:
            refused_refs = {each.order_ref for each, _ in denied}
            if order.attached is not None and order.attached.parent_ref in refused_refs:
                continue
            try:
                reserved.append(self._reserve(writer, order, judge))
            except OrderDenied as denial:
                denied.append((order, denial))
        if denied:
            raise _Refused(denied)
        return reserved

    def _reserve(
        self, writer: Writer, order: ProposedOrder, judge: JudgeOfEach
    ) -> Reservation:
        connection, now = writer.connection, writer.now
        with decoding(self._store.path):
            facts = reservations.read_facts(
                connection, order.account, order, now, self.owner
            )
        approved = judge(order, facts)
        assert approved.order == order, "what is judged is what is reserved"
        is_decision = order.attached is None or order.replaces is not None
        if is_decision:
            # The exits of a bracket are decided with their entry, and are no attempts of their own.
            reservations.insert_attempt(connection, order.account, now, accepted=True)
        if order.replaces is None:
            order_rows.insert(connection, approved, now, self.owner)
            if is_decision:
                sources.insert(connection, order)
        else:
            order_rows.amend(connection, order, now, self.owner)
        kind = "INTENT" if order.replaces is None else "MODIFY_INTENT"
        seq = writer.append(kind, entries.intent_facts(approved), order.order_ref)
        return Reservation(approved=approved, journal_seq=seq, committed_at=now)

    def _write_latch(self, writer: Writer, new: Latch) -> None:
        latch.write(writer.connection, new)
        facts = {"state": new.state.value, "by": new.by, "reason": new.reason}
        writer.append("LATCH", facts)

    def _deny(self, writer: Writer, order: ProposedOrder, denied: OrderDenied) -> None:
        reservations.insert_attempt(
            writer.connection, order.account, writer.now, accepted=False
        )
        writer.append("DENIED", entries.denial_facts(order, denied), order.order_ref)
        for denial in denied.denials:
            if denial.code in HALTING:
                new = Latch(
                    state=LatchState.HALTED,
                    by=denial.code.lower(),
                    at=writer.now,
                    reason=str(denial),
                )
                self._write_latch(writer, new)
