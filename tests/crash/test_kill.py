"""SIGKILL between intent, send, acknowledgement and fill loses and doubles nothing (RISK I1, I4, I6, I11)."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from ib_async import IB

from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from edgerunner_lab.session.wall_clock import utc_now
from rigs import trader
from rigs.gateways import Gateway
from rigs.proxy import Proxy

LIMITS = "[sim]\nmax_orders_10s = 100000\nmax_orders_1h = 100000\nmax_orders_1d = 100000\nmax_same_orders_60s = 100000\n"
PLACE_ORDER, OPEN_ORDER, ORDER_STATUS, EXECUTION = 3, 5, 3, 11
ORDERS_BEFORE = 3
"""The kill comes at a later order, so that there are finished ones to lose."""

RESOLVE_SECONDS = 20
RANDOM_KILLS = int(os.environ.get("EDGERUNNER_CRASHES", "4"))
IN_FLIGHT = (
    OrderState.RESERVED,
    OrderState.SENT,
    OrderState.UNKNOWN,
    OrderState.PENDING_CANCEL,
)


class Killer:
    """Kills the trader when the n-th frame of a kind passes."""

    def __init__(self, direction: str, message_id: int, *, passes_on: bool) -> None:
        self._point = (direction, message_id)
        self._passes_on = passes_on
        self._seen = Counter[tuple[str, int]]()
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, direction: str, message_id: int) -> bool:
        """Be the proxy's watch."""
        self._seen[direction, message_id] += 1
        if (direction, message_id) != self._point or self._seen[
            "out", PLACE_ORDER
        ] <= ORDERS_BEFORE:
            return True
        assert self.process is not None
        if self._passes_on:
            threading.Timer(0.002, self.process.kill).start()
            return True
        self.process.kill()
        return False


def start_trader(port: int) -> "subprocess.Popen[str]":
    """Start the trading process in this test's home."""
    return subprocess.Popen(
        [sys.executable, str(Path(trader.__file__)), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def printed_refs(process: "subprocess.Popen[str]") -> list[str]:
    """Return what the trader said before its end."""
    said, _ = process.communicate(timeout=25)
    assert process.returncode == -9, "the trader should have been killed"
    return said.split()


def check_nothing_lost_or_doubled(
    paths: Paths, gateway: Gateway, printed: list[str]
) -> None:
    """Compare the gateway's own records with the ledger, after a new session has come up."""
    session = Session(paths=paths, notebook=trader.NOTEBOOK)
    try:
        session.connect("sim", port=gateway.port)
        deadline = time.monotonic() + RESOLVE_SECONDS
        pause = threading.Event()
        while (
            any(o.state in IN_FLIGHT for o in session.orders())
            and time.monotonic() < deadline
        ):
            pause.wait(0.1)
        left = [o for o in session.orders() if o.state in IN_FLIGHT]
        position = sum((p.quantity for p in session.positions()), Decimal(0))
    finally:
        session.close()
    orders, executed, signed = asyncio.run(gateway_records(gateway.port))
    ledger = Ledger.open(paths.ledger, clock=utc_now, owner="oracle")
    try:
        rows = {ref: ledger.order(ref) for ref in {*orders, *executed, *printed}}
        verified = ledger.verify()
    finally:
        ledger.close()

    assert left == []
    assert [ref for ref, row in rows.items() if row is None] == [], (
        "sent without a durable intent (I1)"
    )
    assert [ref for ref, perm_ids in orders.items() if len(perm_ids) > 1] == [], (
        "doubled (I4)"
    )
    wrong = {
        ref: (row.update.filled, executed.get(ref, Decimal(0)))
        for ref, row in rows.items()
        if row is not None and row.update.filled != executed.get(ref, Decimal(0))
    }
    assert wrong == {}, "ledger and gateway disagree about what has filled (I6)"
    assert position == signed
    assert verified.holds, verified.problem


async def gateway_records(
    port: int,
) -> tuple[dict[str, set[int]], dict[str, Decimal], Decimal]:
    """Return, from the gateway alone: permIds by reference, quantity filled by reference, the position they make."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=7, raiseSyncErrors=True)
    try:
        trades = [
            *await ib.reqAllOpenOrdersAsync(),
            *await ib.reqCompletedOrdersAsync(apiOnly=False),
        ]
        fills = await ib.reqExecutionsAsync()
    finally:
        ib.disconnect()
    perm_ids: defaultdict[str, set[int]] = defaultdict(set)
    executed: defaultdict[str, Decimal] = defaultdict(Decimal)
    signed = Decimal(0)
    for trade in trades:
        perm_ids[trade.order.orderRef].add(trade.order.permId)
    for fill in fills:
        quantity = Decimal(str(fill.execution.shares))
        perm_ids[fill.execution.orderRef].add(fill.execution.permId)
        executed[fill.execution.orderRef] += quantity
        signed += quantity if fill.execution.side == "BOT" else -quantity
    return perm_ids, executed, signed


@pytest.fixture
def generous(paths: Paths) -> Paths:
    """A home whose rate limits do not stop the trader."""
    (paths.config / "limits.toml").write_text(LIMITS, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("direction", "message_id", "passes_on"),
    [
        pytest.param("out", PLACE_ORDER, False, id="written, never arrived"),
        pytest.param("out", PLACE_ORDER, True, id="arrived, answer unheard"),
        pytest.param("in", OPEN_ORDER, False, id="acknowledgement unheard"),
        pytest.param("in", OPEN_ORDER, True, id="acknowledgement heard"),
        pytest.param("in", EXECUTION, False, id="fill unheard"),
        pytest.param("in", EXECUTION, True, id="fill heard"),
    ],
)
def test_a_kill_at_a_named_point(
    generous: Paths, gateway: Gateway, direction: str, message_id: int, *, passes_on: bool
) -> None:
    """Whatever the process had heard, the next session and the ledger agree with the gateway."""
    killer = Killer(direction, message_id, passes_on=passes_on)
    proxy = Proxy(gateway.port, killer)
    try:
        process = start_trader(proxy.port)
        killer.process = process
        printed = printed_refs(process)
    finally:
        proxy.close()

    check_nothing_lost_or_doubled(generous, gateway, printed)


def test_a_kill_at_the_intent(generous: Paths, gateway: Gateway) -> None:
    """The instant the intent is durable, whether or not its bytes have left."""
    process = start_trader(gateway.port)
    deadline = time.monotonic() + 20
    intents = 0
    while intents <= ORDERS_BEFORE and time.monotonic() < deadline:
        if generous.ledger.exists():
            reader = sqlite3.connect(f"file:{generous.ledger}?mode=ro", uri=True)
            try:
                query = "SELECT count(*) FROM journal WHERE kind = 'INTENT'"
                intents = reader.execute(query).fetchone()[0]
            except sqlite3.OperationalError:
                intents = 0
            finally:
                reader.close()
    process.kill()

    check_nothing_lost_or_doubled(generous, gateway, printed_refs(process))


@pytest.mark.parametrize("number", range(RANDOM_KILLS))
def test_a_kill_at_any_moment(generous: Paths, gateway: Gateway, number: int) -> None:
    """Somewhere in a stream of orders; the delay is shown by a failure."""
    assert number >= 0
    process = start_trader(gateway.port)
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    delay_s = random.uniform(0.0, 0.25)  # noqa: S311  not a secret
    threading.Event().wait(delay_s)
    process.kill()
    printed = [first, *printed_refs(process)]

    check_nothing_lost_or_doubled(generous, gateway, printed)
