"""The command `edgerunner`: what can be asked and done without a notebook.

It needs neither a kernel nor a broker connection; a wrong use ends in one line and exit status 2.
"""

import argparse
import asyncio
import runpy
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NoReturn

from edgerunner_lab import __version__
from edgerunner_lab.core.errors import EdgerunnerError
from edgerunner_lab.guard.snapshot import Latch, LatchState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.embedded import EmbeddedGateway, find
from edgerunner_lab.tables.cells import Kind, plain, words

WRONG_USE: Final = 2
"""Exit status of a wrong use and of what could not be done, as argparse and the gateway have it."""

_GATEWAY: Final = "edgerunner_lab.sim"
"""Run as a program and never imported: the gateway and the session share no code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default the process's own, and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["gateway"]:
        # Its own parser knows its options, `--help` included.
        return _gateway(given[1:])
    _parser().parse_args(given)
    try:
        print(asyncio.run(_status(Paths.default())))  # noqa: T201  the command's answer
    except (EdgerunnerError, OSError) as error:
        print(f"edgerunner status: {plain(str(error))}", file=sys.stderr)  # noqa: T201  its error
        return WRONG_USE
    return 0


class _OneLineParser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line, without the usage in front."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {plain(message)}; try {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="edgerunner",
        description="Edgerunner Lab without a notebook.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"edgerunner {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "gateway",
        help="run the embedded gateway by hand; `edgerunner gateway --help` has examples",
        add_help=False,
    )
    commands.add_parser(
        "status", help="show whether trading is halted, and whether the gateway is running"
    )
    return parser


def _gateway(arguments: Sequence[str]) -> int:
    sys.argv = ["edgerunner gateway", *arguments]
    try:
        runpy.run_module(_GATEWAY, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        return 130
    return 0


async def _status(paths: Paths) -> str:
    trading = _trading_words(_latch(paths))
    gateway = _gateway_words(await find(paths.runtime))
    return f"trading  {trading}\ngateway  {gateway}"


def _latch(paths: Paths) -> Latch | None:
    """Return the ledger's latch, or None where there is no ledger; asking must not make one."""
    path = paths.ledger
    if not path.exists():
        return None
    ledger = Ledger.open(path, clock=lambda: datetime.now(UTC), owner="cli")  # noqa: TID251  the rim reads the clock
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


if __name__ == "__main__":
    raise SystemExit(main())
