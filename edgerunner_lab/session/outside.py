"""Halting from another process: it works while a kernel hangs, is dead, or was never there.

The latch first. Notebooks that live cancel their own orders within moments; for those that do not, this process
connects under their client id, which alone may cancel them, and asks the broker what is left.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Final

from edgerunner_lab.core.errors import EdgerunnerError, LedgerError
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger import owners
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import OrderRow
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import quick_cancel
from edgerunner_lab.session.wall_clock import utc_now

NOTEBOOK: Final = "edgerunner halt"
"""Stands where a notebook's path stands, in the journal and in the latch."""

BY_TERMINAL: Final = "terminal"

LIVING_SECONDS: Final = 1.0
"""How long notebooks that live have for cancelling their own orders; they look 20 times a second."""

_LOOK_SECONDS: Final = 0.05

_Gateway = tuple[str, str, int]
"""Account, host and port."""


@dataclass(slots=True)
class Halt:
    """What became of a halt.

    Attributes:
        is_durable: The ledger has it, and every kernel of the user reads it before its next order.
        before: Orders that might have traded when it began, as far as the ledger knows.
        left: References of those whose end is not proven.
        problems: What went wrong, a line each.
    """

    is_durable: bool = False
    before: int = 0
    left: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])

    @property
    def is_confirmed(self) -> bool:
        """Whether the broker's own words prove that nothing is left."""
        return self.is_durable and not self.left and not self.problems


def halt(paths: Paths, *, reason: str, everything: bool = False) -> Halt:
    """Stop trading in every notebook of this user, and cancel their working orders; blocks for seconds.

    Args:
        paths: Whose ledger.
        reason: For the journal.
        everything: Have the broker cancel all orders at every place that was connected to, whoever placed them.
    """
    found = Halt()
    try:
        ledger = Ledger.open(
            paths.ledger, clock=utc_now, owner=owners.this_process(NOTEBOOK)
        )
    except LedgerError as error:
        found.problems.append(f"the halt is NOT durable ({error})")
        return found
    try:
        ledger.set_latch(LatchState.HALTED, by=BY_TERMINAL, reason=reason)
        found.is_durable = True
        found.before = len(ledger.open_orders())
        # For everything the broker is asked at once, beside what living notebooks do themselves.
        left = [] if everything else _wait_for_the_living(ledger)
        known = ledger.connections()
        proven: set[_Gateway] = set()
        places = _places(known, left, everything=everything)
        # The broker's own cancel first; what came of it a whole session finds out, which takes longer.
        asked = [quick_cancel.ask(paths, place) for place in places] if everything else []
        for place in places:
            problem = _halt_at(paths, place, reason, everything=everything)
            if problem:
                found.problems.append(problem)
            else:
                proven.add(_gateway_of(place))
        for line in asked:
            if line is not None:
                line.close()
        if everything:
            _wait_for_the_living(ledger)
        gateway_by_client = {
            (place.account, place.client_id): _gateway_of(place) for place in known
        }
        # A notebook that hangs has not written that its order is gone; the broker has said so all the same.
        found.left = [
            row.update.order_ref
            for row in ledger.open_orders()
            if gateway_by_client.get((row.update.account, row.update.client_id))
            not in proven
        ]
    except LedgerError as error:
        found.problems.append(str(error))
    finally:
        ledger.close()
    return found


def _wait_for_the_living(ledger: Ledger) -> list[OrderRow]:
    """Return the orders that still may trade after living notebooks had time to cancel theirs."""
    deadline = time.monotonic() + LIVING_SECONDS
    while True:
        left = ledger.open_orders()
        living = [row for row in left if owners.is_alive(row.owner)]
        if not living or time.monotonic() >= deadline:
            return left
        threading.Event().wait(_LOOK_SECONDS)


def _places(
    known: list[Connection], left: list[OrderRow], *, everything: bool
) -> list[Connection]:
    """Return where to cancel: each client id with orders left or, for everything, each gateway once."""
    if not everything:
        wanted = {(row.update.account, row.update.client_id) for row in left}
        return [place for place in known if (place.account, place.client_id) in wanted]
    by_gateway: dict[_Gateway, Connection] = {}
    for place in known:
        by_gateway.setdefault(_gateway_of(place), place)
    return list(by_gateway.values())


def _gateway_of(place: Connection) -> _Gateway:
    return place.account, place.host, place.port


def _halt_at(paths: Paths, place: Connection, reason: str, *, everything: bool) -> str:
    """Connect as a client id, cancel, and ask the broker what is left; return what went wrong, empty if nothing did."""
    from edgerunner_lab.session.session import Session  # noqa: PLC0415  the latch does not wait for it

    session = Session(paths=paths, notebook=NOTEBOOK)
    try:
        session.connect(
            place.profile,
            host=place.host or None,
            port=place.port or None,
            account=place.account,
            client_id=place.client_id,
        )
        session.thread.run(
            session.verbs.halt, reason, everything=everything, by=BY_TERMINAL
        )
    except (EdgerunnerError, OSError) as error:
        return " ".join(str(error).split())
    finally:
        session.close()
    return ""
