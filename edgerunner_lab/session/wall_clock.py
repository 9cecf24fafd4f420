"""The wall clock; everything else is given it, and tests give another."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the wall clock, aware UTC; the one place where it is read."""
    return datetime.now(UTC)  # noqa: TID251  this is the clock that is injected everywhere else
