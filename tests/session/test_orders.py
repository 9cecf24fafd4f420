"""The order road from a session to the embedded gateway and back."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import (
    NotSupported,
    OrderDenied,
    OrderSyntaxError,
    UsageError,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway, Gateways


def test_a_market_order_fills_and_everything_agrees(session: Session) -> None:
    """Order, position, execution and commission tell one story."""
    order = session.order("buy 10 SPY")

    assert order.state is OrderState.FILLED
    assert order.filled == 10
    assert sum(fill.quantity for fill in session.fills()) == 10
    assert all(
        fill.commission is not None and fill.commission > 0 for fill in session.fills()
    )
    assert [(row.symbol, row.quantity) for row in session.positions()] == [
        ("SPY", Decimal(10))
    ]


def test_a_resting_limit_order_is_cancelled_by_its_reference(session: Session) -> None:
    """Cancelled is what the broker says, not what we hope."""
    bid = session.quote("SPY").bid
    order = session.buy("SPY", 5, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")))
    assert order.state is OrderState.WORKING

    cancelled = session.cancel(order.order_ref)

    assert cancelled.state is OrderState.CANCELLED
    assert not session.positions()


def test_cancel_all_ends_every_working_order_of_this_session(session: Session) -> None:
    """One word, every order."""
    bid = session.quote("SPY").bid
    for discount in ("0.90", "0.91"):
        session.buy("SPY", 1, limit=(bid * Decimal(discount)).quantize(Decimal("0.01")))

    ended = session.cancel("all")

    assert [update.state for update in ended] == [OrderState.CANCELLED] * 2


def test_an_order_beyond_the_limits_is_denied_with_every_reason(session: Session) -> None:
    """Quantity, value and position are each named, and so is what would pass."""
    with pytest.raises(OrderDenied) as denied:
        session.order("buy 5000 SPY")

    codes = [denial.code for denial in denied.value.denials]
    assert {"MAX_ORDER_QTY", "MAX_ORDER_NOTIONAL", "MAX_POSITION"} <= set(codes)
    assert denied.value.nearest is not None
    assert not session.orders()


def test_the_nearest_order_of_a_denial_passes(session: Session) -> None:
    """A suggestion that would be refused is worse than none."""
    with pytest.raises(OrderDenied) as denied:
        session.order("buy 5000 SPY")
    assert denied.value.nearest is not None

    assert session.order(denied.value.nearest).state is OrderState.FILLED


def test_a_wrong_line_sends_nothing(session: Session) -> None:
    """The caret shows where."""
    with pytest.raises(OrderSyntaxError, match="expected a symbol"):
        session.order("buy 10 lmt 500")

    assert not session.orders()


def test_money_buys_whole_shares(session: Session) -> None:
    """`$2000` is rounded down, never up."""
    ask = session.quote("SPY").ask

    order = session.order("buy $2000 SPY")

    assert 0 < order.quantity <= Decimal(2000) / (ask * Decimal("0.97"))
    assert order.quantity == order.quantity.to_integral_value()


def test_half_and_all_sell_what_is_held(session: Session) -> None:
    """The position decides the size."""
    session.order("buy 10 SPY")

    assert session.order("sell half SPY").quantity == 5
    assert session.order("sell all SPY").quantity == 5
    assert not session.positions()


def test_selling_a_part_of_nothing_is_refused(session: Session) -> None:
    """There is nothing to size by."""
    with pytest.raises(UsageError, match="nothing to sell"):
        session.order("sell all SPY")


def test_a_preview_sends_nothing(session: Session) -> None:
    """It shows the verdict and the limits used."""
    shown = session.order("buy 10 SPY --preview")

    assert shown.verdict == "would be sent"
    assert shown.notional > 0
    assert shown.commission == 1
    assert shown.margin == shown.notional
    assert not session.orders()


def test_a_preview_of_a_denied_order_shows_why(session: Session) -> None:
    """And still sends nothing."""
    shown = session.order("buy 5000 SPY --preview")

    assert shown.verdict == "would be denied"
    assert any("MAX_ORDER_QTY" in check for check in shown.checks)
    assert not session.orders()


def test_a_halt_cancels_and_latches_until_it_is_lifted_with_a_reason(
    session: Session,
) -> None:
    """Halted means halted, whatever is tried next."""
    bid = session.quote("SPY").bid
    session.buy("SPY", 1, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")))

    ended = session.halt("enough for today")

    assert [update.state for update in ended] == [OrderState.CANCELLED]
    with pytest.raises(OrderDenied, match="TRADING_HALTED"):
        session.order("buy 1 SPY")
    with pytest.raises(UsageError, match="reason"):
        session.resume(reason=" ")
    session.resume(reason="reviewed")
    assert session.order("buy 1 SPY").state is OrderState.FILLED


def test_ib_place_order_takes_the_same_road(session: Session) -> None:
    """`lab.ib` is guarded too."""
    from ib_async import LimitOrder, MarketOrder, Stock  # noqa: PLC0415  what a user would write

    trade = session.ib.placeOrder(Stock("SPY", "SMART", "USD"), MarketOrder("BUY", 3))

    assert trade.order.orderRef.startswith("ELB:")
    assert [row.quantity for row in session.positions()] == [Decimal(3)]
    with pytest.raises(OrderDenied, match="MAX_ORDER_QTY"):
        session.ib.placeOrder(Stock("SPY", "SMART", "USD"), MarketOrder("BUY", 5000))
    with pytest.raises(NotSupported, match="hidden"):
        session.ib.placeOrder(
            Stock("SPY", "SMART", "USD"), LimitOrder("BUY", 1, 1.0, hidden=True)
        )


def test_raw_ways_around_the_guard_send_nothing(session: Session) -> None:
    """The firewall stands behind every other door (RISK P24, I2)."""
    from ib_async import Contract, MarketOrder  # noqa: PLC0415  what a user would write

    engine = session.engine
    contract = Contract(
        conId=756733, symbol="SPY", secType="STK", exchange="SMART", currency="USD"
    )

    def sneak() -> None:
        client: Any = engine.ib.client
        client.placeOrder(9001, contract, MarketOrder("BUY", 1, account="DU1000001"))
        client.send(3, 9002, contract)

    session.thread.run(sneak)

    assert not session.orders()
    assert not session.positions()


def test_two_sessions_see_each_others_orders(session: Session, second: Session) -> None:
    """Both kernels of a user know what works in the account."""
    bid = session.quote("SPY").bid
    placed = session.buy("SPY", 2, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")))

    assert placed.order_ref in [update.order_ref for update in second.orders()]
    with pytest.raises(UsageError, match="placed by client id"):
        second.cancel(placed.order_ref)


def test_a_view_that_fails_does_not_reach_the_order_road(
    paths: Paths, gateway: Gateway
) -> None:
    """What shows the session may break; the order goes its way and is followed."""

    def broken() -> None:
        raise RuntimeError("the badge")

    session = Session(paths=paths, notebook="test.ipynb", on_change=broken)
    try:
        session.connect("sim", port=gateway.port)
        assert session.order("buy 1 SPY").state is OrderState.FILLED
    finally:
        session.close()


def test_connecting_elsewhere_leaves_orders_as_they_are(
    session: Session, gateways: Gateways
) -> None:
    """That an order is not at this gateway says nothing about the other (and back there it works on)."""
    home_port = session.status().port
    bid = session.quote("SPY").bid
    placed = session.buy(
        "SPY", 1, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")), tif="GTC"
    )

    session.connect("sim", port=gateways.start(name="elsewhere").port)
    assert not session.orders()
    session.connect("sim", port=home_port)

    assert [update.state for update in session.orders()] == [OrderState.WORKING]
    assert session.cancel(placed.order_ref).state is OrderState.CANCELLED


def test_fills_of_another_notebook_are_shown_too(session: Session, second: Session) -> None:
    """One user has one account, whichever notebook has traded."""
    second.buy("SPY", 3)
    second.close()

    assert [fill.quantity for fill in session.fills()] == [3]
