"""Orders through the exchange: what is said, in which order, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.messages import Message

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]
META = 107113386
FORD = 9599491
OVERSIZED: dict[str, Any] = {"c_conId": FORD}
"""28,000 shares of Ford are more than ten levels show at once, and less than the account can carry."""


def limit(price: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a limit order."""
    return {"o_orderType": "LMT", "o_lmtPrice": Decimal(price), **more}


def test_a_market_order_is_told_in_the_brokers_order(trader: Any, told: Told) -> None:
    """An openOrder before its orderStatus, the fill before the filled status, the commission last."""
    assert told(trader.place(1, "BUY", 10)) == [
        "open PreSubmitted",
        "PreSubmitted 0/10",
        "executionData",
        "open Filled",
        "Filled 10/0",
        "commissionReport",
    ]


def test_a_limit_order_away_from_the_market_rests_and_is_cancelled(
    trader: Any, told: Told
) -> None:
    """A cancel ends in the status and code 202."""
    assert told(trader.place(1, "BUY", 10, **limit("600"))) == [
        "open PreSubmitted",
        "PreSubmitted 0/10",
        "open Submitted",
        "Submitted 0/10",
    ]
    assert told(trader.ask("reqOpenOrders")) == [
        "open Submitted",
        "Submitted 0/10",
        "openOrderEnd",
    ]
    assert told(trader.ask("cancelOrder", orderId=1)) == ["Cancelled 0/10", "error 202"]
    assert told(trader.ask("reqOpenOrders")) == ["openOrderEnd"]


def test_fills_carry_the_reference_and_the_ids_of_the_order(trader: Any) -> None:
    """orderRef, permId, client and order id are on the execution and on the completed order."""
    said = trader.place(1, "BUY", 10, o_orderRef="mine")
    filled = next(m.fields for m in said if m.name == "executionData")
    opened = said[0].fields

    assert filled["e.orderRef"] == opened["o.orderRef"] == "mine"
    assert filled["e.permId"] == opened["o.permId"] <= 2_147_483_647
    assert (filled["e.clientId"], filled["e.orderId"], filled["reqId"]) == (1, 1, -1)
    assert filled["e.execId"].count(".") == 3
    assert filled["e.side"] == "BOT"
    done = trader.ask("reqCompletedOrders", apiOnly=False)
    assert done[0].fields["o.orderRef"] == "mine"
    assert done[-1].name == "completedOrdersEnd"


def test_a_large_market_order_is_filled_in_parts_as_size_appears(
    trader: Any, told: Told
) -> None:
    """When the displayed size runs out the rest waits for more, and the parts add up."""
    said = trader.place(1, "BUY", 10_000, c_conId=9599491)
    while not any(word.startswith("Filled") for word in told(said)):
        said += trader.wait(0.25)
    sizes = [m.fields["e.shares"] for m in said if m.name == "executionData"]
    statuses = [word for word in told(said) if word.startswith(("Submitted", "Filled"))]

    assert len(sizes) > 1
    assert sum(sizes) == 10_000
    assert statuses[-1] == "Filled 10000/0"
    fees = [m.fields["commission"] for m in said if m.name == "commissionReport"]
    assert sum(fees) == Decimal("50.00")


def test_what_may_not_rest_is_cancelled(trader: Any, told: Told) -> None:
    """Immediate-or-cancel and fill-or-kill leave nothing behind."""
    opened = ["open PreSubmitted", "PreSubmitted 0/10"]
    ended = ["Cancelled 0/10", "error 202"]

    said = told(trader.place(1, "BUY", 10, **limit("600", o_tif="IOC")))
    assert said == [*opened, "PendingCancel 0/10", *ended]
    said = told(trader.place(2, "BUY", 10, **limit("600", o_tif="FOK")))
    assert said == [*opened, *ended]
    assert "Filled 10/0" in told(trader.place(3, "BUY", 10, **limit("900", o_tif="FOK")))


def test_a_stop_waits_for_its_trigger(trader: Any, told: Told) -> None:
    """PreSubmitted and held for the trigger until the last trade reaches the stop."""
    said = trader.place(1, "BUY", 10, o_orderType="STP", o_auxPrice=Decimal(900))

    assert told(said) == ["open PreSubmitted", "PreSubmitted 0/10"] * 2
    assert said[1].fields["whyHeld"] == "trigger"
    assert told(trader.wait(1)) == []


def test_a_stop_that_is_touched_becomes_a_market_order(trader: Any, told: Told) -> None:
    """The trigger is told as Submitted, then come the fills."""
    trader.place(1, "BUY", 10, o_orderType="STP", o_auxPrice=Decimal(400))
    said = told(trader.wait(1))

    assert said == [
        "Submitted 0/10",
        "executionData",
        "open Filled",
        "Filled 10/0",
        "commissionReport",
    ]


def test_a_touched_stop_limit_rests_at_its_limit(trader: Any, told: Told) -> None:
    """Triggered above its limit, it waits in the book."""
    both = {
        "o_orderType": "STP LMT",
        "o_auxPrice": Decimal(400),
        "o_lmtPrice": Decimal(401),
    }
    trader.place(1, "BUY", 10, **both)

    assert told(trader.wait(0.5)) == ["Submitted 0/10"]
    assert told(trader.ask("cancelOrder", orderId=1))[0] == "Cancelled 0/10"


def test_a_currency_stop_looks_at_the_quote(trader: Any, told: Told) -> None:
    """There are no prints of EUR.USD, so the ask triggers a buy."""
    euro = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
    trader.place(1, "BUY", 20_000, o_orderType="STP", o_auxPrice=Decimal("0.5"), **euro)

    assert "Filled 20000/0" in told(trader.wait(0.5))


def test_a_changed_price_is_told_and_a_marketable_one_fills(
    trader: Any, told: Told
) -> None:
    """A modification is reported like a new state of the same order."""
    first = trader.place(1, "BUY", 10, **limit("600"))
    said = trader.place(1, "BUY", 10, **limit("610"))

    assert told(said) == ["open Submitted", "Submitted 0/10"]
    assert said[0].fields["o.lmtPrice"] == 610
    assert said[0].fields["o.permId"] == first[0].fields["o.permId"]
    assert told(trader.place(1, "BUY", 10, **limit("900"))) == [
        "open Filled",
        "Filled 10/0",
        "executionData",
        "commissionReport",
    ]


def test_a_smaller_size_keeps_the_order_and_a_size_already_filled_ends_it(
    trader: Any, told: Told
) -> None:
    """Down to what is filled there is nothing left to work."""
    trader.place(1, "BUY", 10, **limit("600"))

    assert told(trader.place(1, "BUY", 4, **limit("600"))) == [
        "open Submitted",
        "Submitted 0/4",
    ]


def test_a_limit_order_can_become_a_stop(trader: Any, told: Told) -> None:
    """It leaves the book and waits."""
    trader.place(1, "BUY", 10, **limit("600"))
    said = told(trader.place(1, "BUY", 10, o_orderType="STP", o_auxPrice=Decimal(900)))

    assert said == ["open PreSubmitted", "PreSubmitted 0/10"]
    assert told(trader.wait(0.5)) == []


def test_orders_that_are_not_transmitted_are_silent_until_they_are(
    trader: Any, told: Told
) -> None:
    """transmit=0 holds the order; the same id with transmit=1 sends it."""
    assert trader.place(1, "BUY", 10, o_transmit=False) == []
    assert trader.place(1, "BUY", 20, o_transmit=False) == []
    assert told(trader.ask("reqOpenOrders")) == ["openOrderEnd"]
    assert "Filled 20/0" in told(trader.place(1, "BUY", 20))
    trader.place(2, "BUY", 10, o_transmit=False)
    ended = ["open Cancelled", "Cancelled 0/10", "error 202"]
    assert told(trader.ask("cancelOrder", orderId=2)) == ended


def test_a_day_order_ends_with_the_day_and_a_gtc_order_does_not(
    open_stage: StageMaker, told: Told
) -> None:
    """Round the clock the day ends at 17:00 New York."""
    trader = open_stage(now=datetime(2026, 11, 23, 21, 59, 58, tzinfo=UTC)).trader()
    trader.place(1, "BUY", 10, **limit("600"))
    trader.place(2, "BUY", 10, **limit("600", o_tif="GTC"))

    assert told(trader.wait(3)) == ["Cancelled 0/10", "error 202"]
    assert told(trader.ask("reqOpenOrders"))[:1] == ["open Submitted"]


def test_an_order_before_the_opening_waits_for_it(
    open_stage: StageMaker, told: Told
) -> None:
    """Real hours: accepted with a warning, worked at 09:30, with outsideRth at once."""
    stage = open_stage(hours=Hours.REAL, now=datetime(2026, 11, 23, 14, 29, 58, tzinfo=UTC))
    trader = stage.trader()
    said = trader.place(1, "BUY", 10)

    assert told(said) == ["open PreSubmitted", "PreSubmitted 0/10", "error 399"]
    assert "until 20261123 09:30:00 US/Eastern" in said[-1].fields["errorString"]
    assert told(trader.place(2, "BUY", 10, o_tif="IOC"))[-1] == "error 202"
    assert "Filled 10/0" in told(trader.place(3, "BUY", 10, o_outsideRth=True))
    assert "Filled 10/0" in told(trader.wait(3))


def test_an_order_at_night_waits_for_the_next_session(
    open_stage: StageMaker, told: Told
) -> None:
    """Over Thanksgiving the text names Friday's opening, and a change waits too."""
    stage = open_stage(hours=Hours.REAL, now=datetime(2026, 11, 26, 15, tzinfo=UTC))
    trader = stage.trader()
    said = trader.place(1, "BUY", 10, **limit("900"))

    assert "until 20261127 09:30:00" in said[-1].fields["errorString"]
    assert told(trader.place(1, "BUY", 10, **limit("901"))) == [
        "open PreSubmitted",
        "PreSubmitted 0/10",
    ]
    stage.now += timedelta(days=1)
    assert told(trader.wait(1)) == [
        "executionData",
        "open Filled",
        "Filled 10/0",
        "commissionReport",
    ]


def test_two_orders_of_our_own_can_meet(trader: Any, told: Told) -> None:
    """A bid above the market's is met by our own sale, at the bid's price."""
    quote = trader.ask("reqMktData", reqId=50, c_conId=META, c_exchange="SMART")
    best = {m.fields["tickType"]: m.fields["price"] for m in quote if m.name == "tickPrice"}
    between = best[1] + Decimal("0.01")
    assert between < best[2]
    other = trader.stage.trader(client_id=2)
    trader.place(1, "BUY", 10, c_conId=META, **limit(f"{between}"))
    other.place(1, "SELL", 10, c_conId=META)

    fills = [m.fields["e.price"] for m in trader.heard if m.name == "executionData"]
    assert fills == [between]
    assert told(other.heard)[-1] == "commissionReport"
    assert "position" not in told(trader.ask("reqPositions"))


def test_a_resting_order_is_filled_by_the_market_coming_to_it(
    trader: Any, told: Told
) -> None:
    """A bid at the market waits in the queue and is filled at its own price, as a maker."""
    quote = trader.ask("reqMktData", reqId=50, c_conId=META, c_exchange="SMART")
    best = {m.fields["tickType"]: m.fields["price"] for m in quote if m.name == "tickPrice"}
    said = trader.place(1, "BUY", 10, c_conId=META, **limit(f"{best[1]}"))
    assert told(said)[-1] == "Submitted 0/10"
    for _ in range(600):
        said = trader.wait(1)
        if fills := [m.fields for m in said if m.name == "executionData"]:
            break
    else:
        pytest.fail("the market did not come back to the bid in ten minutes")

    assert {fill["e.price"] for fill in fills} == {best[1]}
    assert {fill["e.lastLiquidity"] for fill in fills} == {1}


def test_a_size_below_what_is_filled_ends_the_order(trader: Any, told: Told) -> None:
    """There is nothing left to work, so the rest is cancelled."""
    trader.place(1, "BUY", 28_000, **OVERSIZED)
    said = trader.place(1, "BUY", 1, **OVERSIZED)

    assert told(said)[-1] == "error 202"
    assert told(trader.ask("reqOpenOrders")) == ["openOrderEnd"]


def test_an_order_is_filled_while_its_client_is_away(trader: Any, told: Told) -> None:
    """Nobody hears of it, and the executions tell it later."""
    stage = trader.stage
    trader.place(1, "BUY", 28_000, **OVERSIZED, o_tif="GTC")
    stage.exchange.detach(trader.key)
    stage.wait(10)
    again = stage.trader(client_id=1)

    assert told(again.ask("reqOpenOrders")) == ["openOrderEnd"]
    fills = [
        m.fields for m in again.ask("reqExecutions", reqId=1) if m.name == "executionData"
    ]
    assert sum(fill["e.shares"] for fill in fills) == 28_000


def test_a_limit_order_that_is_partly_filled_rests_with_what_is_left(
    trader: Any, told: Told
) -> None:
    """The displayed size at the limit goes first, the remainder queues."""
    quote = trader.ask("reqMktData", reqId=50, c_conId=FORD, c_exchange="SMART")
    best = {m.fields["tickType"]: m.fields for m in quote if m.name == "tickPrice"}
    trader.ask("cancelMktData", reqId=50)
    offered = best[2]["size"]
    said = told(
        trader.place(1, "BUY", offered + 100, c_conId=FORD, **limit(f"{best[2]['price']}"))
    )

    assert f"Submitted {offered}/100" in said
    assert told(trader.ask("cancelOrder", orderId=1))[0] == f"Cancelled {offered}/100"
