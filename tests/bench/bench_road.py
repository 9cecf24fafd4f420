"""The parts of the order road by themselves: the guard's judgement, a durable commit, a walk over the journal."""

import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from figures import Figure, summed_up

from edgerunner_lab.guard.gate import approve
from edgerunner_lab.guard.snapshot import Holding
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.session.wall_clock import utc_now
from guard.builders import (
    NOW,
    a_ledger,
    a_snapshot,
    an_order,
    attempts,
    judge,
    wide_limits,
    working,
)
from rigs.orders import order_ref

CHECKS, COMMITS, ROWS = 2000, 200, 5000
WORKING = 20
"""Orders that work, and instruments that are held, beside the one that is judged."""


def guard_check() -> Iterator[Figure]:
    """Every rule on one order, with twenty working orders, twenty holdings and a busy hour behind it."""
    others = tuple(
        replace(
            working(10, ref=f"ELB:{number}", con_id=number, price="90.00"),
            unit_value=Decimal(90),
        )
        for number in range(WORKING)
    )
    holdings = tuple(
        Holding(con_id=n, symbol=str(n), position=Decimal(5), unit_value=Decimal(90))
        for n in range(WORKING)
    )
    snapshot = a_snapshot(
        broker_working=others,
        ledger=a_ledger(working=others, attempts=attempts(*range(20, 55))),
        holdings=holdings,
    )
    order, limits = an_order(10, limit="100.00"), wide_limits()
    yield summed_up(
        "guard_check",
        "ms",
        [_ms(lambda: approve(order, snapshot, limits, NOW)) for _ in range(CHECKS)],
    )


def ledger_commit() -> Iterator[Figure]:
    """An intent, judged and written so that it survives a power cut."""
    with _ledger() as ledger:
        times: list[float] = []
        for number in range(COMMITS):
            order = an_order(1, order_ref=order_ref(number + 1))
            times.append(_ms(lambda order=order: _reserve(ledger, order)))
        yield summed_up("ledger_commit", "ms", times)


def journal_verify() -> Iterator[Figure]:
    """A walk over the whole chain."""
    with _ledger() as ledger:
        for _ in range(ROWS):
            ledger.note("BENCH", {"some": "facts"})
        rates = [ROWS / (_ms(ledger.verify) / 1000) for _ in range(5)]
        yield summed_up("journal_verify", "rows/s", rates)


def _reserve(ledger: Ledger, order: object) -> object:
    return ledger.reserve(order, lambda _facts: judge(order, a_snapshot(), wide_limits()))  # type: ignore[arg-type]


@contextmanager
def _ledger() -> Generator[Ledger]:
    with tempfile.TemporaryDirectory(prefix="er-bench-") as directory:
        path = Path(directory) / "ledger.db"
        ledger = Ledger.open(path, clock=utc_now, owner="bench")
        try:
            yield ledger
        finally:
            ledger.close()


def _ms(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return (time.perf_counter() - began) * 1000
