"""Brackets: one entry, one profit taker, one stop; all of them or none, against the embedded gateway."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import (
    OrderDenied,
    OutcomeUnknown,
    TogetherDenied,
    UsageError,
)
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def reserved(session: Session) -> list[str]:
    """Return what the ledger has open, after everything that waits to be written."""
    records = session.engine.records
    rows = session.thread.run(records.call, records.ledger.open_orders)
    return [row.update.order_ref for row in rows]


def price(session: Session, share: str) -> Decimal:
    """Return a part of the bid, on a tick."""
    return (session.quote("SPY").bid * Decimal(share)).quantize(Decimal("0.01"))


def sent(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the orders that have arrived."""
    requests = gateway.command("received")["requests"]
    return [one["fields"] for one in requests if one["name"] == "placeOrder"]


def order(session: Session, text: str) -> Any:
    """Send or preview what `text` says."""
    return session.order(text)


def bracket(
    session: Session, entry: str = "", take: str = "1.03", stop: str = "0.98"
) -> Any:
    """Send a bracket of 10 SPY."""
    return order(
        session,
        f"buy 10 SPY {entry} take {price(session, take)} stop {price(session, stop)} gtc",
    )


def no_shorts(session: Session) -> None:
    """Deny short sales, as live accounts do."""
    session.set_risk("short_sales_denied", True)  # noqa: FBT003  a limit that is yes or no


def when(session: Session, ref: str, state: OrderState) -> OrderUpdate:
    """Return the order once it is in `state`."""
    session.thread.run(
        session.engine.tracker.wait_until, ref, lambda one: one.state is state, 10.0
    )
    (found,) = [one for one in session.orders() if one.order_ref == ref]
    assert found.state is state
    return found


def test_a_bracket_fills_and_its_exits_work(session: Session, gateway: Gateway) -> None:
    """Three orders, the exits waiting for the entry, and only the last lets them go."""
    entry, take, stop = bracket(session)

    assert entry.state is OrderState.FILLED
    assert (take.state, stop.state) == (OrderState.WORKING, OrderState.WORKING)
    assert [row.quantity for row in session.positions()] == [10]
    first, second, third = sent(gateway)
    assert [one["o.transmit"] for one in (first, second, third)] == [False, False, True]
    assert second["o.parentId"] == third["o.parentId"] == first["orderId"]
    assert [one["o.orderType"] for one in (first, second, third)] == ["MKT", "LMT", "STP"]


def test_the_profit_taker_ends_the_stop(session: Session, gateway: Gateway) -> None:
    """And nothing is held or works afterwards."""
    _, take, stop = bracket(session)

    gateway.command("price", symbol="SPY", price=str(price(session, "1.05")))

    assert when(session, take.order_ref, OrderState.FILLED).filled == 10
    assert when(session, stop.order_ref, OrderState.CANCELLED).filled == 0
    assert not session.positions()


def test_the_stop_ends_the_profit_taker(session: Session, gateway: Gateway) -> None:
    """The other way."""
    _, take, stop = bracket(session)

    gateway.command("price", symbol="SPY", price=str(price(session, "0.96")))

    assert when(session, stop.order_ref, OrderState.FILLED).filled == 10
    assert when(session, take.order_ref, OrderState.CANCELLED).filled == 0
    assert not session.positions()


def test_cancelling_the_entry_ends_its_exits(session: Session) -> None:
    """An exit without its entry would open a position."""
    away = price(session, "0.95")
    entry, take, stop = bracket(session, f"lmt {away}", "0.99", "0.92")
    assert entry.state is OrderState.WORKING

    session.cancel(entry.order_ref)

    for exit_ in (take, stop):
        assert when(session, exit_.order_ref, OrderState.CANCELLED).filled == 0
    assert not session.positions()


def test_a_short_entry_is_bracketed_the_other_way_round(session: Session) -> None:
    """Profit below, stop above."""
    take, stop = price(session, "0.97"), price(session, "1.02")
    entry, taker, protector = order(session, f"sell 10 SPY take {take} stop {stop}")

    assert entry.state is OrderState.FILLED
    assert [one.side.value for one in (entry, taker, protector)] == ["SELL", "BUY", "BUY"]
    assert [row.quantity for row in session.positions()] == [-10]


@pytest.mark.parametrize(
    ("take", "stop", "found"),
    [
        ("0.98", "0.97", "field=take"),
        ("1.02", "1.01", "it would trigger at once"),
        ("1.60", "0.98", "PRICE_COLLAR"),
        ("1.02", "0.50", "PRICE_COLLAR"),
    ],
)
def test_one_exit_that_is_denied_keeps_all_three_back(
    session: Session, gateway: Gateway, take: str, stop: str, found: str
) -> None:
    """Whoever asked for a stop never gets an entry without it."""
    with pytest.raises(TogetherDenied, match=found):
        bracket(session, take=take, stop=stop)

    assert sent(gateway) == []
    assert len(session.orders()) == 0
    assert reserved(session) == []


def test_an_exit_off_the_tick_keeps_all_three_back(
    session: Session, gateway: Gateway
) -> None:
    """The broker would refuse the stop alone, after the entry has filled."""
    with pytest.raises(TogetherDenied, match="PRICE_INCREMENT"):
        session.order(f"buy 10 SPY take {price(session, '1.02')} stop 700.001")
    assert sent(gateway) == []


def test_an_entry_beyond_a_limit_is_denied_once(session: Session) -> None:
    """Its exits are not judged: they would have nothing to undo."""
    with pytest.raises(TogetherDenied) as denied:
        session.order(
            f"buy 5000 SPY take {price(session, '1.02')} stop {price(session, '0.98')}"
        )

    ((text, refusal),) = denied.value.refusals
    assert text.startswith("buy 5000 SPY take")
    assert "MAX_ORDER_QTY" in str(refusal)
    assert isinstance(denied.value, OrderDenied)


def test_a_preview_judges_all_three_and_sends_nothing(
    session: Session, gateway: Gateway
) -> None:
    """The exits are judged as if the entry worked already."""
    take, stop = price(session, "1.02"), price(session, "0.98")
    shown = order(session, f"buy 10 SPY take {take} stop {stop} --preview")

    assert [row.verdict for row in shown] == ["would be sent"] * 3
    assert sent(gateway) == []
    assert reserved(session) == []


def test_exits_that_wait_take_no_share_of_the_limits(session: Session) -> None:
    """An exit cannot sell what its entry has not bought."""
    no_shorts(session)
    session.buy("SPY", 10)
    bracket(session, f"lmt {price(session, '0.95')}", "0.99", "0.92")

    assert session.sell("SPY", 10).state is OrderState.FILLED


def test_working_exits_count_once(session: Session) -> None:
    """One of the two will sell; together with another sale that is more than is held."""
    no_shorts(session)
    bracket(session)

    with pytest.raises(OrderDenied, match="SHORT_SALE: sell=10, long=10, working_sells=10"):
        session.sell("SPY", 10)
    assert session.close_position("SPY").is_flat


def test_a_stop_is_drawn_closer(session: Session) -> None:
    """The commonest change of all; with short sales denied, too."""
    no_shorts(session)
    _, take, stop = bracket(session)
    nearer = price(session, "0.99")

    assert session.modify(stop.order_ref, stop=nearer).stop_price == nearer
    higher = price(session, "1.04")
    assert session.modify(take.order_ref, limit=higher).limit_price == higher
    assert {one.order_ref for one in session.orders() if one.state.is_open} == {
        take.order_ref,
        stop.order_ref,
    }


def test_the_size_of_one_order_of_a_bracket_is_not_changed(session: Session) -> None:
    """The others would no longer fit."""
    entry, _, stop = bracket(session, f"lmt {price(session, '0.95')}", "0.99", "0.92")

    for one in (entry, stop):
        with pytest.raises(
            UsageError, match="is of a bracket, whose orders are of one size"
        ):
            session.modify(one.order_ref, quantity=5)


def test_after_a_restart_the_exits_are_still_one_bracket(
    paths: Paths, session: Session, gateway: Gateway
) -> None:
    """From the ledger: they count once, and the stop can be drawn closer."""
    _, _, stop = bracket(session)
    session.close()

    later = Session(paths=paths, notebook="test.ipynb")
    try:
        later.connect("sim", port=gateway.port)
        no_shorts(later)
        nearer = price(later, "0.99")
        assert later.modify(stop.order_ref, stop=nearer).stop_price == nearer
        with pytest.raises(OrderDenied, match="working_sells=10"):
            later.sell("SPY", 1)
    finally:
        later.close()


def test_a_stop_that_the_broker_refuses_takes_the_entry_with_it(
    session: Session, gateway: Gateway
) -> None:
    """The broker holds the entry until the stop has come: without it nothing is ever let go."""
    gateway.command(
        "fault",
        fault={
            "what": "reject", "request": "placeOrder", "code": 201, "text": "no stops today",
            "times": 1, "when": {"message": "placeOrder", "nth": 3},
        },
    )  # fmt: skip
    found = bracket(session)

    (first, *_) = found.notes
    assert "the bracket was not whole, so its entry was cancelled" in first
    assert "stop: code 201: no stops today" in found.notes[0]
    assert [one.state.is_open for one in found] == [False, False, False]
    assert not session.positions()


def test_a_profit_taker_that_the_broker_refuses_leaves_the_stop(
    session: Session, gateway: Gateway
) -> None:
    """What protects is not taken away; what is missing is said."""
    gateway.command(
        "fault",
        fault={
            "what": "reject", "request": "placeOrder", "code": 201, "text": "no profit today",
            "times": 1, "when": {"message": "placeOrder", "nth": 2},
        },
    )  # fmt: skip
    entry, take, stop = (found := bracket(session))

    assert entry.state is OrderState.FILLED
    assert take.state is OrderState.REJECTED
    assert stop.state is OrderState.WORKING
    assert "take: code 201: no profit today: the position has its stop" in found.notes[0]


def test_an_interrupt_leaves_no_entry_without_its_stop(
    session: Session, gateway: Gateway
) -> None:
    """Whoever stops waiting while the broker refuses the stop is looked after all the same."""
    gateway.command(
        "fault",
        fault={
            "what": "reject", "request": "placeOrder", "code": 201, "text": "no stops today",
            "times": 1, "when": {"message": "placeOrder", "nth": 3},
        },
    )  # fmt: skip
    take, stop = price(session, "1.03"), price(session, "0.98")

    async def interrupted() -> None:
        text = f"buy 10 SPY lmt {price_now} take {take} stop {stop} gtc"
        sending = asyncio.create_task(
            session.verbs.order(text, source=session.source("python"))
        )
        # The very moment between bytes and answer.
        while not session.engine.tracker.orders:  # noqa: ASYNC110  there is no event for it
            await asyncio.sleep(0)
        sending.cancel()

    price_now = price(session, "0.99")
    session.thread.run(interrupted)
    entry = session.engine.tracker.orders[0].order_ref

    assert when(session, entry, OrderState.CANCELLED).filled == 0
    assert not [one for one in session.orders() if one.state.is_open]


def test_a_halt_between_decision_and_bytes_keeps_all_three_back(
    session: Session, gateway: Gateway
) -> None:
    """None of them is sent, and none is left behind as reserved."""
    session.halt(reason="enough")
    with pytest.raises(OrderDenied, match="TRADING_HALTED"):
        bracket(session)

    assert sent(gateway) == []
    assert reserved(session) == []


def test_a_bracket_of_which_nothing_is_heard_is_not_forgotten(
    session: Session, gateway: Gateway
) -> None:
    """All three are named, and `%orders` has them when the broker speaks again."""
    gateway.command(
        "fault",
        fault={"what": "lose", "messages": ["openOrder", "orderStatus"], "times": 50},
    )
    with pytest.raises(OutcomeUnknown, match=r"ELB:.*, ELB:.*, ELB:"):
        bracket(session, f"lmt {price(session, '0.95')}", "0.99", "0.92")

    gateway.command("clear")
    assert len([one for one in session.orders() if one.state.is_open]) == 3
    assert len(sent(gateway)) == 3
