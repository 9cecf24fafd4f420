"""A change of an order is told whole: no status of terms that nobody has heard of, and never less than nothing left."""

from decimal import Decimal
from typing import Any, Final

import pytest

from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.protocol.messages import Message
from rigs.audits import Party
from rigs.wires import Wires

SPY: Final[dict[str, Any]] = {"c_conId": 756733, "c_exchange": "SMART"}
BID: Final = Decimal("692.68")
"""About where SPY stands; the tests need only far and near."""


def terms(size: int, limit: Decimal, **more: Any) -> dict[str, Any]:
    """Return a purchase of SPY."""
    order = {
        "o_action": "BUY",
        "o_totalQuantity": Decimal(size),
        "o_orderType": "LMT",
        "o_lmtPrice": limit,
        "o_tif": "DAY",
        "o_transmit": True,
    }
    return {"orderId": 1, **SPY, **order, **more}


@pytest.fixture
def wires() -> Wires:
    """Return a gateway whose client 9 hears of every order."""
    wires = Wires(cash="9000000")
    wires.exchange.desk.choose(OrderRules(master_client_id=9))
    return wires


def told(messages: list[Message], name: str, field: str) -> list[Any]:
    """Return a field of every message of a kind, in the order in which they came."""
    return [message.fields[field] for message in messages if message.name == name]


def test_an_order_cut_below_its_fills_ends_with_nothing_left(wires: Wires) -> None:
    """Its new size is told first, so that filled and remaining are of an order that is known."""
    party = Party(wires, 1, 178)
    told_of_fills = party.ask("placeOrder", **terms(50_000, BID + 1))
    filled = told(told_of_fills, "orderStatus", "filled")[-1]
    assert 1 < filled < 50_000

    heard = party.ask("placeOrder", **terms(1, BID + 1))

    assert told(heard, "openOrder", "o.totalQuantity")[0] == 1
    assert told(heard, "orderStatus", "status")[-1] == "Cancelled"
    assert told(heard, "orderStatus", "remaining")[-1] == 0


def test_a_change_to_fill_or_kill_is_told_before_the_order_ends(wires: Wires) -> None:
    """An order that becomes one which may not rest, and finds nothing, is told with its new size."""
    party = Party(wires, 1, 178)
    party.ask("placeOrder", **terms(10, BID - 100))

    heard = party.ask("placeOrder", **terms(20, BID - 100, o_tif="IOC"))

    assert told(heard, "openOrder", "o.totalQuantity") == [20]
    assert told(heard, "orderStatus", "status")[-1] == "Cancelled"


def test_a_master_hears_of_an_untransmitted_order_before_its_end(wires: Wires) -> None:
    """It has never been told of, so its terms come with its cancellation."""
    party, master = Party(wires, 1, 178), Party(wires, 9, 178)
    party.ask("placeOrder", **terms(10, BID - 100, o_transmit=False))
    assert list(master.heard()) == []

    party.ask("cancelOrder", orderId=1)

    assert [m.name for m in master.heard()] == ["openOrder", "orderStatus"]


def test_a_restart_does_not_look_at_a_step_twice(wires: Wires) -> None:
    """What was taken from the book within a step stays taken, so that an order does not fill by restarting."""
    party = Party(wires, 1, 178)
    party.ask("placeOrder", **terms(50_000, BID + 1))
    wires.exchange.advance(wires.now)
    before = party.ask("reqOpenOrders")
    again = Wires(cash="9000000")
    again.exchange.restore(wires.exchange.snapshot())

    assert Party(again, 1, 178).ask("reqOpenOrders") == before
