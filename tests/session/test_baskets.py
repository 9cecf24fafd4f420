"""Baskets: one order a line, judged together, sent together or not at all, against the embedded gateway."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.errors import OrderDenied, TogetherDenied, UsageError
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def sent(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the orders that have arrived."""
    requests = gateway.command("received")["requests"]
    return [one["fields"] for one in requests if one["name"] == "placeOrder"]


def basket(session: Session, text: str, **how: bool) -> Any:
    """Send or preview a basket."""
    return session.basket(text, **how)


def reserved(session: Session) -> list[str]:
    """Return what the ledger has open, after everything that waits to be written."""
    records = session.engine.records
    rows = session.thread.run(records.call, records.ledger.open_orders)
    return [row.update.order_ref for row in rows]


def price(session: Session, share: str) -> Decimal:
    """Return a part of the bid of SPY, on a tick."""
    return (session.quote("SPY").bid * Decimal(share)).quantize(Decimal("0.01"))


def test_every_line_is_an_order(session: Session) -> None:
    """Comments and empty lines are none."""
    text = "# opening\nbuy 10 SPY\n\n  buy 5 QQQ\n # the third\nbuy 1 AAPL\n"
    rows = basket(session, text)

    assert [(row.symbol, row.state) for row in rows] == [
        (symbol, OrderState.FILLED) for symbol in ("SPY", "QQQ", "AAPL")
    ]
    assert {row.symbol: row.quantity for row in session.positions()} == {
        "SPY": 10, "QQQ": 5, "AAPL": 1,
    }  # fmt: skip


def test_a_basket_takes_brackets_and_options_of_each_line(
    session: Session, gateway: Gateway
) -> None:
    """Each entry holds its own exits back, and nothing else."""
    take, stop = price(session, "1.03"), price(session, "0.98")
    rows = basket(session, f"buy 10 SPY take {take} stop {stop} gtc\nbuy 5 QQQ --ref mine")

    assert [row.symbol for row in rows] == ["SPY", "SPY", "SPY", "QQQ"]
    assert [one["o.transmit"] for one in sent(gateway)] == [False, False, True, True]
    assert rows[3].name == "mine"


def test_one_order_that_is_denied_keeps_every_other_back(
    session: Session, gateway: Gateway
) -> None:
    """All refusals are told, each with its line, and nothing is left behind."""
    with pytest.raises(TogetherDenied) as denied:
        basket(session, "buy 10 SPY\nbuy 5000 QQQ\nbuy 9000 AAPL")

    assert [text for text, _ in denied.value.refusals] == ["buy 5000 QQQ", "buy 9000 AAPL"]
    assert sent(gateway) == []
    assert reserved(session) == []
    assert not session.positions()


def test_orders_that_only_together_break_a_limit_are_denied(
    session: Session, gateway: Gateway
) -> None:
    """Each is judged as if those before it worked."""
    bid = session.quote("SPY").bid
    half = int(Decimal(9000) / bid)
    line = f"buy {half} SPY lmt {price(session, '0.99')}"
    with pytest.raises(TogetherDenied, match="MAX_POSITION"):
        basket(session, "\n".join([f"{line} --ref a{n}" for n in range(3)]))
    assert sent(gateway) == []


def test_a_preview_is_a_table_with_a_verdict_a_line(
    session: Session, gateway: Gateway
) -> None:
    """And sends nothing."""
    rows = basket(session, "buy 10 SPY\nbuy 5000 QQQ", preview=True)

    assert [row.verdict for row in rows] == ["would be sent", "would be denied"]
    assert sent(gateway) == []
    assert reserved(session) == []


def test_every_wrong_line_is_named_before_anything_is_asked(
    session: Session, gateway: Gateway
) -> None:
    """With its number, what was found and what was expected."""
    with pytest.raises(UsageError) as refused:
        basket(session, "buy 10 SPY\nbuy ten QQQ\n# fine\nsell 5\nbuy 1 AAPL --preview")

    lines = str(refused.value).splitlines()
    assert [line.split(",")[0].split(":")[0] for line in lines] == [
        "line 2", "line 4", "line 5", "nothing was sent",
    ]  # fmt: skip
    assert sent(gateway) == []


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing"])
def test_an_empty_basket_is_refused(session: Session, text: str) -> None:
    """It says what a line looks like."""
    with pytest.raises(UsageError, match="a basket without an order"):
        basket(session, text)


def test_more_lines_than_orders_are_allowed_in_ten_seconds_are_refused(
    session: Session, gateway: Gateway
) -> None:
    """To try again later would not help, so that is not what it says."""
    with pytest.raises(UsageError, match="6 lines were found, expected at most 5"):
        basket(session, "\n".join(["buy 1 SPY"] * 6))
    assert sent(gateway) == []


def test_a_basket_that_would_not_leave_at_once_is_refused(
    session: Session, gateway: Gateway
) -> None:
    """What waited in the queue could stay behind; exits count."""
    line = f"buy 1 SPY take {price(session, '1.03')} stop {price(session, '0.98')}"
    with pytest.raises(UsageError, match="27 orders were found"):
        basket(session, "\n".join([line] * 9))
    assert sent(gateway) == []


def test_a_basket_on_a_busy_line_is_withdrawn_whole(
    session: Session, gateway: Gateway
) -> None:
    """With fewer tokens than orders none of them leaves, and none stays reserved."""
    text = "buy 1 SPY\nbuy 1 QQQ\nbuy 1 AAPL"
    session.quote("SPY", "QQQ", "AAPL")
    basket(session, text, preview=True)

    async def crowded() -> None:
        for _ in range(30):
            session.engine.ib.client.sendMsg("49\x001\x00")

    session.thread.run(crowded)
    with pytest.raises(OrderDenied, match="WIRE_RATE: orders=3"):
        basket(session, text)
    assert sent(gateway) == []
    assert reserved(session) == []


def test_a_basket_that_runs_again_is_a_repeat(session: Session) -> None:
    """In simulation it is warned of, line by line; `again` says that it is meant."""
    text = "buy 1 SPY"
    basket(session, text)

    (note,) = basket(session, text).notes
    assert note.startswith("SPY: DUPLICATE_ORDER")
    assert basket(session, text, again=True).notes == ()
