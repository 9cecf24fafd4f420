"""A live account is looked at and never traded: whatever is called, in whatever order, no frame that trades leaves (I2)."""

import os
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from ib_async import Contract, LimitOrder, MarketOrder, Order

from edgerunner_lab.core.errors import EdgerunnerError, OrderDenied
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.broker import encoded
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway, Gateways

LIVE = "U1234567"
CALLS = int(os.environ.get("EDGERUNNER_LIVE_CALLS", "4000"))
SEED = int(os.environ.get("EDGERUNNER_LIVE_SEED", "20261124"))
VERBS_EVERY = 40
"""One call in so many is a verb: each of them is judged, and its denial is written durably."""

TRADING = frozenset({"placeOrder", "exerciseOptions", "replaceFA"})
SPY = Contract(conId=756733, symbol="SPY", secType="STK", exchange="SMART", currency="USD")


@pytest.fixture
def gateway(gateways: Gateways) -> Gateway:
    """A private embedded gateway that may announce a live account, as only a test's may."""
    return gateways.start("--pretend-live")


@pytest.fixture
def live(paths: Paths, gateway: Gateway) -> Iterator[Session]:
    """A session on an account that announces itself as live."""
    gateway.command("fault", fault={"what": "account", "name": LIVE})
    session = Session(paths=paths, notebook="live.ipynb")
    session.connect("live", port=gateway.port)
    yield session
    session.close()


def framed(*fields: object) -> bytes:
    """Return fields as they stand on the wire."""
    data = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(data)) + data


def raw_calls(session: Session, chance: random.Random) -> dict[str, Callable[[], object]]:
    """Return what code that has got hold of ib_async's own objects may try, on the session's thread."""
    ib: Any = session.engine.ib
    client = ib.client
    order_id = chance.randrange(1, 10_000)

    def an_order() -> Order:
        account = chance.choice([LIVE, "", "DU1000001", "U7654321"])
        quantity = chance.choice([1, 10, 0.5, 1_000_000, float("nan"), -3])
        made = chance.choice(
            [
                lambda: MarketOrder("BUY", quantity),
                lambda: LimitOrder("SELL", quantity, chance.choice([500.0, -1.0, 1e308])),
            ]
        )()
        made.account, made.orderId = account, order_id
        made.whatIf = chance.random() < 0.3
        made.transmit = chance.random() < 0.7
        return made

    wire = an_order()
    wire.account, wire.whatIf, wire.transmit, wire.totalQuantity = LIVE, False, True, 1
    if wire.orderType == "LMT":
        wire.lmtPrice = 500.0
    whole = framed(*encoded(client.serverVersion(), order_id, SPY, wire))
    head = [3, order_id, 756733, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD"]
    return {
        "client.placeOrder": lambda: client.placeOrder(order_id, SPY, an_order()),
        "ib.placeOrder": lambda: ib.placeOrder(SPY, an_order()),
        "ib.whatIfOrder": lambda: ib.whatIfOrderAsync(SPY, an_order()).close(),
        "client.exerciseOptions": lambda: client.exerciseOptions(
            order_id, SPY, 1, 1, LIVE, 1
        ),
        "client.replaceFA": lambda: client.replaceFA(order_id, 1, "<xml/>"),
        "client.send": lambda: client.send(*head, chance.choice(["BUY", "SELL", "\0"])),
        "client.sendMsg": lambda: client.sendMsg("\0".join(map(str, head)) + "\0"),
        "conn.sendMsg": lambda: client.conn.sendMsg(framed(*head, "BUY", "1")),
        "conn.sendMsg, whole": lambda: client.conn.sendMsg(whole),
        "conn.sendMsg, in an unknown one": lambda: client.conn.sendMsg(
            framed("9999") + whole + framed("49", "1")
        ),
        "conn.sendMsg, no id": lambda: client.conn.sendMsg(framed("", *head)),
        "conn.sendMsg, padded": lambda: client.conn.sendMsg(framed(" 3", *head[1:])),
        "conn.sendMsg, 3.0": lambda: client.conn.sendMsg(framed("3.0", *head[1:])),
        "conn.sendMsg, two": lambda: client.conn.sendMsg(framed("49", "1") + whole),
        "conn.sendMsg, split": lambda: client.conn.sendMsg(framed(*head)[:7]),
    }


def verbs(session: Session, chance: random.Random) -> dict[str, Callable[[], object]]:
    """Return what a notebook may try."""
    quantity = chance.choice([1, 10, 500])
    return {
        "order": lambda: session.order(f"buy {quantity} SPY"),
        "order again": lambda: session.order(f"buy {quantity} SPY --again"),
        "trail": lambda: session.order("sell 1 SPY trail 2%"),
        "bracket": lambda: session.order("buy 1 SPY take 720 stop 660 gtc"),
        "basket": lambda: session.basket("buy 1 SPY\nsell 2 SPY"),
        "buy": lambda: session.buy("SPY", quantity, limit=Decimal(600), again=True),
        "sell": lambda: session.sell("SPY", quantity, tif="IOC"),
        "modify": lambda: session.modify("ELB:X", limit=1),
        "close": lambda: session.close_position("SPY"),
        "cancel": lambda: session.cancel("all"),
        "resume": lambda: session.resume(reason="try"),
        "set_risk": lambda: session.set_risk("max_order_qty.STK", 1_000_000),
        "lab.ib.placeOrder": lambda: session.ib.placeOrder(SPY, MarketOrder("BUY", 1)),
        "lab.ib.exerciseOptions": lambda: session.ib.exerciseOptions(SPY, 1, 1, LIVE, 1),
        "lab.ib.whatIfOrder": lambda: session.ib.whatIfOrder(SPY, MarketOrder("BUY", 1)),
        "lab.ib.client": lambda: session.ib.client.placeOrder(1, SPY, MarketOrder("BUY", 1)),
    }  # fmt: skip


def test_no_call_makes_a_frame_that_trades_leave(live: Session, gateway: Gateway) -> None:
    """Thousands in one order of chance; EDGERUNNER_LIVE_CALLS and EDGERUNNER_LIVE_SEED choose how many and which."""
    assert live.status().mode.value == "LIVE"
    chance = random.Random(SEED)  # noqa: S311  a test's choice
    called: Counter[str] = Counter()

    async def raw(count: int) -> None:
        for _ in range(count):
            tries = raw_calls(live, chance)
            name = chance.choice(sorted(tries))
            called[name] += 1
            # Whatever it raises: what counts is what leaves.
            with suppress(Exception):
                tries[name]()
        # What waits for its turn at the broker's rate is tried now.
        sender: Any = live.engine.ib.client
        for lane in sender._sender._lanes:
            while lane:
                sender._write(lane.popleft())

    for _ in range(CALLS // VERBS_EVERY):
        tries = verbs(live, chance)
        name = chance.choice(sorted(tries))
        called[name] += 1
        with suppress(EdgerunnerError, AttributeError, AssertionError):
            tries[name]()
        live.thread.run(raw, VERBS_EVERY - 1)

    requests = Counter(one["name"] for one in gateway.command("received")["requests"])
    assert not TRADING & set(requests), requests
    assert len(called) > 20


def test_a_live_order_is_denied_by_name_and_its_account_is_masked(live: Session) -> None:
    """Until somebody arms it in a terminal, which nothing in a notebook can."""
    with pytest.raises(OrderDenied) as denied:
        live.buy("SPY", 1)

    assert "LIVE_NOT_ARMED" in str(denied.value) or "FOREIGN_ENVIRONMENT" in str(
        denied.value
    )
    assert LIVE not in str(denied.value)
    assert LIVE not in repr(live.status())
