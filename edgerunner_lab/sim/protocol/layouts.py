"""Message layouts as data: the text tables in `layouts/`, read once and cut to a server version.

A layout is a tree of fields, counted groups and conditional blocks, each with the server
versions at which it is on the wire. What the tree means for bytes is the business of `messages`.
"""

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

_PACKAGE: Final = "edgerunner_lab.sim"

VERSION_MIN: Final = 100
"""Oldest server version that the tables describe: the first with length-prefixed frames."""

VERSION_MAX: Final = 200
"""Newest server version that speaks text; 201 begins protobuf."""

WHOLE_SIZES_BELOW: Final = 163
"""Before FRACTIONAL_SIZE_SUPPORT clients read market-data sizes as integers."""

WHOLE_QUANTITIES_BELOW: Final = 101
"""Before FRACTIONAL_POSITIONS clients read quantities and positions as integers."""


class Kind(StrEnum):
    """What a field holds; the letter is the tables' own."""

    TEXT = ""
    INTEGER = "i"
    LONG = "l"
    FLOAT = "f"
    DECIMAL = "d"
    SIZE = "w"
    WHOLE = "whole"
    BOOL = "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    Attributes:
        unset: Text on the wire when there is no value.
        is_constant: Always `unset`; no value is asked for or kept.
    """

    name: str
    kind: Kind
    unset: str
    is_constant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A count, then that many times `parts`."""

    name: str
    parts: "Parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Parts that are there only while `condition` holds."""

    condition: str
    parts: "Parts"


Part: TypeAlias = Field | Group | Block
Parts: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A message at one server version."""

    id: int
    name: str
    parts: Parts


class TableError(ValueError):
    """A table has a line that cannot be read; only an edit of the package can cause it."""


def load_table(name: str) -> str:
    """Return the text of the table `requests` or `replies`."""
    file = importlib.resources.files(_PACKAGE).joinpath(f"layouts/{name}.txt")
    return file.read_text(encoding="utf-8")


class Table:
    """Every layout of one direction, at any server version."""

    def __init__(self, text: str) -> None:
        self._macros: dict[str, list[str]] = {}
        self._lines: list[tuple[int, str, range, list[str]]] = []
        for line in _joined(text):
            head, _, body = line.partition(" =")
            if head.startswith("$"):
                self._macros[head] = body.split()
            else:
                self._lines.append((*_heading(head), body.split()))

    def at(self, version: int) -> list[Layout]:
        """Return what exists at `version`, in the tables' order; a name may come twice."""
        return [
            Layout(id=number, name=name, parts=_parts(self._expanded(tokens), version))
            for number, name, versions, tokens in self._lines
            if version in versions
        ]

    def _expanded(self, tokens: list[str]) -> Iterator[str]:
        for token in tokens:
            if token.startswith("$"):
                yield from self._expanded(self._macros[token])
            else:
                yield token


def _joined(text: str) -> list[str]:
    """Return the table's lines with continuations appended and comments left out."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            lines[-1] += line.rstrip()
        elif line and not line.startswith("#"):
            lines.append(line.rstrip())
    return lines


def _heading(head: str) -> tuple[int, str, range]:
    number, name = head.split()
    name, versions = _gate(name)
    return int(number), name, versions


_GATES: Final[Mapping[str, re.Pattern[str]]] = {
    "from": re.compile(r">=(\d+)"),
    "below": re.compile(r"<(\d+)"),
    "between": re.compile(r"(\d+)\.\.(\d+)"),
}


def _gate(token: str) -> tuple[str, range]:
    """Return `token` without its gate, and the server versions that the gate admits."""
    rest, _, gate = token.partition("@")
    if not gate:
        return rest, range(VERSION_MIN, VERSION_MAX + 1)
    if match := _GATES["from"].fullmatch(gate):
        return rest, range(int(match[1]), VERSION_MAX + 1)
    if match := _GATES["below"].fullmatch(gate):
        return rest, range(VERSION_MIN, int(match[1]))
    if match := _GATES["between"].fullmatch(gate):
        return rest, range(int(match[1]), int(match[2]) + 1)
    raise TableError(f"{token!r} has the gate {gate!r}, expected >=N, <N or A..B")


def _parts(words: Iterator[str], version: int) -> Parts:
    """Read parts up to the closing brace or the end, leaving out what `version` lacks."""
    parts: list[Part] = []
    for word in words:
        if word == "}":
            break
        opened = word.endswith("{")
        name, versions = _gate(word.removesuffix("{"))
        inner = _parts(words, version) if opened else ()
        if version not in versions:
            continue
        if word.startswith("#"):
            parts.append(Group(name=name[1:], parts=inner))
        elif word.startswith("?"):
            parts.append(Block(condition=name[1:], parts=inner))
        else:
            parts.append(_field(name, version))
    return tuple(parts)


_FIELD: Final = re.compile(
    r"(?P<constant>-?)(?P<name>[\w.]+)(?::(?P<kind>\w))?(?:=(?P<unset>.*))?"
)

_UNSET: Final[Mapping[Kind, str]] = {Kind.BOOL: "0"}


def _field(token: str, version: int) -> Field:
    match = _FIELD.fullmatch(token)
    if match is None:
        raise TableError(f"{token!r} is not a field, expected name:kind=text")
    kind = Kind(match["kind"] or "")
    if (kind is Kind.SIZE and version < WHOLE_SIZES_BELOW) or (
        kind is Kind.DECIMAL and version < WHOLE_QUANTITIES_BELOW
    ):
        kind = Kind.WHOLE
    unset = match["unset"]
    return Field(
        name=match["name"],
        kind=kind,
        unset=_UNSET.get(kind, "") if unset is None else unset,
        is_constant=bool(match["constant"]),
    )
