"""The file: what is refused at opening, and what each trouble is called."""

import contextlib
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from edgerunner_lab.core.errors import LedgerDamaged, LedgerUnavailable
from edgerunner_lab.ledger import anchor, schema
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.store import Store
from guard.builders import ACCOUNT
from ledger.orders import reserve
from rigs.clocks import ManualClock
from rigs.orders import order_ref

posix_only = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An open file that waits for nobody."""
    opened = Store(path, busy_seconds=0)
    yield opened
    opened.close()


@pytest.fixture
def written(path: Path, clock: ManualClock) -> bytes:
    """The content of a ledger with forty orders, closed."""
    ledger = Ledger.open(path, clock=clock, owner="ours")
    for number in range(40):
        reserve(ledger, number)
    ledger.close()
    return path.read_bytes()


# Opening.


def test_new_file_is_durable_and_empty(store: Store) -> None:
    """Full synchronisation alone survives a power cut."""
    with store.reading() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "user_version")
        ]
        rows = connection.execute("SELECT count(*) FROM journal").fetchone()

    assert settings == ["wal", 2, schema.VERSION]
    assert rows == (0,)


@posix_only
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_new_file_is_its_owners_alone_from_the_start(path: Path, umask: int) -> None:
    """The write-ahead log, which holds the same orders, takes after it."""
    before = os.umask(umask)
    try:
        store = Store(path)
        modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
        names = {each.name for each in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert "ledger.db-wal" in names


@posix_only
def test_file_that_others_can_read_is_closed_to_them(path: Path) -> None:
    """A copy that a tool made with the usual permissions is used, and made private."""
    Store(path).close()
    path.chmod(0o644)

    Store(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_directory_is_made(tmp_path: Path) -> None:
    """A first start needs no preparation."""
    path = tmp_path / "a" / "b" / "ledger.db"

    Store(path).close()

    assert path.is_file()


def test_kernels_that_start_at_once_make_one_file(path: Path) -> None:
    """The later ones find the tables there."""
    for number in range(5):
        fresh = path.with_name(f"{number}.db")
        with ThreadPoolExecutor(4) as threads:
            stores = list(threads.map(Store, [fresh] * 4))
        for each in stores:
            with each.reading() as connection:
                assert connection.execute("SELECT count(*) FROM latch").fetchone() == (1,)
            each.close()


def test_directory_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    """The line says what the system said."""
    (tmp_path / "data").write_text("")

    with pytest.raises(LedgerUnavailable, match=r"data/ledger\.db: Not a directory; check"):
        Store(tmp_path / "data" / "ledger.db")


_WITHOUT_PERMISSION: Final = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from edgerunner_lab.core.errors import LedgerUnavailable
from edgerunner_lab.ledger.ledger import Ledger

if os.geteuid() == 0:
    # Nothing is forbidden to root.
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

def clock():
    return datetime(2026, 5, 4, tzinfo=UTC)

directory = Path(sys.argv[1])
path = directory / "ledger.db"
Ledger.open(path, clock=clock, owner="x").close()
path.chmod(0o400)
directory.chmod(0o500)
for target in (path, directory / "other.db"):
    try:
        Ledger.open(target, clock=clock, owner="x").close()
    except LedgerUnavailable as error:
        print(error)
directory.chmod(0o700)
"""


@posix_only
def test_directory_that_cannot_be_written_is_unavailable() -> None:
    """Neither the ledger that is there nor a new one; nothing is made somewhere else instead."""
    with tempfile.TemporaryDirectory(prefix="edgerunner-") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            os.chown(directory, 65534, 65534)
        ran = subprocess.run(
            [sys.executable, "-c", _WITHOUT_PERMISSION, name],
            check=True,
            capture_output=True,
            text=True,
        )

    existing, new = ran.stdout.splitlines()
    assert existing.startswith(f"{directory / 'ledger.db'}: it cannot be written")
    assert "check the permissions of the file and its directory" in existing
    assert new.startswith(f"{directory / 'other.db'}: Permission denied; check the disk")


@posix_only
@pytest.mark.parametrize("exists", [True, False])
def test_link_is_refused(path: Path, tmp_path: Path, *, exists: bool) -> None:
    """Someone else could have put it there, and where it leads nothing is written."""
    target = tmp_path / "elsewhere.db"
    if exists:
        Store(target).close()
    path.symlink_to(target)

    with pytest.raises(LedgerDamaged, match="a link or a directory was found"):
        Store(path)
    assert target.exists() is exists


def test_directory_in_place_of_the_file_is_refused(path: Path) -> None:
    """It is no ledger."""
    path.mkdir()

    with pytest.raises(LedgerDamaged, match="a link or a directory was found"):
        Store(path)


@posix_only
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_file_that_others_can_write_is_refused(path: Path, mode: int) -> None:
    """Its limits would be theirs to lift; the line says how to mend it."""
    Store(path).close()
    path.chmod(mode)

    with pytest.raises(LedgerDamaged, match=rf"ledger\.db: .* mode {mode:o}.*chmod go-w"):
        Store(path)


@posix_only
def test_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """They could put another ledger in place of this one."""
    path = tmp_path / "data" / "ledger.db"
    Store(path).close()
    path.parent.chmod(0o777)

    with pytest.raises(LedgerDamaged, match=r"data: .* mode 777.*chmod go-w"):
        Store(path)


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can give files away"
)
def test_file_of_another_user_is_refused(path: Path) -> None:
    """Who owns it can change it."""
    Store(path).close()
    os.chown(path, 65534, 65534)

    with pytest.raises(LedgerDamaged, match="belongs to user 65534"):
        Store(path)


@pytest.mark.parametrize(
    ("version", "age"),
    [(5, "a newer"), (99, "a newer"), (-1, "an unknown"), (0, "an unknown")],
)
def test_other_schema_is_kept_as_it_is(path: Path, version: int, age: str) -> None:
    """An older product does not guess at a newer one's file."""
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(
        LedgerDamaged, match=f"{age} schema {version} was found, expected {schema.VERSION}"
    ):
        Store(path)
    assert path.read_bytes() == before


def test_database_of_somebody_else_is_refused(path: Path) -> None:
    """Tables without our version are not ours."""
    anchor.make(anchor.path_beside(path))
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE music (title TEXT)")
    connection.close()
    path.chmod(0o600)

    with pytest.raises(LedgerDamaged, match="an unknown schema 0 was found"):
        Store(path)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER journal_no_delete",
        "ALTER TABLE fills ADD COLUMN mood TEXT",
        "DROP TABLE attempts",
    ],
)
def test_tables_that_were_changed_are_refused(path: Path, statement: str) -> None:
    """The version says what they should be."""
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.close()

    with pytest.raises(
        LedgerDamaged,
        match=r"its tables or triggers were changed, expected those of schema 4; .*kept",
    ):
        Store(path)


# Damage.


def test_what_is_no_database_is_damaged(path: Path) -> None:
    """The file is not touched."""
    content = b"this was a ledger once, " * 400
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(
        LedgerDamaged,
        match=r"the file is not a database \(SQLITE_NOTADB.*; the file is kept as it is",
    ):
        Store(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("page", [1, 2, 3, 5, 8, 13])
def test_overwritten_page_is_damaged(path: Path, written: bytes, page: int) -> None:
    """A torn write anywhere in the tree is found at opening, and the file kept."""
    size = int.from_bytes(written[16:18], "big")
    # The first page begins with the file's own header.
    start = max((page - 1) * size, 100)
    assert start < len(written)
    torn = written[:start] + b"\xa5" * 64 + written[start + 64 :]
    path.write_bytes(torn)

    with pytest.raises(LedgerDamaged, match=r"move it and ledger\.anchor away"):
        Store(path)
    assert path.read_bytes() == torn


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_truncated_file_is_damaged(path: Path, written: bytes, part: float) -> None:
    """Half a ledger is none."""
    path.write_bytes(written[: int(len(written) * part)])

    with pytest.raises(LedgerDamaged):
        Store(path)


def test_byte_that_flips_anywhere_is_never_an_unknown_error(
    path: Path, written: bytes, clock: ManualClock
) -> None:
    """Two hundred places: refused, found by the chain, or read as before where limits and journal are concerned."""
    seed = random.randrange(1 << 32)  # noqa: S311  which places, no secret
    places = random.Random(seed).sample(range(len(written)), 200)  # noqa: S311  likewise
    unlike: list[int] = []
    for place in places:
        flipped = bytearray(written)
        flipped[place] ^= 0x15
        path.write_bytes(flipped)
        try:
            ledger = Ledger.open(path, clock=clock, owner="next")
        except LedgerDamaged:
            continue
        if not ledger.verify().holds:
            unlike.append(place)
        with contextlib.suppress(LedgerDamaged):
            ledger.facts(ACCOUNT, None)
        ledger.close()

    assert unlike == [], f"seed {seed}: what opens has a journal that holds"


def test_ledger_emptied_to_nothing_is_refused(path: Path, written: bytes) -> None:
    """SQLite takes an empty file for a new one; we do not."""
    assert written
    path.write_bytes(b"")

    with pytest.raises(LedgerDamaged, match="an unknown schema 0 was found"):
        Store(path)
    assert path.read_bytes() == b""


def test_ledger_that_vanished_is_not_made_anew(path: Path, written: bytes) -> None:
    """Its anchor still knows of forty rows."""
    assert written
    path.unlink()

    with pytest.raises(
        LedgerDamaged, match="the database is missing, expected its journal of 40 rows"
    ):
        Store(path)
    assert not path.exists()


def test_log_without_its_database_is_not_written_into_a_new_one(path: Path) -> None:
    """SQLite would take what is in it for the new one's."""
    path.with_name("ledger.db-wal").write_bytes(b"left over")

    with pytest.raises(LedgerDamaged, match="the database is missing"):
        Store(path)
    assert not path.exists()


def test_broken_anchor_without_its_database_is_refused(path: Path) -> None:
    """What there was cannot be known."""
    anchor.path_beside(path).write_bytes(b"?")

    with pytest.raises(
        LedgerDamaged, match="the database is missing and its anchor is broken"
    ):
        Store(path)


def test_lost_log_is_found_by_the_anchor(path: Path, clock: ManualClock) -> None:
    """Rows that were only in the write-ahead log went with it."""
    ledger = Ledger.open(path, clock=clock, owner="ours")
    ledger.note("NOTE", {})
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    shutil.copy(anchor.path_beside(path), anchor.path_beside(copy))
    ledger.close()

    with pytest.raises(LedgerDamaged, match="row 1 is missing: truncated"):
        Ledger.open(copy, clock=clock, owner="next")


def test_damage_under_an_open_ledger_denies_the_order(
    path: Path, written: bytes, clock: ManualClock
) -> None:
    """The page is read for the first time when the order is judged."""
    with sqlite3.connect(path) as connection:
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'latch'"
        ).fetchone()[0]
    connection.close()
    size = int.from_bytes(written[16:18], "big")
    ledger = Ledger.open(path, clock=clock, owner="ours")
    with ledger._store.reading() as connection:  # pyright: ignore[reportPrivateUsage]  # its own cache
        connection.execute("PRAGMA cache_size = 0")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)

    with pytest.raises(LedgerDamaged, match="malformed"):
        reserve(ledger, 100)
    with pytest.raises(LedgerDamaged, match="malformed"):
        ledger.latch()
    ledger.close()


# Trouble that may pass.


def test_full_disk_denies_and_undoes_everything(path: Path, clock: ManualClock) -> None:
    """What fits afterwards is reserved as if nothing had been."""
    store = Store(path)
    ledger = Ledger(store, clock=clock, owner="ours")
    with store.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    number = count(1)
    with pytest.raises(
        LedgerUnavailable, match="the disk is full; make room and try again"
    ):
        _reserve_for_ever(ledger, number)
    lost_number = next(number) - 1
    lost = ledger.order(order_ref(lost_number))
    rows = ledger.verify()
    with store.reading() as connection:
        connection.execute("PRAGMA max_page_count = 100000")

    assert lost is None
    assert (rows.holds, rows.rows) == (True, lost_number - 1)
    assert len(ledger.open_orders(ACCOUNT)) == lost_number - 1
    assert reserve(ledger, lost_number).journal_seq == lost_number
    ledger.close()


def _reserve_for_ever(ledger: Ledger, numbers: Iterator[int]) -> None:
    for number in numbers:
        reserve(ledger, number)


_WITHOUT_ROOM: Final = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from edgerunner_lab.core.errors import LedgerUnavailable
from edgerunner_lab.ledger.ledger import Ledger

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger.open(Path(sys.argv[1]), clock=lambda: datetime(2026, 5, 4, tzinfo=UTC), owner="x")
ledger.note("BEFORE", {})
used = Path(sys.argv[1] + "-wal").stat().st_size
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (used, hard))
try:
    ledger.note("TOO MUCH", {})
except LedgerUnavailable as error:
    print(error)
print(ledger.verify().rows)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
ledger.note("AFTER", {})
print(ledger.verify().rows, ledger.verify().holds)
ledger.close()
"""


@posix_only
def test_file_that_may_not_grow_is_unavailable(path: Path) -> None:
    """A quota ends in one line, nothing half written, and passes when there is room again."""
    ran = subprocess.run(
        [sys.executable, "-c", _WITHOUT_ROOM, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )

    trouble, *after = ran.stdout.splitlines()
    assert trouble.startswith(f"{path}: ")
    assert "the disk failed or has no room; check it and try again (SQLITE_IOERR" in trouble
    assert after == ["1", "2 True"]


_HOLDER: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_file_that_another_process_holds_is_unavailable_until_it_lets_go(
    path: Path, clock: ManualClock
) -> None:
    """We wait as long as we were told to, and say so."""
    ledger = Ledger(Store(path, busy_seconds=0.05), clock=clock, owner="ours")
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(
            LedgerUnavailable,
            match="another process holds it and did not let go in time; try again",
        ):
            reserve(ledger)
        open_orders = ledger.open_orders(ACCOUNT)
        holder.communicate("go\n", timeout=10)

    assert open_orders == []
    assert reserve(ledger).journal_seq == 1
    ledger.close()


def test_two_seconds_are_waited_for_by_default(path: Path, store: Store) -> None:
    """As long as a person does not notice, and longer than any transaction of ours."""
    other = Store(path)
    with (
        store.transaction(),
        pytest.raises(LedgerUnavailable, match="another process holds it"),
        other.transaction(),
    ):
        raise AssertionError("the file was free")
    other.close()


def test_lock_of_a_killed_process_is_free(path: Path, clock: ManualClock) -> None:
    """The system takes it back at once (RISK F30)."""
    ledger = Ledger(Store(path, busy_seconds=0), clock=clock, owner="ours")
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()

    assert reserve(ledger).journal_seq == 1
    ledger.close()


# Transactions.


def test_exception_undoes_the_transaction(store: Store) -> None:
    """Ours pass through as they are."""
    with pytest.raises(LookupError):
        _halt_and_fail(store)

    with store.reading() as connection:
        assert connection.execute("SELECT state FROM latch").fetchone() == ("ACTIVE",)


def _halt_and_fail(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute("UPDATE latch SET state = 'HALTED'")
        raise LookupError


def test_statement_that_fails_is_said_with_the_file(store: Store) -> None:
    """Nothing of SQLite's gets past the store."""
    with (
        pytest.raises(LedgerUnavailable, match=r"ledger\.db: .*no such table: music"),
        store.transaction() as connection,
    ):
        connection.execute("INSERT INTO music VALUES (1)")

    with store.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM latch").fetchone() == (1,)


def test_reader_sees_one_state_while_another_writes(path: Path, store: Store) -> None:
    """Limits that are read in two statements belong together."""
    other = Store(path)
    with store.reading() as connection:
        before = connection.execute("SELECT state FROM latch").fetchone()
        with other.transaction() as writing:
            writing.execute("UPDATE latch SET state = 'HALTED'")
        during = connection.execute("SELECT state FROM latch").fetchone()
    other.close()

    assert before == during == ("ACTIVE",)


def test_closed_store_answers_with_our_error(path: Path) -> None:
    """A session that ends while a cell still asks."""
    store = Store(path)
    store.close()

    with pytest.raises(LedgerUnavailable, match="closed"), store.reading():
        raise AssertionError("the file was open")
