"""Where an order line is wrong, in a trader's words; the parser's own never reach the user."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from edgerunner_lab.core.contracts import RESERVED_WORDS
from edgerunner_lab.core.errors import OrderSyntaxError

TEXT_CHARS_MAX: Final = 512
"""No order needs a quarter of it; a longer line was pasted by mistake (RISK S21)."""

_BEGINNING_CHARS: Final = 40

_THE_END: Final = "the end of the line"

_EXPECTED: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"BUY"}), "buy or sell"),
    (frozenset({"QUANTITY"}), "a quantity such as 10, $5000, all or half"),
    (frozenset({"SYMBOL"}), "a symbol"),
    (frozenset({"CALL"}), "C or P"),
    (frozenset({"STRIKE", "LMT"}), f"a strike such as 700, a word such as lmt or gtc, or {_THE_END}"),
    (frozenset({"STRIKE"}), f"a strike such as 700, or {_THE_END}"),
    (frozenset({"PERCENT"}), "a distance such as 1.50 or 2%"),
    (frozenset({"PRICE"}), "a price such as 500.25"),
    (frozenset({"NAME"}), "a name of at most 12 letters, digits, _ . or -"),
    (frozenset({"ACCOUNT_ID"}), "an account such as DU1234567"),
    (frozenset({"LMT"}), f"lmt, stp, trail, take, stop, day, gtc, ioc, fok, an option such as --preview, or {_THE_END}"),
    (frozenset({"MONTH"}), f"a date such as 2026-12-18, or {_THE_END}"),
)  # fmt: skip
"""Terminals that are possible at a place -> what a trader would call the place; the first that fits is shown."""

_ANYWHERE: Final[frozenset[str]] = frozenset()
_NUMBERS: Final = (
    frozenset({"QUANTITY"}),
    frozenset({"STRIKE"}),
    frozenset({"PRICE"}),
)

_HINTS: Final[tuple[tuple[frozenset[str], re.Pattern[str], str], ...]] = tuple(
    (place, re.compile(pattern, re.IGNORECASE), hint)
    for place, pattern, hint in (
        (_ANYWHERE, r"\$?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", "write {plain}"),
        (_ANYWHERE, r"\$[a-z_{].*|\{.*", "no name is expanded: write the number"),
        *((place, r"\.[0-9]+%?", "write 0{word}") for place in _NUMBERS),
        *(
            (place, r"\$?[0-9]{13,}(\.[0-9]*)?|\$?[0-9]+\.[0-9]{9,}", "at most 12 digits, and 8 after the point")
            for place in _NUMBERS
        ),
        (frozenset({"QUANTITY"}), r"[-+][0-9].*", "buy or sell says which way"),
        (frozenset({"MONTH"}), r"20[0-9]{6}|20[0-9]{2}[-/.][0-9]+([-/.][0-9]+)?", "a date is written 2026-12-18, a month 2026-12"),
        (frozenset({"LMT"}), r"[0-9]+(\.[0-9]+)?", "a limit is written lmt {word}"),
        (frozenset({"LMT"}), r"limit|@.*|at", "a limit is written lmt and the price"),
        (frozenset({"LMT"}), r"mkt|market", "leave it out: without a price it is a market order"),
        (frozenset({"SYMBOL"}), "|".join(sorted(RESERVED_WORDS)), "a symbol of that name is written ={symbol}"),
    )
)  # fmt: skip
"""Terminals of a place, what was found there, what to write instead; the first that fits is shown."""


def check_characters(text: str) -> None:
    """Let a line pass that is short and made of printable ASCII, blanks and tabs.

    Raises:
        OrderSyntaxError: names the first character that is not, or the length.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise OrderSyntaxError(
            _shown(text[:_BEGINNING_CHARS]),
            0,
            f"expected at most {TEXT_CHARS_MAX} characters, found {len(text)}, which begin with",
        )
    for column, character in enumerate(text):
        if not _is_plain(character):
            raise OrderSyntaxError(
                _shown(text),
                column,
                f"expected plain letters, digits and signs on one line, found {_spelled(character)}",
            )


def unexpected(text: str, column: int, possible: Collection[str]) -> OrderSyntaxError:
    """Return the error for the word at `column`, where only the terminals `possible` could stand."""
    places = frozenset(possible)
    expected = next((name for place, name in _EXPECTED if place <= places), _THE_END)
    word = next(iter(text[column:].split(maxsplit=1)), "")
    found = f'"{word}"{_hint(word, places)}' if word else _THE_END
    return wrong(text, column, f"expected {expected}, found {found}")


def wrong(text: str, column: int, problem: str) -> OrderSyntaxError:
    """Return the error that points at `column`."""
    return OrderSyntaxError(_shown(text), column, problem)


def _hint(word: str, places: frozenset[str]) -> str:
    for place, pattern, hint in _HINTS:
        if place <= places and pattern.fullmatch(word):
            plain, symbol = word.replace(",", ""), word.upper()
            return f" ({hint.format(word=word, plain=plain, symbol=symbol)})"
    return ""


def _is_plain(character: str) -> bool:
    return character == "\t" or (character.isascii() and character.isprintable())


def _shown(text: str) -> str:
    """Return `text` with one column a character, so that the caret stands where it should."""
    return "".join(
        " " if character == "\t" else character if _is_plain(character) else "?"
        for character in text
    )


def _spelled(character: str) -> str:
    name = unicodedata.name(character, "a control character")
    return f"U+{ord(character):04X} ({name})"
