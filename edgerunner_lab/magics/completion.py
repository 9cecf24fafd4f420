"""Tab completion of the magics' words, of the order language, and of symbols already known.

It never asks the broker: a key press must not wait, and must not send anything.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult

from edgerunner_lab.core.errors import EdgerunnerError
from edgerunner_lab.core.grammar import completions
from edgerunner_lab.core.watchlists import DEFAULT_WATCHLIST
from edgerunner_lab.magics.usages import (
    BAR_KINDS,
    CANCEL_ALL,
    PROFILES,
    RISK_ACTIONS,
    USAGES,
)
from edgerunner_lab.magics.verbs import Verbs

DURATIONS: Final = ("1d", "5d", "30d", "6mo", "1y")
SIZES: Final = ("1s", "5s", "30s", "1m", "5m", "15m", "30m", "1h", "4h", "1d")
"""Offered, not all that there are; the session judges which the broker has."""

_MAGIC_LINE: Final = re.compile(
    r"^\s*(?:[\w\s,.\[\]()*]+=\s*)?(%%?[a-z]+)\s+(.*)$", re.DOTALL
)
"""A magic and the text after it, alone or on the right of an assignment."""

BASKET: Final = "%%basket"
"""Below it every line is an order."""

_SYMBOL_POSITION: Final = 2
"""Words before the symbol in an order: side and size."""


class MagicWords:
    """What IPython's completer asks about our magics' lines; for other lines it has nothing to say."""

    # The three names are IPython's protocol for a matcher.
    matcher_api_version: Final = 2
    matcher_identifier: Final = "edgerunner"
    matcher_priority: Final = 100.0

    def __init__(self, lab: Verbs) -> None:
        self._lab = lab
        # IPython asks every matcher for this, as if all of them were functions.
        self.__qualname__ = type(self).__qualname__

    def __call__(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return the words that fit at the cursor, and silence Python's and the file system's."""
        line = context.line_with_cursor[: context.cursor_position]
        if context.cursor_line and context.full_text.startswith(BASKET):
            line = f"%order {line.lstrip()}"
        found = _MAGIC_LINE.match(line)
        if found is None or found[1] not in USAGES:
            return SimpleMatcherResult(completions=[])
        fragment = re.split(r"[\s,]", found[2])[-1]
        before = found[2][: len(found[2]) - len(fragment)]
        return SimpleMatcherResult(
            completions=[
                SimpleCompletion(text=word, type="magic")
                for word in offers(found[1], before, self._lab)
                if word.lower().startswith(fragment.lower())
            ],
            matched_fragment=fragment,
            suppress=True,
            ordered=True,
        )


def offers(magic: str, before: str, lab: Verbs) -> Iterable[str]:
    """Return the words that may come after `before`, the text between the magic and the cursor's word."""
    words = before.replace(",", " ").split()
    usage = USAGES[magic]
    if words and words[-1] in usage.options:
        return _OPTION_VALUES.get(words[-1], ())
    options = [name for name in (*usage.options, *usage.flags) if name not in words]
    plain = _plain_words(words, usage.options)
    return (*_OFFERS.get(magic, _nothing)(plain, before, lab), *options)


Offer = Callable[[Sequence[str], str, Verbs], Iterable[str]]
"""Plain words so far, the text so far, `lab` → the words that may come next, options aside."""


def known(lab: Verbs) -> list[str]:
    """Return the symbols of this session and of the default watchlist, each once, sorted."""
    return sorted({*lab.known_symbols(), *DEFAULT_WATCHLIST})


def _plain_words(words: Sequence[str], options: Sequence[str]) -> list[str]:
    return [
        word
        for previous, word in zip(("", *words), words, strict=False)
        if not word.startswith("--") and previous not in options
    ]


def _nothing(_plain: Sequence[str], _before: str, _lab: Verbs) -> Iterable[str]:
    return ()


def _profiles(plain: Sequence[str], _before: str, _lab: Verbs) -> Iterable[str]:
    return () if plain else PROFILES


def _symbols(plain: Sequence[str], _before: str, lab: Verbs) -> Iterable[str]:
    return [symbol for symbol in known(lab) if symbol not in plain]


def _bars(plain: Sequence[str], _before: str, lab: Verbs) -> Iterable[str]:
    places: tuple[Iterable[str], ...] = (known(lab), DURATIONS, SIZES)
    return places[len(plain)] if len(plain) < len(places) else ()


def _order(plain: Sequence[str], before: str, lab: Verbs) -> Iterable[str]:
    symbols = known(lab) if len(plain) == _SYMBOL_POSITION else []
    return (*symbols, *completions(before))


def _cancel(plain: Sequence[str], _before: str, lab: Verbs) -> Iterable[str]:
    return () if plain else (*known(lab), CANCEL_ALL)


def _risk(plain: Sequence[str], _before: str, lab: Verbs) -> Iterable[str]:
    if list(plain) == ["set"]:
        try:
            return [limit.name for limit in lab.risk()]
        except EdgerunnerError:
            # A limits file that is wrong is told about by the magic itself, not by a key press.
            return ()
    return () if plain else RISK_ACTIONS


_OFFERS: Final[Mapping[str, Offer]] = {
    "%connect": _profiles,
    "%quote": _symbols,
    "%watch": _symbols,
    "%bars": _bars,
    "%order": _order,
    "%cancel": _cancel,
    "%risk": _risk,
}

_OPTION_VALUES: Final[Mapping[str, Sequence[str]]] = {"--what": BAR_KINDS}
