"""The command `edgerunner`, as a terminal runs it."""

import json
import socket
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
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


# Halt and resume.


def test_a_halt_without_orders_says_what_it_knows(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """The latch is durable; no broker was asked, and none is claimed to have been."""
    assert main(["halt", "--reason", "looks wrong"]) == 0
    assert capsys.readouterr().out == (
        "HALTED; by the ledger no order of ours may still work\n"
    )
    main(["status"])
    assert "HALTED by terminal since" in capsys.readouterr().out

    assert main(["resume", "--reason", "it was nothing"]) == 0
    main(["status"])
    assert "trading  active\n" in capsys.readouterr().out
    assert (paths.data / "ledger.db").exists()


@pytest.mark.parametrize("arguments", [["resume"], ["resume", "--reason", "  "]])
def test_a_halt_is_not_lifted_without_a_reason(
    arguments: list[str], paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has to have looked."""
    main(["halt"])
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code
    main(["status"])

    assert status == 2
    assert "HALTED" in capsys.readouterr().out
    assert paths.ledger.exists()


def test_a_halt_that_is_not_durable_is_status_1(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """And does not call itself one."""
    paths.ledger.mkdir()

    assert main(["halt"]) == 1
    assert capsys.readouterr().err.startswith(
        "edgerunner halt: NOT HALTED, but UNCONFIRMED: "
    )


# The journal.


@pytest.fixture
def journal(paths: Paths) -> Path:
    """A ledger with three rows, one of which names an account and looks like a formula."""
    ledger = Ledger.open(paths.ledger, clock=lambda: NOW, owner="=1+1 DU1234567")
    for reason in ("one", "two", "DU1234567"):
        ledger.set_latch(LatchState.HALTED, by="test", reason=reason)
    ledger.close()
    return paths.ledger


def test_a_journal_that_holds_is_verified(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the number of rows."""
    assert journal.exists()
    assert main(["audit", "verify"]) == 0

    assert capsys.readouterr().out == "3 rows hold, from the first to the anchored one\n"


def test_an_edited_row_is_named(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One byte is enough."""
    connection = sqlite3.connect(journal)
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute(
        "UPDATE journal SET facts = replace(facts, 'two', 'too') WHERE seq = 2"
    )
    connection.commit()
    connection.close()

    assert main(["audit", "verify"]) == 1
    assert "row 2 was edited; 1 rows before it hold" in capsys.readouterr().err


def test_without_a_ledger_there_is_nothing_to_verify(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asking makes none."""
    assert main(["audit", "verify"]) == 0
    assert "no ledger yet" in capsys.readouterr().out
    assert main(["audit", "export", "out.csv"]) == 2
    assert not paths.ledger.exists()


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_the_journal_is_exported_masked_and_for_its_owner_alone(
    journal: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every row, in the form that the file's name asks for; a file that exists is kept."""
    assert journal.exists()
    path = tmp_path / name
    assert main(["audit", "export", str(path)]) == 0

    read = {"csv": pd.read_csv, "parquet": pd.read_parquet}
    table = (
        pd.read_json(path, lines=True)
        if name.endswith("jsonl")
        else read[name.partition(".")[2]](path)
    )
    assert table["seq"].tolist() == [1, 2, 3]
    assert b"DU1234567" not in path.read_bytes()
    assert "DU***4567" in str(table["facts"].iloc[2])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "3 rows written" in capsys.readouterr().out
    before = path.read_bytes()
    assert main(["audit", "export", str(path)]) == 2
    assert path.read_bytes() == before


def test_a_spreadsheet_finds_no_formula(journal: Path, tmp_path: Path) -> None:
    """What a notebook's name begins with is text."""
    assert journal.exists()
    main(["audit", "export", str(tmp_path / "out.csv"), "--unmask"])

    assert ",'=1+1 DU1234567," in (tmp_path / "out.csv").read_text()


def test_a_form_that_is_not_known_is_refused(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written."""
    assert journal.exists()
    assert main(["audit", "export", str(tmp_path / "out.xlsx")]) == 2

    assert ".csv, .jsonl, .parquet" in capsys.readouterr().err
    assert not (tmp_path / "out.xlsx").exists()
