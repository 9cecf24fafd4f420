"""Changing a working order: one order all the time, both forms counted until the broker has spoken, nothing lost."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import (
    ChangeRefused,
    OrderDenied,
    OutcomeUnknown,
    UsageError,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def price(session: Session, share: str) -> Decimal:
    """Return a price so far below the market, on a tick."""
    return (session.quote("SPY").bid * Decimal(share)).quantize(Decimal("0.01"))


def rest(session: Session, quantity: int = 5, share: str = "0.95") -> str:
    """Have an order rest; return its reference."""
    return session.buy("SPY", quantity, limit=price(session, share), tif="GTC").order_ref


def row(session: Session, ref: str) -> Any:
    """Return the order as the ledger has it."""
    ledger = session.engine.records.ledger
    found = session.thread.run(session.engine.records.call, lambda: ledger.order(ref))
    assert found is not None
    return found.update


def at_the_gateway(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the placeOrder requests that have arrived, new orders and changes."""
    requests = gateway.command("received")["requests"]
    return [one["fields"] for one in requests if one["name"] == "placeOrder"]


def test_price_and_size_are_changed_and_it_stays_one_order(
    session: Session, gateway: Gateway
) -> None:
    """The same reference, the same id at the broker; the ledger has the new terms, and the journal the whole story."""
    ref = rest(session)
    new = price(session, "0.96")
    changed = session.modify(ref, limit=new, quantity=8)

    assert (changed.order_ref, changed.limit_price, changed.quantity) == (ref, new, 8)
    assert changed.state is OrderState.WORKING
    first, second = at_the_gateway(gateway)
    assert first["orderId"] == second["orderId"]
    assert first["o.orderRef"] == second["o.orderRef"] == ref
    assert [one.order_ref for one in session.orders() if one.state.is_open] == [ref]
    assert (row(session, ref).quantity, row(session, ref).limit_price) == (8, new)
    told = [line.what for line in session.why(ref)]
    assert told.index("modify intent") < told.index("modify sent") < told.index("modified")


def test_a_changed_order_fills_with_its_new_size(session: Session) -> None:
    """Through the market it fills like a new one; the sum of fills is the new size."""
    ref = rest(session)
    session.modify(ref, quantity=7)
    ask = session.quote("SPY").ask
    filled = session.modify(ref, limit=(ask * Decimal("1.005")).quantize(Decimal("0.01")))

    assert filled.order_ref == ref
    session.thread.run(
        session.engine.tracker.wait_until, ref, lambda one: not one.state.is_open, 5.0
    )
    assert sum(fill.quantity for fill in session.fills()) == 7
    assert [held.quantity for held in session.positions()] == [7]


def test_a_change_beyond_a_limit_is_denied_and_the_order_works_on(
    session: Session, gateway: Gateway
) -> None:
    """Every rule holds for changes too; nothing is sent."""
    ref = rest(session)
    with pytest.raises(OrderDenied, match="MAX_ORDER_QTY"):
        session.modify(ref, quantity=100_000)
    with pytest.raises(OrderDenied, match="PRICE_COLLAR"):
        session.modify(ref, limit=price(session, "1.30"))

    assert len(at_the_gateway(gateway)) == 1
    assert (row(session, ref).quantity, row(session, ref).state) == (5, OrderState.WORKING)


@pytest.mark.parametrize("code", [104, 105, 110, 134, 163, 201, 321, 383, 10341, 99_999])
def test_a_change_the_broker_refuses_leaves_the_order_as_it_was(
    session: Session, gateway: Gateway, code: int
) -> None:
    """Its words are told, and neither session nor ledger believes in the new terms."""
    ref = rest(session)
    before = row(session, ref)
    refusal = {"request": "placeOrder", "code": code, "text": "no such change"}
    gateway.command("fault", fault={"what": "reject", **refusal})

    with pytest.raises(ChangeRefused, match=f"code {code}: no such change"):
        session.modify(ref, quantity=9)
    after = row(session, ref)
    assert (after.quantity, after.limit_price) == (before.quantity, before.limit_price)
    session.thread.run(
        session.engine.tracker.wait_until,
        ref,
        lambda one: one.state is not OrderState.UNKNOWN,
        5.0,
    )
    assert [one.state for one in session.orders()] == [OrderState.WORKING]
    gateway.command("clear")
    assert session.modify(ref, quantity=6).quantity == 6


def test_while_a_change_is_unconfirmed_the_larger_form_counts(
    session: Session, gateway: Gateway
) -> None:
    """The broker may or may not have it; what it may do is what the limits count, here and in the ledger."""
    ref = rest(session)
    gateway.command(
        "fault", fault={"what": "lose", "messages": ["openOrder", "orderStatus"]}
    )

    with pytest.raises(OutcomeUnknown, match="has not confirmed the change"):
        session.modify(ref, quantity=9)
    assert row(session, ref).quantity == 9
    gateway.command("clear")
    session.orders()
    assert row(session, ref).quantity == 9
    assert session.modify(ref, quantity=6).quantity == 6
    assert row(session, ref).quantity == 6


def test_a_change_taken_back_from_the_queue_does_not_take_the_order_back(
    session: Session, gateway: Gateway
) -> None:
    """A cancel that finds only a change waiting still cancels the order, which works at the broker."""
    ref = rest(session)

    async def change_and_cancel() -> list[Any]:
        before = session.engine.tracker.order(ref)
        assert before is not None
        await begin_change(session, ref)
        return await session.engine.cancels.and_wait([before])

    [ended] = session.thread.run(change_and_cancel)
    assert ended.state is OrderState.CANCELLED
    assert len(at_the_gateway(gateway)) == 1
    assert gateway.command("received")["requests"][-1]["name"] == "cancelOrder"


def test_a_halt_drops_a_waiting_change_and_cancels_the_order(session: Session) -> None:
    """A dropped change is no withdrawn order."""
    ref = rest(session)
    session.thread.run(begin_change, session, ref)
    ended = session.halt()

    assert [(one.order_ref, one.state) for one in ended] == [(ref, OrderState.CANCELLED)]


async def begin_change(session: Session, ref: str) -> None:
    """Leave a change in the queue."""
    client: Any = session.engine.ib.client
    while not client.queued:
        client.reqCurrentTime()
    session.engine.in_background(
        session.verbs.modify(ref, source=session.source("python"), quantity=9)
    )
    for _ in range(100_000):
        if session.engine.tracker.change_of(ref) is not None:
            return
        await asyncio.sleep(0)
    raise AssertionError("the change was not begun")


def test_after_a_restart_in_the_middle_the_broker_says_which_form_works(
    session: Session, paths: Paths, gateway: Gateway
) -> None:
    """What the ledger held at worst becomes what the broker has."""
    ref = rest(session)
    gateway.command(
        "fault", fault={"what": "lose", "messages": ["openOrder", "orderStatus"]}
    )
    with pytest.raises(OutcomeUnknown):
        session.modify(ref, quantity=9)
    client_id = session.status().client_id
    session.close()
    gateway.command("clear")

    again = Session(paths=paths, notebook="test.ipynb")
    try:
        again.connect("sim", port=gateway.port, client_id=client_id)
        [update] = [one for one in again.orders() if one.state.is_open]
        assert (update.order_ref, update.quantity) == (ref, 9)
        assert again.cancel(ref).state is OrderState.CANCELLED
    finally:
        again.close()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"quantity": 5}, "nothing would change"),
        ({"quantity": -5}, "expected a positive number"),
        ({"tif": "soon"}, "expected one of"),
        ({"stop": 3}, "INVALID_FIELD: field=stop, value=3"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    session: Session, terms: dict[str, Any], message: str
) -> None:
    """One line, nothing sent."""
    ref = rest(session)

    with pytest.raises((UsageError, OrderDenied), match=message):
        session.modify(ref, **terms)
    with pytest.raises(UsageError, match="no working order has the reference"):
        session.modify("nobody", quantity=3)
    assert row(session, ref).quantity == 5


def test_an_order_of_another_notebook_is_not_changed(
    session: Session, second: Session
) -> None:
    """The broker lets only the client id that placed it."""
    ref = rest(second)
    session.orders()

    with pytest.raises(UsageError, match="placed by client id"):
        session.modify(ref, quantity=3)


def test_a_preview_sends_nothing(session: Session, gateway: Gateway) -> None:
    """It shows the verdict."""
    ref = rest(session)
    preview: Any = session.modify(ref, quantity=6, preview=True)

    assert preview[0].verdict == "would be sent"
    assert len(at_the_gateway(gateway)) == 1


def test_a_stop_is_moved(session: Session) -> None:
    """The trigger of a stop order, still waiting."""
    session.order("buy 5 SPY")
    ref = session.sell("SPY", 5, stop=price(session, "0.97"), tif="GTC").order_ref
    new = price(session, "0.98")

    assert session.modify(ref, stop=new).stop_price == new
