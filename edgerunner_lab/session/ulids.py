"""Order references: 26 characters that sort by time and never repeat."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that reads as a digit."""

_TIME_CHARS, _RANDOM_CHARS = 10, 16
_RANDOM_BITS = 80


def new_order_ref(now: datetime) -> str:
    """Return a fresh order reference, `ELB:` and a ULID: 48 bits of milliseconds and 80 bits of chance."""
    milliseconds = int(now.timestamp() * 1000)
    return (
        "ELB:"
        + _encode(milliseconds, _TIME_CHARS)
        + _encode(secrets.randbits(_RANDOM_BITS), _RANDOM_CHARS)
    )


def _encode(number: int, length: int) -> str:
    characters: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))
