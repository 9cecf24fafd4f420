"""The bulletins of the day, numbered: what the broker tells everybody who has asked to hear it."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

TEXT_CHARACTERS_MAX: Final = 1000
"""Longest bulletin; it goes to every listener in one message."""

EXCHANGE_CHARACTERS_MAX: Final = 30

BULLETINS_MAX: Final = 200
"""Bulletins kept; older ones are forgotten first."""


class BulletinKind(enum.IntEnum):
    """The broker's number for what a bulletin is about."""

    REGULAR = 1
    EXCHANGE_CLOSED = 2
    EXCHANGE_OPEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One bulletin.

    Attributes:
        number: Counts the bulletins of the gateway from 1.
        exchange: Where it comes from; empty for the broker's own.
        day: Number of the trading day (`Desk.day`) on which it was published.
    """

    number: int
    kind: BulletinKind
    text: str
    exchange: str
    day: int


class BulletinBoard:
    """The newest bulletins, oldest first."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: list[Bulletin] = []

    def add(self, kind: BulletinKind, text: str, exchange: str, day: int) -> Bulletin:
        """Return a new bulletin; those of earlier days are forgotten.

        Raises:
            ValueError: There is no text, too much of it, or no such exchange; it says so in one line.
        """
        if not text.strip() or len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
            raise ValueError(
                f"the bulletin was {text[:40]!r} with {len(text)} characters, expected one"
                f" line of 1 to {TEXT_CHARACTERS_MAX} printable characters"
            )
        if len(exchange) > EXCHANGE_CHARACTERS_MAX or not exchange.isprintable():
            raise ValueError(
                f"the bulletin's exchange was {exchange[:40]!r}, expected a name such as NYSE"
            )
        self._count += 1
        bulletin = Bulletin(
            number=self._count, kind=kind, text=text, exchange=exchange, day=day
        )
        self._kept = [*self.of_day(day), bulletin][-BULLETINS_MAX:]
        return bulletin

    def of_day(self, day: int) -> list[Bulletin]:
        """Return the bulletins of a trading day, oldest first."""
        return [each for each in self._kept if each.day == day]

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the bulletins as JSON can hold them."""
        return [
            {name: getattr(each, name) for name in Bulletin.__slots__}
            for each in self._kept
        ]

    def restore(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """Take over what `snapshot` returned; numbers go on after the highest.

        Raises:
            KeyError, TypeError, ValueError: It is not such a list.
        """
        self._kept = [
            Bulletin(
                number=int(row["number"]),
                kind=BulletinKind(row["kind"]),
                text=str(row["text"]),
                exchange=str(row["exchange"]),
                day=int(row["day"]),
            )
            for row in saved
        ]
        self._count = max((each.number for each in self._kept), default=0)
