"""What the gateway leaves on disk."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgerunner_lab.sim.process.state import (
    Discovery,
    FileLock,
    LockTaken,
    StateError,
    StateFile,
    prepare,
    write_whole,
)

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_a_saved_snapshot_is_loaded_again(tmp_path: Path) -> None:
    """Also by a later run."""
    StateFile(tmp_path).save({"seed": 7, "orders": [1, 2]}, NOW)

    assert StateFile(tmp_path).load() == {"seed": 7, "orders": [1, 2]}


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    """A first run begins a new market."""
    assert StateFile(tmp_path).load() is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"schema": 2, "exchange": {}}', "has schema 2, expected 1"),
        ('{"schema": 1}', "is not a saved market"),
        ("[]", "is not a saved market"),
        ('{"schema": 1, "exch', "cannot be read"),
        ("\udcff", "cannot be read"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_and_kept(
    tmp_path: Path, content: str, reason: str
) -> None:
    """One line says which file, what was found and what to do."""
    file = StateFile(tmp_path)
    file.path.write_text(content, encoding="utf-8", errors="surrogateescape")
    before = file.path.read_bytes()

    with pytest.raises(StateError) as caught:
        file.load()

    line = str(caught.value)
    assert line.startswith(f"the state file {file.path} {reason}")
    assert "--fresh" in line
    assert "\n" not in line
    assert file.path.read_bytes() == before


def test_a_fresh_start_sets_the_old_state_aside(tmp_path: Path) -> None:
    """Nothing is lost."""
    file = StateFile(tmp_path)
    assert file.set_aside(NOW) is None
    file.save({"seed": 7}, NOW)

    kept = file.set_aside(NOW)

    assert kept is not None
    assert json.loads(kept.read_text())["exchange"] == {"seed": 7}
    assert file.load() is None


def test_a_write_that_fails_leaves_the_last_state(tmp_path: Path) -> None:
    """What cannot be encoded reaches a half at most, never the file."""
    file = StateFile(tmp_path)
    file.save({"seed": 7}, NOW)

    with pytest.raises(UnicodeEncodeError):
        write_whole(file.path, "x" * 100_000 + "\udcff")

    assert file.load() == {"seed": 7}


def test_a_half_that_a_crash_left_is_written_over(tmp_path: Path) -> None:
    """Crashes do not pile up."""
    file = StateFile(tmp_path)
    (tmp_path / ".state.json.new").write_text("half of someth")

    file.save({"seed": 7}, NOW)

    assert file.load() == {"seed": 7}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    """Orders are nobody else's business."""
    directory = tmp_path / "a" / "b"
    prepare(directory)
    file = StateFile(directory)
    file.save({}, NOW)

    assert directory.stat().st_mode & 0o777 == 0o700
    assert file.path.stat().st_mode & 0o777 == 0o600


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from edgerunner_lab.sim.process.state import StateFile
file, now, number = StateFile(Path(sys.argv[1])), datetime(2026, 1, 1, tzinfo=UTC), 0
while True:
    number += 1
    file.save({"number": number, "padding": ["x" * 50] * 2000, "again": number}, now)
    if number == 1:
        print("writing", flush=True)
"""


@pytest.mark.parametrize("kilobytes", [200, 2_000, 9_000])
def test_killed_while_writing_the_state_file_is_whole(
    tmp_path: Path, kilobytes: int
) -> None:
    """A process that does nothing but write is killed somewhere in the middle."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        written = Path(f"/proc/{process.pid}/io")
        while written.exists() and _bytes_written(written) < kilobytes * 1000:
            pass
        process.kill()

    saved = StateFile(tmp_path).load()
    assert saved is not None
    assert saved["number"] == saved["again"] > 0


def _bytes_written(io: Path) -> int:
    line = next(line for line in io.read_text().splitlines() if line.startswith("wchar"))
    return int(line.split()[1])


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands in its way."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StateError, match=r"cannot make the directory .*/file/state"):
        prepare(tmp_path / "file" / "state")


def test_a_file_is_no_state_directory(tmp_path: Path) -> None:
    """The path itself is a file."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StateError, match=r"file"):
        prepare(tmp_path / "file")


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    """And free again when its holder is gone."""
    path = tmp_path / "lock"
    with FileLock(path), pytest.raises(LockTaken), FileLock(path):
        pass

    with FileLock(path):
        assert path.exists()


def test_a_lock_in_no_directory_says_so(tmp_path: Path) -> None:
    """With the path."""
    with (
        pytest.raises(StateError, match=r"cannot open .*lock: No such file"),
        FileLock(tmp_path / "missing" / "lock"),
    ):
        pass


def test_discovery_tells_process_port_and_version(tmp_path: Path) -> None:
    """The contract with whoever looks for a gateway."""
    discovery = Discovery(tmp_path)
    discovery.publish(port=4711, started=NOW, version="0.1.0")

    assert json.loads((tmp_path / "gateway.json").read_text()) == {
        "schema": 1,
        "pid": os.getpid(),
        "port": 4711,
        "started": "2026-11-23T15:00:00+00:00",
        "version": "0.1.0",
    }
    assert discovery.port() == 4711

    discovery.withdraw()
    discovery.withdraw()
    assert discovery.port() is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": 0, "port": "x"}'])
def test_a_broken_discovery_file_is_no_gateway(tmp_path: Path, content: str) -> None:
    """Whoever starts next writes a new one."""
    (tmp_path / "gateway.json").write_text(content)

    assert Discovery(tmp_path).port() is None


def test_a_dead_process_is_no_gateway(tmp_path: Path) -> None:
    """Its file outlived it."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    facts = {"pid": process.pid, "port": 4711}
    (tmp_path / "gateway.json").write_text(json.dumps(facts))

    assert Discovery(tmp_path).port() is None
