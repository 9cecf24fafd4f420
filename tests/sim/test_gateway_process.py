"""The gateway as its own process, spoken to by an unmodified ib_async."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import ib_async
import pytest

DEADLINE = 10.0


@contextmanager
def gateway(*arguments: str) -> Generator[tuple["subprocess.Popen[str]", int]]:
    """Start a gateway; yield it and its port; end it if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgerunner_lab.sim", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line.startswith("listening on 127.0.0.1:"), process.stderr.read()
            yield process, int(line.rpartition(":")[2])
        finally:
            process.kill()


@asynccontextmanager
async def connected(
    port: int, client_id: int = 1, version: int = 178
) -> AsyncGenerator[ib_async.IB]:
    """Connect ib_async at a server version."""
    ib = ib_async.IB()
    ib.client.MaxClientVersion = version
    await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=DEADLINE)
    try:
        yield ib
    finally:
        ib.disconnect()


async def spy(ib: ib_async.IB) -> ib_async.Contract:
    """Return SPY as the gateway knows it."""
    contract = ib_async.Stock("SPY", "SMART", "USD")
    details = await ib.reqContractDetailsAsync(contract)
    assert len(details) == 1
    assert details[0].contract is not None
    return details[0].contract


async def wait_for(event: Any, condition: Any) -> None:
    """Wait until `condition` holds, looking at it whenever `event` fires."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await event


@pytest.mark.parametrize("version", [157, 166, 176, 178])
async def test_ib_async_connects_trades_and_reads_it_all_back(
    version: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Contract, quote, bars, a fill with its commission, a cancel, and the account after it."""
    with gateway("--seed", "7", "--max-server-version", str(version)) as (_, port):
        async with connected(port, version=version) as ib:
            assert ib.client.serverVersion() == version
            contract = await spy(ib)
            assert contract.conId == 756733
            ticker = ib.reqMktData(contract)
            await wait_for(ticker.updateEvent, ticker.hasBidAsk)
            bars = await ib.reqHistoricalDataAsync(
                contract, "", "1 D", "5 mins", "TRADES", useRTH=False
            )
            assert len(bars) > 10
            bought = ib.placeOrder(contract, ib_async.MarketOrder("BUY", 10))
            await wait_for(
                ib.commissionReportEvent,
                lambda: bought.fills and bought.fills[-1].commissionReport.commission,
            )
            await wait_for(bought.statusEvent, bought.isDone)
            resting = ib.placeOrder(
                contract, ib_async.LimitOrder("BUY", 10, round(ticker.bid / 2, 2))
            )
            await wait_for(
                resting.statusEvent, lambda: resting.orderStatus.status == "Submitted"
            )
            ib.cancelOrder(resting.order)
            await wait_for(resting.statusEvent, resting.isDone)

            assert bought.orderStatus.status == "Filled"
            assert resting.orderStatus.status == "Cancelled"
            [position] = await ib.reqPositionsAsync()
            assert (position.contract.conId, position.position) == (756733, 10)
            completed = await ib.reqCompletedOrdersAsync(apiOnly=False)
            assert [trade.orderStatus.status for trade in completed] == [
                "Filled",
                "Cancelled",
            ]
    assert not [
        record for record in caplog.records if "Error handling fields" in record.message
    ]


async def test_orders_and_positions_survive_a_restart(tmp_path: Path) -> None:
    """SIGTERM ends it with status 0; the next one goes on where it ended."""
    directories = ["--state", str(tmp_path), "--runtime", str(tmp_path)]
    with gateway("--seed", "5", *directories) as (process, port):
        async with connected(port) as ib:
            contract = await spy(ib)
            bought = ib.placeOrder(contract, ib_async.MarketOrder("BUY", 7))
            await wait_for(bought.statusEvent, bought.isDone)
            resting = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10, tif="GTC"))
            await wait_for(
                resting.statusEvent, lambda: resting.orderStatus.status == "Submitted"
            )
            facts = json.loads((tmp_path / "gateway.json").read_text())
            assert (facts["pid"], facts["port"]) == (process.pid, port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert not (tmp_path / "gateway.json").exists()

    # Without --seed the saved market's own is taken.
    with gateway(*directories) as (_, port):
        async with connected(port) as ib:
            assert [position.position for position in ib.positions()] == [7]
            assert [trade.order.permId for trade in ib.openTrades()] == [
                resting.orderStatus.permId
            ]


async def test_a_last_state_that_cannot_be_written_is_status_1(tmp_path: Path) -> None:
    """It trades on without a disk, and says at the end that the account is not on it."""
    state = tmp_path / "state"
    with gateway("--state", str(state)) as (process, port):
        shutil.rmtree(state)
        async with connected(port) as ib:
            bought = ib.placeOrder(await spy(ib), ib_async.MarketOrder("BUY", 7))
            await wait_for(bought.statusEvent, bought.isDone)
        process.send_signal(signal.SIGTERM)

        assert process.wait(DEADLINE) == 1
        assert process.stderr is not None
        *_, last = process.stderr.read().splitlines()
        assert last.startswith(f"edgerunner gateway: cannot write {state}/state.json: ")


def test_an_interrupt_ends_it_cleanly(tmp_path: Path) -> None:
    """Ctrl-C is no error."""
    with gateway("--runtime", str(tmp_path)) as (process, _):
        process.send_signal(signal.SIGINT)

        assert process.wait(DEADLINE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_second_one_on_the_same_directory_names_the_first(tmp_path: Path) -> None:
    """One gateway a directory, also when both are started at once."""
    with gateway("--runtime", str(tmp_path)) as (_, port):
        second = subprocess.run(
            [sys.executable, "-m", "edgerunner_lab.sim", "--runtime", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )

    assert (second.returncode, second.stdout) == (0, f"already running on port {port}\n")


def test_after_a_crash_the_directory_is_free_again(tmp_path: Path) -> None:
    """Nothing has to be removed by hand."""
    with gateway("--runtime", str(tmp_path), "--state", str(tmp_path)) as (process, _):
        process.kill()
        process.wait(DEADLINE)
    assert (tmp_path / "gateway.json").exists()

    with gateway("--runtime", str(tmp_path), "--state", str(tmp_path)) as (process, port):
        facts = json.loads((tmp_path / "gateway.json").read_text())
        assert (facts["pid"], facts["port"]) == (process.pid, port)


def test_it_ends_by_itself_when_nobody_comes(tmp_path: Path) -> None:
    """A forgotten gateway does not run for ever."""
    with gateway("--runtime", str(tmp_path), "--idle-exit", "0.05") as (process, _):
        assert process.wait(DEADLINE) == 0


def test_a_fresh_one_sets_the_old_account_aside(tmp_path: Path) -> None:
    """And begins with its own cash."""
    old = '{"schema": 99, "exchange": {}}'
    (tmp_path / "state.json").write_text(old)

    with gateway("--state", str(tmp_path), "--fresh"):
        kept = [path.read_text() for path in tmp_path.glob("state-*.json")]

    assert kept == [old]
