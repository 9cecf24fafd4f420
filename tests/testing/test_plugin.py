"""The pytest plugin in a project of its own, with an ordinary client."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = 'pytest_plugins = ["edgerunner_lab.testing"]\n'

PROJECT = """
import asyncio
from decimal import Decimal

import ib_async
import pytest

from edgerunner_lab.testing import Gateway, GatewayError


async def connected(gateway, client_id=1):
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", gateway.port, clientId=client_id, timeout=10)
    return ib


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def run(conversation):
    asyncio.run(asyncio.wait_for(conversation, 25))


def test_time_stands_still_until_it_is_stepped(gateway):
    before = gateway.now()
    assert gateway.now() == before
    assert (gateway.step(5) - before).total_seconds() == 5


def test_an_order_is_received_and_filled(gateway):
    async def trade():
        ib = await connected(gateway)
        [spy] = await ib.qualifyContractsAsync(ib_async.Stock("SPY", "SMART", "USD"))
        trade = ib.placeOrder(spy, ib_async.MarketOrder("BUY", 3))
        [request] = gateway.wait_for("placeOrder")
        assert request.client == 1
        assert request.fields["o.orderType"] == "MKT"
        assert Decimal(request.fields["o.totalQuantity"]) == 3
        gateway.step(2)
        await until(lambda: trade.orderStatus.status == "Filled")
        ib.disconnect()

    run(trade())


def test_a_restart_keeps_port_time_and_orders(gateway):
    async def trade():
        ib = await connected(gateway)
        [spy] = await ib.qualifyContractsAsync(ib_async.Stock("SPY", "SMART", "USD"))
        ib.placeOrder(spy, ib_async.LimitOrder("BUY", 3, 10, tif="GTC"))
        gateway.wait_for("placeOrder")
        now, port = gateway.step(100), gateway.port
        gateway.restart()
        assert (gateway.now(), gateway.port) == (now, port)
        await until(lambda: not ib.isConnected())
        again = await connected(gateway)
        [trade] = again.openTrades()
        assert trade.order.lmtPrice == 10
        again.disconnect()

    run(trade())


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "spy.csv"
    path.write_text("time,price\\n2026-11-23T14:30:00Z,612.34\\n")
    return path


def test_recorded_prices_are_played(recorded, gateway):
    gateway.restart(recorded={"SPY": recorded}, state=str(recorded.parent / "other"))

    async def look():
        ib = await connected(gateway)
        [spy] = await ib.qualifyContractsAsync(ib_async.Stock("SPY", "SMART", "USD"))
        ticker = ib.reqMktData(spy, snapshot=True)
        await until(lambda: ticker.last == 612.34)
        ib.disconnect()

    run(look())


def test_a_fault_is_injected(gateway):
    async def listen():
        ib = await connected(gateway)
        heard = []
        ib.errorEvent += lambda request, code, text, contract: heard.append(code)
        gateway.inject("notice", code=1100)
        await until(lambda: 1100 in heard)
        gateway.drop_clients()
        await until(lambda: not ib.isConnected())

    run(listen())


def test_a_refusal_is_one_clear_line(gateway):
    with pytest.raises(GatewayError, match="fault: what was 'explode', expected one of drop,"):
        gateway.inject("explode")


def test_after_a_crash_it_starts_again_where_it_was(gateway):
    port = gateway.port
    now = gateway.step(7)
    gateway.kill()
    with pytest.raises(GatewayError, match="the gateway has ended"):
        gateway.state()
    gateway.start()
    assert (gateway.port, gateway.now()) == (port, now)


@pytest.mark.gateway(speed=100)
def test_a_running_clock_cannot_be_stepped(gateway):
    with pytest.raises(GatewayError, match="the clock runs at speed 100, expected 0"):
        gateway.step(1)


@pytest.mark.gateway(seed="x")
def test_a_gateway_that_does_not_start_says_why(request):
    with pytest.raises(GatewayError, match="argument --seed: was 'x', expected a whole"):
        request.getfixturevalue("gateway")
"""


def test_it_works_in_a_project_of_its_own(tmp_path: Path) -> None:
    """Everything that docs/gateway.md promises of the fixture, in a subprocess without our configuration."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_bot.py").write_text(PROJECT)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers -p no:cacheprovider\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


pytestmark = pytest.mark.timeout(120)
