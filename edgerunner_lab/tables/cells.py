r"""One cell of a table: a fact's value as words that are safe to show, and as pandas keeps it.

What comes from a broker, a file or another person may hold escape sequences, reversed text or line
breaks; every such character is spelled out here (`\x1b`), once, for terminals, notebooks and logs alike.
"""

import enum
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.accounts import mask

Cell = Decimal | float | str | datetime | tuple[str, ...] | None
"""What a column reads from a row; int and bool count as float, None means unknown."""

_ACCOUNT_WORD: Final = re.compile(r"\b[DUFI][A-Z]{0,3}[0-9]{5,10}\b", re.ASCII)
"""What looks like an account in a sentence; to mask a word too many does no harm."""

UNKNOWN: Final = "–"
"""Shown for what is not known; never a zero, which would be a claim."""

CELL_CHARS_MAX: Final = 200
"""Longest cell shown; a broker's text is a line or two, and a longer one would push the table off the page."""

DECIMALS_MAX: Final = 6
"""Most decimals shown; forex ticks have five, and an average cost may have any number. Rows stay exact."""

_DIGITS_MAX: Final = 18
"""Digits before the point beyond which a number is shown with an exponent: no real price or size is that large."""


class Kind(enum.Enum):
    """What a column holds, which decides its words, its side and its dtype.

    PROSE and LINES are sentences, a broker's or our own, in which an account may be named: it is masked.
    """

    TEXT = "text"
    PROSE = "prose"
    ACCOUNT = "account"
    LINES = "lines"
    PRICE = "price"
    SIZE = "size"
    MONEY = "money"
    GAIN = "gain"
    COUNT = "count"
    SECONDS = "seconds"
    TIME = "time"

    @property
    def is_number(self) -> bool:
        """Whether cells stand on the right."""
        return self in _NUMBERS


_NUMBERS: Final = frozenset(
    {Kind.PRICE, Kind.SIZE, Kind.MONEY, Kind.GAIN, Kind.COUNT, Kind.SECONDS}
)


def plain(text: str) -> str:
    """Return `text` on one line, with every control, format and bidirectional character spelled out."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def words(value: Cell, kind: Kind, zone: tzinfo = UTC) -> str:
    """Return `value` as one safe line of at most CELL_CHARS_MAX characters; not yet HTML-escaped.

    Args:
        value: As read from a row.
        kind: What the column holds.
        zone: Zone in which times are shown.
    """
    if value is None or (isinstance(value, float | Decimal) and not _is_finite(value)):
        return UNKNOWN
    if isinstance(value, datetime):
        text = _time_words(value, zone)
    elif isinstance(value, str | tuple):
        text = _text(value, kind)
    else:
        text = _NUMBER_WORDS.get(kind, _size_words)(Decimal(str(value)))
    text = plain(text)
    return text if len(text) <= CELL_CHARS_MAX else text[: CELL_CHARS_MAX - 1] + "…"


def _text(value: str | tuple[str, ...], kind: Kind) -> str:
    text = value if isinstance(value, str) else "; ".join(value)
    if kind is Kind.ACCOUNT:
        return mask(text)
    if kind in {Kind.PROSE, Kind.LINES}:
        return masked_text(text)
    return text


def masked_text(text: str) -> str:
    """Return a text in which everything that looks like an account is masked."""
    return _ACCOUNT_WORD.sub(lambda found: mask(found[0]), text)


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _time_words(value: datetime, zone: tzinfo) -> str:
    local = value.astimezone(zone)
    is_midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return f"{local:%Y-%m-%d}" if is_midnight else f"{local:%Y-%m-%d %H:%M:%S}"


def _number(value: Decimal, decimals: int, sign: str = "") -> str:
    if value.adjusted() >= _DIGITS_MAX:
        return f"{value:{sign}.{DECIMALS_MAX}E}"
    return f"{value:{sign}z,.{decimals}f}"


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "infinities are shown as unknown"
    return min(max(-exponent, 0), DECIMALS_MAX)


def _price_words(value: Decimal) -> str:
    return _number(value, max(2, _decimals(value)))


def _size_words(value: Decimal) -> str:
    return _number(value, _decimals(value))


def _money_words(value: Decimal) -> str:
    return _number(value, 2)


def _gain_words(value: Decimal) -> str:
    return _number(value, 2, "+" if round(value, 2) else "")


def _seconds_words(value: Decimal) -> str:
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if value >= 2 * seconds:
            return f"{value / seconds:.0f} {unit}"
    return f"{value:.1f} s"


_NUMBER_WORDS: Final[Mapping[Kind, Callable[[Decimal], str]]] = {
    Kind.PRICE: _price_words,
    Kind.SIZE: _size_words,
    Kind.MONEY: _money_words,
    Kind.GAIN: _gain_words,
    Kind.SECONDS: _seconds_words,
}

DTYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "string",
    Kind.PROSE: "string",
    Kind.ACCOUNT: "string",
    Kind.LINES: "string",
    Kind.PRICE: "float64",
    Kind.SIZE: "float64",
    Kind.MONEY: "float64",
    Kind.GAIN: "float64",
    Kind.COUNT: "Int64",
    Kind.SECONDS: "float64",
}
"""Kind → pandas dtype; times are kept in their column's zone and have theirs made there."""


def for_frame(value: Cell, kind: Kind) -> Cell:
    """Return `value` as pandas keeps it: numbers as float, accounts masked, other text as it came."""
    if isinstance(value, Decimal):
        return float(value)
    return _text(value, kind) if isinstance(value, str | tuple) else value
