"""Orders under an owner's rules, orders made by hand, who hears of whose orders, and options that end."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.accounts.accounts import Account
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.query import Query
from edgerunner_lab.sim.listing.universe import Universe
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import Hours
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.registry import Registry
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests import exercises, order_requests
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.manual_orders import place_by_hand

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC).timestamp()
SPY: dict[str, Any] = {"c.conId": 756733, "c.exchange": "SMART"}
HANDLERS = {**order_requests.HANDLERS, **exercises.HANDLERS}


class House:
    """A desk and its clients; everything that is said to one is kept under its id."""

    def __init__(
        self, universe: Universe, rules: OrderRules, cash: str = "1000000"
    ) -> None:
        market = Market(universe, seed=7, hours=Hours.ALWAYS, steps=4)
        registry = Registry.opened(int(NOON))
        account = Account.opened("DU1000001", Decimal(cash))
        self.desk = Desk(market, account, registry, rules)
        self.now = NOON
        self.desk.move_to(self.now)

    def join(self, client_id: int) -> None:
        """Connect a client."""
        self.desk.clients[client_id] = Client(
            key=client_id, client_id=client_id, version=178
        )

    def ask(self, client_id: int, name: str, **fields: Any) -> list[str]:
        """Send a request and return what every client hears, as `client: words`."""
        client = self.desk.clients[client_id]
        dotted = {
            key.replace("_", ".", 1) if key[:2] in ("c_", "o_") else key: value
            for key, value in fields.items()
        }
        try:
            answer = list(HANDLERS[name](self.desk, client, dotted))
        except Refused as refused:
            return [f"{client_id}: error {refused.code}"]
        return self.heard() + [f"{client_id}: {_words(message)}" for message in answer]

    def place(
        self, client_id: int, order_id: int, action: str = "BUY", **more: Any
    ) -> list[str]:
        """Place an order of ten SPY at the market, unless the fields say otherwise."""
        fields = {**_order(action), **more}
        return self.ask(client_id, "placeOrder", orderId=order_id, **fields)

    def by_hand(self, **more: Any) -> list[str]:
        """Place an order by hand."""
        fields = {
            key.replace("_", ".", 1) if key[:2] in ("c_", "o_") else key: value
            for key, value in {**_order("BUY"), **more}.items()
        }
        place_by_hand(self.desk, fields)
        return self.heard()

    def wait(self, seconds: float) -> list[str]:
        """Let time pass in quarter seconds."""
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.desk.move_to(self.now)
            self.desk.report(self.desk.engine.advance())
        return self.heard()

    def heard(self) -> list[str]:
        """Return what has been said since."""
        said = [f"{reply.client}: {_words(reply.message)}" for reply in self.desk.outbox]
        self.desk.outbox.clear()
        return said


def _order(action: str) -> dict[str, Any]:
    return {
        "c_conId": 756733,
        "c_exchange": "SMART",
        "o_action": action,
        "o_totalQuantity": Decimal(10),
        "o_orderType": "MKT",
        "o_transmit": True,
    }


def _words(message: Message) -> str:
    fields: Any = message.fields
    shown = {
        "openOrder": lambda: f"open {fields['o.orderId']} {fields['s.status']}",
        "orderStatus": lambda: " ".join(
            (f"{fields['orderId']}", *f"{fields['status']} {fields['whyHeld']}".split())
        ),
        "errMsg": lambda: f"error {fields['errorCode']}",
        "orderBound": lambda: f"bound {fields['orderId']}",
        "executionData": lambda: (
            f"{fields['e.side']} {fields['e.shares']:f} {fields['c.secType']}"
        ),
    }
    return shown[message.name]() if message.name in shown else message.name


def limit(price: int | Decimal, **more: Any) -> dict[str, Any]:
    """Return the fields of a limit order."""
    return {"o_orderType": "LMT", "o_lmtPrice": Decimal(price), **more}


def a_house(universe: Universe, *clients: int, **rules: Any) -> House:
    """Return a house with these clients."""
    house = House(universe, OrderRules(**rules))
    for client_id in clients:
        house.join(client_id)
    return house


PRECAUTIONS: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    ({"size_max": Decimal(9)}, {}, 383),
    ({"value_max": Decimal(1_000)}, {}, 382),
    ({"value_max": Decimal(5_000)}, limit(501), 382),
    ({"price_percent_max": Decimal(3)}, limit(900), 163),
]


@pytest.mark.parametrize(("rules", "order", "code"), PRECAUTIONS)
def test_a_precaution_refuses_until_it_is_overridden(
    universe: Universe, rules: dict[str, Any], order: dict[str, Any], code: int
) -> None:
    """By its code in advancedErrorOverride."""
    house = a_house(universe, 1, **rules)

    assert house.place(1, 1, **order) == [f"1: error {code}"]
    override: dict[str, Any] = {"o_advancedErrorOverride": f"{code}"}
    assert house.place(1, 1, **order, **override)[0].startswith("1: open 1")


def test_the_percentage_has_a_flag_of_its_own_and_looks_one_way(
    universe: Universe,
) -> None:
    """A limit far below the market is no danger to a buyer."""
    house = a_house(universe, 1, price_percent_max=Decimal(3))

    assert house.place(1, 1, **limit(600))[-1] == "1: 1 Submitted"
    flag: dict[str, Any] = {"o_overridePercentageConstraints": True}
    assert "1: BOT 10 STK" in house.place(1, 2, **limit(900), **flag)


def test_fractions_can_be_allowed(universe: Universe) -> None:
    """Down to the ten-thousandth of a share; 10243 is the default."""
    half: dict[str, Any] = {"o_totalQuantity": Decimal("0.5")}
    house = a_house(universe, 1, takes_fractions=True)

    assert "1: BOT 0.5 STK" in house.place(1, 1, **half)
    assert house.place(1, 2, o_totalQuantity=Decimal("0.00005")) == ["1: error 388"]
    assert a_house(universe, 1).place(1, 1, **half) == ["1: error 10243"]


def test_the_master_client_hears_of_everybody_but_their_errors(universe: Universe) -> None:
    """Orders, statuses and executions of other clients; its own only once."""
    house = a_house(universe, 1, 9, master_client_id=9)
    said = house.place(1, 1, **limit(600))
    said += house.ask(1, "cancelOrder", orderId=1)

    assert [line for line in said if line.startswith("9")] == [
        "9: open 1 PreSubmitted",
        "9: 1 PreSubmitted",
        "9: open 1 Submitted",
        "9: 1 Submitted",
        "9: 1 Cancelled",
    ]
    assert said[-1] == "1: error 202"
    assert len(house.place(9, 1, **limit(600))) == 4


def test_a_slow_market_answers_later(universe: Universe) -> None:
    """PendingSubmit until it has accepted an order, PendingCancel until it has let it go."""
    house = a_house(universe, 1, answer_seconds=2)

    assert house.place(1, 1, **limit(600)) == [
        "1: open 1 PendingSubmit",
        "1: 1 PendingSubmit",
    ]
    assert house.wait(1.75) == []
    assert house.wait(0.5)[-1] == "1: 1 Submitted"
    assert house.ask(1, "cancelOrder", orderId=1) == ["1: 1 PendingCancel"]
    assert house.ask(1, "cancelOrder", orderId=1) == ["1: error 161"]
    assert house.place(1, 1, **limit(601)) == ["1: error 161"]
    assert house.wait(2) == ["1: 1 Cancelled", "1: error 202"]


def test_the_rules_can_change_while_the_gateway_runs(universe: Universe) -> None:
    """What was accepted before stays; what comes afterwards waits for its answer."""
    house = a_house(universe, 1)
    house.place(1, 1, **limit(600))
    house.desk.choose(OrderRules(answer_seconds=2, size_max=Decimal(20)))

    assert house.place(1, 2, o_totalQuantity=Decimal(21)) == ["1: error 383"]
    assert house.place(1, 3, **limit(600))[-1] == "1: 3 PendingSubmit"
    assert house.ask(1, "cancelOrder", orderId=1) == ["1: 1 PendingCancel"]


def test_an_order_can_be_filled_while_its_cancel_is_under_way(universe: Universe) -> None:
    """The race that every program must survive: Filled after PendingCancel, then 10148."""
    house = a_house(universe, 1, 2, answer_seconds=3)
    ford = {"c_conId": 9599491}
    bid = house.desk.market.quote(universe.by_con_id[9599491]).bid
    house.place(1, 1, **ford, **limit(Decimal(bid - 2) / 100))
    house.wait(2)
    sale = {"o_totalQuantity": Decimal(40_000)}
    house.place(2, 1, "SELL", **ford, **sale, **limit(Decimal(bid - 50) / 100))
    house.wait(2)
    assert house.ask(1, "cancelOrder", orderId=1) == ["1: 1 PendingCancel"]
    said = house.wait(2)

    assert "1: 1 Filled" in said
    assert house.ask(1, "cancelOrder", orderId=1) == ["1: error 10148"]


def test_a_short_sale_is_held_while_shares_are_located(universe: Universe) -> None:
    """404 and `locate` where the instrument is hard to borrow; shares one has can be sold at once."""
    house = a_house(universe, 1, locate_seconds={756733: 5})

    assert house.place(1, 1, "SSHORT") == [
        "1: open 1 PreSubmitted",
        "1: 1 PreSubmitted locate",
        "1: error 404",
    ]
    assert house.wait(4.75) == []
    assert "1: SLD 10 STK" in house.wait(0.5)
    house.place(1, 2, o_totalQuantity=Decimal(30))
    assert "1: SLD 10 STK" in house.place(1, 3, "SELL")


def test_an_order_made_by_hand_has_id_0_until_client_0_binds_it(universe: Universe) -> None:
    """Everybody sees it among all orders; only client 0 hears of it, and gives it an id by asking."""
    house = a_house(universe, 0, 1)
    said = house.by_hand(**limit(600))

    assert said[-1] == "0: 0 Submitted"
    assert all(line.startswith("0: ") for line in said)
    assert house.ask(1, "reqAllOpenOrders")[:2] == ["1: open 0 Submitted", "1: 0 Submitted"]
    assert house.ask(1, "reqOpenOrders") == ["1: openOrderEnd"]
    assert house.ask(0, "cancelOrder", orderId=0) == ["0: error 10147"]
    assert house.ask(0, "reqOpenOrders") == [
        "0: bound -1",
        "0: open -1 Submitted",
        "0: -1 Submitted",
        "0: openOrderEnd",
    ]
    changed = house.place(0, -1, **limit(601))
    assert changed == ["0: open -1 Submitted", "0: -1 Submitted"]
    assert house.ask(0, "cancelOrder", orderId=-1)[0] == "0: -1 Cancelled"


def test_client_0_can_have_orders_bound_as_they_come(universe: Universe) -> None:
    """reqAutoOpenOrders; nobody else may."""
    house = a_house(universe, 0, 1)
    house.ask(0, "reqAutoOpenOrders", bAutoBind=True)

    assert house.by_hand(**limit(600))[:2] == ["0: bound -1", "0: open -1 PreSubmitted"]
    house.ask(0, "reqAutoOpenOrders", bAutoBind=False)
    assert house.by_hand(**limit(600))[0] == "0: open 0 PreSubmitted"
    assert house.ask(1, "reqAutoOpenOrders", bAutoBind=True) == ["1: error 321"]


def test_completed_orders_leave_out_those_made_by_hand_if_asked(universe: Universe) -> None:
    """ApiOnly."""
    house = a_house(universe, 0, 1)
    house.by_hand()

    assert house.ask(1, "reqCompletedOrders", apiOnly=True) == ["1: completedOrdersEnd"]
    assert house.ask(1, "reqCompletedOrders", apiOnly=False)[0] == "1: completedOrder"


def test_a_refused_order_by_hand_leaves_nothing(universe: Universe) -> None:
    """The window says why."""
    house = a_house(universe, 0)

    with pytest.raises(Refused) as refusal:
        house.by_hand(o_totalQuantity=Decimal(1_000_000))
    assert refusal.value.code == 201
    assert house.ask(0, "reqAllOpenOrders") == ["0: openOrderEnd"]


def test_client_0_may_cancel_the_order_of_another_client(universe: Universe) -> None:
    """By its id, if only one client has it."""
    house = a_house(universe, 0, 1, 2)
    house.place(1, 5, **limit(600))
    house.place(1, 6, **limit(600))
    house.place(2, 6, **limit(600))

    assert house.ask(0, "cancelOrder", orderId=5) == ["1: 5 Cancelled", "1: error 202"]
    assert house.ask(0, "cancelOrder", orderId=6) == ["0: error 10147"]
    assert house.ask(2, "reqGlobalCancel") == [
        *("1: 6 Cancelled", "1: error 202"),
        *("2: 6 Cancelled", "2: error 202"),
    ]


def an_option(house: House, right: str, above: int = 0) -> Instrument:
    """Return an option on SPY that ends today at 16:00: the call is well in the money."""
    universe = house.desk.market.universe
    mark = house.desk.market.mark(universe.by_con_id[756733])
    asked = Query(
        symbol="SPY",
        sec_type="OPT",
        last_trade_date="20261123",
        strike=Decimal(int(mark) - 25 + above),
        right=right,
    )
    return universe.at(date(2026, 11, 23)).find(asked)[0]


def held(house: House) -> dict[str, Decimal]:
    """Return the positions, by kind and right."""
    positions = house.desk.account.positions.values()
    return {
        p.instrument.sec_type + p.instrument.right: p.quantity
        for p in positions
        if p.quantity
    }


def test_an_exercised_call_becomes_shares_at_the_strike(universe: Universe) -> None:
    """The option goes for nothing, the shares come at the strike, and cash pays for them."""
    house = a_house(universe, 1)
    call = an_option(house, "C")
    fields: dict[str, Any] = {"c_conId": call.con_id, "o_totalQuantity": Decimal(2)}
    house.place(1, 1, **fields)
    cash = house.desk.account.cash["USD"]
    ask = {
        "c_conId": call.con_id,
        "c_exchange": "SMART",
        "exerciseAction": 1,
        "override": 0,
    }

    said = house.ask(1, "exerciseOptions", reqId=7, exerciseQuantity=1, **ask)

    assert said == [
        "1: SLD 1 OPT",
        "1: commissionReport",
        "1: BOT 100 STK",
        "1: commissionReport",
    ]
    assert held(house) == {"OPTC": 1, "STK": 100}
    assert house.desk.account.cash["USD"] == cash - 100 * call.strike
    refused = house.ask(1, "exerciseOptions", reqId=8, exerciseQuantity=5, **ask)
    assert refused == ["1: error 322"]


def test_an_option_out_of_the_money_needs_an_override(universe: Universe) -> None:
    """Exercising a put below the market sells shares too cheaply; the client must insist."""
    house = a_house(universe, 1)
    put = an_option(house, "P")
    house.place(1, 1, c_conId=put.con_id, o_totalQuantity=Decimal(1))
    ask: dict[str, Any] = {
        "c_conId": put.con_id,
        "c_exchange": "SMART",
        "exerciseQuantity": 1,
    }

    refused = house.ask(1, "exerciseOptions", exerciseAction=1, override=0, **ask)
    assert refused == ["1: error 322"]
    assert house.ask(1, "exerciseOptions", exerciseAction=3, override=1, **ask) == refused
    said = house.ask(1, "exerciseOptions", exerciseAction=1, override=1, **ask)
    assert "1: SLD 100 STK" in said


def test_what_cannot_be_exercised_is_refused(universe: Universe) -> None:
    """Shares, and options that are not held."""
    house = a_house(universe, 1)
    call = an_option(house, "C")
    house.place(1, 1)
    ask: dict[str, Any] = {
        "exerciseAction": 1,
        "exerciseQuantity": 1,
        "c_exchange": "SMART",
    }

    assert house.ask(1, "exerciseOptions", c_conId=756733, **ask) == ["1: error 322"]
    assert house.ask(1, "exerciseOptions", c_conId=call.con_id, **ask) == ["1: error 322"]


def to_the_close(house: House) -> list[str]:
    """Go to 16:00 and look."""
    house.now = NOON + 4 * 3_600
    return house.wait(1)


def test_options_end_at_their_last_second(universe: Universe) -> None:
    """In the money they become shares, out of it nothing; orders for them are cancelled."""
    house = a_house(universe, 0, 1)
    call, put = an_option(house, "C"), an_option(house, "P")
    house.place(1, 1, c_conId=call.con_id, o_totalQuantity=Decimal(1))
    house.place(1, 2, "SELL", c_conId=put.con_id, o_totalQuantity=Decimal(1))
    house.place(1, 3, c_conId=put.con_id, **limit(Decimal("0.01"), o_tif="GTC"))
    assert held(house) == {"OPTC": 1, "OPTP": -1}
    said = to_the_close(house)

    assert held(house) == {"STK": 100}
    assert "1: 3 Cancelled" in said
    assert {"0: SLD 1 OPT", "0: BOT 100 STK", "0: BOT 1 OPT"} <= set(said)
    assert house.place(1, 9, c_conId=call.con_id) == ["1: error 201"]


def test_a_sold_call_in_the_money_is_assigned(universe: Universe) -> None:
    """The shares leave at the strike."""
    house = a_house(universe, 1)
    call = an_option(house, "C")
    house.place(1, 1, "SELL", c_conId=call.con_id, o_totalQuantity=Decimal(1))
    to_the_close(house)

    assert held(house) == {"STK": -100}


def test_a_lapsed_option_is_not_exercised(universe: Universe) -> None:
    """Its holder does not want the shares; the wish survives a restart."""
    house = a_house(universe, 1)
    call = an_option(house, "C")
    house.place(1, 1, c_conId=call.con_id, o_totalQuantity=Decimal(1))
    ask = {"c_conId": call.con_id, "c_exchange": "SMART", "exerciseAction": 2}
    assert house.ask(1, "exerciseOptions", exerciseQuantity=1, **ask) == []
    saved = Registry.restored(house.desk.registry.snapshot())
    assert saved.lapses == {call.con_id}
    to_the_close(house)

    assert held(house) == {}


def test_a_combo_is_told_as_a_whole_and_by_its_legs(universe: Universe) -> None:
    """The legs' prices add up to the combo's, and only they carry a commission."""
    house = a_house(universe, 1)
    low, high = an_option(house, "C"), an_option(house, "C", 10)
    legs = tuple(
        {"conId": leg.con_id, "ratio": 1, "action": action, "exchange": "SMART"}
        for leg, action in ((low, "BUY"), (high, "SELL"))
    )
    combo = {"c_conId": 0, "c_symbol": "SPY", "c_secType": "BAG", "c_currency": "USD"}
    said = house.place(1, 1, **combo, comboLegs=legs, **limit(90))

    assert [line for line in said if "BAG" in line or "OPT" in line] == [
        "1: BOT 10 BAG",
        "1: BOT 10 OPT",
        "1: SLD 10 OPT",
    ]
    assert said.count("1: commissionReport") == 2
    whole, bought, sold = house.desk.registry.executions
    assert bought.price - sold.price == whole.price
    assert (whole.exec_id[-6:], sold.exec_id[-6:]) == (".01.01", ".03.01")
    assert len({whole.exec_id, bought.exec_id, sold.exec_id}) == 3
    positions = house.desk.account.positions
    assert (positions[low.con_id].quantity, positions[high.con_id].quantity) == (10, -10)


def test_everybody_sees_what_our_orders_took_and_offer(universe: Universe) -> None:
    """A large purchase lifts the ask for a few seconds, and a bid of ours becomes the best."""
    house = a_house(universe, 1)
    ford = universe.by_con_id[9599491]
    before = house.desk.market.quote(ford)
    size = Decimal(before.ask_size + 100)
    house.place(1, 1, c_conId=9599491, o_totalQuantity=size)

    lifted = house.desk.engine.quote(ford)
    assert (lifted.ask > before.ask, lifted.bid) == (True, before.bid)
    house.place(1, 2, c_conId=9599491, **limit(ford.price_of(before.ask)))
    assert house.desk.engine.quote(ford).bid == before.ask
    house.ask(1, "reqGlobalCancel")
    house.wait(30)
    assert house.desk.engine.quote(ford) == house.desk.market.quote(ford)


def test_an_index_cannot_be_traded(universe: Universe) -> None:
    """It is only told."""
    assert a_house(universe, 1).place(1, 1, c_conId=416904, c_exchange="CBOE") == [
        "1: error 387"
    ]


def test_a_side_of_a_contract_takes_only_so_many_orders(universe: Universe) -> None:
    """The next one ends as inactive with 201; the other side, and other contracts, still take some."""
    house = a_house(universe, 1, side_orders_max=2)
    aapl: dict[str, Any] = {"c_conId": 265598}
    house.place(1, 1, **limit(500))
    house.place(1, 2, **limit(501))

    assert house.place(1, 3, **limit(502))[-1] == "1: error 201"
    assert "error" not in str(house.place(1, 4, "SELL", **limit(900)))
    assert "error" not in str(house.place(1, 5, **limit(100), **aapl))
    house.ask(1, "cancelOrder", orderId=1)
    assert "error" not in str(house.place(1, 6, **limit(502)))
