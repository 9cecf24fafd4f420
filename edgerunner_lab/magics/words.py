"""A magic's line cut into words and options. Nothing is evaluated, and no `$name` or `{name}` is expanded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.tables.cells import plain

LINE_CHARS_MAX: Final = 512
"""Longest line a magic reads: the order language's own bound (RISK S21)."""

_FOUND_CHARS_MAX: Final = 40
"""Longest part of a wrong line that its message repeats."""

_QUOTES: Final = "\"'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one magic takes, for cutting its line and for telling what was wrong with it.

    Attributes:
        magic: With its percent sign, e.g. "%bars".
        example: One right line.
        options: Names of the options that take a value, e.g. "--host".
        flags: Names of the options that stand alone.
    """

    magic: str
    example: str
    options: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def wrong(self, found: str, expected: str) -> NoReturn:
        """Raise the one line that says what was found, what was expected, and a right example.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"{self.magic}: found {found}, expected {expected}; for example: {self.example}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A line cut up.

    Attributes:
        plain: Words that are not options, in order; quotes removed.
        values: Option → its value.
        flags: The flags that were given.
    """

    plain: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    flags: frozenset[str] = frozenset()


def quoted(text: str) -> str:
    """Return `text` as a message repeats it: in quotes, on one line, cut where it is long."""
    shown = plain(text)
    if len(shown) > _FOUND_CHARS_MAX:
        shown = shown[: _FOUND_CHARS_MAX - 1] + "…"
    return f'"{shown}"'


def read(line: str, usage: Usage) -> Words:
    """Return `line` cut into words; `"two words"` count as one, and `--host=H` is `--host H`.

    Raises:
        UsageError: too long, a quote left open, an option that is not known, repeated or without a value.
    """
    pending = _split(line, usage)
    words: list[str] = []
    values: dict[str, str] = {}
    flags: set[str] = set()
    while pending:
        text, is_quoted = pending.pop(0)
        if is_quoted or not text.startswith("--"):
            words.append(text)
            continue
        name, equals, value = text.partition("=")
        if name in values or name in flags:
            usage.wrong(f"{quoted(name)} twice", "it once")
        if name in usage.flags and not equals:
            flags.add(name)
        elif name in usage.options:
            values[name] = value if equals else _value(name, pending, usage)
        else:
            usage.wrong(quoted(text), _one_of((*usage.options, *usage.flags)))
    return Words(plain=tuple(words), values=values, flags=frozenset(flags))


def _value(name: str, pending: list[tuple[str, bool]], usage: Usage) -> str:
    if not pending or (pending[0][0].startswith("--") and not pending[0][1]):
        usage.wrong(f"{quoted(name)} alone", f"a value after {name}")
    return pending.pop(0)[0]


def _one_of(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}" if names else "no options"


def _split(line: str, usage: Usage) -> list[tuple[str, bool]]:
    """Return the words in order, each with whether it stood in quotes."""
    if len(line) > LINE_CHARS_MAX:
        usage.wrong(f"{len(line)} characters", f"at most {LINE_CHARS_MAX}")
    words: list[tuple[str, bool]] = []
    rest = line.strip()
    while rest:
        word, rest = _first_word(rest, usage)
        words.append(word)
        rest = rest.lstrip()
    return words


def _first_word(text: str, usage: Usage) -> tuple[tuple[str, bool], str]:
    if text[0] in _QUOTES:
        end = text.find(text[0], 1)
        if end < 0:
            usage.wrong(f"{quoted(text)} with its quote left open", "a closing quote")
        return (text[1:end], True), text[end + 1 :]
    word = text.split(maxsplit=1)[0]
    # `--reason="two words"`: the quotes start inside the word.
    name, equals, value = word.partition("=")
    if word.startswith("--") and equals and value[:1] and value[0] in _QUOTES:
        start = len(name) + 1
        end = text.find(value[0], start + 1)
        if end < 0:
            usage.wrong(f"{quoted(text)} with its quote left open", "a closing quote")
        return (f"{name}={text[start + 1 : end]}", False), text[end + 1 :]
    return (word, False), text[len(word) :]
