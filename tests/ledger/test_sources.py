"""Which cell sent what, as the rules about repetitions need it (R19, R22, R32)."""

from typing import Any

import pytest

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.intents import Side, Source
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import LatchState, PastOrder
from edgerunner_lab.ledger.ledger import Ledger, Standing
from guard.builders import (
    ACCOUNT,
    NOW,
    a_quote,
    a_snapshot,
    an_instrument,
    judge,
    some_limits,
    wide_limits,
)
from ledger.conftest import OpenLedger
from ledger.orders import an_order, passing, reserve
from rigs.clocks import ManualClock
from rigs.orders import order_ref

CELL = Source(kind="magic", notebook="desk.ipynb", cell_id="one", code_sha256="aa")


def reruns(ledger: Ledger, number: int = 9, **changes: Any) -> list[str]:
    """Return the references that the rule sees for one more order."""
    order = an_order(number, **{"source": CELL} | changes)
    return [past.order_ref for past in ledger.facts(ACCOUNT, order).reruns]


def stand(ledger: Ledger, state: OrderState, number: int = 1) -> None:
    """Let an order end or be in doubt."""
    ledger.record(order_ref(number), Standing(state=state), kind="Test", facts={})


# R19


def test_a_cell_is_known_again_in_another_kernel(
    ledger: Ledger, open_ledger: OpenLedger
) -> None:
    """And with the time at which it was first run."""
    reserve(ledger, 1, source=CELL)

    [found] = open_ledger("theirs").facts(ACCOUNT, an_order(2, source=CELL)).reruns
    assert found == PastOrder(order_ref=order_ref(1), at=NOW)


@pytest.mark.parametrize(
    "source",
    [
        Source(kind="magic", notebook="desk.ipynb", cell_id="two", code_sha256="aa"),
        Source(kind="magic", notebook="other.ipynb", cell_id="one", code_sha256="aa"),
        Source(kind="magic", notebook="desk.ipynb"),
    ],
)
def test_another_cell_or_notebook_is_no_rerun(ledger: Ledger, source: Source) -> None:
    """Nor is what comes from no cell at all."""
    reserve(ledger, 1, source=CELL)

    assert reruns(ledger, source=source) == []


def test_a_batch_run_is_known_by_the_cells_text(ledger: Ledger) -> None:
    """It has no cell ids."""
    batch = Source(kind="magic", code_sha256="aa")
    reserve(ledger, 1, source=batch)

    assert reruns(ledger, source=batch) == [order_ref(1)]
    assert reruns(ledger, source=Source(kind="magic", code_sha256="bb")) == []


def test_the_same_line_counts_although_it_comes_to_another_size(ledger: Ledger) -> None:
    """Money buys another number of shares an hour later."""
    first = an_order(1, source=CELL)
    ledger.reserve(first, passing(first))
    resized = an_order(2, 9, source=CELL, intent=first.intent)

    assert [past.order_ref for past in ledger.facts(ACCOUNT, resized).reruns] == [
        order_ref(1)
    ]
    assert reruns(ledger, quantity=9) == []


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (OrderState.FILLED, True),
        (OrderState.CANCELLED, True),
        (OrderState.UNKNOWN, True),
        (OrderState.REJECTED, False),
        (OrderState.WITHDRAWN, False),
    ],
)
def test_what_came_to_nothing_may_be_sent_again(
    ledger: Ledger, state: OrderState, *, counts: bool
) -> None:
    """The broker refused it, or never saw it."""
    reserve(ledger, 1, source=CELL)
    stand(ledger, state)

    assert reruns(ledger) == ([order_ref(1)] if counts else [])


@pytest.mark.parametrize(
    ("zone", "hours", "counts"),
    # 15:00 UTC is 11:00 in New York and 00:00 in Tokyo.
    [("US/Eastern", 12.9, True), ("US/Eastern", 13, False), ("Asia/Tokyo", 23.9, True),
     ("Asia/Tokyo", 24, False), ("Mars/Olympus", 8.9, True), ("Mars/Olympus", 9, False)],
)  # fmt: skip
def test_a_new_day_of_the_exchange_begins_anew(
    ledger: Ledger, clock: ManualClock, zone: str, hours: float, *, counts: bool
) -> None:
    """An unknown zone is taken for UTC."""
    instrument = an_instrument(time_zone=zone)
    reserve(ledger, 1, source=CELL, instrument=instrument)
    clock.advance(hours * 3600)

    assert reruns(ledger, instrument=instrument) == ([order_ref(1)] if counts else [])


# R22


def test_orders_of_one_source_instrument_and_side_are_counted_for_a_minute(
    ledger: Ledger, clock: ManualClock
) -> None:
    """Others are not."""
    reserve(ledger, 1, source=CELL)
    reserve(ledger, 2, source=CELL, side=Side.SELL)
    elsewhere = an_order(3, source=CELL, instrument=an_instrument(con_id=1))
    ledger.reserve(
        elsewhere,
        lambda _: judge(elsewhere, a_snapshot(quote=a_quote(con_id=1)), wide_limits()),
    )
    reserve(ledger, 4, source=Source(kind="python"))
    reserve(ledger, 5, source=CELL)
    stand(ledger, OrderState.WITHDRAWN, 5)

    clock.advance(59.9)
    assert ledger.facts(ACCOUNT, an_order(9, source=CELL)).burst == (NOW,)
    assert len(ledger.facts(ACCOUNT, an_order(9, source=Source(kind="python"))).burst) == 1
    clock.advance(0.1)
    assert ledger.facts(ACCOUNT, an_order(9, source=CELL)).burst == ()


def test_a_runaway_loop_halts_trading_for_every_kernel(
    ledger: Ledger, open_ledger: OpenLedger
) -> None:
    """In the same transaction as its denial; only a person lifts it."""
    limits = some_limits("max_same_orders_60s = 2")

    def send(number: int) -> None:
        order = an_order(number, source=CELL)
        ledger.reserve(order, lambda facts: judge(order, a_snapshot(ledger=facts), limits))

    send(1)
    send(2)
    with pytest.raises(OrderDenied, match="REPEATED_EXECUTION"):
        send(3)

    latch = open_ledger("theirs").latch()
    assert (latch.state, latch.by) == (LatchState.HALTED, "repeated_execution")
    assert latch.reason.startswith("REPEATED_EXECUTION: source=cell one, BUY SPY orders=3")
    assert ledger.verify().holds


# R32


def test_orders_in_doubt_are_told_with_their_instrument(
    ledger: Ledger, clock: ManualClock
) -> None:
    """Of this account, until it is known what became of them."""
    reserve(ledger, 1)
    reserve(ledger, 2)
    clock.advance(5)
    stand(ledger, OrderState.UNKNOWN)

    [doubt] = ledger.facts(ACCOUNT, None).unresolved
    assert (doubt.order_ref, doubt.con_id, doubt.at) == (order_ref(1), 756733, clock.now)
    assert ledger.facts("DU9", None).unresolved == ()
    stand(ledger, OrderState.FILLED)
    assert ledger.facts(ACCOUNT, None).unresolved == ()
