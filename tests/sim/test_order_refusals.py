"""Orders that are refused, margins, and whose orders they are."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.messages import Message

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]
META = 107113386


def limit(price: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a limit order."""
    return {"o_orderType": "LMT", "o_lmtPrice": Decimal(price), **more}


def test_more_than_the_account_can_carry_is_rejected_with_201(
    trader: Any, told: Told
) -> None:
    """The order ends inactive, and the text says why."""
    said = trader.place(1, "BUY", 1_000)

    assert told(said) == ["open Inactive", "Inactive 0/1000", "error 201"]
    assert "MUST EXCEED THE INITIAL MARGIN" in said[-1].fields["errorString"]
    trader.place(2, "BUY", 10, **limit("600"))
    assert told(trader.place(2, "BUY", 1_000, **limit("600"))) == ["error 201"]


def test_working_orders_count_against_the_margin(trader: Any, told: Told) -> None:
    """Two orders that fit alone do not fit together; an order that closes always does."""
    trader.place(1, "BUY", 400, **limit("600"))

    assert "error 201" in told(trader.place(2, "BUY", 400, **limit("600")))
    trader.place(3, "BUY", 100)
    assert "Filled 100/0" in told(trader.place(4, "SELL", 100))


def test_what_if_answers_with_margins_and_places_nothing(trader: Any, told: Told) -> None:
    """One openOrder with the margins before, after and between, and the commission."""
    said = trader.place(1, "BUY", 100, o_whatIf=True)

    assert told(said) == ["open PreSubmitted"]
    shown = said[0].fields
    assert shown["o.whatIf"] is True
    assert (shown["o.orderId"], shown["o.clientId"]) == (1, 1)
    assert shown["s.initMarginBefore"] == "0.00"
    assert Decimal(shown["s.initMarginAfter"]) > 10_000
    assert shown["s.commission"] == 1
    assert told(trader.ask("reqOpenOrders")) == ["openOrderEnd"]
    assert trader.ask("reqPositions")[0].name == "positionEnd"


REFUSALS: list[tuple[dict[str, Any], int]] = [
    ({"c_conId": 1}, 200),
    ({"c_conId": 0, "c_symbol": "USD", "c_secType": "CASH", "c_exchange": "IDEALPRO"}, 200),
    ({"c_exchange": ""}, 321),
    ({"o_account": "DU7654321"}, 435),
    ({"o_totalQuantity": Decimal(0)}, 434),
    ({"o_totalQuantity": None}, 434),
    ({"o_totalQuantity": Decimal("1.5")}, 10243),
    ({"o_totalQuantity": Decimal(-5)}, 321),
    ({"o_totalQuantity": Decimal("Infinity")}, 434),
    ({"o_orderType": "PEG BENCH"}, 387),
    ({"o_orderType": "TRAIL"}, 321),
    ({"o_orderType": "NONSENSE"}, 321),
    ({"o_action": "HOLD"}, 321),
    ({"o_tif": "SOMEDAY"}, 391),
    ({"o_orderType": "LMT"}, 321),
    (limit("600.005"), 110),
    (limit("-1"), 321),
    ({"o_orderType": "STP", "o_auxPrice": Decimal("600.001")}, 110),
    ({"o_parentId": 7}, 10006),
    ({"o_ocaGroup": "pair", "o_ocaType": 7}, 321),
    ({"o_cashQty": Decimal(5000)}, 10244),
    ({"conditions": ({"condType": 1},)}, 321),
    ({"orderId": 0}, 103),
]


@pytest.mark.parametrize(("fields", "code"), REFUSALS)
def test_an_order_that_cannot_be_meant_is_refused(
    trader: Any, fields: dict[str, Any], code: int
) -> None:
    """One error with the broker's code and the order's id, and no order."""
    said = trader.place(9, "BUY", 10, **fields)

    assert [m.fields["errorCode"] for m in said] == [code]
    assert said[0].fields["id"] == fields.get("orderId", 9)
    assert [m.name for m in trader.ask("reqOpenOrders")] == ["openOrderEnd"]


def test_an_order_id_is_used_once(trader: Any, told: Told) -> None:
    """103 for an ended order's id, 104 for a filled one's, 105 for another contract or side."""
    trader.place(1, "BUY", 10)
    trader.place(2, "BUY", 10, **limit("600"))
    trader.ask("cancelOrder", orderId=2)
    trader.place(3, "BUY", 10, **limit("600"))

    assert told(trader.place(1, "BUY", 10)) == ["error 104"]
    assert told(trader.place(2, "BUY", 10)) == ["error 103"]
    assert told(trader.place(3, "SELL", 10, **limit("900"))) == ["error 105"]
    assert trader.ask("reqIds", numIds=1)[0].fields["orderId"] == 4


def test_only_live_orders_can_be_cancelled(trader: Any, told: Told) -> None:
    """10147 for an unknown id, 10148 with the state for an ended one."""
    trader.place(1, "BUY", 10)

    assert told(trader.ask("cancelOrder", orderId=99)) == ["error 10147"]
    said = trader.ask("cancelOrder", orderId=1)
    assert said[0].fields["errorCode"] == 10148
    assert said[0].fields["errorString"].endswith("state: Filled.")


def test_orders_belong_to_the_client_that_placed_them(trader: Any, told: Told) -> None:
    """Another client sees them only if it asks for all, and keeps its own numbers."""
    other = trader.stage.trader(client_id=2)
    trader.place(1, "BUY", 10, **limit("600"))

    assert told(other.heard) == [
        "managedAccounts",
        "nextValidId",
        "error 2104",
        "error 2106",
        "error 2158",
    ]
    assert told(other.ask("reqOpenOrders")) == ["openOrderEnd"]
    assert told(other.ask("reqAllOpenOrders"))[:2] == ["open Submitted", "Submitted 0/10"]
    assert told(other.ask("cancelOrder", orderId=1)) == ["error 10147"]
    assert told(other.ask("reqAutoOpenOrders", bAutoBind=True)) == ["error 321"]
    assert told(other.ask("reqGlobalCancel")) == []
    assert told(trader.heard)[-2:] == ["Cancelled 0/10", "error 202"]


def test_orders_outlive_the_connection(trader: Any, told: Told) -> None:
    """A client that comes back finds its orders, and its next id."""
    stage = trader.stage
    trader.place(5, "BUY", 10, **limit("600", o_tif="GTC"))
    stage.exchange.detach(trader.key)
    again = stage.trader(client_id=1)

    assert again.heard[1].fields["orderId"] == 6
    assert told(again.ask("reqOpenOrders"))[:2] == ["open Submitted", "Submitted 0/10"]
    assert told(again.ask("cancelOrder", orderId=5)) == ["Cancelled 0/10", "error 202"]


def test_executions_can_be_filtered(trader: Any) -> None:
    """By client, symbol, side and time; every fill comes with its commission."""
    other = trader.stage.trader(client_id=2)
    trader.place(1, "BUY", 10)
    other.place(1, "SELL", 5, c_conId=265598)

    def found(**fields: Any) -> list[str]:
        said = trader.ask("reqExecutions", reqId=4, **fields)
        assert said[-1].name == "executionDataEnd"
        return [m.fields["c.symbol"] for m in said if m.name == "executionData"]

    assert found() == ["SPY", "AAPL"]
    assert found(f_clientId=2) == ["AAPL"]
    assert found(f_symbol="spy", f_secType="STK") == ["SPY"]
    assert found(f_side="SELL") == ["AAPL"]
    assert found(f_acctCode="DU1") == []
    assert found(f_time="20261123 11:00:00") == ["SPY", "AAPL"]
    assert found(f_time="20261123-18:00:00") == []
    assert found(f_lastNDays=2) == ["SPY", "AAPL"]
    assert found(specificDates=({"date": 20261122},)) == []
    assert found(specificDates=({"date": 20261123},)) == ["SPY", "AAPL"]
    refused = trader.ask("reqExecutions", reqId=4, f_time="yesterday")
    assert [m.fields["errorCode"] for m in refused] == [321]
