"""The day's orders in one table, and the search for one whose outcome is unknown."""

from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import OrderDenied, OutcomeUnknown, UsageError
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def away(session: Session) -> Decimal:
    """Return a price well below the market."""
    return (session.quote("SPY").bid * Decimal("0.9")).quantize(Decimal("0.01"))


def test_working_orders_come_first_then_the_newest_refused_ones_too(
    session: Session,
) -> None:
    """Each with its state and every reason."""
    resting = session.buy("SPY", 1, limit=away(session))
    session.buy("QQQ", 2)
    with pytest.raises(OrderDenied):
        session.buy("AAPL", 5000)

    rows = session.blotter()

    assert [(row.symbol, row.state) for row in rows] == [
        ("SPY", "working"), ("AAPL", "denied"), ("QQQ", "filled"),
    ]  # fmt: skip
    assert rows[0].order_ref == resting.order_ref
    assert rows[1].order == "buy 5000 AAPL"
    assert any("MAX_ORDER_QTY" in line for line in rows[1].reason)
    assert "1 denied, 1 filled, 1 working" in repr(rows)


def test_other_notebooks_orders_and_refusals_are_there_and_named(
    session: Session, second: Session
) -> None:
    """Ended ones come from the ledger, where they came from."""
    second.buy("QQQ", 2)
    with pytest.raises(OrderDenied):
        second.buy("AAPL", 5000)
    with pytest.raises(OrderDenied):
        session.buy("AAPL", 6000)

    origins = {(row.order, row.state): row.origin for row in session.blotter()}

    assert origins[("buy 5000 AAPL", "denied")] == "other.ipynb"
    assert origins[("buy 6000 AAPL", "denied")] == ""
    assert origins[("MKT DAY", "filled")] == "other.ipynb"


def test_an_empty_day_says_so(session: Session) -> None:
    """And does not fail."""
    assert "no orders today" in repr(session.blotter())


def test_without_a_connection_the_ledger_tells(unconnected: Session) -> None:
    """It is what was known last."""
    assert len(unconnected.blotter()) == 0


def test_a_doubt_is_resolved_by_the_broker(session: Session, gateway: Gateway) -> None:
    """The blotter names it, new orders in its instrument are denied, and asking ends it."""
    gateway.command(
        "fault",
        fault={"what": "lose", "messages": ["openOrder", "orderStatus"], "times": 200},
    )
    with pytest.raises(OutcomeUnknown) as unknown:
        session.buy("SPY", 1, limit=away(session))
    ref = unknown.value.order_ref
    session.thread.run(session.engine.tracker.doubt, ref, "a test")
    assert f"`%resolve {ref}` asks the broker" in session.blotter().notes[0]
    with pytest.raises(OrderDenied, match="UNRESOLVED_ORDER"):
        session.buy("SPY", 1)

    gateway.command("clear")
    assert session.resolve_order(ref[-6:]).state is OrderState.WORKING
    assert session.cancel(ref).state is OrderState.CANCELLED


def test_what_is_in_no_doubt_needs_no_search(session: Session) -> None:
    """It says which orders are in doubt: none."""
    placed = session.buy("SPY", 1, limit=away(session))

    with pytest.raises(UsageError, match="none, every outcome is known"):
        session.resolve_order(placed.order_ref)
    with pytest.raises(UsageError, match="none, every outcome is known"):
        session.resolve_order("")
