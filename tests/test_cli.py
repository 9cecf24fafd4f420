"""The command `edgerunner`, as a terminal runs it."""

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from edgerunner_lab import __version__
from edgerunner_lab.cli import main
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths

NOW = datetime(2026, 5, 4, 13, 30, tzinfo=UTC)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and success."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"edgerunner {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["halp"], "invalid choice: 'halp'"),
        (["status", "now"], "unrecognized arguments: now"),
        (["--vers"], "required: COMMAND"),
        (["\x1b[31m"], "\\x1b[31m"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """No usage text in front of what was wrong."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.rstrip("\n").isprintable()


def test_status_without_anything_makes_nothing(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asking leaves no ledger behind."""
    assert main(["status"]) == 0

    out = capsys.readouterr().out
    assert out.splitlines() == [
        "trading  active; no ledger yet, so no order was ever sent from here",
        "gateway  not running; a notebook or `edgerunner gateway` starts it",
    ]
    assert not (paths.data / "ledger.db").exists()


def test_status_tells_the_latch(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """Who halted trading, when and why; the reason stays on its line."""
    ledger = Ledger.open(paths.data / "ledger.db", clock=lambda: NOW, owner="test")
    main(["status"])
    active = capsys.readouterr().out
    ledger.set_latch(LatchState.HALTED, by="%halt", reason="bad\nfeed")
    ledger.close()
    main(["status"])
    halted = capsys.readouterr().out

    assert active.startswith("trading  active\n")
    assert halted.splitlines()[0] == (
        f"trading  {LatchState.HALTED.value} by %halt since 2026-05-04 13:30:00 UTC, "
        'reason "bad\\nfeed"'
    )


def test_status_finds_the_gateway_that_listens(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """A discovery file is believed only where something answers on its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = {"schema": 1, "pid": 77, "port": port, "started": "", "version": ""}
        (paths.runtime / "gateway.json").write_text(json.dumps(found), encoding="utf-8")
        main(["status"])
        running = capsys.readouterr().out
    main(["status"])
    stale = capsys.readouterr().out

    assert f"gateway  listening on 127.0.0.1:{port}, process 77" in running
    assert "gateway  not running" in stale


def test_a_damaged_ledger_is_one_line_and_status_2(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is kept, and the line names it."""
    (paths.data / "ledger.db").write_bytes(
        b"not a database, but long enough to be looked at" * 100
    )

    assert main(["status"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("edgerunner status: ")
    assert error.rstrip("\n").isprintable()
    assert (paths.data / "ledger.db").exists()


@pytest.mark.parametrize(
    "arguments", [["gateway", "--port", "ninety"], ["gateway", "--port", "7496"]]
)
def test_the_gateways_own_errors_come_through(arguments: list[str]) -> None:
    """Its options are read by its own program, `--help` included."""
    done = subprocess.run(
        [sys.executable, "-m", "edgerunner_lab.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
