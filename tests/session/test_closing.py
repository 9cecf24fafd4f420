"""Getting out of one position, and of all of them, against the embedded gateway."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import NotConnected, OrderDenied, UsageError
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.session.session import Session


def held(session: Session) -> dict[str, Decimal]:
    """Return what the account holds."""
    return {position.symbol: position.quantity for position in session.positions()}


def test_a_position_is_closed_and_proven_flat(session: Session) -> None:
    """With what it fetched."""
    session.buy("SPY", 10)

    row = session.close_position("SPY")

    assert (row.symbol, row.before, row.after, row.is_flat) == ("SPY", 10, 0, True)
    assert row.price is not None
    assert row.price > 0
    assert held(session) == {}


def test_a_short_position_is_bought_back(session: Session) -> None:
    """And not sold once more."""
    session.sell("SPY", 7)

    assert session.close_position("SPY").is_flat
    assert [fill.side.value for fill in session.fills()] == ["SELL", "BUY"]


def test_closing_cancels_what_works_in_the_symbol_first(session: Session) -> None:
    """A stop that outlives its position would open the opposite one."""
    session.buy("SPY", 10)
    bid = session.quote("SPY").bid
    stop = (bid * Decimal("0.96")).quantize(Decimal("0.01"))
    session.sell("SPY", 10, stop=stop, tif="GTC")

    assert session.close_position("SPY").is_flat
    assert not [update for update in session.orders() if update.state.is_open]


def test_closing_nothing_says_so(session: Session) -> None:
    """Nothing is sent."""
    with pytest.raises(UsageError, match="SPY: nothing is held; nothing was sent"):
        session.close_position("SPY")
    assert len(session.orders()) == 0


def test_an_exit_is_as_large_as_its_position(session: Session) -> None:
    """Limits on one order keep nobody in a position."""
    session.buy("SPY", 10)
    session.set_risk("max_order_qty.STK", 5)

    assert session.close_position("SPY").is_flat


def test_flattening_closes_everything_and_lets_only_exits_through(
    session: Session,
) -> None:
    """Also what was bought in another currency's pair, until somebody resumes."""
    session.buy("SPY", 10)
    session.sell("QQQ", 5)
    bid = session.quote("AAPL").bid
    away = (bid * Decimal("0.9")).quantize(Decimal("0.01"))
    resting = session.buy("AAPL", 1, limit=away, tif="GTC")

    table = session.flatten("leaving early")

    assert {(row.symbol, row.before, row.is_flat) for row in table} == {
        ("SPY", 10, True),
        ("QQQ", -5, True),
    }
    assert "all flat" in table.title
    order = next(o for o in session.orders() if o.order_ref == resting.order_ref)
    assert order.state is OrderState.CANCELLED
    with pytest.raises(OrderDenied, match="TRADING_REDUCING"):
        session.buy("SPY", 1)
    assert "active" in session.resume(reason="back").latch


def test_flattening_an_empty_account_still_stops_new_orders(session: Session) -> None:
    """And says that there was nothing."""
    table = session.flatten()

    assert list(table) == []
    assert "only exits are let through" in table.empty
    with pytest.raises(OrderDenied, match="TRADING_REDUCING"):
        session.buy("SPY", 1)


def test_two_notebooks_that_close_at_once_close_once(
    session: Session, second: Session
) -> None:
    """What one has on its way counts for the other: the position never goes through zero."""
    session.buy("SPY", 10)

    def closed(one: Session) -> bool:
        return one.close_position("SPY")[0].is_flat

    with ThreadPoolExecutor() as pool:
        proven = list(pool.map(closed, (session, second)))

    assert held(session) == {}
    assert any(proven)
    heard = {fill.execution_id: fill for one in (session, second) for fill in one.fills()}
    sold = [fill.quantity for fill in heard.values() if fill.side.value == "SELL"]
    assert sum(sold) == 10


def test_without_a_connection_flattening_stops_new_orders_and_says_why(
    session: Session,
) -> None:
    """The latch comes first."""
    session.buy("SPY", 1)
    session.disconnect()

    with pytest.raises(NotConnected):
        session.flatten()

    latch = session.engine.records.ledger.latch()
    assert latch.state is LatchState.REDUCING


def test_flattening_never_weakens_a_halt(session: Session, second: Session) -> None:
    """Not even one that another notebook has set a moment ago; it says what to do."""
    session.buy("SPY", 1)
    second.halt("looks wrong")

    with pytest.raises(UsageError, match=r"halted by user: looks wrong.*nothing was sent"):
        session.flatten()

    assert session.engine.records.ledger.latch().state is LatchState.HALTED
    assert held(session) == {"SPY": 1}
