"""What an option of the command line may hold; each error says what was found and what was expected."""

import argparse
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

YEARS: Final = (1990, 2100)
"""First and last year that the exchanges' calendars reach."""


def whole(lowest: int, highest: int) -> "Number":
    """Return the type of a whole number within bounds."""
    return Number(Decimal(lowest), Decimal(highest), is_whole=True)


@dataclass(frozen=True, slots=True)
class Number:
    """The type of a number within bounds."""

    lowest: Decimal
    highest: Decimal
    is_whole: bool = False

    def __call__(self, text: str) -> Any:
        """Return the number, an int for a whole one.

        Raises:
            argparse.ArgumentTypeError: it is none, or out of bounds.
        """
        try:
            number = Decimal(text)
            is_fit = self.lowest <= number <= self.highest
        except InvalidOperation:
            number, is_fit = Decimal(0), False
        if not is_fit or (self.is_whole and number != number.to_integral_value()):
            kind = "a whole number" if self.is_whole else "a number"
            raise argparse.ArgumentTypeError(
                f"was {text!r}, expected {kind} from {self.lowest:f} to {self.highest:f}"
            )
        return int(number) if self.is_whole else number


def moment(text: str) -> datetime:
    """Return an instant with its zone.

    Raises:
        argparse.ArgumentTypeError: it is none, or out of the calendars' reach.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    is_known = found is not None and YEARS[0] <= found.year <= YEARS[1]
    if found is None or found.tzinfo is None or not is_known:
        raise argparse.ArgumentTypeError(
            f"was {text!r}, expected a time with its zone such as 2026-11-23T14:30:00Z"
        )
    return found


def recorded(text: str) -> tuple[str, Path]:
    """Return the name of an instrument and the file of its prices.

    Raises:
        argparse.ArgumentTypeError: one of them is missing.
    """
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected such as SPY=spy.csv")
    return name.upper(), Path(path)


def names(text: str) -> frozenset[str]:
    """Return names that are separated by commas.

    Raises:
        argparse.ArgumentTypeError: there are none.
    """
    found = frozenset(name.strip() for name in text.split(",")) - {""}
    if not found:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected names such as TSLA,QQQ")
    return found
