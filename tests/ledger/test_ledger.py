"""The ledger as the session uses it, alone, in a race, and killed in the middle."""

import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from edgerunner_lab.core.errors import LedgerUnavailable, OrderDenied
from edgerunner_lab.core.intents import Source
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import LatchState, LedgerFacts
from edgerunner_lab.ledger import anchor
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.ledger import Evidence, Ledger
from edgerunner_lab.ledger.order_rows import Standing
from guard.builders import ACCOUNT, NOW
from ledger import racers
from ledger.conftest import OpenLedger
from ledger.orders import an_order, denying, reserve
from rigs.clocks import ManualClock
from rigs.orders import order_ref

TESTS: Final = Path(__file__).parent.parent
PROCESSES: Final = 8
KILLS: Final = 5


def journalled(raw: sqlite3.Connection) -> list[tuple[str, str, dict[str, Any]]]:
    """Return kind, reference and facts of every row."""
    rows = raw.execute("SELECT kind, order_ref, facts FROM journal ORDER BY seq")
    return [(kind, ref, json.loads(facts)) for kind, ref, facts in rows]


# One kernel.


def test_reservation_is_the_approval_and_where_it_is_written(ledger: Ledger) -> None:
    """Its number in the journal is what the permit will refer to."""
    first, second = reserve(ledger), reserve(ledger, 2)

    assert (first.journal_seq, second.journal_seq) == (1, 2)
    assert first.committed_at == NOW
    assert first.order_ref == order_ref()
    assert first.approved.order.order_ref == order_ref()


def test_intent_says_what_was_asked_and_what_it_was_judged_by(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """The market, the limits and the cell, so that a decision can be understood later."""
    source = Source(kind="magic", notebook="a.ipynb", cell_id="c1", kernel_pid=7)
    reservation = reserve(ledger, limit="100.10", source=source)

    ((kind, ref, facts),) = journalled(raw)
    assert (kind, ref) == ("INTENT", order_ref())
    assert len(facts.pop("checks")) == len(reservation.approved.checks) > 0
    assert facts == {
        "order": "buy 10 SPY lmt 100.10",
        "con_id": 756733,
        "symbol": "SPY",
        "side": "BUY",
        "quantity": "10",
        "type": "LMT",
        "limit_price": "100.10",
        "stop_price": None,
        "trail_amount": None,
        "trail_percent": None,
        "tif": "DAY",
        "outside_rth": False,
        "replaces": None,
        "parent_ref": None,
        "account": ACCOUNT,
        "bid": "100.00",
        "ask": "100.10",
        "reference_price": "100.10",
        "warnings": [],
        "notional": f"{reservation.approved.notional:f}",
        "limits": reservation.approved.limits_sha256,
        "source": {
            "kind": "magic", "notebook": "a.ipynb", "cell_id": "c1", "code_sha256": "", "pid": 7,
        },
    }  # fmt: skip


def test_denied_order_is_recorded_and_not_reserved(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """The attempt and its reasons stay; its share of the limits is not taken."""
    order = an_order()
    with pytest.raises(OrderDenied) as caught:
        ledger.reserve(order, denying(order))

    ((kind, ref, facts),) = journalled(raw)
    assert (kind, ref) == ("DENIED", order_ref())
    assert facts["denials"] == [str(denial) for denial in caught.value.denials]
    assert (facts["order"], facts["quantity"]) == ("buy 10 SPY", "10")
    assert ledger.order(order_ref()) is None
    assert ledger.open_orders(ACCOUNT) == []


def test_judge_that_fails_leaves_nothing_behind(ledger: Ledger) -> None:
    """Not even an interrupt between the lock and the commit keeps either."""

    def interrupted(_facts: LedgerFacts) -> ApprovedOrder:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.reserve(an_order(), interrupted)

    assert ledger.verify().rows == 0
    assert ledger.facts(ACCOUNT, None).attempts == ()
    assert reserve(ledger).journal_seq == 1


def test_reference_is_reserved_once(ledger: Ledger) -> None:
    """The second intent is undone as a whole."""
    reserve(ledger)

    with pytest.raises(
        LedgerUnavailable, match=r"UNIQUE constraint failed: orders\.order_ref"
    ):
        reserve(ledger)
    assert ledger.verify().rows == 1
    assert len(ledger.facts(ACCOUNT, None).attempts) == 1


def test_record_moves_the_order_and_keeps_ids_once_known(
    ledger: Ledger, raw: sqlite3.Connection, clock: ManualClock
) -> None:
    """A later message without an id takes none away."""
    reserve(ledger)
    known = Standing(state=OrderState.WORKING, order_id=5, client_id=3, perm_id=77)
    ledger.record(order_ref(), known, kind="STATUS", facts={"status": "Submitted"})
    clock.advance(1)
    partly = Standing(state=OrderState.PARTIAL, filled=Decimal("4.50"))
    ledger.record(order_ref(), partly, kind="FILLED", facts={})

    found = ledger.order(order_ref())
    assert found is not None
    update = found.update
    assert (update.order_id, update.client_id, update.perm_id) == (5, 3, 77)
    assert (update.state, update.filled) == (OrderState.PARTIAL, Decimal("4.50"))
    assert (found.created_at, update.updated_at) == (NOW, clock.now)
    assert journalled(raw)[1:] == [
        ("STATUS", order_ref(), {"status": "Submitted", "state": "working", "filled": "0"}),
        ("FILLED", order_ref(), {"state": "partly filled", "filled": "4.50"}),
    ]


def test_order_ids_go_on_above_the_highest_used(ledger: Ledger) -> None:
    """One row a client id; an older order that reports late lowers nothing."""
    reserve(ledger)
    for order_id, client_id in ((7, 1), (5, 1), (40, 2)):
        standing = Standing(state=OrderState.SENT, order_id=order_id, client_id=client_id)
        ledger.record(order_ref(), standing, kind="SENT", facts={})

    assert [ledger.next_order_id_floor(client_id) for client_id in (1, 2, 3)] == [8, 41, 1]


def test_many_records_are_one_commit(
    ledger: Ledger, raw: sqlite3.Connection, clock: ManualClock
) -> None:
    """All of them or none, in the order given."""
    reserve(ledger)
    states = (OrderState.SENT, OrderState.ACKED, OrderState.WORKING)
    evidence = [
        Evidence(
            order_ref=order_ref(),
            standing=Standing(state=state, order_id=5, client_id=1),
            kind=state.name,
            facts={"at": clock().isoformat()},
        )
        for state in states
    ]

    ledger.record_many(evidence)
    with pytest.raises(LookupError):
        ledger.record_many(_broken_off(evidence))

    found = ledger.order(order_ref())
    assert found is not None
    assert found.update.state is OrderState.WORKING
    assert [kind for kind, *_ in journalled(raw)] == ["INTENT", "SENT", "ACKED", "WORKING"]


def _broken_off(evidence: list[Evidence]) -> Iterator[Evidence]:
    yield evidence[0]
    raise LookupError


def test_evidence_about_an_unknown_order_is_kept(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    """There is no row for it to move, and nothing that was heard is lost."""
    sent = Standing(state=OrderState.SENT, order_id=5, client_id=1)

    ledger.record(order_ref(), sent, kind="SENT", facts={})

    assert ledger.order(order_ref()) is None
    assert [kind for kind, *_ in journalled(raw)] == ["SENT"]
    assert ledger.next_order_id_floor(1) == 6


def test_who_writes_about_an_order_follows_it(
    open_ledger: OpenLedger,
) -> None:
    """A kernel that took over a dead one's order is the next to be asked whether it lives."""
    reserve(open_ledger("first 1:1"))
    heir = open_ledger("heir 2:2")
    unknown = Standing(state=OrderState.UNKNOWN)

    heir.record(order_ref(), unknown, kind="Recovered", facts={})

    (row,) = heir.open_orders(ACCOUNT)
    assert row.owner == "heir 2:2"


def test_orders_are_those_of_one_account_since_a_moment(
    ledger: Ledger, clock: ManualClock
) -> None:
    """Ended ones too; the moment itself included, oldest first."""
    for number in (2, 1, 3):
        reserve(ledger, number)
        clock.advance(60)
    ended = Standing(state=OrderState.FILLED, filled=Decimal(10))
    ledger.record(order_ref(1), ended, kind="FILLED", facts={})

    since = ledger.orders_since(ACCOUNT, NOW + timedelta(minutes=1))
    assert [row.update.order_ref for row in since] == [order_ref(1), order_ref(3)]
    assert ledger.orders_since("DU0000000", NOW) == []


def test_times_sort_as_text_whatever_zone_the_clock_is_in(path: Path) -> None:
    """They stand in UTC, with microseconds even where there are none."""
    clock = ManualClock(NOW.astimezone(timezone(timedelta(hours=9))))
    ledger = Ledger.open(path, clock=clock, owner="ours")
    reserve(ledger)

    attempts = ledger.facts(ACCOUNT, None).attempts
    clock.advance(24 * 3600)
    assert [attempt.at for attempt in attempts] == [NOW]
    assert len(ledger.facts(ACCOUNT, None).attempts) == 1
    clock.advance(0.000001)
    assert ledger.facts(ACCOUNT, None).attempts == ()
    ledger.close()


def test_note_concerns_no_order(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """What is said is kept as it was said."""
    ledger.note("CONNECTED", {"mode": "SIM", "ports": [1, 2]})

    assert journalled(raw) == [("CONNECTED", "", {"mode": "SIM", "ports": [1, 2]})]


# Many threads, many processes.


def test_threads_of_one_kernel_write_one_chain(ledger: Ledger, path: Path) -> None:
    """The anchor they share is whole, and nothing else lies around."""
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait(timeout=10)
        for _ in range(15):
            ledger.note("NOTE", {"thread": number})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    assert ledger.verify().holds
    assert ledger.verify().rows == 60
    assert anchor.read(anchor.path_beside(path)) is not None
    assert {each.name for each in path.parent.iterdir()} == {
        "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.anchor",
    }  # fmt: skip


@pytest.mark.timeout(90)
def test_eight_processes_that_race_use_exactly_the_limit(
    path: Path, clock: ManualClock
) -> None:
    """They make the file together, try 24 shares of 10 through the real gate, and get 10."""
    context = multiprocessing.get_context("spawn")
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(PROCESSES, mp_context=context) as pool,
    ):
        start = manager.Barrier(PROCESSES)
        futures = [
            pool.submit(racers.race, path, start, number) for number in range(PROCESSES)
        ]
        reserved = [future.result(timeout=60) for future in futures]

    ledger = Ledger.open(path, clock=clock, owner="judge")
    facts = ledger.facts(ACCOUNT, None)
    verification = ledger.verify()
    ledger.close()
    assert sum(reserved) == racers.MOST
    assert sum(order.remaining for order in facts.working) == racers.MOST
    assert len(facts.attempts) == PROCESSES * racers.TRIES
    assert [attempt.accepted for attempt in facts.attempts].count(True) == racers.MOST
    assert (verification.holds, verification.rows) == (True, PROCESSES * racers.TRIES)


def _killed_after(path: Path, lines: int, first: int) -> list[str]:
    """Let a process write until it has printed so many references, kill it, and return all it had printed."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    command = [sys.executable, str(TESTS / "ledger" / "racers.py"), str(path), str(first)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        try:
            printed = [child.stdout.readline() for _ in range(lines)]
        finally:
            # SIGKILL where there is one: nothing of the child runs any more.
            child.kill()
        printed += child.stdout.readlines()
    return [line.strip() for line in printed if line.endswith("\n")]


@pytest.mark.timeout(90)
def test_what_was_committed_survives_a_kill(path: Path, clock: ManualClock) -> None:
    """Wherever the kill hits, the chain holds and every reference that was printed is there."""
    seed = random.randrange(1 << 32)  # noqa: S311  where to kill, no secret
    lines = random.Random(seed)  # noqa: S311  likewise
    committed: list[str] = []
    for number in range(KILLS):
        printed = _killed_after(path, lines.randint(1, 25), number * 10_000 + 1)
        committed += printed
        ledger = Ledger.open(path, clock=clock, owner="heir")
        verification = ledger.verify()
        missing = [ref for ref in committed if ledger.order(ref) is None]
        half_done = [row.update.order_ref for row in ledger.open_orders(ACCOUNT)]
        intents = _intents(ledger)
        ledger.close()

        assert printed, f"seed {seed}"
        assert verification.holds, f"seed {seed}: {verification.problem}"
        assert missing == [], f"seed {seed}"
        assert len(half_done) <= number + 1, f"seed {seed}: at most one a kill"
        assert intents >= set(committed), f"seed {seed}"


def _intents(ledger: Ledger) -> set[str]:
    with ledger._store.reading() as connection:  # pyright: ignore[reportPrivateUsage]  # the journal's rows
        rows = connection.execute("SELECT order_ref FROM journal WHERE kind = 'INTENT'")
        return {ref for (ref,) in rows}


def test_reducing_never_weakens_a_halt(ledger: Ledger, open_ledger: OpenLedger) -> None:
    """Whoever wants it, the halt stays, and nothing is written."""
    halted = open_ledger("theirs").set_latch(LatchState.HALTED, by="user", reason="lunch")
    rows = ledger.verify().rows

    assert ledger.set_latch(LatchState.REDUCING, by="flatten", reason="") == halted
    assert ledger.latch() == halted
    assert ledger.verify().rows == rows


def test_the_last_connection_of_each_client_id_is_kept(open_ledger: OpenLedger) -> None:
    """For whoever has to cancel its orders without it; the newest first, and in the journal."""
    ledger = open_ledger("one")
    first, other, again = (
        Connection(
            account=ACCOUNT,
            client_id=client_id,
            profile="paper",
            host="127.0.0.1",
            port=port,
            at=NOW + timedelta(seconds=port),
        )
        for client_id, port in ((1, 7497), (2, 7498), (1, 7499))
    )
    for made in (first, other, again):
        ledger.note_connection(made)

    assert ledger.connections() == [again, other]
    assert ledger.verify().rows == 3


def test_a_change_by_another_process_is_noticed(open_ledger: OpenLedger) -> None:
    """And one's own is none."""
    ledger, other = open_ledger("one"), open_ledger("two")
    before = ledger.changes()
    ledger.note("CONNECTED", {})
    assert ledger.changes() == before
    other.set_latch(LatchState.HALTED, by="user", reason="")

    assert ledger.changes() != before
