"""The gateway as its own process, spoken to by an unmodified ib_async."""

import asyncio
import json
import shutil
import signal
import socket
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


def refused(*arguments: str) -> str:
    """Start a gateway that must not start; return its one line."""
    done = subprocess.run(
        [sys.executable, "-m", "edgerunner_lab.sim", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


def test_a_port_in_use_is_one_line_and_status_2() -> None:
    """It names the port and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert refused("--port", str(port)) == (
            f"edgerunner gateway: cannot listen on 127.0.0.1 port {port}: Address already in"
            " use; end what uses it, or choose another --port"
        )


def test_a_directory_that_cannot_be_written_is_one_line_and_status_2(
    tmp_path: Path,
) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_text("")

    line = refused("--state", str(tmp_path / "file" / "state"))
    assert line.startswith(f"edgerunner gateway: cannot make the directory {tmp_path}/file")


def test_a_bad_script_is_one_line_and_status_2(tmp_path: Path) -> None:
    """It names the file, the fault in it, and what was expected."""
    script = tmp_path / "bad.toml"
    script.write_text("[[fault]]\nwhat = 'drop'\n[[fault]]\nwhat = 'explode'\n")

    line = refused("--faults", str(script))
    assert line.startswith(
        f"edgerunner gateway: the fault script {script} is refused:"
        " fault 2: what was 'explode', expected one of drop,"
    )


@pytest.mark.parametrize(
    "content", ["{", '{"schema": 0}', '{"schema": 99, "exchange": {}}']
)
def test_a_state_of_another_version_is_refused_and_kept(
    tmp_path: Path, content: str
) -> None:
    """With the way out in the line."""
    (tmp_path / "state.json").write_text(content)

    line = refused("--state", str(tmp_path))
    assert line.startswith(f"edgerunner gateway: the state file {tmp_path}/state.json ")
    assert "it is kept: start with --fresh to set it aside, or name another --state" in line
    assert (tmp_path / "state.json").read_text() == content


async def test_a_script_runs_and_the_log_holds_both_directions(tmp_path: Path) -> None:
    """Decoded, in the order of the wire, with the gateway's own time."""
    script, log = tmp_path / "faults.toml", tmp_path / "wire.jsonl"
    script.write_text(
        "[[fault]]\nwhat = 'notice'\ncode = 2105\nwhen = {message = 'reqIds'}\n"
    )
    options = ["--faults", str(script), "--log", str(log)]
    options += ["--speed", "0", "--start", "2026-11-23T14:30:00Z"]
    codes: list[int] = []

    def note(_: int, code: int, *__: object) -> None:
        codes.append(code)

    with gateway(*options) as (_, port):
        async with connected(port, client_id=3) as ib:
            ib.errorEvent += note
            ib.client.reqIds(1)  # pyright: ignore[reportUnknownMemberType]  ib_async has no types for it
            await wait_for(ib.errorEvent, lambda: 2105 in codes)
        rows = [json.loads(line) for line in log.read_text().splitlines()]

    assert {row["at"] for row in rows} == {"2026-11-23T14:30:00+00:00"}
    asked = next(i for i, row in enumerate(rows) if row["name"] == "reqIds")
    assert rows[asked]["direction"] == "in"
    assert (rows[asked]["client"], rows[asked]["connection"]) == (3, 1)
    assert rows[asked]["fields"] == {"numIds": 1}
    told = [row for row in rows[asked:] if row["direction"] == "out"]
    assert [row["name"] for row in told[:2]] == ["errMsg", "nextValidId"]
    assert told[0]["fields"]["errorCode"] == 2105


async def test_a_saved_market_is_never_younger_than_its_clock(tmp_path: Path) -> None:
    """After a run in a hurry the next one goes on from where that ended."""
    options = ["--state", str(tmp_path), "--speed", "0"]
    with gateway(*options, "--start", "2099-01-05T14:30:00Z") as (process, port):
        async with connected(port) as ib:
            ib.placeOrder(await spy(ib), ib_async.LimitOrder("BUY", 1, 10, tif="GTC"))
            assert await ib.reqAllOpenOrdersAsync()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    with gateway(*options) as (_, port):
        async with connected(port) as ib:
            assert (await ib.reqCurrentTimeAsync()).year == 2099
            assert len(ib.openTrades()) == 1
