"""How money, sizes and times stand in the database: as text, exact, and in an order that sorting keeps."""

from datetime import UTC, datetime
from decimal import Decimal


def stamp(moment: datetime) -> str:
    """Return ISO 8601 in UTC, always with microseconds, so that text sorts as time does."""
    assert moment.tzinfo is not None, "times are aware"
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def digits(value: Decimal) -> str:
    """Return a number without an exponent."""
    return f"{value:f}"


def digits_or_none(value: Decimal | None) -> str | None:
    """Return a number without an exponent; None stays None."""
    return None if value is None else digits(value)


def number_or_none(text: str | None) -> Decimal | None:
    """Return what `digits_or_none` wrote."""
    return None if text is None else Decimal(text)


def storable(text: str) -> str:
    r"""Return text that SQLite can store: a half of a surrogate pair, as in odd file names, is written as `\udc80`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
