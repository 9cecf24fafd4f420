"""Fault scripts: TOML, or one table from the control channel, to checked faults. Every error is one line."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias, cast

from edgerunner_lab.sim.faults.fault_shapes import PARAMETERS, SHAPES, TIMES_MAX, Kind
from edgerunner_lab.sim.faults.faults import Fault, What, When

FAULTS_MAX: Final = 10_000
"""Most faults in one script."""

TEXT_MAX: Final = 500
"""Longest text; the broker's own are shorter."""

CLIENT_ID_MAX: Final = 2**31 - 1

PRETEND_LIVE: Final = frozenset({"U1234567", "U7654321"})
"""The only numbers under which a simulated account may look like a live one; both are made up."""

Bounds: TypeAlias = tuple[float, float]
"""Lowest and highest number allowed."""

_PAPER: Final = re.compile(r"DU[0-9]{5,8}")
_DAILY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_WHEN: Final = ("after", "daily", "message", "nth", "connect")


class ScriptError(ValueError):
    """A fault cannot be read; the text is one line that says which, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names that a script may use.

    Attributes:
        requests, replies: Names of messages to and from the gateway.
        may_pretend_live: Whether an account may be given a number that looks live.
    """

    requests: frozenset[str]
    replies: frozenset[str]
    may_pretend_live: bool = False


def script_faults(text: str, vocabulary: Vocabulary) -> tuple[Fault, ...]:
    """Return the faults of a TOML text with `[[fault]]` tables.

    Raises:
        ScriptError: it is not TOML, or one of them cannot be read.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"it is not TOML: {error}") from None
    tables = content.pop("fault", [])
    if content or not isinstance(tables, list):
        found = next(iter(content), "fault")
        raise ScriptError(f"found {found!r}, expected nothing but [[fault]] tables")
    rows = cast("list[Any]", tables)
    if len(rows) > FAULTS_MAX:
        raise ScriptError(f"found {len(rows)} faults, expected at most {FAULTS_MAX}")
    faults: list[Fault] = []
    for number, row in enumerate(rows, 1):
        try:
            faults.append(fault_of(row, vocabulary))
        except ScriptError as error:
            raise ScriptError(f"fault {number}: {error}") from None
    return tuple(faults)


def fault_of(row: Any, vocabulary: Vocabulary) -> Fault:
    """Return the fault that a table of a script or of the control channel describes.

    Raises:
        ScriptError: it cannot be read.
    """
    if not isinstance(row, dict):
        raise ScriptError(f"was {row!r}, expected a table such as {{what = 'drop'}}")
    table = cast("Mapping[str, Any]", row)
    what = _what(table.get("what"))
    shape = SHAPES[what]
    allowed = {"what", "when", "client", *shape.takes, *shape.needs}
    for name in table:
        if name not in allowed:
            raise ScriptError(
                f"{what} does not take {name!r}, expected one of {', '.join(sorted(allowed))}"
            )
    for name in shape.needs:
        if name not in table:
            raise ScriptError(f"{what} needs {name!r}: {PARAMETERS[name].meaning}")
    values = {name: _value(name, table[name]) for name in table if name in PARAMETERS}
    client = table.get("client")
    if client is not None:
        values["client"] = int(_number("client", client, (0, CLIENT_ID_MAX), is_whole=True))
    fault = Fault(what=what, when=_when(table.get("when", {}), vocabulary), **values)
    _check(fault, vocabulary)
    return fault


def check_account(name: str, *, may_pretend_live: bool) -> str:
    """Return an account number that the gateway may show.

    Raises:
        ScriptError: it is neither a paper account's nor, where allowed, one of the two made-up live ones.
    """
    if _PAPER.fullmatch(name) or (may_pretend_live and name in PRETEND_LIVE):
        return name
    if name in PRETEND_LIVE:
        raise ScriptError(
            f"the account {name} looks like a live one; only a test may ask for it,"
            " with --pretend-live"
        )
    expected = "DU and five to eight digits"
    if may_pretend_live:
        expected += f", or {' or '.join(sorted(PRETEND_LIVE))}"
    raise ScriptError(f"the account was {name[:40]!r}, expected {expected}")


def _what(value: Any) -> What:
    try:
        return What(value)
    except ValueError:
        raise ScriptError(
            f"what was {value!r}, expected one of {', '.join(What)}"
        ) from None


def _when(value: Any, vocabulary: Vocabulary) -> When:
    if not isinstance(value, dict):
        raise ScriptError(f"when was {value!r}, expected a table such as {{after = 5}}")
    table = cast("Mapping[str, Any]", value)
    for name in table:
        if name not in _WHEN:
            raise ScriptError(f"when has {name!r}, expected one of {', '.join(_WHEN)}")
    if {"after", "daily"} & set(table) and len(table) > 1:
        raise ScriptError(f"when has {sorted(table)}, expected 'after' or 'daily' alone")
    if "nth" in table and "message" not in table:
        raise ScriptError("when has 'nth' without 'message', expected both")
    message = table.get("message")
    if message is not None:
        _known("message", message, vocabulary.requests | vocabulary.replies)
    after, connect = table.get("after"), table.get("connect")
    counts = (1, TIMES_MAX)
    return When(
        after=None if after is None else _number("after", after, (0, 10**9)),
        daily=_daily(table["daily"]) if "daily" in table else None,
        message=message,
        nth=int(_number("nth", table.get("nth", 1), counts, is_whole=True)),
        connect=None
        if connect is None
        else int(_number("connect", connect, counts, is_whole=True)),
    )


def _daily(value: Any) -> int:
    match = _DAILY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ScriptError(f"daily was {value!r}, expected a New York time such as '23:45'")
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _value(name: str, value: Any) -> Any:
    parameter = PARAMETERS[name]
    return _READERS[parameter.kind](name, value, (parameter.lowest, parameter.highest))


def _whole(name: str, value: Any, bounds: Bounds) -> int:
    return int(_number(name, value, bounds, is_whole=True))


def _text(name: str, value: Any, _: Bounds) -> str:
    if isinstance(value, str) and value.isprintable() and len(value) <= TEXT_MAX:
        return value
    raise ScriptError(
        f"{name} was {value!r:.60}, expected a text of at most {TEXT_MAX} characters"
    )


def _names(name: str, value: Any, _: Bounds) -> frozenset[str]:
    names = cast("list[Any]", value if isinstance(value, list) else [])
    texts = [each for each in names if isinstance(each, str)]
    if not texts or len(texts) != len(names):
        raise ScriptError(
            f"{name} was {value!r:.60}, expected a list of names such as ['orderStatus']"
        )
    return frozenset(texts)


def _flag(name: str, value: Any, _: Bounds) -> bool:
    if not isinstance(value, bool):
        raise ScriptError(f"{name} was {value!r:.60}, expected true or false")
    return value


def _number(name: str, value: Any, bounds: Bounds, *, is_whole: bool = False) -> float:
    kinds = (int,) if is_whole else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not bounds[0] <= value <= bounds[1]:
        kind = "a whole number" if is_whole else "a number"
        raise ScriptError(
            f"{name} was {value!r}, expected {kind} from {bounds[0]:g} to {bounds[1]:g}"
        )
    return value


def _money(name: str, value: Any, bounds: Bounds) -> Decimal:
    try:
        # Text of a float is what its writer typed; the float itself is not.
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not bounds[0] <= number <= bounds[1]:
        raise ScriptError(
            f"{name} was {value!r}, expected a number from {bounds[0]:g} to {bounds[1]:g}"
        )
    return number


_READERS: Final[Mapping[Kind, Callable[[str, Any, Bounds], Any]]] = {
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.MONEY: _money,
    Kind.TEXT: _text,
    Kind.NAMES: _names,
    Kind.FLAG: _flag,
}


def _known(what: str, name: Any, names: frozenset[str]) -> None:
    if name not in names:
        raise ScriptError(
            f"{what} was {name!r}, expected a name such as reqMktData or orderStatus"
            " (docs/gateway.md has them all)"
        )


def _check(fault: Fault, vocabulary: Vocabulary) -> None:
    """Check what the parts of a fault cannot know of each other."""
    when = fault.when
    if fault.client is not None and when.connect is not None and when.message is None:
        raise ScriptError(
            "a new connection has no client id yet, expected"
            f" when = {{message = 'startApi', connect = {when.connect}}} with 'client'"
        )
    for name in sorted(fault.messages):
        _known("messages", name, vocabulary.replies)
    if fault.request:
        _known("request", fault.request, vocabulary.requests)
    if fault.what is What.ACCOUNT:
        check_account(fault.name, may_pretend_live=vocabulary.may_pretend_live)
