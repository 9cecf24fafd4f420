"""What a rule answers: a `Check` that passed, a `Denial` that did not, or `Unknown` where it could not judge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot

NUMBER_MAX = Decimal("1e12")
"""No price, quantity or amount of money is larger; the broker's UNSET (1.797e308) is finite, yet no number."""

DECIMALS_MAX = 12
"""The finest tick in use is eight decimals; more is an artefact of binary floating point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule that passed.

    Attributes:
        rule: The code that a denial by this rule would carry, e.g. "MAX_ORDER_QTY".
        value: What was judged, as shown.
        limit: What it was held to, as shown; empty where the rule has no number.
        used: The part of the limit that is used, 1 being all of it; None where the rule has no number.
        warning: What the user should see although the order passes; empty where there is nothing.
    """

    rule: str
    value: str
    limit: str = ""
    used: Decimal | None = None
    warning: str = ""

    def __str__(self) -> str:
        """Return one line, e.g. `MAX_ORDER_QTY: 10 of 1000`."""
        return f"{self.rule}: {self.value}" + (f" of {self.limit}" if self.limit else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedDenial(Denial):
    """A denial whose line in the catalogue is a sentence and not only `name=value`.

    Attributes:
        words: The sentence, e.g. "4 orders in 10s, max=3"; `facts` hold the same as data.
    """

    words: str

    def __str__(self) -> str:
        """Return the catalogue's one line."""
        line = f"{self.code}: {self.words}"
        return f"{line} — {self.hint}" if self.hint else line


class Unknown(Exception):
    """A rule needs something that is missing or is no number; never a pass, and the gate denies.

    Attributes:
        what: What is missing, e.g. "quote".
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


Judge = Callable[[ProposedOrder, Snapshot, Limits, datetime], Denial | Check]
"""A rule; raises `Unknown` where it cannot judge and another rule says what is missing."""


def is_number(value: object) -> bool:
    """Return whether `value` is a Decimal that can be a price, a quantity, a rate or money, of either sign."""
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) > NUMBER_MAX:
        return False
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "finite"
    return exponent >= -DECIMALS_MAX or value == round(value, DECIMALS_MAX)


def number(value: Decimal | None, what: str) -> Decimal:
    """Return `value` if it is a number of either sign.

    Raises:
        Unknown: it is missing or no number.
    """
    if value is None or not is_number(value):
        raise Unknown(what)
    return value


def positive(value: Decimal | None, what: str) -> Decimal:
    """Return `value` if it is a number above zero.

    Raises:
        Unknown: it is not.
    """
    if number(value, what) <= 0:
        raise Unknown(what)
    assert value is not None
    return value


def seconds_since(at: datetime | None, now: datetime, what: str) -> float:
    """Return the age of `at` in seconds, negative if it lies ahead.

    Raises:
        Unknown: it is missing or names no time zone.
    """
    if at is None or at.tzinfo is None:
        raise Unknown(what)
    return (now - at).total_seconds()
