"""Orders that hang together: brackets and one-cancels-all groups."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.messages import Message

Told = Callable[[list[Message]], list[str]]
ENTRY = ["open PreSubmitted", "PreSubmitted 0/10", "open Submitted", "Submitted 0/10"]


def limit(price: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a limit order."""
    return {"o_orderType": "LMT", "o_lmtPrice": Decimal(price), **more}


def bracket(trader: Any, entry: str, *, size: int = 10) -> list[Message]:
    """Place a purchase with a profit target and a stop; the last one sends all three."""
    said = trader.place(1, "BUY", size, **limit(entry), o_transmit=False)
    said += trader.place(
        2, "SELL", size, **limit("990"), o_parentId=1, o_transmit=False, o_tif="GTC"
    )
    assert said == []
    return trader.place(
        3, "SELL", size, o_orderType="STP", o_auxPrice=Decimal(400), o_parentId=1
    )


def by_order(said: list[Message]) -> dict[int, list[str]]:
    """Return what orderStatus said of each order: status, and what holds it."""
    found: dict[int, list[str]] = {}
    for message in said:
        if message.name == "orderStatus":
            fields: Any = message.fields
            words = f"{fields['status']} {fields['remaining']} {fields['whyHeld']}".strip()
            found.setdefault(fields["orderId"], []).append(words)
    return found


def test_a_bracket_goes_out_with_its_last_order(trader: Any) -> None:
    """The entry works, the exits are held as children in one group of the broker's making."""
    said = bracket(trader, "600")

    assert by_order(said) == {
        1: ["PreSubmitted 10", "Submitted 10"],
        2: ["PreSubmitted 10 child"],
        3: ["PreSubmitted 10 child"],
    }
    opened = {m.fields["o.orderId"]: m.fields for m in said if m.name == "openOrder"}
    assert (opened[2]["o.parentId"], opened[3]["o.parentId"]) == (1, 1)
    group = f"{opened[1]['o.permId']}"
    assert [opened[n]["o.ocaGroup"] for n in (1, 2, 3)] == ["", group, group]
    assert trader.wait(1) == []


def test_the_exits_wake_when_the_entry_is_filled(trader: Any) -> None:
    """The target rests, the stop waits for its trigger."""
    bracket(trader, "600")
    trader.place(1, "BUY", 10, **limit("950"))
    said = trader.wait(0.5)

    assert by_order(said) == {2: ["Submitted 10"], 3: ["PreSubmitted 10 trigger"]}


def test_an_entry_that_fills_at_once_wakes_its_exits_in_the_same_answer(
    trader: Any,
) -> None:
    """They need not wait for the next move of the market."""
    said = by_order(bracket(trader, "950"))

    assert said[1][-1] == "Filled 0"
    assert said[2] == ["PreSubmitted 10", "Submitted 10"]
    assert said[3] == ["PreSubmitted 10 trigger"] * 2


def test_one_exit_cancels_the_other(trader: Any, told: Told) -> None:
    """The position is closed once."""
    bracket(trader, "950")
    said = trader.place(2, "SELL", 10, **limit("500"), o_parentId=1)

    assert by_order(said)[3] == ["Cancelled 10"]
    assert told(trader.ask("reqOpenOrders")) == ["openOrderEnd"]
    assert "position" not in told(trader.ask("reqPositions"))


def test_children_are_cancelled_with_their_parent(trader: Any, told: Told) -> None:
    """Each with its 202."""
    bracket(trader, "600")
    said = trader.ask("cancelOrder", orderId=1)

    assert told(said) == ["Cancelled 0/10", "error 202"] * 3
    assert [m.fields["id"] for m in said if m.name == "errMsg"] == [1, 2, 3]


def test_a_child_is_cancelled_alone_unless_it_says_otherwise(
    trader: Any, told: Told
) -> None:
    """AutoCancelParent takes the rest along."""
    bracket(trader, "600")
    assert told(trader.ask("cancelOrder", orderId=3)) == ["Cancelled 0/10", "error 202"]
    trader.place(4, "SELL", 10, **limit("980"), o_parentId=1, o_autoCancelParent=True)

    said = trader.ask("cancelOrder", orderId=4)

    assert [m.fields["id"] for m in said if m.name == "errMsg"] == [4, 1, 2]


def test_children_follow_the_size_of_their_parent(trader: Any) -> None:
    """As long as they had its size."""
    bracket(trader, "600")
    trader.place(3, "SELL", 4, o_orderType="STP", o_auxPrice=Decimal(400), o_parentId=1)
    said = trader.place(1, "BUY", 6, **limit("600"))

    assert by_order(said) == {1: ["Submitted 6"], 2: ["PreSubmitted 6 child"]}


def test_the_exits_of_a_part_keep_to_what_was_bought(trader: Any) -> None:
    """When the rest of the entry is cancelled, the exits shrink to the part and go out."""
    ford: dict[str, Any] = {"c_conId": 9599491}
    said = trader.ask("reqMktData", reqId=50, **ford, c_exchange="SMART")
    offer = next(
        m.fields for m in said if m.name == "tickPrice" and m.fields["tickType"] == 2
    )
    size = int(offer["size"]) + 500
    trader.place(1, "BUY", size, **ford, **limit(f"{offer['price']}"), o_transmit=False)
    trader.place(2, "SELL", size, **ford, **limit("99"), o_parentId=1)
    said = trader.ask("cancelOrder", orderId=1)
    said += trader.wait(0.5)

    bought = size - 500
    assert by_order(said)[2] == [f"PreSubmitted {bought} child", f"Submitted {bought}"]


def test_a_child_without_a_parent_is_refused(trader: Any, told: Told) -> None:
    """10006 for an unknown or a cancelled one; a filled one has nothing left to wait for."""
    trader.place(1, "BUY", 10, **limit("600"))
    trader.ask("cancelOrder", orderId=1)
    trader.place(2, "BUY", 10)

    assert told(trader.place(5, "SELL", 10, o_parentId=1)) == ["error 10006"]
    assert told(trader.place(6, "SELL", 10, o_parentId=4)) == ["error 10006"]
    assert "Filled 10/0" in told(trader.place(7, "SELL", 10, o_parentId=2))


def test_a_chain_of_children_has_an_end(trader: Any, told: Told) -> None:
    """A program that attaches to what it attached is stopped."""
    trader.place(1, "BUY", 10, **limit("600"))
    for number in range(2, 9):
        trader.place(number, "BUY", 10, **limit("600"), o_parentId=number - 1)

    assert told(trader.place(9, "BUY", 10, **limit("600"), o_parentId=8)) == ["error 321"]
    said = trader.ask("cancelOrder", orderId=1)
    assert told(said) == ["Cancelled 0/10", "error 202"] * 8


def test_a_refused_entry_takes_its_exits_along(trader: Any) -> None:
    """201 for the entry, 202 for the others."""
    said = by_order(bracket(trader, "950", size=5_000))

    assert said == {1: ["Inactive 5000"], 2: ["Cancelled 5000"], 3: ["Cancelled 5000"]}


def test_exits_of_a_waiting_entry_need_no_margin(trader: Any) -> None:
    """They only close what it will have opened."""
    said = by_order(bracket(trader, "600", size=400))

    assert [words[-1] for words in said.values()] == [
        "Submitted 400",
        "PreSubmitted 400 child",
        "PreSubmitted 400 child",
    ]


def test_a_bracket_survives_a_restart(trader: Any, open_stage: Any) -> None:
    """A new gateway with the saved state fills the entry and wakes the exits."""
    bracket(trader, "600")
    saved = json.loads(json.dumps(trader.stage.exchange.snapshot()))
    stage = open_stage()
    stage.exchange.restore(saved)
    again = stage.trader()
    again.place(1, "BUY", 10, **limit("950"))
    said = again.wait(0.5)

    assert by_order(said) == {2: ["Submitted 10"], 3: ["PreSubmitted 10 trigger"]}


def group(trader: Any, kind: int) -> None:
    """Place two purchases and a smaller one in a group, none of which trades yet."""
    for number, size in ((1, 10), (2, 10), (3, 5)):
        fields = limit(f"{600 - number}", o_ocaGroup="either", o_ocaType=kind)
        trader.place(number, "BUY", size, **fields)


def test_any_fill_cancels_a_group_of_type_1(trader: Any) -> None:
    """Even a part would; the others never trade."""
    group(trader, 1)
    said = trader.place(1, "BUY", 10, **limit("950", o_ocaGroup="either", o_ocaType=1))

    assert by_order(said) == {1: ["Filled 0"], 2: ["Cancelled 10"], 3: ["Cancelled 5"]}


@pytest.mark.parametrize("kind", [2, 3])
def test_a_part_reduces_a_group_by_its_share(trader: Any, kind: int) -> None:
    """Four tenths of one order leave six tenths of the others."""
    bid, ask = 0, 0
    meta: dict[str, Any] = {"c_conId": 107113386}
    said = trader.ask("reqMktData", reqId=50, **meta, c_exchange="SMART")
    for message in said:
        if message.name == "tickPrice" and message.fields["tickType"] == 1:
            bid = message.fields["price"]
    between = f"{bid + Decimal('0.01')}"
    oca = {"o_ocaGroup": "either", "o_ocaType": kind}
    trader.place(1, "BUY", 10, **meta, **limit(between, **oca))
    trader.place(2, "BUY", 10, **meta, **limit("400", **oca))
    trader.place(3, "BUY", 5, **meta, **limit("400", **oca))
    before = len(trader.heard)
    trader.stage.trader(client_id=2).place(1, "SELL", 4, **meta, **limit(between))
    said = by_order(trader.heard[before:])

    assert said == {1: ["Submitted 6"], 2: ["Submitted 6"], 3: ["Submitted 3"]}
    assert ask == 0


def test_a_group_spans_clients_and_contracts(trader: Any) -> None:
    """Its name is all that counts."""
    other = trader.stage.trader(client_id=2)
    apple = {"c_conId": 265598, **limit("100", o_ocaGroup="either", o_ocaType=1)}
    other.place(7, "BUY", 10, **apple)
    before = len(other.heard)
    trader.place(1, "BUY", 10, o_ocaGroup="either", o_ocaType=1)

    assert by_order(other.heard[before:]) == {7: ["Cancelled 10"]}


def test_orders_not_sent_yet_stay_out_of_their_group(trader: Any, told: Told) -> None:
    """The broker does not know them."""
    held = limit("600", o_ocaGroup="either", o_transmit=False)
    trader.place(1, "BUY", 10, **held)
    trader.place(2, "BUY", 10, o_ocaGroup="either")

    assert told(trader.place(1, "BUY", 10, **{**held, "o_transmit": True})) == ENTRY
