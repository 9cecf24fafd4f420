"""A ledger that cannot be opened: every call says why, none passes."""

from collections.abc import Callable
from typing import Final

import pytest

from edgerunner_lab.core.errors import LedgerDamaged, LedgerError, LedgerUnavailable
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import LatchState, LedgerFacts
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import Standing
from edgerunner_lab.ledger.unusable import UnusableLedger
from guard.builders import ACCOUNT, NOW
from ledger.orders import a_fill, an_order
from rigs.orders import order_ref


def never_asked(_facts: LedgerFacts) -> ApprovedOrder:
    """Judge nothing: without a record there is nothing to judge by."""
    raise AssertionError("the judge was asked without a ledger")


def never_asked_of(_order: ProposedOrder, _facts: LedgerFacts) -> ApprovedOrder:
    """Judge nothing, likewise."""
    raise AssertionError("the judge was asked without a ledger")


def a_connection() -> Connection:
    """Return where a client id might be connected."""
    return Connection(account=ACCOUNT, client_id=1, profile="sim", host="", port=0, at=NOW)


CALLS: Final[dict[str, Callable[[UnusableLedger], object]]] = {
    "reserve": lambda ledger: ledger.reserve(an_order(), never_asked),
    "reserve_together": lambda ledger: ledger.reserve_together(
        [an_order()], never_asked_of
    ),
    "look": lambda ledger: ledger.look([an_order()], never_asked_of),
    "facts": lambda ledger: ledger.facts(ACCOUNT, None),
    "record": lambda ledger: ledger.record(
        order_ref(), Standing(state=OrderState.SENT), kind="SENT", facts={}
    ),
    "record_many": lambda ledger: ledger.record_many([]),
    "record_fill": lambda ledger: ledger.record_fill(a_fill()),
    "note": lambda ledger: ledger.note("CONNECTED", {}),
    "latch": lambda ledger: ledger.latch(),
    "set_latch": lambda ledger: ledger.set_latch(LatchState.HALTED, by="user", reason=""),
    "note_connection": lambda ledger: ledger.note_connection(a_connection()),
    "connections": lambda ledger: ledger.connections(),
    "changes": lambda ledger: ledger.changes(),
    "open_orders": lambda ledger: ledger.open_orders(ACCOUNT),
    "orders_since": lambda ledger: ledger.orders_since(ACCOUNT, NOW),
    "fills_since": lambda ledger: ledger.fills_since(ACCOUNT, NOW),
    "order": lambda ledger: ledger.order(order_ref()),
    "story": lambda ledger: ledger.story(order_ref()),
    "denied_since": lambda ledger: ledger.denied_since(ACCOUNT, NOW),
    "refs_like": lambda ledger: ledger.refs_like("ELB"),
    "next_order_id_floor": lambda ledger: ledger.next_order_id_floor(1),
    "verify": lambda ledger: ledger.verify(),
}


def test_it_answers_everything_that_a_ledger_does() -> None:
    """The session asks without knowing which of the two it has."""
    public = {name for name in vars(Ledger) if not name.startswith("_")}

    assert set(CALLS) == public - {"open", "close"}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("kind", [LedgerUnavailable, LedgerDamaged])
def test_every_call_answers_with_what_kept_it_closed(
    call: Callable[[UnusableLedger], object], kind: type[LedgerError]
) -> None:
    """The class tells whether it may work again; the line is the one that opening gave."""
    cause = kind("ledger.db: the disk is full")

    with pytest.raises(kind, match=r"^ledger\.db: the disk is full$") as caught:
        call(UnusableLedger(cause))

    assert caught.value is not cause
    assert caught.value.__cause__ is cause


def test_closing_is_always_possible() -> None:
    """A session ends in the same way whether or not it had a ledger."""
    ledger = UnusableLedger(LedgerDamaged("gone"))

    ledger.close()

    assert ledger.owner == ""
