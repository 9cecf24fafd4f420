"""The command `edgerunner`: what can be asked and done without a notebook.

It needs neither a kernel nor a browser; a wrong use ends in one line and exit status 2.
"""

import argparse
import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, Protocol

from edgerunner_lab import __version__
from edgerunner_lab.cli.audit import JournalBroken, exported, verified
from edgerunner_lab.cli.halting import Unconfirmed, halted, resumed
from edgerunner_lab.cli.status import status
from edgerunner_lab.core.errors import EdgerunnerError, UsageError
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.tables.cells import plain

NOT_PROVEN: Final = 1
"""Exit status of a halt that is not confirmed, and of a journal that does not hold."""

WRONG_USE: Final = 2
"""Exit status of a wrong use and of what could not be done, as argparse and the gateway have it."""

REASON_CHARS_MAX: Final = 200
"""As in a notebook: a sentence or two."""

_GATEWAY: Final = "edgerunner_lab.sim"
"""Run as a program and never imported: the gateway and the session share no code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default the process's own, and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["gateway"]:
        # Its own parser knows its options, `--help` included.
        return _gateway(given[1:])
    asked = _parser().parse_args(given)
    try:
        print(_ANSWERS[asked.command](asked, Paths.default()))  # noqa: T201  the command's answer
    except (EdgerunnerError, OSError) as error:
        print(f"edgerunner {asked.command}: {plain(str(error))}", file=sys.stderr)  # noqa: T201  its error
        return NOT_PROVEN if isinstance(error, (Unconfirmed, JournalBroken)) else WRONG_USE
    return 0


_Answer = Callable[[argparse.Namespace, Paths], str]

_ANSWERS: Final[dict[str, _Answer]] = {
    "status": lambda _, paths: status(paths),
    "halt": lambda asked, paths: halted(
        paths, reason=_reason(asked), everything=asked.everything
    ),
    "resume": lambda asked, paths: resumed(paths, reason=_reason(asked)),
    "audit": lambda asked, paths: (
        verified(paths)
        if asked.action == "verify"
        else exported(paths, asked.form, asked.to, is_masked=not asked.unmask)
    ),
}
"""command -> its answer, a text to print"""


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
    _add_halt(commands)
    _add_resume(commands)
    _add_audit(commands)
    return parser


class _Commands(Protocol):
    """What `add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, **how: Any) -> argparse.ArgumentParser:
        """Add a command."""
        ...


def _add_halt(commands: _Commands) -> None:
    parser = commands.add_parser(
        "halt",
        help="stop trading in every notebook, and cancel their orders; works while a kernel hangs",
        description=(
            "Stop trading in every notebook of this user and cancel their working orders. Notebooks that live cancel"
            " their own; for the others this command connects in their place. It stays until `edgerunner resume`."
        ),
        epilog="Exit status: 0 when the broker confirms that nothing works any more, 1 when it does not.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="have the broker cancel every order of the account, those of TWS and other programs too",
    )
    parser.add_argument("--reason", default="", help="for the journal")


def _add_resume(commands: _Commands) -> None:
    parser = commands.add_parser(
        "resume", help="let trading go on after a halt", allow_abbrev=False
    )
    parser.add_argument("--reason", required=True, help="why it may go on, for the journal")


def _add_audit(commands: _Commands) -> None:
    parser = commands.add_parser(
        "audit",
        help="check the journal of every order and decision, or write it out",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser(
        "verify",
        help="walk the chain of hashes, and name the first row that was edited, deleted or moved",
        allow_abbrev=False,
    )
    export = actions.add_parser(
        "export", help="write the journal to a file of your own", allow_abbrev=False
    )
    export.add_argument("to", metavar="FILE", help="a new file; one that exists is kept")
    export.add_argument(
        "--form",
        choices=("csv", "jsonl", "parquet"),
        help="by the file's ending unless given",
    )
    export.add_argument(
        "--unmask", action="store_true", help="show accounts in full (masked)"
    )


def _reason(asked: argparse.Namespace) -> str:
    reason = plain(asked.reason.strip())
    if asked.command == "resume" and not reason:
        raise UsageError("no reason was given, expected why trading may go on")
    return reason[:REASON_CHARS_MAX]


def _gateway(arguments: Sequence[str]) -> int:
    sys.argv = ["edgerunner gateway", *arguments]
    try:
        runpy.run_module(_GATEWAY, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        return 130
    return 0
