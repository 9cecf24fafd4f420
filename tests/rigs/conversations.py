r"""Reads and plays golden conversations: text files of what a client sends and what must come back.

    # A title: the fact that the file holds
    at 163..200                 only at these server versions
    gateway cash=5000           how the exchange is opened: cash, hours
    client 2                    the lines below are client 2's; connected when it is new, its greeting skipped
    greet 3                     the same, with the greeting expected
    leave                       the client hangs up
    > placeOrder orderId=1 SPY action=BUY totalQuantity=10 orderType=MKT
    < openOrder orderId=1 permId={perm} status=PreSubmitted
    < orderStatus permId={perm} filled>0 whyHeld=""
    wire 49 1 1795453200        a frame of exactly these fields has come
    ...                         anything may come before what follows; at the end: anything may follow
    silence                     nothing has come
    @ 2.5                       simulated seconds pass, in quarters
    move SPY 500                the price goes on from there
    regime halt SPY             so does the regime
    raw "49" "1"                a frame of these fields, NUL-terminated
    bytes "\x00\x00"            bytes as they are
    closed                      the gateway has hung up

Replies are expected one by one in the order in which they come. A field may be written without its
`c.` or `o.`; `conditions[0].price=1` means the first element of a group. `=` compares numbers as
numbers, `>` and `<` compare, `~` searches for a text within, `=*` wants anything but an empty field,
`{name}` remembers a value and wants the same one from then on. A field that the version does not have yet is not compared.
A word without any of these is a contract of `CONTRACTS`.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from edgerunner_lab.sim.protocol.layouts import (
    Block,
    Field,
    Group,
    Kind,
    Layout,
    Parts,
    Table,
    load_table,
)

VERSIONS: Final = (151, 157, 163, 166, 170, 176, 178, 187, 193, 200)
"""Server versions at which what clients of today are sent differs."""

CONTRACTS: Final[Mapping[str, Mapping[str, str]]] = {
    name: {"symbol": symbol, "secType": kind, "exchange": exchange, "currency": currency}
    for name, symbol, kind, exchange, currency in (
        ("SPY", "SPY", "STK", "SMART", "USD"),
        ("QQQ", "QQQ", "STK", "SMART", "USD"),
        ("AAPL", "AAPL", "STK", "SMART", "USD"),
        ("SPX", "SPX", "IND", "CBOE", "USD"),
        ("BTC", "BTC", "CRYPTO", "PAXOS", "USD"),
        ("EUR.USD", "EUR", "CASH", "IDEALPRO", "USD"),
        ("USD.JPY", "USD", "CASH", "IDEALPRO", "JPY"),
        ("VOD", "VOD", "STK", "LSE", "GBP"),
        ("ES", "ES", "FUT", "CME", "USD"),
    )
}

DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "placeOrder": {"o.transmit": "1", "o.tif": "DAY"},
    "reqMktData": {"c.exchange": "SMART"},
}
"""What every client of today sends without being asked."""

PREFIXES: Final = ("", "o.", "c.", "s.", "e.", "d.", "f.", "n.", "x.")

_TERM: Final = re.compile(
    r"(?P<name>[A-Za-z][\w.]*(?:\[\d+\]\.[\w.]+)?)(?P<sign>[=<>~])(?P<value>.*)", re.DOTALL
)


class BadScript(ValueError):
    """A conversation says something that nothing can be made of."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a line: a field, its sign and its text."""

    name: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation.

    Attributes:
        lines: Line number and words, comments left out.
        versions: Where it holds.
    """

    path: Path
    title: str
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    versions: tuple[int, ...]


def read(path: Path) -> Script:
    """Read a conversation.

    Raises:
        BadScript: It has no title, or no such version.
    """
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").strip()
    if not text.startswith("# ") or not title:
        raise BadScript(f"{path.name} began with {title!r}, expected # and a title")
    lines: list[tuple[int, tuple[str, ...]]] = []
    versions = VERSIONS
    for number, line in enumerate(text.splitlines(), 1):
        words = () if line.lstrip().startswith("#") else tuple(shlex.split(line))
        if words and words[0] == "at":
            low, _, high = "".join(words[1:]).partition("..")
            versions = tuple(v for v in VERSIONS if int(low) <= v <= int(high or low))
        elif words:
            lines.append((number, words))
    if not versions:
        raise BadScript(f"{path.name} holds at none of {VERSIONS}")
    return Script(path, title, tuple(lines), versions)


@cache
def _layouts(direction: str, version: int) -> Mapping[str, list[Layout]]:
    found: dict[str, list[Layout]] = {}
    for layout in Table(load_table(direction)).at(version):
        found.setdefault(layout.name, []).append(layout)
    return found


def _kinds(parts: Parts, group: str = "") -> Iterator[tuple[str, Kind]]:
    for part in parts:
        match part:
            case Field(is_constant=False):
                yield f"{group}{part.name}", part.kind
            case Group():
                yield from _kinds(part.parts, f"{part.name}[].")
            case Block():
                yield from _kinds(part.parts, group)
            case _:
                pass


@cache
def fields_of(direction: str, version: int, name: str) -> Mapping[str, Kind]:
    """Return the fields of a message; those of groups as `group[].field`."""
    return {
        key: kind
        for layout in _layouts(direction, version).get(name, [])
        for key, kind in _kinds(layout.parts)
    }


def unindexed(name: str) -> str:
    """Return `legs[2].ratio` as `legs[].ratio`."""
    return re.sub(r"\[\d+\]", "[]", name)


@cache
def every_field(direction: str, message: str) -> Mapping[str, Kind]:
    """Return the fields that a message has at any of `VERSIONS`."""
    return {
        name: kind
        for version in VERSIONS
        for name, kind in fields_of(direction, version, message).items()
    }


def _whole_name(direction: str, message: str, name: str) -> str:
    known = every_field(direction, message)
    bare = unindexed(name)
    for prefix in PREFIXES:
        if prefix + bare in known:
            return prefix + name
    raise BadScript(f"{message} was given {name!r}, expected one of {', '.join(known)}")


def terms_of(direction: str, words: tuple[str, ...]) -> list[Term]:
    """Read the words after `>` or `<`; the first is the message.

    Raises:
        BadScript: There is no such message, field or contract.
    """
    message, *rest = words
    if not every_field(direction, message) and not any(
        message in _layouts(direction, version) for version in VERSIONS
    ):
        raise BadScript(f"message {message!r} was found, expected one of the {direction}")
    terms: list[Term] = []
    for word in rest:
        found = _TERM.fullmatch(word)
        if found:
            name = _whole_name(direction, message, found["name"])
            terms.append(Term(name, found["sign"], found["value"]))
        elif word in CONTRACTS:
            terms += [Term(f"c.{k}", "=", v) for k, v in CONTRACTS[word].items()]
        else:
            raise BadScript(f"{word!r} was found, expected field=value or a contract")
    return terms
