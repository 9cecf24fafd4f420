"""The gateway's command line, read and checked."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NoReturn

from .layouts import VERSION_MAX
from .server import AddressRefused, check_address
from .sessions import Hours

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
    fresh: bool
    verbose: bool


def _whole(lowest: int, highest: int) -> "_Number":
    return _Number(Decimal(lowest), Decimal(highest), is_whole=True)


@dataclass(frozen=True, slots=True)
class _Number:
    """An argparse type: a number within bounds."""

    lowest: Decimal
    highest: Decimal
    is_whole: bool = False

    def __call__(self, text: str) -> Any:
        try:
            number = Decimal(text)
            is_fit = self.lowest <= number <= self.highest
        except InvalidOperation:
            number, is_fit = Decimal(0), False
        if not is_fit or (self.is_whole and number != number.to_integral_value()):
            kind = "a whole number" if self.is_whole else "a number"
            raise argparse.ArgumentTypeError(
                f"was {text!r}, expected {kind} from {self.lowest:f} to {self.highest:f}"
            )
        return int(number) if self.is_whole else number


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="edgerunner gateway",
        description="Run the embedded gateway: a simulated market and a virtual account"
        " that any program written for TWS or IB Gateway can connect to.",
        allow_abbrev=False,
    )
    _add_place(parser.add_argument_group("where it is").add_argument)
    _add_market(parser.add_argument_group("what it simulates").add_argument)
    return parser


def _add_place(add: Callable[..., object]) -> None:
    add("--host", default="127.0.0.1", help="loopback address to listen on (%(default)s)")
    add("--port", type=_whole(0, 65535), default=0, help="0 takes a free one (%(default)s)")
    add(
        "--state",
        type=Path,
        metavar="DIR",
        help="keep account and orders here between runs",
    )
    add(
        "--runtime", type=Path, metavar="DIR", help="be found here; one gateway a directory"
    )
    add("--fresh", action="store_true", help="set a saved market aside and begin a new one")
    add(
        "--idle-exit",
        type=_Number(Decimal(0), Decimal(10**9)),
        metavar="SECONDS",
        help="end when nobody has been connected for so long (never)",
    )
    add(
        "--max-server-version",
        type=_whole(VERSION_OFFERED_MIN, VERSION_MAX),
        default=VERSION_MAX,
        metavar="N",
        help="newest server version to speak (%(default)s)",
    )
    add("--verbose", action="store_true", help="log connections to standard error")


def _add_market(add: Callable[..., object]) -> None:
    add(
        "--seed",
        type=_whole(0, 2**SEED_BITS - 1),
        metavar="N",
        help=f"prices follow from it (the saved market's, or {SEED})",
    )
    add(
        "--cash",
        type=_Number(Decimal(0), CASH_MAX),
        default=Decimal(100_000),
        help="USD of a new account (%(default)s)",
    )
    add(
        "--hours",
        choices=[hours.value for hours in Hours],
        default="always",
        help="trade around the clock, or when the real exchanges do (%(default)s)",
    )
    add(
        "--ticks-per-second",
        type=_whole(1, TICKS_PER_SECOND_MAX),
        default=4,
        metavar="N",
        help="changes a second of every instrument (%(default)s)",
    )
    add("--universe", type=Path, metavar="FILE", help="TOML file with further instruments")


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
        fresh=parsed.fresh,
        verbose=parsed.verbose,
    )
