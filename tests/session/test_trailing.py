"""Trailing stops from the order language to the embedded gateway and back."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import (
    NotSupported,
    OrderDenied,
    OrderSyntaxError,
    UsageError,
)
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def sent(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the orders that have arrived."""
    requests = gateway.command("received")["requests"]
    return [one["fields"] for one in requests if one["name"] == "placeOrder"]


def when(session: Session, ref: str, state: OrderState) -> OrderUpdate:
    """Return the order once it is in `state`."""
    session.thread.run(
        session.engine.tracker.wait_until, ref, lambda one: one.state is state, 10.0
    )
    (found,) = [one for one in session.orders() if one.order_ref == ref]
    assert found.state is state
    return found


def test_a_stop_that_trails_by_a_percentage_works_and_says_where_it_begins(
    session: Session, gateway: Gateway
) -> None:
    """Two per cent below the bid, on the tick; what the guard counted is what arrived."""
    session.buy("SPY", 10)
    bid = session.quote("SPY").bid
    order = session.order("sell 10 SPY trail 2% gtc")

    assert order.state is OrderState.WORKING
    (arrived,) = [one for one in sent(gateway) if one["o.orderType"] == "TRAIL"]
    assert Decimal(str(arrived["o.trailingPercent"])) == 2
    began = Decimal(str(arrived["o.trailStopPrice"]))
    assert began == began.quantize(Decimal("0.01"))
    assert abs(began / bid - Decimal("0.98")) < Decimal("0.002")
    assert abs(order.stop_price / bid - Decimal("0.98")) < Decimal("0.002")


def test_a_stop_that_trails_by_an_amount_sells_when_the_market_has_fallen(
    session: Session, gateway: Gateway
) -> None:
    """It is one order all the way, and the position is gone."""
    session.buy("SPY", 10)
    ask = session.quote("SPY").ask
    order = session.sell("SPY", 10, trail=Decimal("6.50"), tif="GTC")
    (arrived,) = [one for one in sent(gateway) if one["o.orderType"] == "TRAIL"]
    assert Decimal(str(arrived["o.auxPrice"])) == Decimal("6.5")

    gateway.command("price", symbol="SPY", price=str(ask - 20))
    filled = when(session, order.order_ref, OrderState.FILLED)

    assert filled.filled == 10
    assert not session.positions()


def test_a_purchase_trails_above_the_market(session: Session, gateway: Gateway) -> None:
    """And buys when it has risen."""
    ask = session.quote("SPY").ask
    order = session.order("buy 3 SPY trail 1%")
    assert order.stop_price > ask

    gateway.command("price", symbol="SPY", price=str(ask + 20))

    assert when(session, order.order_ref, OrderState.FILLED).filled == 3


def test_the_trigger_follows_the_market_and_another_notebook_sees_it(
    session: Session, second: Session, gateway: Gateway
) -> None:
    """It rises with the bid, and no notebook shows the distance as a price."""
    session.buy("SPY", 10)
    order = session.order("sell 10 SPY trail 5 gtc")
    began = order.stop_price
    gateway.command("price", symbol="SPY", price=str(session.quote("SPY").ask + 15))
    session.thread.run(
        session.engine.tracker.wait_until,
        order.order_ref,
        lambda one: one.stop_price is not None and one.stop_price > began + 5,
        10.0,
    )

    for notebook in (session, second):
        (found,) = [one for one in notebook.orders() if one.state.is_open]
        assert found.order_ref == order.order_ref
        assert found.stop_price > began + 5


def test_a_preview_says_where_it_would_begin_and_sends_nothing(
    session: Session, gateway: Gateway
) -> None:
    """The verdict and the limits used."""
    shown = session.order("sell 10 SPY trail 2% --preview")

    assert shown.verdict == "would be sent"
    assert sent(gateway) == []


def test_a_distance_beyond_the_collar_is_denied(session: Session, gateway: Gateway) -> None:
    """As a trigger there would be."""
    with pytest.raises(OrderDenied, match="PRICE_COLLAR") as denied:
        session.order("sell 10 SPY trail 45%")

    assert denied.value.nearest is None
    assert sent(gateway) == []


def test_a_distance_off_the_tick_is_denied(session: Session, gateway: Gateway) -> None:
    """The broker would refuse it with code 110."""
    with pytest.raises(OrderDenied, match=r"field=trail, value=1\.005"):
        session.order("sell 10 SPY trail 1.005")
    assert sent(gateway) == []


def test_a_distance_as_large_as_the_price_is_refused(
    session: Session, gateway: Gateway
) -> None:
    """There is no trigger below zero."""
    with pytest.raises(UsageError, match="expected less than the price"):
        session.order("sell 10 SPY trail 5000")
    assert sent(gateway) == []


@pytest.mark.parametrize("trail", ["2 percent", "0%", -1, "%", float("nan"), "x"])
def test_a_distance_that_is_none_is_refused(session: Session, trail: Any) -> None:
    """By its name."""
    with pytest.raises(UsageError, match=r"trail .* was found, expected a positive number"):
        session.sell("SPY", 1, trail=trail)


def test_a_trailing_stop_has_no_limit_price(session: Session) -> None:
    """That would be another type."""
    with pytest.raises(OrderSyntaxError, match="expected trail alone"):
        session.sell("SPY", 1, trail=1, limit=500)


def test_sending_it_again_is_a_repeat_although_the_market_has_moved(
    session: Session, gateway: Gateway
) -> None:
    """Its distance makes it the same, not where it begins; in simulation a repeat is warned of."""
    session.buy("SPY", 10)
    first = session.order("sell 5 SPY trail 5 gtc")
    gateway.command("price", symbol="SPY", price=str(session.quote("SPY").ask + 15))
    session.thread.run(
        session.engine.tracker.wait_until,
        first.order_ref,
        lambda one: one.stop_price is not None and one.stop_price > first.stop_price + 5,
        10.0,
    )

    again = session.order("sell 5 SPY trail 5 gtc")

    assert again.stop_price != first.stop_price
    assert again.notes[0].startswith("DUPLICATE_ORDER: same as ELB:")


def test_it_is_not_changed_by_this_version(session: Session) -> None:
    """A change would need its distance judged anew; it says so and leaves it alone."""
    session.buy("SPY", 10)
    order = session.order("sell 10 SPY trail 5 gtc")

    with pytest.raises(UsageError, match="TRAIL GTC orders are not changed"):
        session.modify(order.order_ref, quantity=5)
    assert session.cancel(order.order_ref).state is OrderState.CANCELLED


def test_it_is_found_again_after_a_restart(
    paths: Paths, session: Session, gateway: Gateway
) -> None:
    """From the ledger and the broker, with a price for its stop and not a distance."""
    session.buy("SPY", 10)
    order = session.order("sell 10 SPY trail 5 gtc")
    session.close()

    later = Session(paths=paths, notebook="test.ipynb")
    try:
        later.connect("sim", port=gateway.port)
        (found,) = [one for one in later.orders() if one.state.is_open]
        assert found.order_ref == order.order_ref
        assert found.stop_price is not None
        assert found.stop_price > 100
        assert later.cancel(order.order_ref).state is OrderState.CANCELLED
    finally:
        later.close()


def test_one_of_another_program_is_shown_by_its_trigger(
    session: Session, gateway: Gateway
) -> None:
    """`lab.ib` itself does not carry it: nothing is sent."""
    from ib_async import Contract, Order  # noqa: PLC0415  only here

    contract = Contract(conId=756733, exchange="SMART")
    order = Order(
        action="SELL", totalQuantity=1, orderType="TRAIL", trailingPercent=2, tif="DAY"
    )
    with pytest.raises(NotSupported, match="trailingPercent"):
        session.ib.placeOrder(contract, order)
    order = Order(action="SELL", totalQuantity=1, orderType="TRAIL", auxPrice=2, tif="DAY")
    with pytest.raises(NotSupported, match="TRAIL"):
        session.ib.placeOrder(contract, order)
    assert sent(gateway) == []
