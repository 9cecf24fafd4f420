"""`edgerunner status`: whether trading is halted, and whether the gateway runs; asking makes nothing."""

import asyncio

from edgerunner_lab.guard.snapshot import Latch, LatchState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.embedded import EmbeddedGateway, find
from edgerunner_lab.session.wall_clock import utc_now
from edgerunner_lab.tables.cells import Kind, plain, words


def status(paths: Paths) -> str:
    """Return two lines: whether trading is halted, and whether the embedded gateway listens."""
    return asyncio.run(_status(paths))


async def _status(paths: Paths) -> str:
    trading = _trading_words(_latch(paths))
    gateway = _gateway_words(await find(paths.runtime))
    return f"trading  {trading}\ngateway  {gateway}"


def _latch(paths: Paths) -> Latch | None:
    """Return the ledger's latch, or None where there is no ledger; asking must not make one."""
    path = paths.ledger
    if not path.exists():
        return None
    ledger = Ledger.open(path, clock=utc_now, owner="cli")
    try:
        return ledger.latch()
    finally:
        ledger.close()


def _trading_words(latch: Latch | None) -> str:
    if latch is None:
        return "active; no ledger yet, so no order was ever sent from here"
    if latch.state is LatchState.ACTIVE:
        return "active"
    since = words(latch.at, Kind.TIME)
    return f'{latch.state.value} by {plain(latch.by)} since {since} UTC, reason "{plain(latch.reason)}"'


def _gateway_words(gateway: EmbeddedGateway | None) -> str:
    if gateway is None:
        return "not running; a notebook or `edgerunner gateway` starts it"
    return f"listening on 127.0.0.1:{gateway.port}, process {gateway.pid}"
