"""Halting: from the first second of a session, over several notebooks, and without a connection."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import EdgerunnerError, NotConnected, OrderDenied
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway, stop_gateway


def rest(session: Session, quantity: int = 1) -> str:
    """Have a limit order rest far below the market; return its reference."""
    bid = session.quote("SPY").bid
    price = (bid * Decimal("0.9")).quantize(Decimal("0.01"))
    return session.buy("SPY", quantity, limit=price, tif="GTC").order_ref


@pytest.fixture
def at_once(paths: Paths, gateway: Gateway) -> Iterator[Session]:
    """A session whose notebook left an order working, and whose connection has only been asked for."""
    before = Session(paths=paths, notebook="test.ipynb")
    before.connect("sim", port=gateway.port)
    rest(before)
    before.close()
    session = Session(paths=paths, notebook="test.ipynb")

    def connect_in_the_background() -> None:
        # As `start_connecting` does, to a port of the test's own.
        session.engine.gateway.expect("sim")
        session.engine.in_background(session.verbs.connect("sim", port=gateway.port))

    session.thread.run(connect_in_the_background)
    yield session
    session.close()


def test_a_halt_in_the_first_moment_cancels_what_works(at_once: Session) -> None:
    """It waits for the connection that is being made; `no working orders` would be a guess."""
    assert [update.state for update in at_once.halt()] == [OrderState.CANCELLED]
    assert not [update for update in at_once.orders() if update.state.is_open]


def test_orders_in_the_first_moment_are_those_at_the_broker(at_once: Session) -> None:
    """And not an empty table."""
    assert [update.state for update in at_once.orders()] == [OrderState.WORKING]


def test_a_cancel_in_the_first_moment_finds_its_order(at_once: Session) -> None:
    """By symbol, as by reference."""
    assert at_once.cancel("SPY").state is OrderState.CANCELLED


def test_the_status_claims_no_number_of_orders_before_it_knows(at_once: Session) -> None:
    """Zero working orders is a statement about the broker."""
    status = at_once.status()

    assert status.working_orders in (None, 1)
    at_once.orders()
    assert at_once.status().working_orders == 1


def test_verbs_wait_for_a_connection_that_was_only_just_asked_for(paths: Paths) -> None:
    """The extension connects in the background; a cell that runs at once must not meet a session without a link."""
    session = Session(paths=paths, notebook="test.ipynb")
    try:
        session.start_connecting("sim")
        assert session.account().net_liquidation > 0
    finally:
        session.close()
        stop_gateway(paths.config.parent)


def test_a_halt_without_a_connection_says_what_it_does_not_know(
    unconnected: Session,
) -> None:
    """The latch holds; what works at the broker is not known, and that is said."""
    with pytest.raises(EdgerunnerError, match=r"HALTED, but UNCONFIRMED: .*not cancelled"):
        unconnected.halt("no line")

    assert "halted by user: no line" in unconnected.status().latch


def test_orders_without_a_connection_say_so(session: Session) -> None:
    """The table is what was known last."""
    ref = rest(session)
    session.disconnect()

    table = session.orders()

    assert [update.order_ref for update in table] == [ref]
    assert table.title.startswith("Orders, as last known; the session is disconnected")


def test_a_cancel_without_a_connection_is_refused(session: Session) -> None:
    """It was not sent, and the order works on."""
    rest(session)
    session.disconnect()

    with pytest.raises(NotConnected, match="disconnected"):
        session.cancel("all")


def test_a_halt_here_that_another_notebook_lifts_is_lifted_here(
    session: Session, second: Session
) -> None:
    """The latch is everybody's; no notebook keeps a halt of its own."""
    session.halt("bad feed")
    with pytest.raises(OrderDenied, match="TRADING_HALTED"):
        second.order("buy 1 SPY")

    second.resume(reason="feed is back")

    assert session.status().latch == "active"
    assert session.order("buy 1 SPY").state is OrderState.FILLED


def test_the_status_shows_a_halt_of_another_notebook(
    session: Session, second: Session
) -> None:
    """It is read again for every status."""
    second.halt("over there")

    assert session.status().latch == "halted by user: over there"


def test_a_halt_that_is_not_durable_holds_until_it_is_lifted_here(session: Session) -> None:
    """Nobody else knows of it, so nobody else can lift it."""
    session.thread.run(session.engine.latch.halt_here, "by user: a full disk")

    with pytest.raises(OrderDenied, match="halted before the order was sent"):
        session.order("buy 1 SPY")
    with pytest.raises(OrderDenied, match="halted before the order was sent"):
        session.order("buy 2 SPY")
    assert {update.state for update in session.orders()} == {OrderState.WITHDRAWN}
    assert not session.positions()

    session.resume(reason="looked at it")
    assert session.order("buy 3 SPY").state is OrderState.FILLED


def test_a_halt_names_orders_of_notebooks_that_are_gone_as_unconfirmed(
    session: Session, second: Session
) -> None:
    """The broker lets only the id that placed an order cancel it, so that a halt must not claim to have."""
    ref = rest(second)
    second.close()

    with pytest.raises(EdgerunnerError, match=f"UNCONFIRMED: 1 orders .*{ref}.*--all"):
        session.halt()


def test_orders_of_an_ended_notebook_are_reached_under_its_client_id(
    session: Session, second: Session, gateway: Gateway
) -> None:
    """The refusal says how, and it works."""
    ref = rest(second)
    client_id = second.status().client_id
    second.close()

    with pytest.raises(EdgerunnerError, match=f"--client-id {client_id}"):
        session.cancel("SPY")
    with pytest.raises(EdgerunnerError, match=f"--client-id {client_id}"):
        session.cancel("all")
    session.connect("sim", port=gateway.port, client_id=client_id)

    assert session.cancel(ref).state is OrderState.CANCELLED


def test_an_answer_names_what_else_works_in_the_instrument(session: Session) -> None:
    """A stop that outlives its position would open one the other way."""
    session.order("buy 2 SPY")
    bid = session.quote("SPY").bid
    stop = (bid * Decimal("0.97")).quantize(Decimal("0.01"))
    ref = session.sell("SPY", 2, stop=stop, tif="GTC").order_ref

    sold = session.order("sell all SPY")

    words = f"also working in SPY: sell 2 STP {stop.normalize():f} ({ref})"
    assert sold.notes == (words,)
    assert f"note: {words}" in repr(sold)
    assert "also working in SPY" in sold._repr_html_()  # pyright: ignore[reportPrivateUsage]  # IPython's protocol


def test_a_warning_of_the_guard_is_shown_with_the_answer(session: Session) -> None:
    """A repeated cell on the simulator is let through, and said to be a repeat."""
    assert session.order("buy 1 SPY").notes == ()

    again = session.order("buy 1 SPY")

    assert again.state is OrderState.FILLED
    assert again.notes[0].startswith("DUPLICATE_ORDER: same as ELB:")
