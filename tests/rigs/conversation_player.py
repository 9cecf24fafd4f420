"""Plays golden conversations against an exchange without sockets; `conversations` says what they look like."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.values import READERS
from edgerunner_lab.sim.protocol.wire import frame, join, split
from rigs.conversations import (
    DEFAULTS,
    BadScript,
    Script,
    Term,
    every_field,
    fields_of,
    terms_of,
    unindexed,
)
from rigs.wires import Line, Wires

REQUESTS: Final = load_requests()
REPLIES: Final = load_replies()

COMPARISONS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
}


class Unexpected(AssertionError):
    """The gateway said something else."""


@dataclass
class Player:
    """Plays one conversation at one server version.

    Attributes:
        seen: What `{name}` stands for.
        unread: Where reading of each client's bytes has come to.
    """

    script: Script
    version: int
    wires: Wires = field(default_factory=Wires)
    seen: dict[str, str] = field(default_factory=dict[str, str])
    unread: dict[int, int] = field(default_factory=dict[int, int])
    clients: dict[int, Line] = field(default_factory=dict[int, Line])
    now_client: int = 1
    is_lenient: bool = False

    def play(self) -> None:
        """Play it to its end.

        Raises:
            Unexpected: The gateway's part differs; says file, line and both.
            BadScript: A line cannot be understood.
        """
        first = self.script.lines[0][1][0]
        if first not in {"gateway", "greet", "client"}:
            self._client("1")
        for number, words in self.script.lines:
            try:
                self._do(words)
            except (Unexpected, BadScript) as error:
                place = f"{self.script.path.name}:{number} at {self.version}"
                raise type(error)(f"{place}: {error}") from None
        for client_id in self.clients:
            left = [] if self.is_lenient else self._left(client_id)
            if left:
                raise Unexpected(f"client {client_id} was also told {left[:5]}")

    @property
    def line(self) -> Line:
        """The client whose turn it is."""
        if self.now_client not in self.clients:
            self._client(str(self.now_client))
        return self.clients[self.now_client]

    def _do(self, words: tuple[str, ...]) -> None:
        verb, *rest = words
        verbs: Mapping[str, Callable[..., None]] = {
            "gateway": self._gateway,
            "client": self._client,
            "greet": self._greet,
            "leave": self._leave,
            ">": self._send,
            "<": self._expect,
            "wire": self._frame,
            "...": self._anything,
            "silence": self._silence,
            "@": self._wait,
            "move": self._move,
            "regime": self._regime,
            "raw": self._raw,
            "bytes": self._bytes,
            "closed": self._closed,
        }
        if verb not in verbs:
            raise BadScript(f"{verb!r} was found, expected one of {' '.join(verbs)}")
        verbs[verb](*rest)

    def _gateway(self, *options: str) -> None:
        given = dict(option.split("=", 1) for option in options)
        self.wires = Wires(
            cash=given.get("cash", "100000"), hours=Hours(given.get("hours", "always"))
        )

    def _client(self, client_id: str) -> None:
        number = int(client_id)
        if number not in self.clients:
            self._greet(client_id)
            self.unread[number] = len(self.clients[number].out)
        self.now_client = number

    def _greet(self, client_id: str) -> None:
        number = int(client_id)
        self.clients[number] = self.wires.line(number, self.version)
        self.unread[number] = self._after_handshake(self.clients[number])
        self.now_client = number

    def _after_handshake(self, line: Line) -> int:
        return 4 + int.from_bytes(line.out[:4])

    def _leave(self) -> None:
        self.wires.exchange.detach(self.line.key)
        self.line.closed = "left"
        del self.clients[self.now_client]

    def _send(self, *words: str) -> None:
        terms = terms_of("requests", words)
        given = {term.name: term.value for term in terms}
        texts = {**DEFAULTS.get(words[0], {}), **given}
        known = every_field("requests", words[0])
        here = fields_of("requests", self.version, words[0])
        fields: dict[str, Value] = {}
        groups: dict[str, dict[int, dict[str, Value]]] = {}
        for name, text in texts.items():
            bare = unindexed(name)
            if bare not in here:
                continue
            value = READERS[known[bare]](self._filled(text))
            indexed = re.fullmatch(r"(\w+)\[(\d+)\]\.(.*)", name)
            if indexed:
                group = groups.setdefault(indexed[1], {})
                group.setdefault(int(indexed[2]), {})[indexed[3]] = value
            else:
                fields[name] = value
        for name, elements in groups.items():
            fields[name] = tuple(elements[index] for index in sorted(elements))
        payload = REQUESTS.encode(self.version, Message(words[0], fields))
        if not payload:
            raise BadScript(f"{words[0]} does not exist at {self.version}; say `at`")
        self.line.send(frame(payload))

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.seen[found[1]], text)

    def _raw(self, *fields: str) -> None:
        self.line.send(frame(join(fields)))

    def _bytes(self, text: str) -> None:
        self.line.send(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))

    def _closed(self) -> None:
        if not self.line.closed:
            raise Unexpected("the gateway has not hung up")

    def _anything(self) -> None:
        self.is_lenient = True

    def _silence(self) -> None:
        left = self._left(self.now_client)
        if left:
            raise Unexpected(f"{left[0]} came, expected silence")
        self.is_lenient = False

    def _wait(self, seconds: str) -> None:
        self.wires.wait(float(seconds))

    def _move(self, symbol: str, price: str) -> None:
        self.wires.exchange.move_price(symbol, Decimal(price))

    def _regime(self, name: str, symbol: str | None = None) -> None:
        self.wires.deliver(self.wires.exchange.advance(self.wires.now))
        self.wires.exchange.set_regime(name, symbol)
        self.wires.deliver(self.wires.exchange.advance(self.wires.now))

    def _frame(self, *fields: str) -> None:
        """Expect a frame of exactly these fields."""
        at, out = self.unread[self.now_client], self.line.out
        end = at + 4 + int.from_bytes(out[at : at + 4])
        found = split(bytes(out[at + 4 : end])) if at < len(out) else []
        if found != list(fields):
            raise Unexpected(f"{found} came, expected {list(fields)}")
        self.unread[self.now_client] = end

    def _left(self, client_id: int) -> list[Message]:
        return [message for _, message in self._from(client_id)]

    def _from(self, client_id: int) -> Iterator[tuple[int, Message]]:
        """Yield what is unread, and where each ends."""
        out, at = self.clients[client_id].out, self.unread[client_id]
        while at < len(out):
            end = at + 4 + int.from_bytes(out[at : at + 4])
            yield end, REPLIES.decode(self.version, bytes(out[at + 4 : end]))
            at = end

    def _expect(self, *words: str) -> None:
        terms = terms_of("replies", words)
        is_lenient, self.is_lenient = self.is_lenient, False
        self.line  # noqa: B018  connects the client of a script that begins with a reply
        passed: list[str] = []
        for end, message in self._from(self.now_client):
            difference = self._difference(words[0], terms, message)
            if not difference:
                self.unread[self.now_client] = end
                return
            passed.append(difference)
            if not is_lenient:
                raise Unexpected(f"{' '.join(words)}\n  but {difference}\n  in {message}")
        near = [text for text in passed if not text.startswith("it was")]
        raise Unexpected(f"{' '.join(words)} did not come; {near[-3:] or passed[-5:]}")

    def _difference(self, name: str, terms: list[Term], message: Message) -> str:
        """Return how `message` differs, empty when it is as expected."""
        if message.name != name:
            return f"it was {message.name}"
        here = fields_of("replies", self.version, name)
        learnt: dict[str, str] = {}
        for term in terms:
            if unindexed(term.name) not in here:
                continue
            text = _text(_value(message.fields, term.name))
            captured = re.fullmatch(r"\{(\w+)\}", term.value)
            if captured and captured[1] not in self.seen | learnt:
                learnt[captured[1]] = text
            elif not _fits(
                term.sign,
                text,
                re.sub(
                    r"\{(\w+)\}", lambda found: (self.seen | learnt)[found[1]], term.value
                ),
            ):
                return f"{term.name} was {text!r}, expected {term.sign}{term.value}"
        self.seen |= learnt
        return ""


def _value(fields: Fields, name: str) -> Value:
    indexed = re.fullmatch(r"(\w+)\[(\d+)\]\.(.*)", name)
    if not indexed:
        return fields.get(name)
    elements = fields.get(indexed[1])
    index = int(indexed[2])
    if not isinstance(elements, tuple) or index >= len(elements):
        return None
    return elements[index].get(indexed[3])


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return str(value)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _fits(sign: str, text: str, wanted: str) -> bool:
    if sign == "~":
        return wanted in text
    if wanted == "*":
        return text != ""
    found, number = _number(text), _number(wanted)
    if sign in COMPARISONS:
        return found is not None and number is not None and COMPARISONS[sign](found, number)
    if found is not None and number is not None:
        return found == number
    return text == wanted
