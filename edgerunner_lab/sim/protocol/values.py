"""One field's text to its value and back, in the dialects of the living clients."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.protocol.layouts import Kind

Scalar = str | int | bool | Decimal | float | None

UNSET_DOUBLE_TEXT: Final = "1.7976931348623157E308"
UNSET_DOUBLE: Final = Decimal(UNSET_DOUBLE_TEXT)
UNSET_TEXTS: Final = frozenset(
    {
        "",
        "2147483647",
        "9223372036854775807",
        "-9223372036854775808",
        "1.7976931348623157E308",
        "1.7976931348623157e+308",
        "170141183460469231731687303715884105727",
    }
)
"""What clients write into a numeric field that holds nothing; the last is ibapi's quantity."""

INFINITY_TEXTS: Final = frozenset({"Infinity", "Infinite"})
"""ibapi's and ib_async's spelling, seen in competeAgainstBestOffset."""

NUMBER_CHARACTERS_MAX: Final = 64
"""Longest number read: a client's longest is 39 characters."""

EXPONENT_MAX: Final = 308
"""A larger exponent would turn a few bytes into megabytes of digits when written out again."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]+(\.0*)?")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_INTEGER_BITS: Final = 64


def read_text(text: str) -> str:
    """Return `text`."""
    return text


def read_integer(text: str) -> int | None:
    """Return a whole number, None when it is unset.

    Raises:
        ValueError: it is something else, or over 64 bits.
    """
    if text in UNSET_TEXTS:
        return None
    if len(text) > NUMBER_CHARACTERS_MAX or not _INTEGER.fullmatch(text):
        raise ValueError(f"{text[:NUMBER_CHARACTERS_MAX]!r} is not a whole number")
    number = int(text.partition(".")[0])
    if number.bit_length() >= _INTEGER_BITS:
        raise ValueError(f"{text[:NUMBER_CHARACTERS_MAX]!r} is not a whole number")
    return number


def read_decimal(text: str) -> Decimal | None:
    """Return an exact number, None when it is unset; it may be positive infinity.

    Raises:
        ValueError: it is something else, or beyond a double's range.
    """
    if text in UNSET_TEXTS:
        return None
    if text in INFINITY_TEXTS:
        return Decimal("Infinity")
    if len(text) > NUMBER_CHARACTERS_MAX or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:NUMBER_CHARACTERS_MAX]!r} is not a number")
    number = Decimal(text)
    if abs(number.adjusted()) > EXPONENT_MAX:
        raise ValueError(f"{text[:NUMBER_CHARACTERS_MAX]!r} is not a number")
    return None if number == UNSET_DOUBLE else number


def read_bool(text: str) -> bool:
    """Return a flag; unset is False.

    Raises:
        ValueError: it is not a whole number.
    """
    return bool(read_integer(text))


READERS: Final[Mapping[Kind, Callable[[str], Scalar]]] = {
    Kind.TEXT: read_text,
    Kind.INTEGER: read_integer,
    Kind.LONG: read_integer,
    Kind.FLOAT: read_decimal,
    Kind.DECIMAL: read_decimal,
    Kind.SIZE: read_decimal,
    Kind.WHOLE: read_decimal,
    Kind.BOOL: read_bool,
}


def write_text(value: str) -> str:
    """Return `value`; a NUL in it would end the field, so it goes."""
    return value.replace("\0", "") if "\0" in value else value


def write_bool(value: bool) -> str:  # noqa: FBT001  it is the value
    """Return 1 or 0."""
    return "1" if value else "0"


def write_decimal(value: Decimal) -> str:
    """Return `value` without an exponent; infinity as clients read it."""
    if not value.is_finite():
        return "Infinity" if value == Decimal("Infinity") else UNSET_DOUBLE_TEXT
    text = str(value)
    if "E" not in text:
        return text
    return UNSET_DOUBLE_TEXT if value == UNSET_DOUBLE else format(value, "f")


def write_float(value: float) -> str:
    """Return the shortest decimal text that reads back as `value`; NaN as the unset double."""
    text = repr(value)
    return write_decimal(Decimal(text)) if "n" in text or "e" in text else text


WRITERS: Final[Mapping[type, Callable[..., str]]] = {
    str: write_text,
    bool: write_bool,
    int: str,
    Decimal: write_decimal,
    float: write_float,
}


def write(value: Scalar, unset: str) -> str:
    """Return the text of `value`, and `unset` for None.

    Raises:
        TypeError: `value` is none of the types that go onto the wire.
    """
    if value is None:
        return unset
    writer: Callable[..., str] = WRITERS.get(type(value)) or _writer_of_base(value)
    return writer(value)


def _writer_of_base(value: object) -> Callable[..., str]:
    """Return the writer for a subclass, such as a member of StrEnum or a numpy float."""
    for kind, writer in WRITERS.items():
        if isinstance(value, kind):
            return writer
    raise TypeError(f"a field was {type(value).__name__}, expected text or a number")


def whole(value: Scalar) -> Scalar:
    """Return `value` with its fraction cut off, for clients that read integers only."""
    if isinstance(value, Decimal | float) and value == value and abs(value) < 1 << 63:  # noqa: PLR0124  NaN
        return int(value)
    return value
