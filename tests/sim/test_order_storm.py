"""Orders of every kind in any order, from several clients: the books stay right whatever is asked."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.listing.universe import Universe
from edgerunner_lab.sim.orders.order_types import OrderType
from edgerunner_lab.sim.orders.orders import Tif

StageMaker = Callable[..., Any]
SPY, FORD, EURO = 756733, 9599491, 12087792
REQUESTS = 60
SEEDS = range(12)
OWN_IDS = 25


class Storm:
    """Asks for whatever comes to mind; the seed decides."""

    def __init__(self, universe: Universe, seed: int) -> None:
        self.universe = universe
        self.dice = random.Random(seed)  # noqa: S311  a test's dice keep no secret

    def request(self, bid_by_con_id: dict[int, Decimal]) -> tuple[str, dict[str, Any]]:
        """Return the next request."""
        chance = self.dice.random()
        if chance < 0.7:
            return "placeOrder", self._order(bid_by_con_id)
        if chance < 0.93:
            return "cancelOrder", {"orderId": self.dice.randint(-1, OWN_IDS)}
        return self.dice.choice(
            [
                ("reqGlobalCancel", {}),
                ("reqOpenOrders", {}),
                ("reqCompletedOrders", {"apiOnly": False}),
            ]
        )

    def _order(self, bid_by_con_id: dict[int, Decimal]) -> dict[str, Any]:
        dice = self.dice
        con_id = dice.choice([SPY, SPY, FORD, EURO])
        instrument = self.universe.by_con_id[con_id]

        def price() -> Decimal:
            return bid_by_con_id[con_id] + instrument.min_tick * dice.randint(-30, 30)

        maybe: dict[str, Callable[[], Any]] = {
            "o_lmtPrice": price,
            "o_auxPrice": lambda: dice.choice([price(), instrument.min_tick * 3]),
            "o_trailStopPrice": price,
            "o_trailingPercent": lambda: Decimal(dice.choice(["0.1", "1"])),
            "o_lmtPriceOffset": lambda: instrument.min_tick * 2,
            "o_parentId": lambda: dice.randint(1, OWN_IDS),
            "o_ocaGroup": lambda: dice.choice(["a", "b"]),
            "o_ocaType": lambda: dice.randint(1, 3),
            "o_allOrNone": lambda: True,
            "o_minQty": lambda: dice.randint(1, 20),
            "o_displaySize": lambda: dice.randint(1, 10),
            "o_outsideRth": lambda: True,
            "o_algoStrategy": lambda: dice.choice(["Twap", "Vwap", "Adaptive"]),
        }
        often = {"o_lmtPrice": 0.9, "o_auxPrice": 0.6, "o_algoStrategy": 0.1}
        chosen = {
            name: draw()
            for name, draw in maybe.items()
            if dice.random() < often.get(name, 0.2)
        }
        sizes = [20_000] if con_id == EURO else [1, 7, 100, 20_000]
        return {
            "orderId": dice.randint(1, OWN_IDS),
            "c_conId": con_id,
            "c_exchange": instrument.exchange,
            "o_action": dice.choice(["BUY", "SELL"]),
            "o_totalQuantity": Decimal(dice.choice(sizes)),
            "o_orderType": dice.choice(list(OrderType)).value,
            "o_tif": dice.choice(list(Tif)).value,
            "o_goodTillDate": "20261123 12:00:30 US/Eastern",
            "o_transmit": dice.random() < 0.9,
            **chosen,
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_books_stay_right_whatever_is_asked(
    universe: Universe, open_stage: StageMaker, seed: int
) -> None:
    """Fills add up to orders and positions, no order is overfilled, and a restart finds the same orders."""
    storm = Storm(universe, seed)
    stage = open_stage(hours=storm.dice.choice(list(Hours)), cash="3000000")
    traders = [stage.trader(client_id) for client_id in (0, 1, 2)]
    bids: dict[int, Decimal] = {}
    for con_id in (SPY, FORD, EURO):
        said = traders[0].ask("reqMktData", reqId=con_id, c_conId=con_id, c_exchange="")
        bids[con_id] = next(m.fields["price"] for m in said if m.name == "tickPrice")
        traders[0].ask("cancelMktData", reqId=con_id)
    for _ in range(REQUESTS):
        name, fields = storm.request(bids)
        storm.dice.choice(traders).ask(name, **fields)
        if storm.dice.random() < 0.3:
            stage.wait(storm.dice.choice([0.25, 1, 5]))
    stage.now += timedelta(seconds=60)
    stage.wait(1)

    saved = json.loads(json.dumps(stage.exchange.snapshot()))
    _check(saved)
    again = open_stage()
    again.exchange.restore(saved)
    assert json.loads(json.dumps(again.exchange.snapshot()))["orders"] == saved["orders"]


def _check(saved: dict[str, Any]) -> None:
    """Compare executions with orders and positions."""
    filled: dict[int, Decimal] = {}
    held: dict[int, Decimal] = {}
    for execution in saved["orders"]["executions"]:
        size = Decimal(execution["shares"])
        filled[execution["perm_id"]] = filled.get(execution["perm_id"], Decimal(0)) + size
        held[execution["con_id"]] = (
            held.get(execution["con_id"], Decimal(0)) + size * execution["side"]
        )
    for order in (*saved["orders"]["live"], *saved["orders"]["completed"]):
        assert Decimal(order["filled"]) == filled.get(order["perm_id"], 0)
        is_whole = order["status"] != "Cancelled"
        # A group may have cut an order down to nothing after a part of it had traded.
        assert not is_whole or Decimal(order["filled"]) <= Decimal(
            order["terms"]["quantity"]
        )
    positions = {
        row["con_id"]: Decimal(row["quantity"]) for row in saved["account"]["positions"]
    }
    assert {c: q for c, q in held.items() if q} == {c: q for c, q in positions.items() if q}
