"""Stands in for a ledger that cannot be opened: denies what needs a record, lets everything else be."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from edgerunner_lab.core.errors import LedgerError, OrderDenied
from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import Latch, LatchState, LedgerFacts
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.journal import JSON, Verification
from edgerunner_lab.ledger.ledger import Evidence, Judge, JudgeOfEach
from edgerunner_lab.ledger.order_rows import OrderRow, Standing
from edgerunner_lab.ledger.reservations import Reservation
from edgerunner_lab.ledger.stories import Denied, Entry


class UnusableLedger:
    """Answers every call with the error that kept the ledger from being opened."""

    owner = ""

    def __init__(self, error: LedgerError) -> None:
        self._error = error

    def close(self) -> None:
        """Close nothing."""

    def reserve(self, order: ProposedOrder, judge: Judge) -> Reservation:
        """Refuse: without a durable intent nothing is sent."""
        self._refuse(order, judge)

    def reserve_together(
        self, orders: Sequence[ProposedOrder], judge: JudgeOfEach
    ) -> list[Reservation]:
        """Refuse: without durable intents nothing is sent."""
        self._refuse(orders, judge)

    def look(
        self, orders: Sequence[ProposedOrder], judge: JudgeOfEach
    ) -> list[ApprovedOrder | OrderDenied | None]:
        """Refuse: what the limits count is not known."""
        self._refuse(orders, judge)

    def facts(self, account: str, order: ProposedOrder | None) -> LedgerFacts:
        """Refuse: the limits of all kernels together are not known."""
        self._refuse(account, order)

    def record(
        self, order_ref: str, standing: Standing, *, kind: str, facts: Mapping[str, JSON]
    ) -> None:
        """Refuse: there is nowhere to write it."""
        self._refuse(order_ref, standing, kind, facts)

    def record_many(self, evidence: Iterable[Evidence]) -> None:
        """Refuse: there is nowhere to write it."""
        self._refuse(evidence)

    def record_fill(self, fill: Fill) -> bool:
        """Refuse: there is nowhere to write it."""
        self._refuse(fill)

    def note(self, kind: str, facts: Mapping[str, JSON]) -> None:
        """Refuse: there is nowhere to write it."""
        self._refuse(kind, facts)

    def latch(self) -> Latch:
        """Refuse: whether trading is halted is not known."""
        self._refuse()

    def set_latch(self, state: LatchState, *, by: str, reason: str) -> Latch:
        """Refuse: a halt that is not durable is none."""
        self._refuse(state, by, reason)

    def note_connection(self, made: Connection) -> None:
        """Refuse: there is nowhere to write it."""
        self._refuse(made)

    def connections(self) -> list[Connection]:
        """Refuse: who was connected is not known."""
        self._refuse()

    def changes(self) -> int:
        """Refuse: what others write is not seen."""
        self._refuse()

    def open_orders(self, account: str | None = None) -> list[OrderRow]:
        """Refuse: which orders are ours is not known."""
        self._refuse(account)

    def orders_since(self, account: str, since: datetime) -> list[OrderRow]:
        """Refuse: which orders were ours is not known."""
        self._refuse(account, since)

    def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Refuse: what was executed is not known."""
        self._refuse(account, since)

    def order(self, order_ref: str) -> OrderRow | None:
        """Refuse: whether there is such an order is not known."""
        self._refuse(order_ref)

    def story(self, order_ref: str) -> list[Entry]:
        """Refuse: what became of it is not known."""
        self._refuse(order_ref)

    def denied_since(self, account: str, since: datetime) -> list[Denied]:
        """Refuse: what was refused is not known."""
        self._refuse(account, since)

    def refs_like(self, piece: str) -> list[str]:
        """Refuse: which orders there were is not known."""
        self._refuse(piece)

    def next_order_id_floor(self, client_id: int) -> int:
        """Refuse: which ids were used is not known."""
        self._refuse(client_id)

    def verify(self, *, newest: int | None = None) -> Verification:
        """Refuse: `verification.verify_file` says more about a file that cannot be opened."""
        self._refuse(newest)

    def _refuse(self, *_asked: object) -> NoReturn:
        # A fresh one each time: an exception that is raised again would keep every traceback it has had.
        raise type(self._error)(str(self._error)) from self._error
