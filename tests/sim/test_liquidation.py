"""Forced liquidation: an account that can no longer carry its positions is warned, then the broker closes some."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Exchange, Hours
from edgerunner_lab.sim.matching.liquidation import WARNING_CODE
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.protocol.codec import load_requests
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.wire import frame
from edgerunner_lab.sim.server.command_line import options_of
from rigs.rows import text
from rigs.wires import Wires

SPY, AAPL = 756733, 265598
BTC: dict[str, Any] = {"c_conId": 479624278, "c_exchange": "PAXOS"}
WAIT = OrderRules().liquidation_seconds or 0


def fall(stage: Any, share: str, symbol: str = "SPY", con_id: int = SPY) -> None:
    """Have a price go on at a share of what it is."""
    market = stage.exchange.desk.market
    price = market.mark(market.universe.by_con_id[con_id]) * Decimal(share)
    stage.exchange.move_price(symbol, round(price, 2))


def excess(stage: Any) -> Decimal:
    """Return the account's excess liquidity, USD."""
    desk = stage.exchange.desk
    return desk.account.value(desk.market.mark, desk.market.rate).excess_liquidity


def held(stage: Any, con_id: int = SPY) -> Decimal:
    """Return a position."""
    desk = stage.exchange.desk
    return desk.account.quantity(desk.market.universe.by_con_id[con_id])


def choose(stage: Any, **rules: Any) -> None:
    """Change the owner's rules."""
    desk = stage.exchange.desk
    desk.choose(replace(desk.rules, **rules))


def warnings(messages: list[Message]) -> list[Message]:
    """Return the margin alerts."""
    return [m for m in messages if m.fields.get("errorCode") == WARNING_CODE]


@pytest.fixture
def short_of_margin(open_stage: Callable[..., Any]) -> Any:
    """Return a stage whose account has 500 SPY, a fifth of whose price has just gone; clients 1 and 0 are there."""
    stage = open_stage()
    stage.trader(1).place(1, "BUY", 500)
    stage.trader(0)
    stage.wait(1)
    fall(stage, "0.8")
    return stage


def test_everybody_is_warned_once(short_of_margin: Any) -> None:
    """A notice that belongs to no request says how much is missing; nothing is sold yet."""
    one, zero = short_of_margin.traders.values()
    short_of_margin.wait(1)
    shown = excess(short_of_margin)
    short_of_margin.wait(WAIT - 6)

    for trader in (one, zero):
        (warning,) = warnings(trader.heard)
        assert warning.fields["id"] == -1
        assert f"{shown} USD" in text(warning, "errorString")
    assert held(short_of_margin) == 500


def test_the_warning_comes_with_the_account_values(short_of_margin: Any) -> None:
    """Without waiting for the three minutes after which values are told anyway."""
    one, _ = short_of_margin.traders.values()
    one.ask("reqAccountSummary", reqId=3, groupName="All", tags="ExcessLiquidity,Cushion")
    one.ask("reqAccountUpdates", subscribe=True, acctCode="")
    said = one.wait(1)
    shown = f"{excess(short_of_margin):.2f}"

    summary = {m.fields["tag"]: m.fields["value"] for m in said if "tag" in m.fields}
    values = {m.fields["key"]: m.fields["value"] for m in said if m.name == "accountValue"}
    assert summary == {"ExcessLiquidity": shown, "Cushion": "0.000000"}
    assert values["ExcessLiquidity"] == shown


def test_positions_are_closed_until_the_excess_is_positive(short_of_margin: Any) -> None:
    """After the wait, and no more of them than it takes."""
    short_of_margin.wait(WAIT + 5)

    assert 0 < excess(short_of_margin) < 3_000
    assert 200 < held(short_of_margin) < 220
    left = held(short_of_margin)
    short_of_margin.wait(10)
    assert held(short_of_margin) == left


def test_its_executions_say_that_they_are_a_liquidation(short_of_margin: Any) -> None:
    """With no id and no reference, to client 0 as it happens and to everybody who asks."""
    one, zero = short_of_margin.traders.values()
    short_of_margin.wait(WAIT + 5)
    told = [m for m in zero.heard if m.name == "executionData"]
    bought, *sold = [
        m for m in one.ask("reqExecutions", reqId=4) if m.name == "executionData"
    ]

    assert len(told) == len(sold) > 0
    for execution in (*told, *sold):
        assert (execution.fields["e.liquidation"], execution.fields["e.side"]) == (1, "SLD")
        names = ("e.clientId", "e.orderId", "e.orderRef")
        assert [execution.fields[name] for name in names] == [0, 0, ""]
    assert bought.fields["e.liquidation"] == 0
    assert [m for m in one.heard if m.name == "openOrder"][-1].fields["o.orderId"] == 1


def test_listeners_hear_of_the_smaller_position(short_of_margin: Any) -> None:
    """As after any other fill."""
    one, _ = short_of_margin.traders.values()
    one.ask("reqPositions")
    one.ask("reqAccountSummary", reqId=3, groupName="All", tags="ExcessLiquidity")
    short_of_margin.wait(WAIT + 5)

    positions = [m.fields["position"] for m in one.heard if m.name == "position"]
    assert (positions[0], positions[-1]) == (500, held(short_of_margin))
    last = [m for m in one.heard if m.name == "accountSummary"][-1]
    assert Decimal(text(last, "value")) > 0


def test_an_account_that_recovers_keeps_its_positions(short_of_margin: Any) -> None:
    """And a later fall is warned of anew, with all of the wait before it."""
    one, _ = short_of_margin.traders.values()
    short_of_margin.wait(WAIT - 20)
    fall(short_of_margin, "1.25")
    short_of_margin.wait(30)
    assert (held(short_of_margin), len(warnings(one.heard))) == (500, 1)
    fall(short_of_margin, "0.8")
    short_of_margin.wait(WAIT - 5)

    assert (held(short_of_margin), len(warnings(one.heard))) == (500, 2)
    short_of_margin.wait(10)
    assert held(short_of_margin) < 500


def test_the_owner_can_turn_it_off(short_of_margin: Any) -> None:
    """Then there is no warning either."""
    choose(short_of_margin, liquidation_seconds=None)
    short_of_margin.wait(WAIT + 5)

    assert held(short_of_margin) == 500
    assert excess(short_of_margin) < 0
    assert not [t for t in short_of_margin.traders.values() if warnings(t.heard)]


def test_without_a_wait_it_sells_with_the_warning(short_of_margin: Any) -> None:
    """Within the same second."""
    choose(short_of_margin, liquidation_seconds=0)
    one, _ = short_of_margin.traders.values()
    short_of_margin.wait(1.25)

    assert len(warnings(one.heard)) == 1
    assert held(short_of_margin) < 500


def test_own_orders_in_the_contract_are_cancelled(open_stage: Callable[..., Any]) -> None:
    """What they would sell is about to be gone; those in other contracts stay."""
    stage = open_stage()
    trader = stage.trader()
    trader.place(1, "BUY", 500)
    trader.place(2, "SELL", 500, o_orderType="LMT", o_lmtPrice=Decimal("710.00"))
    aapl = {"c_conId": AAPL, "o_orderType": "LMT", "o_lmtPrice": Decimal("1.00")}
    trader.place(3, "BUY", 1, **aapl)
    stage.wait(1)
    fall(stage, "0.8")
    stage.wait(WAIT + 5)
    listed = [m for m in trader.ask("reqAllOpenOrders") if m.name == "openOrder"]

    (error,) = [m for m in trader.heard if m.fields.get("errorCode") == 202]
    assert error.fields["id"] == 2
    assert "liquidated" in text(error, "errorString")
    assert [m.fields["o.orderId"] for m in listed] == [3]
    assert 0 < held(stage) < 500


def test_what_does_not_trade_is_not_sold(short_of_margin: Any) -> None:
    """A halted instrument waits for its end; then it is sold without another warning."""
    one, _ = short_of_margin.traders.values()
    short_of_margin.wait(2)
    short_of_margin.exchange.set_regime("halt", "SPY")
    short_of_margin.wait(WAIT + 5)
    assert held(short_of_margin) == 500
    assert short_of_margin.exchange.desk.registry.live == {}
    short_of_margin.exchange.set_regime("calm", "SPY")
    short_of_margin.wait(5)

    assert held(short_of_margin) < 500
    assert len(warnings(one.heard)) == 1


def test_an_order_of_the_broker_is_out_of_reach(short_of_margin: Any) -> None:
    """Client 0 can neither bind it nor end it with everything else while the market has not accepted it."""
    zero = short_of_margin.traders[101]
    choose(short_of_margin, liquidation_seconds=0, answer_seconds=5)
    short_of_margin.wait(2)
    zero.ask("reqAutoOpenOrders", bAutoBind=True)
    zero.ask("reqGlobalCancel")
    listed = [m for m in zero.ask("reqOpenOrders") if m.name == "openOrder"]

    assert [m.fields["o.orderId"] for m in listed] == [0]
    assert not [m for m in zero.heard if m.name == "orderBound"]
    short_of_margin.wait(10)
    assert held(short_of_margin) < 500


def test_the_position_that_frees_most_goes_first(open_stage: Callable[..., Any]) -> None:
    """And the other is kept where that is enough."""
    stage = open_stage()
    trader = stage.trader()
    trader.place(1, "BUY", 450)
    trader.place(2, "BUY", 50, c_conId=AAPL)
    stage.wait(1)
    fall(stage, "0.82")
    stage.wait(WAIT + 5)

    assert held(stage) < 450
    assert held(stage, AAPL) == 50
    assert excess(stage) > 0


def test_a_short_position_is_bought_back(open_stage: Callable[..., Any]) -> None:
    """When the price has risen."""
    stage = open_stage()
    stage.trader().place(1, "SELL", 400)
    stage.wait(1)
    fall(stage, "1.15")
    stage.wait(WAIT + 5)

    assert -400 < held(stage) < 0
    assert excess(stage) > 0


def test_a_fraction_is_closed_in_the_instrument_s_own_steps(
    open_stage: Callable[..., Any],
) -> None:
    """A coin is not rounded to whole ones."""
    stage = open_stage(cash="120000")
    trader = stage.trader()
    limit = {"o_orderType": "LMT", "o_lmtPrice": Decimal(115_000)}
    trader.place(1, "BUY", 1, **BTC, **limit)
    trader.place(2, "SELL", 40)
    stage.wait(1)
    fall(stage, "2.0")
    stage.wait(WAIT + 5)

    btc = held(stage, BTC["c_conId"])
    assert 0 < btc < 1
    assert btc % 1
    assert excess(stage) > 0


def test_when_nobody_is_connected_it_happens_all_the_same(short_of_margin: Any) -> None:
    """The exchange asks to be woken once a minute for a fall, and then for the very second of the sale."""
    exchange = short_of_margin.exchange
    for key in list(short_of_margin.traders):
        exchange.detach(key)
    woken: list[float] = []
    while held(short_of_margin) == 500 and len(woken) < 10:
        due = exchange.next_due()
        assert due is not None
        exchange.advance(due)
        woken.append((due - short_of_margin.now).total_seconds())

    assert held(short_of_margin) < 500
    assert woken[0] == pytest.approx(60, abs=1)
    assert woken[-1] - woken[0] == pytest.approx(WAIT, abs=1)


def test_a_restart_during_the_wait_warns_anew(short_of_margin: Any, universe: Any) -> None:
    """And begins the wait again; what has been liquidated keeps its mark in the saved state."""
    short_of_margin.wait(WAIT - 5)
    saved, now = short_of_margin.exchange.snapshot(), short_of_margin.now
    again = Exchange(universe, seed=7, cash=Decimal(1), hours=Hours.ALWAYS, now=now)
    again.restore(saved)
    short_of_margin.exchange = again
    short_of_margin.traders.clear()
    trader = short_of_margin.trader(1)
    short_of_margin.wait(WAIT - 5)
    assert (held(short_of_margin), len(warnings(trader.heard))) == (500, 1)
    short_of_margin.wait(10)
    again.restore(again.snapshot())

    marks = [execution.is_liquidation for execution in again.desk.registry.executions]
    assert (marks[0], marks[-1]) == (False, True)
    assert again.desk.registry.completed[-1].is_liquidation


def test_the_same_bytes_give_the_same_liquidation() -> None:
    """Two gateways of a seed tell it byte by byte alike."""
    order = {
        "orderId": 1,
        "c.conId": SPY,
        "c.exchange": "SMART",
        "o.action": "BUY",
        "o.totalQuantity": Decimal(500),
        "o.orderType": "MKT",
        "o.transmit": True,
    }

    def told() -> bytes:
        wires = Wires()
        line = wires.line(0)
        line.send(frame(load_requests().encode(178, Message("placeOrder", order))))
        wires.wait(1)
        wires.exchange.move_price("SPY", Decimal("554.00"))
        wires.wait(WAIT + 5)
        return bytes(line.out)

    first = told()
    assert first.count(b"ALERT") == 1
    assert first.count(b"SLD") > 0
    assert told() == first


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("", WAIT), ("--liquidation-seconds 7", 7), ("--no-liquidation", None)],
)
def test_the_command_line_says_when(line: str, seconds: int | None) -> None:
    """Two minutes unless told."""
    assert options_of(line.split()).order_rules.liquidation_seconds == seconds
