"""A halt from elsewhere: another notebook, a terminal, a notebook that is gone or has no connection."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import outside
from edgerunner_lab.session.session import Session
from edgerunner_lab.session.wall_clock import utc_now
from rigs.gateways import Gateway
from session.test_halt import rest


@pytest.fixture
def ledger(paths: Paths) -> Iterator[Ledger]:
    """The ledger, as a process of its own would open it."""
    opened = Ledger.open(paths.ledger, clock=utc_now, owner="a terminal")
    yield opened
    opened.close()


def ended(session: Session, ref: str) -> OrderState:
    """Wait until an order is over, and return how."""
    engine = session.engine
    update = session.thread.run(
        engine.tracker.wait_until, ref, lambda now: not now.state.is_open, 5.0
    )
    return update.state


def test_a_halt_in_one_notebook_cancels_in_the_other(
    session: Session, second: Session
) -> None:
    """Each notebook cancels its own, and the one that halted has it confirmed."""
    there = rest(second)
    here = rest(session)

    assert [update.order_ref for update in session.halt("enough")] == [here]
    assert ended(second, there) is OrderState.CANCELLED
    assert "enough" in second.status().latch


def test_a_halt_from_a_terminal_is_confirmed(session: Session, paths: Paths) -> None:
    """A notebook that lives cancels by itself; nobody connects in its place."""
    ref = rest(session)
    found = outside.halt(paths, reason="test")

    assert (found.is_confirmed, found.before, found.left) == (True, 1, [])
    assert ended(session, ref) is OrderState.CANCELLED
    assert "halted by terminal: test" in session.status().latch


def test_orders_of_a_notebook_that_is_gone_are_cancelled_in_its_place(
    paths: Paths, gateway: Gateway, second: Session
) -> None:
    """Under its own client id, which alone may."""
    gone = Session(paths=paths, notebook="gone.ipynb")
    gone.connect("sim", port=gateway.port)
    ref = rest(gone)
    gone.close()
    found = outside.halt(paths, reason="test")

    assert (found.is_confirmed, found.before) == (True, 1)
    assert ref not in [
        update.order_ref for update in second.orders() if update.state.is_open
    ]


def test_what_works_under_a_client_id_in_use_is_named_and_all_cancels_it(
    session: Session, paths: Paths
) -> None:
    """A kernel that hangs keeps its client id: only the broker can cancel then."""
    ref = rest(session)
    goes_on = threading.Event()

    async def hang() -> None:
        goes_on.wait()

    # As C code that holds the interpreter does it: the session hears and says nothing.
    hanging = threading.Thread(target=session.thread.run, args=(hang,))
    hanging.start()
    try:
        named = outside.halt(paths, reason="test")
        cancelled = outside.halt(paths, reason="test", everything=True)
    finally:
        goes_on.set()
        hanging.join()

    assert (named.is_confirmed, named.left) == (False, [ref])
    assert "--all" in named.problems[0]
    assert (cancelled.problems, cancelled.left) == ([], [])
    assert ended(session, ref) is OrderState.CANCELLED


def test_all_cancels_what_other_programs_have_working(
    session: Session, gateway: Gateway
) -> None:
    """TWS's own orders among them."""
    fields = {"c.conId": 756733, "c.exchange": "SMART", "o.action": "BUY"}
    fields |= {"o.orderType": "LMT", "o.lmtPrice": "100", "o.totalQuantity": "5"}
    gateway.command("order", fields=fields)
    rest(session)
    assert len([update for update in session.orders() if update.state.is_open]) == 2
    session.halt(everything=True)

    assert [update for update in session.orders() if update.state.is_open] == []


def test_a_halt_while_disconnected_cancels_on_reconnect(
    session: Session, ledger: Ledger, gateway: Gateway
) -> None:
    """What went on working at the broker is cancelled as soon as there is a line."""
    ref = rest(session)
    session.disconnect()
    ledger.set_latch(LatchState.HALTED, by="terminal", reason="test")
    session.connect("sim", port=gateway.port)

    assert ended(session, ref) is OrderState.CANCELLED


def test_a_place_that_does_not_answer_is_told(
    paths: Paths, gateway: Gateway, session: Session
) -> None:
    """The latch holds; what works there is not known."""
    ref = rest(session)
    session.close()
    gateway.stop()
    found = outside.halt(paths, reason="test")

    assert found.is_durable
    assert found.left == [ref]
    assert "refused the connection" in found.problems[0]


def test_a_ledger_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A halt that is not durable is none, and does not say otherwise."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").mkdir()
    paths = Paths(config=tmp_path, data=tmp_path / "data", runtime=tmp_path)
    found = outside.halt(paths, reason="test")

    assert not found.is_confirmed
    assert "NOT durable" in found.problems[0]
