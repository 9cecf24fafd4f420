"""The gateway's command line, read and checked."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.market.sessions import Hours
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.process.clock import SPEED_MAX
from edgerunner_lab.sim.protocol.layouts import VERSION_MAX
from edgerunner_lab.sim.requests.data_rules import DataRules
from edgerunner_lab.sim.server.option_types import Number, moment, recorded, whole
from edgerunner_lab.sim.server.rule_options import add_rules, data_rules_of, order_rules_of
from edgerunner_lab.sim.server.server import AddressRefused, check_address

SEED: Final = 7
"""Seed of a new market when none is asked for."""

VERSION_OFFERED_MIN: Final = 151
"""Lowest --max-server-version: below it no living client places orders correctly."""

CASH_MAX: Final = Decimal(10) ** 12
TICKS_PER_SECOND_MAX: Final = 1000
SEED_BITS: Final = 63


class UsageError(Exception):
    """The command line cannot be carried out; the text is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line, checked.

    Attributes:
        address: Loopback address to listen on.
        seed: None for the saved market's own.
        cash: USD of a new account.
        idle_exit_s: Seconds without a connection after which it ends, None for never.
        speed: Gateway seconds per real second; 0 stands still until it is stepped.
        start: First instant of the clock, None for the present.
        recorded: Instruments whose prices come from a file, and the files.
        regime: How prices move; None for the market's own choice.
        faults: TOML file of what goes wrong.
        log: File to which every message is appended.
        may_pretend_live: A fault may show the account under a made-up live number.
    """

    address: str
    port: int
    seed: int | None
    cash: Decimal
    hours: Hours
    state: Path | None
    runtime: Path | None
    idle_exit_s: float | None
    version_max: int
    ticks_per_second: int
    universe: Path | None
    speed: float
    start: datetime | None
    recorded: Sequence[tuple[str, Path]]
    regime: str | None
    faults: Path | None
    log: Path | None
    may_pretend_live: bool
    order_rules: OrderRules
    data_rules: DataRules
    fresh: bool
    verbose: bool


_DESCRIPTION: Final = """\
Run the embedded gateway: a simulated market and a virtual account that any program
written for TWS or IB Gateway can connect to. It needs no broker, no data feed and no network,
and it listens on this machine only.
"""

_EPILOG: Final = """\
examples:
  edgerunner gateway --port 7497
      what a program for a paper account expects; Ctrl-C ends it
  edgerunner gateway --port 7497 --state ~/practice --seed 11 --cash 25000
      an account that is still there tomorrow; add --fresh to begin anew
  edgerunner gateway --speed 60 --start 2026-11-27T14:25:00Z --hours real
      a half-day at the exchange, an hour a minute
  edgerunner gateway --speed 0 --runtime /tmp/gate --log wire.jsonl
      time stands still until a command steps it; /tmp/gate/gateway.json says where to send it
  edgerunner gateway --recorded SPY=spy.csv --start 2026-11-20T14:30:00Z --speed 10
      a day that you have bars or ticks of, ten times as fast
  edgerunner gateway --faults bad-day.toml
      with, say, [[fault]] when = {after = 30}, what = "drop" in it

When it is ready it prints one line, "listening on 127.0.0.1:PORT".
Exit status: 0 ended as asked, 1 the last state could not be written, 2 it did not start and one
line on standard error says why. Fault scripts, commands and the pytest plugin: docs/gateway.md.
"""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="edgerunner gateway",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    _add_place(parser.add_argument_group("where it is").add_argument)
    _add_account(parser.add_argument_group("what it keeps").add_argument)
    add_rules(parser.add_argument_group("what the account allows").add_argument)
    _add_market(parser.add_argument_group("what it simulates").add_argument)
    _add_test(parser.add_argument_group("what goes wrong, and what is seen").add_argument)
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written, and options at a width that fits most terminals."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=92)


def _add_place(add: Callable[..., object]) -> None:
    add("--host", default="127.0.0.1", help="loopback address to listen on (%(default)s)")
    add("--port", type=whole(0, 65535), default=0, help="0 takes a free one (%(default)s)")
    add(
        "--runtime",
        type=Path,
        metavar="DIR",
        help="be found here: gateway.json says port and control socket; one gateway a directory",
    )
    add(
        "--idle-exit",
        type=Number(Decimal(0), Decimal(10**9)),
        metavar="SECONDS",
        help="end when nobody has been connected for so long (never)",
    )
    add(
        "--max-server-version",
        type=whole(VERSION_OFFERED_MIN, VERSION_MAX),
        default=VERSION_MAX,
        metavar="N",
        help="newest server version to speak (%(default)s)",
    )


def _add_account(add: Callable[..., object]) -> None:
    add(
        "--state",
        type=Path,
        metavar="DIR",
        help="keep account and orders here between runs (nowhere)",
    )
    add("--fresh", action="store_true", help="set a saved market aside and begin a new one")
    add(
        "--cash",
        type=Number(Decimal(0), CASH_MAX),
        default=Decimal(100_000),
        help="USD of a new account (%(default)s)",
    )


def _add_market(add: Callable[..., object]) -> None:
    add(
        "--seed",
        type=whole(0, 2**SEED_BITS - 1),
        metavar="N",
        help=f"prices follow from it (the saved market's, or {SEED})",
    )
    add(
        "--hours",
        choices=[hours.value for hours in Hours],
        default="always",
        help="trade around the clock, or when the real exchanges do (%(default)s)",
    )
    add("--regime", metavar="NAME", help=f"how prices move: {', '.join(Regime)}")
    add(
        "--recorded",
        type=recorded,
        action="append",
        default=[],
        metavar="SYMBOL=FILE",
        help="take an instrument's prices from recorded bars, prints or quotes, CSV or Parquet;"
        " give it once for each",
    )
    add(
        "--speed",
        type=Number(Decimal(0), Decimal(int(SPEED_MAX))),
        default=Decimal(1),
        metavar="X",
        help="gateway seconds a second; 0 stands still until stepped (%(default)s)",
    )
    add(
        "--start",
        type=moment,
        metavar="TIME",
        help="first instant of the clock, such as 2026-11-23T14:30:00Z (now)",
    )
    add(
        "--ticks-per-second",
        type=whole(1, TICKS_PER_SECOND_MAX),
        default=4,
        metavar="N",
        help="changes a second of every instrument (%(default)s)",
    )
    add("--universe", type=Path, metavar="FILE", help="TOML file with further instruments")


def _add_test(add: Callable[..., object]) -> None:
    add("--faults", type=Path, metavar="FILE", help="TOML file of faults and their times")
    add(
        "--pretend-live",
        action="store_true",
        help="let a fault show the account as U1234567 or U7654321, for tests of safety catches",
    )
    add(
        "--log",
        type=Path,
        metavar="FILE",
        help="append every decoded message, both ways, one JSON object a line",
    )
    add("--verbose", action="store_true", help="log connections to standard error")


def options_of(arguments: Sequence[str]) -> Options:
    """Return the checked command line.

    Raises:
        UsageError: it cannot be carried out.
        SystemExit: help was asked for and printed.
    """
    parsed = _parser().parse_args(arguments)
    try:
        address = check_address(parsed.host, parsed.port)
    except AddressRefused as refused:
        raise UsageError(str(refused)) from None
    return Options(
        address=address,
        port=parsed.port,
        seed=parsed.seed,
        cash=parsed.cash,
        hours=Hours(parsed.hours),
        state=parsed.state,
        runtime=parsed.runtime,
        idle_exit_s=None if parsed.idle_exit is None else float(parsed.idle_exit),
        version_max=parsed.max_server_version,
        ticks_per_second=parsed.ticks_per_second,
        universe=parsed.universe,
        speed=float(parsed.speed),
        start=parsed.start,
        recorded=_once_each(parsed.recorded),
        regime=parsed.regime,
        faults=parsed.faults,
        log=parsed.log,
        may_pretend_live=parsed.pretend_live,
        order_rules=order_rules_of(parsed),
        data_rules=data_rules_of(parsed),
        fresh=parsed.fresh,
        verbose=parsed.verbose,
    )


def _once_each(given: Sequence[tuple[str, Path]]) -> tuple[tuple[str, Path], ...]:
    names = [name for name, _ in given]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(
            f"argument --recorded: {twice} was given twice, expected once each"
        )
    return tuple(given)
