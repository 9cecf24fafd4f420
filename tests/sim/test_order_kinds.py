"""Every kind of order through the exchange: when it sleeps, at what price it trades, and what is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.messages import Message

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]
EURO: dict[str, Any] = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
RESTED = ["open PreSubmitted", "PreSubmitted 0/10", "open Submitted", "Submitted 0/10"]
ASLEEP = ["open PreSubmitted", "PreSubmitted 0/10"]


def limit(price: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a limit order."""
    return {"o_orderType": "LMT", "o_lmtPrice": Decimal(price), **more}


def best(trader: Any, con_id: int = 756733) -> tuple[Decimal, Decimal]:
    """Return a contract's bid and ask."""
    said = trader.ask("reqMktData", reqId=900, c_conId=con_id, c_exchange="SMART")
    trader.ask("cancelMktData", reqId=900)
    prices = {
        m.fields["tickType"]: m.fields["price"] for m in said if m.name == "tickPrice"
    }
    return prices[1], prices[2]


def fills(said: list[Message]) -> list[tuple[Decimal, Decimal]]:
    """Return size and price of each execution."""
    found: list[Any] = [m.fields for m in said if m.name == "executionData"]
    return [(fields["e.shares"], fields["e.price"]) for fields in found]


def statuses(said: list[Message]) -> list[str]:
    """Return the statuses in order."""
    return [str(m.fields["status"]) for m in said if m.name == "orderStatus"]


def test_a_market_sale_is_submitted_at_once(trader: Any, told: Told) -> None:
    """As captures of the broker show it; a purchase begins PreSubmitted."""
    assert told(trader.place(1, "SELL", 10)) == [
        "open Submitted",
        "Submitted 0/10",
        "executionData",
        "open Filled",
        "Filled 10/0",
        "commissionReport",
    ]


def test_a_trailing_stop_follows_and_sells(trader: Any, told: Told) -> None:
    """It is told with its stop, follows the market up, and sells when the market turns."""
    trader.place(1, "BUY", 10)
    said = trader.place(2, "SELL", 10, o_orderType="TRAIL", o_auxPrice=Decimal("0.05"))

    assert told(said) == ASLEEP * 2
    opened = said[0].fields
    assert opened["o.auxPrice"] == Decimal("0.05")
    first = opened["o.trailStopPrice"]
    said = trader.wait(120)
    assert "Filled 10/0" in told(said)
    assert said[-3].fields["o.trailStopPrice"] >= first


def test_a_trailing_limit_is_told_with_stop_and_limit(trader: Any) -> None:
    """The first stop is the client's own, the limit lies the offset below it."""
    bid, _ = best(trader)
    said = trader.place(
        1,
        "SELL",
        10,
        o_orderType="TRAIL LIMIT",
        o_trailStopPrice=bid - 20,
        o_trailingPercent=Decimal(3),
        o_lmtPriceOffset=Decimal("0.10"),
    )

    opened = said[0].fields
    assert opened["o.trailStopPrice"] == bid - 20
    assert opened["o.trailingPercent"] == 3
    assert opened["o.lmtPriceOffset"] == Decimal("0.10")
    trader.wait(0.5)
    told_again = trader.ask("reqOpenOrders")[0].fields
    assert told_again["o.lmtPrice"] == told_again["o.trailStopPrice"] - Decimal("0.10")


def test_an_if_touched_order_waits_for_a_better_price(trader: Any, told: Told) -> None:
    """A purchase waits for the price to fall to its trigger; one above it goes at once."""
    bid, _ = best(trader)
    low = {"o_orderType": "MIT", "o_auxPrice": bid - 50}
    high = {"o_orderType": "MIT", "o_auxPrice": bid + 50}

    assert told(trader.place(1, "BUY", 10, **low)) == ASLEEP * 2
    trader.place(2, "BUY", 10, **high)
    said = told(trader.wait(0.5))
    assert said[:2] == ["Submitted 0/10", "executionData"]
    assert "Filled 10/0" in said


def test_a_limit_if_touched_rests_at_its_limit(trader: Any, told: Told) -> None:
    """Touched, it is a limit order."""
    bid, _ = best(trader)
    trader.place(1, "BUY", 10, o_orderType="LIT", o_auxPrice=bid + 50, o_lmtPrice=bid - 50)

    assert told(trader.wait(0.5)) == ["Submitted 0/10"]


def test_market_to_limit_rests_at_the_price_of_its_last_fill(trader: Any) -> None:
    """What the first price level does not fill becomes a limit order there."""
    bid, ask = best(trader, 9599491)
    said = trader.place(1, "BUY", 28_000, c_conId=9599491, o_orderType="MTL")

    prices = {price for _, price in fills(said)}
    assert min(prices) == ask
    last = [m.fields for m in said if m.name == "openOrder"][-1]
    assert last["s.status"] == "Submitted"
    assert (last["o.orderType"], last["o.lmtPrice"]) == ("LMT", max(prices))
    assert bid < ask


@pytest.mark.parametrize("order_type", ["REL", "PEG MID", "MIDPRICE"])
def test_a_pegged_order_follows_the_market_until_it_is_met(
    trader: Any, told: Told, order_type: str
) -> None:
    """It rests, and trades within the quote of its time."""
    assert told(trader.place(1, "BUY", 10, o_orderType=order_type)) == RESTED
    said: list[Message] = []
    for _ in range(300):
        said += trader.wait(1)
        if "Filled 10/0" in told(said):
            break

    assert sum(size for size, _ in fills(said)) == 10


def test_a_pegged_order_stops_at_its_cap(trader: Any, told: Told) -> None:
    """Far below the market it rests at the cap, which is what openOrder repeats."""
    said = trader.place(1, "BUY", 10, o_orderType="REL", o_lmtPrice=Decimal(600))

    assert told(said) == RESTED
    assert said[0].fields["o.lmtPrice"] == 600
    assert trader.wait(2) == []


def test_all_or_none_waits_until_everything_is_there(trader: Any, told: Told) -> None:
    """It trades in one step or not at all."""
    _, ask = best(trader)
    said = trader.place(
        1, "BUY", 20_000, **limit(f"{ask}", o_allOrNone=True), c_conId=756733
    )
    assert "error 201" in told(said)
    said = trader.place(2, "BUY", 120, **limit(f"{ask + 5}", o_allOrNone=True))

    assert sum(size for size, _ in fills(said)) == 120
    said = trader.place(3, "SELL", 120, **limit(f"{ask + 90}", o_allOrNone=True))
    assert fills(said) == []
    assert said[0].fields["o.allOrNone"] is True


def test_a_minimum_quantity_must_be_there_for_the_first_fill(trader: Any) -> None:
    """Below it nothing trades, even at a price that would."""
    _, ask = best(trader, 9599491)
    ford: dict[str, Any] = {"c_conId": 9599491, "o_tif": "IOC"}
    said = trader.place(1, "BUY", 26_000, **limit(f"{ask}", o_minQty=25_000), **ford)

    assert fills(said) == []
    assert statuses(said)[-1] == "Cancelled"
    said = trader.place(2, "BUY", 100, **limit(f"{ask}", o_minQty=50), **ford)
    assert sum(size for size, _ in fills(said)) == 100


def test_an_iceberg_shows_one_part_at_a_time(trader: Any, told: Told) -> None:
    """Our own seller meets part after part at one price until all is gone."""
    bid, ask = best(trader, 107113386)
    middle = bid + Decimal("0.01")
    assert middle < ask
    meta = {"c_conId": 107113386}
    said = trader.place(1, "BUY", 50, **meta, **limit(f"{middle}", o_displaySize=20))
    assert said[0].fields["o.displaySize"] == 20
    other = trader.stage.trader(client_id=2)

    sold = other.place(1, "SELL", 50, **meta, **limit(f"{middle}"))

    assert fills(sold) == [(20, middle), (20, middle), (10, middle)]
    assert told(trader.heard)[-2:] == ["Filled 50/0", "commissionReport"]


def test_a_good_till_date_order_ends_at_its_second(trader: Any, told: Told) -> None:
    """Not before, and not at the end of the day."""
    until = {"o_tif": "GTD", "o_goodTillDate": "20261123 12:00:02 US/Eastern"}
    said = trader.place(1, "BUY", 10, **limit("600", **until))

    assert said[0].fields["o.goodTillDate"] == until["o_goodTillDate"]
    assert told(trader.wait(1.75)) == []
    assert told(trader.wait(0.5)) == ["Cancelled 0/10", "error 202"]


def test_a_good_after_time_order_waits_for_its_second(trader: Any, told: Told) -> None:
    """PreSubmitted until then."""
    later = {"o_goodAfterTime": "20261123 12:00:02 US/Eastern"}

    assert told(trader.place(1, "BUY", 10, **later)) == ASLEEP
    assert told(trader.wait(1.75)) == []
    assert "Filled 10/0" in told(trader.wait(0.5))


def test_on_close_orders_trade_at_the_closing_price(
    open_stage: StageMaker, told: Told
) -> None:
    """At 16:00, all of it at one price; a limit that the price does not reach ends."""
    now = datetime(2026, 11, 23, 20, 59, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=now).trader()
    bid, ask = best(trader)

    assert told(trader.place(1, "BUY", 10, o_orderType="MOC")) == ASLEEP
    loc = {"o_orderType": "LOC", "o_lmtPrice": ask + 5}
    assert told(trader.place(2, "BUY", 10, **loc)) == ASLEEP
    trader.place(3, "BUY", 10, **{**loc, "o_lmtPrice": bid - 5})
    said = trader.wait(2)

    assert len(fills(said)) == 2
    assert len({price for _, price in fills(said)}) == 1
    assert statuses(said) == ["Filled", "Filled", "Cancelled"]


def test_on_open_orders_trade_at_the_opening_price(
    open_stage: StageMaker, told: Told
) -> None:
    """OPG works in the opening auction only, even before the bell without a warning."""
    now = datetime(2026, 11, 23, 14, 29, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=now).trader()

    assert told(trader.place(1, "BUY", 10, o_tif="OPG")) == ASLEEP
    trader.place(2, "BUY", 10, **limit("600", o_tif="OPG"))
    said = trader.wait(2)

    assert len(fills(said)) == 1
    assert statuses(said) == ["Filled", "Cancelled"]


def test_a_good_till_cancelled_order_sleeps_outside_regular_hours(
    open_stage: StageMaker, told: Told
) -> None:
    """At the close it leaves the book, whatever trades afterwards; with outsideRth it stays."""
    now = datetime(2026, 11, 23, 20, 59, 59, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=now).trader()
    trader.place(1, "BUY", 10, **limit("600", o_tif="GTC"))
    trader.place(2, "BUY", 10, **limit("600", o_tif="GTC", o_outsideRth=True))

    assert told(trader.wait(2)) == ASLEEP
    assert told(trader.place(1, "BUY", 10, **limit("900", o_tif="GTC"))) == ASLEEP
    said = trader.place(2, "BUY", 10, **limit("900", o_tif="GTC", o_outsideRth=True))
    assert "Filled 10/0" in told(said)


def test_a_time_sliced_order_trades_bit_by_bit(trader: Any) -> None:
    """One unit every ten seconds until the end."""
    ends = ({"tag": "endTime", "value": "12:01:40 US/Eastern"},)
    said = trader.place(1, "BUY", 10, o_algoStrategy="Twap", algoParams=ends)
    assert said[0].fields["o.algoStrategy"] == "Twap"
    assert said[0].fields["algoParams"] == ends
    half = trader.wait(50)
    rest = trader.wait(52)

    assert 4 <= len(fills(half)) <= 6
    assert len(fills(said)) + len(fills(half)) + len(fills(rest)) == 10
    assert statuses(rest)[-1] == "Filled"


def test_a_sliced_order_counts_from_its_hours(open_stage: StageMaker) -> None:
    """Sent before the opening, it begins with the bell and not in arrears."""
    now = datetime(2026, 11, 23, 14, 29, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=now).trader()
    ends = ({"tag": "endTime", "value": "09:30:20 US/Eastern"},)
    assert fills(trader.place(1, "BUY", 10, o_algoStrategy="Twap", algoParams=ends)) == []
    said = trader.wait(2)

    assert len(fills(said)) <= 1
    said += trader.wait(21)
    assert sum(size for size, _ in fills(said)) == 10


def test_a_condition_holds_an_order_back(trader: Any, told: Told) -> None:
    """PreSubmitted until the time comes, then worked as usual."""
    when = (
        {
            "condType": 3,
            "conjunction": "a",
            "isMore": True,
            "time": "20261123 12:00:02 US/Eastern",
        },
    )
    said = trader.place(1, "BUY", 10, conditions=when, o_conditionsIgnoreRth=True)

    assert told(said) == ASLEEP
    assert said[0].fields["conditions"][0]["time"] == when[0]["time"]
    assert told(trader.wait(1.75)) == []
    assert "Filled 10/0" in told(trader.wait(0.5))


def test_a_condition_can_cancel_an_order(trader: Any, told: Told) -> None:
    """ConditionsCancelOrder turns the meaning round: the order works until the condition holds."""
    above = (
        {
            "condType": 1,
            "conjunction": "a",
            "isMore": True,
            "price": Decimal(1),
            "conId": 265598,
            "exchange": "SMART",
        },
    )
    said = trader.place(
        1, "BUY", 10, **limit("600"), conditions=above, o_conditionsCancelOrder=True
    )

    assert told(said) == RESTED
    assert told(trader.wait(0.5)) == ["Cancelled 0/10", "error 202"]


def test_an_execution_condition_follows_another_order(trader: Any, told: Told) -> None:
    """The order goes out when the account trades the symbol, not for trades before it."""
    wanted = (
        {
            "condType": 5,
            "conjunction": "a",
            "secType": "STK",
            "exchange": "SMART",
            "symbol": "AAPL",
        },
    )
    assert told(trader.place(1, "BUY", 10, conditions=wanted)) == ASLEEP
    assert told(trader.wait(1)) == []
    trader.place(2, "BUY", 1, c_conId=265598)

    assert "Filled 10/0" in told(trader.wait(0.5))


def test_an_adjustable_stop_becomes_a_trailing_stop(trader: Any, told: Told) -> None:
    """At once here, since the trigger lies below the market; it is told as what it has become."""
    trader.place(1, "BUY", 10)
    bid, _ = best(trader)
    said = trader.place(
        2,
        "SELL",
        10,
        o_orderType="STP",
        o_auxPrice=bid - 50,
        o_adjustedOrderType="TRAIL",
        o_triggerPrice=bid - 10,
        o_adjustedStopPrice=bid - 30,
        o_adjustedTrailingAmount=Decimal(25),
    )
    assert said[0].fields["o.adjustedOrderType"] == "TRAIL"
    said = trader.wait(0.5)

    assert told(said) == ASLEEP
    assert said[0].fields["o.orderType"] == "TRAIL"
    stop = trader.ask("reqOpenOrders")[0].fields["o.trailStopPrice"]
    assert bid - 26 < stop < bid - 24


def test_a_large_order_moves_the_price_for_a_while(trader: Any) -> None:
    """The second of two equal orders pays more, and after a pause the book is full again."""
    ford = {"c_conId": 9599491}
    first = fills(trader.place(1, "BUY", 8_000, **ford))
    second = fills(trader.place(2, "BUY", 8_000, **ford))

    assert min(price for _, price in second) >= max(price for _, price in first)
    assert max(price for _, price in second) > min(price for _, price in first)


def test_what_is_only_repeated_comes_back(trader: Any) -> None:
    """Flags without a meaning in this market are on openOrder as they were sent."""
    said = trader.place(
        1, "BUY", 10, o_hidden=True, o_rule80A="I", o_sweepToFill=True, o_openClose="O"
    )

    opened = said[0].fields
    assert (opened["o.hidden"], opened["o.rule80A"]) == (True, "I")
    assert (opened["o.sweepToFill"], opened["o.openClose"]) == (True, "O")


REFUSED: list[tuple[dict[str, Any], int]] = [
    (
        {"o_orderType": "TRAIL", "o_auxPrice": Decimal(1), "o_trailingPercent": Decimal(1)},
        321,
    ),
    ({"o_orderType": "TRAIL", "o_trailingPercent": Decimal(100)}, 321),
    ({"o_orderType": "TRAIL", "o_auxPrice": Decimal("0.001")}, 110),
    ({"o_orderType": "TRAIL LIMIT", "o_auxPrice": Decimal(1)}, 321),
    ({"o_orderType": "MIT"}, 321),
    ({"o_orderType": "LIT", "o_lmtPrice": Decimal(600)}, 321),
    ({"o_orderType": "MOC", **EURO, "o_totalQuantity": Decimal(20_000)}, 387),
    ({"o_tif": "OPG", **EURO, "o_totalQuantity": Decimal(20_000)}, 391),
    ({"o_tif": "GTD"}, 334),
    ({"o_tif": "GTD", "o_goodTillDate": "20261123 11:00:00"}, 334),
    ({"o_tif": "GTD", "o_goodTillDate": "soon"}, 337),
    ({"o_goodAfterTime": "soon"}, 337),
    ({"o_displaySize": 11}, 409),
    ({"o_minQty": 11}, 321),
    ({"o_triggerMethod": 5}, 321),
    ({"o_adjustedOrderType": "TRAIL"}, 321),
    ({"o_orderType": "STP", "o_auxPrice": Decimal(600), "o_adjustedOrderType": "STP"}, 361),
    ({"o_whatIf": True, "o_transmit": False}, 413),
    ({"o_discretionaryAmt": Decimal(1)}, 321),
    ({"conditions": ({"condType": 1, "conId": 1, "price": Decimal(1)},)}, 200),
    ({"o_algoStrategy": "Magic"}, 439),
]


@pytest.mark.parametrize(("fields", "code"), REFUSED)
def test_what_does_not_go_together_is_refused(
    trader: Any, fields: dict[str, Any], code: int
) -> None:
    """One error with the broker's code, and no order."""
    said = trader.place(9, "BUY", 10, **fields)

    assert [m.fields["errorCode"] for m in said] == [code]
    assert [m.name for m in trader.ask("reqOpenOrders")] == ["openOrderEnd"]
