"""`edgerunner halt` and `edgerunner resume`: stop trading, and let it go on, without a notebook."""

from edgerunner_lab.core.errors import EdgerunnerError
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger import owners
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.outside import BY_TERMINAL, halt
from edgerunner_lab.session.wall_clock import utc_now


class Unconfirmed(EdgerunnerError):
    """Trading is halted, and something may still work at the broker."""


def halted(paths: Paths, *, reason: str, everything: bool) -> str:
    """Halt, and return what was proven.

    Raises:
        Unconfirmed: it is not proven that nothing works any more.
    """
    found = halt(paths, reason=reason or "halted from a terminal", everything=everything)
    orders = "1 order" if found.before == 1 else f"{found.before} orders"
    if not found.is_confirmed:
        state = "HALTED" if found.is_durable else "NOT HALTED"
        left = f"{len(found.left)} of {orders} may still work ({', '.join(found.left)})"
        what = left if found.left else "it is not proven that nothing works"
        raise Unconfirmed(
            f"{state}, but UNCONFIRMED: {'; '.join([what, *found.problems])}; look at TWS"
        )
    if everything:
        return "HALTED, confirmed: the broker names no open order at any place known here"
    if not found.before:
        return "HALTED; by the ledger no order of ours may still work"
    works = "works" if found.before == 1 else "work"
    return f"HALTED, confirmed: {orders} no longer {works}"


def resumed(paths: Paths, *, reason: str) -> str:
    """Lift a halt, and return a line that says so."""
    ledger = Ledger.open(
        paths.ledger, clock=utc_now, owner=owners.this_process("edgerunner resume")
    )
    try:
        ledger.set_latch(LatchState.ACTIVE, by=BY_TERMINAL, reason=reason)
    finally:
        ledger.close()
    return "trading is active again in every notebook of this user"
