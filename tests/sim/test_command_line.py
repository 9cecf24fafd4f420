"""The gateway's command line: what it accepts, and one clear line for what it does not."""

import socket
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner_lab.sim.__main__ import main
from edgerunner_lab.sim.market.sessions import Hours
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.process.state import RUNTIME_LOCK_NAME, STATE_LOCK_NAME, FileLock
from edgerunner_lab.sim.requests.data_rules import DataRules
from edgerunner_lab.sim.server.command_line import UsageError, options_of


def test_without_arguments_it_takes_a_free_port_and_keeps_nothing() -> None:
    """The defaults suit a private gateway."""
    options = options_of([])

    assert (options.address, options.port, options.version_max) == ("127.0.0.1", 0, 200)
    assert (options.cash, options.hours, options.seed) == (100_000, Hours.ALWAYS, None)
    assert (options.state, options.runtime, options.idle_exit_s) == (None, None, None)


def test_every_option_is_read() -> None:
    """As documented in --help."""
    line = (
        "--host localhost --port 7497 --seed 7 --cash 5000.50 --hours real --state a"
        " --runtime b --idle-exit 1.5 --max-server-version 178 --ticks-per-second 10"
        " --universe c.toml --fresh --verbose"
    )

    options = options_of(line.split())

    assert (options.address, options.port, options.seed) == ("127.0.0.1", 7497, 7)
    assert (options.cash, options.hours) == (Decimal("5000.50"), Hours.REAL)
    assert (options.state, options.runtime) == (Path("a"), Path("b"))
    assert (options.idle_exit_s, options.version_max) == (1.5, 178)
    assert (options.ticks_per_second, options.universe) == (10, Path("c.toml"))
    assert options.fresh
    assert options.verbose


def test_what_the_account_allows_is_read() -> None:
    """Precautions, subscriptions, delays and the master client; nothing is restricted by default."""
    line = (
        "--master-client-id 9 --fractions --price-percent-max 3.5 --size-max 500"
        " --value-max 100000 --side-orders-max 15 --answer-seconds 2 --lines 5"
        " --unsubscribed TSLA,EUR.USD"
    )
    options = options_of(line.split())

    assert options.order_rules == OrderRules(
        master_client_id=9,
        takes_fractions=True,
        price_percent_max=Decimal("3.5"),
        size_max=Decimal(500),
        value_max=Decimal(100_000),
        side_orders_max=15,
        answer_seconds=2,
    )
    assert options.data_rules == DataRules(
        lines_max=5, unsubscribed=frozenset({"TSLA", "EUR.USD"})
    )
    assert options_of([]).order_rules == OrderRules()
    assert options_of([]).data_rules == DataRules()


def test_time_and_faults_are_read() -> None:
    """Real time, from now, and nothing goes wrong, unless told otherwise."""
    line = (
        "--speed 0 --start 2026-11-23T09:30:00-05:00 --faults a.toml --log b.jsonl"
        " --pretend-live --regime calm"
    )
    options = options_of(line.split())

    assert options.speed == 0
    assert options.start == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert (options.faults, options.log) == (Path("a.toml"), Path("b.jsonl"))
    assert (options.may_pretend_live, options.regime) == (True, "calm")
    plain = options_of([])
    assert (plain.speed, plain.start, plain.faults, plain.log) == (1, None, None, None)
    assert (plain.may_pretend_live, plain.regime) == (False, None)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("--port x", "argument --port: was 'x', expected a whole number from 0 to 65535"),
        ("--port 70000", "argument --port: was '70000', expected a whole number from 0 to"),
        ("--port 7496", "--port was 7496, which programs take for a live account"),
        ("--port 4001", "--port was 4001, which programs take for a live account"),
        ("--host 0.0.0.0", "--host was 0.0.0.0, expected 127.0.0.1, ::1 or localhost"),
        ("--cash -5", "argument --cash: was '-5', expected a number from 0 to"),
        ("--cash NaN", "argument --cash: was 'NaN', expected a number from 0 to"),
        ("--seed 1.5", "argument --seed: was '1.5', expected a whole number from 0 to"),
        ("--hours never", "argument --hours: invalid choice: 'never'"),
        ("--max-server-version 201", "argument --max-server-version: was '201', expected"),
        ("--ticks-per-second 0", "argument --ticks-per-second: was '0', expected"),
        ("--pace 2", "unrecognized arguments: --pace 2"),
        ("--speed -1", "argument --speed: was '-1', expected a number from 0 to 10000"),
        ("--start noon", "argument --start: was 'noon', expected a time with its zone"),
        ("--start 2026-11-23", "argument --start: was '2026-11-23', expected a time"),
        ("--faults missing.toml", "cannot read the --faults file missing.toml:"),
        ("--log missing/wire.jsonl", "cannot write the --log file missing/wire.jsonl:"),
        ("--regime sideways", "argument --regime: "),
        ("--lines 0", "argument --lines: was '0', expected a whole number from 1 to"),
        ("--unsubscribed ,", "argument --unsubscribed: was ',', expected names such as"),
        ("--state", "argument --state: expected one argument"),
        ("--universe missing.toml", "cannot read the --universe file missing.toml:"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    arguments: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what was found and what was expected; nothing is started."""
    assert main(arguments.split()) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"edgerunner gateway: {line}")
    assert err.count("\n") == 1


def test_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option is explained."""
    with pytest.raises(SystemExit) as ended:
        options_of(["--help"])

    assert ended.value.code == 0
    assert "--idle-exit SECONDS" in capsys.readouterr().out


def test_abbreviations_are_refused() -> None:
    """A script must not change its meaning when an option is added."""
    with pytest.raises(UsageError, match="unrecognized arguments: --por"):
        options_of(["--por", "1"])


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2

    err = capsys.readouterr().err
    assert err.startswith(f"edgerunner gateway: cannot listen on 127.0.0.1 port {port}: ")
    assert "choose another --port" in err
    assert err.count("\n") == 1


def test_a_state_directory_in_use_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two gateways must not write one account."""
    with FileLock(tmp_path / STATE_LOCK_NAME):
        assert main(["--state", str(tmp_path)]) == 2

    assert f"another gateway keeps its state in {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--state", "--runtime"])
def test_a_directory_that_cannot_be_made_is_named(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands in its way."""
    (tmp_path / "file").write_text("")

    assert main([option, str(tmp_path / "file" / "x")]) == 2
    err = capsys.readouterr().err
    assert err.startswith(
        f"edgerunner gateway: cannot make the directory {tmp_path}/file/x: "
    )
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"schema": 99, "exchange": {}}', "has schema 99, expected 1"),
        ('{"schema": 1, "exchange": {"schema": 99, "seed": 7}}', "is refused: "),
        ('{"schema": 1, "exchange": {}}', "is refused: "),
        (
            '{"schema": 1, "exchange": {"schema": 1, "seed": "x"}}',
            "has the seed 'x', expected",
        ),
        ("{", "cannot be read"),
    ],
)
def test_a_state_of_another_kind_is_refused_and_kept(
    tmp_path: Path, content: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and the file as it was."""
    file = tmp_path / "state.json"
    file.write_text(content)

    assert main(["--state", str(tmp_path)]) == 2

    err = capsys.readouterr().err
    assert err.startswith(f"edgerunner gateway: the state file {file} {reason}")
    assert err.count("\n") == 1
    assert file.read_text() == content


def test_an_unreadable_universe_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that the user wrote."""
    file = tmp_path / "mine.toml"
    file.write_text("[[")

    assert main(["--universe", str(file)]) == 2
    err = capsys.readouterr().err
    assert str(file) in err
    assert err.count("\n") == 1


def test_a_running_gateway_is_found_instead_of_starting_a_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever loses the race learns the port."""
    (tmp_path / "gateway.json").write_text('{"pid": 1, "port": 4711}')
    with FileLock(tmp_path / RUNTIME_LOCK_NAME):
        assert main(["--runtime", str(tmp_path)]) == 0

    assert capsys.readouterr().out == "already running on port 4711\n"
