"""How facts are written in a verdict: exact numbers, ages, references, and strings that others sent."""

from datetime import datetime
from decimal import Decimal

TEXT_SHOWN_MAX = 80
"""Longest piece of someone else's text in one verdict."""


def plain(value: Decimal) -> str:
    """Return a number without an exponent: `500.10`, `nan`."""
    if not value.is_finite():
        return str(value).lower()
    # `Decimal("1E+400000")` has as many digits written out; a verdict needs none of them.
    return (
        f"{value:f}"
        if -TEXT_SHOWN_MAX < value.adjusted() < TEXT_SHOWN_MAX
        else f"{value:.3e}"
    )


def money(value: Decimal) -> str:
    """Return an amount to the cent: `25,005.00`."""
    return f"{value:,.2f}"


def percent(value: Decimal, *, is_signed: bool = False) -> str:
    """Return a part of one in percent: Decimal("0.02") is `2.00%`."""
    return f"{value * 100:{'+' if is_signed else ''}.2f}%"


def signed(value: Decimal) -> str:
    """Return a position with its sign: `+100`."""
    return f"{value:+f}" if value else "0"


def span(seconds: float) -> str:
    """Return a length of time as it is read best: `12s`, `5min`, `26h`."""
    for length, name in ((3600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f}{name}"
    return f"{seconds:g}s"


def escaped(text: str) -> str:
    """Return someone else's text as printable ASCII on one line, cut short where it is long."""
    safe = "".join(
        character
        if " " <= character <= "~"
        else character.encode("unicode_escape").decode()
        for character in text[: TEXT_SHOWN_MAX + 1]
    )
    return safe if len(safe) <= TEXT_SHOWN_MAX else safe[: TEXT_SHOWN_MAX - 3] + "..."


REF_HEAD, REF_TAIL = 7, 2


def short_ref(ref: str) -> str:
    """Return an order reference as it is recognised at a glance: `ELB:01J…7Q`."""
    text = escaped(ref)
    if len(text) <= REF_HEAD + REF_TAIL + 1:
        return text
    return f"{text[:REF_HEAD]}…{text[-REF_TAIL:]}"


def moment(at: datetime | None, now: datetime) -> str:
    """Return when something happened, the date only where it is not today's."""
    if at is None:
        return "unknown"
    form = "%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M:%S"
    return f"{at:{form}}"
