"""Contract numbers of what is not in a file: futures, options and combos, each from its own terms alone.

Numbers of options and futures can be read back into their terms, so that one needs no register: a number
means the same contract after a restart, on another day, and long after the contract has ended.
The broker's own numbers lie below 2 ** 30.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from edgerunner_lab.sim.listing.instrument import Leg

GENERATED_FROM: Final = 1 << 30
"""Smallest generated number; a file must stay below it."""

MONTHS: Final = 1_200
"""Months that a futures root has numbers for, from `FIRST_YEAR` on."""
FIRST_YEAR: Final = 2000

ROOTS_MAX: Final = 500
"""Roots that can be told apart: their `number` is from 0 to one less."""

COMBOS_FROM: Final = GENERATED_FROM + MONTHS * ROOTS_MAX
COMBOS: Final = 19_000_000
"""Numbers that combos share; a digest picks one."""

OPTIONS_FROM: Final = COMBOS_FROM + COMBOS
DAYS: Final = 5_200
"""Weekdays that a chain has numbers for, from `FIRST_MONDAY` on: to the end of 2039."""
FIRST_MONDAY: Final = date(2020, 1, 6)
STRIKES: Final = 2_000
"""Strikes that a chain has numbers for: up to 1,999 times its step."""
CHAINS_MAX: Final = 50
"""Chains that can be told apart: their `number` is from 0 to one less."""

_WEEK: Final = 5


@dataclass(frozen=True, slots=True)
class FutureTerms:
    """What the number of a future says: its root's number, and year and month of the contract."""

    root: int
    year: int
    month: int


@dataclass(frozen=True, slots=True)
class OptionTerms:
    """What the number of an option says: its chain's number, the last day, the strike in steps, and the right."""

    chain: int
    expiry: date
    steps: int
    right: str


def future_con_id(root: int, year: int, month: int) -> int:
    """Return the number of a root's contract month."""
    return GENERATED_FROM + root * MONTHS + (year - FIRST_YEAR) * 12 + month - 1


def option_con_id(chain: int, expiry: date, steps: int, right: str) -> int:
    """Return the number of an option.

    Raises:
        ValueError: The expiry or strike is beyond what numbers can say.
    """
    day = _weekday_number(expiry)
    if not (0 <= day < DAYS and 0 < steps < STRIKES):
        raise ValueError(f"no number for an option of {expiry} at {steps} steps")
    return OPTIONS_FROM + ((chain * DAYS + day) * STRIKES + steps) * 2 + (right == "P")


def terms_of(con_id: int) -> FutureTerms | OptionTerms | None:
    """Return what a number says; None for those of combos and of files."""
    if con_id < GENERATED_FROM or COMBOS_FROM <= con_id < OPTIONS_FROM:
        return None
    if con_id < COMBOS_FROM:
        root, months = divmod(con_id - GENERATED_FROM, MONTHS)
        return FutureTerms(root, FIRST_YEAR + months // 12, months % 12 + 1)
    number, is_put = divmod(con_id - OPTIONS_FROM, 2)
    number, steps = divmod(number, STRIKES)
    chain, day = divmod(number, DAYS)
    weeks, weekday = divmod(day, _WEEK)
    expiry = FIRST_MONDAY + timedelta(weeks=weeks, days=weekday)
    return OptionTerms(chain, expiry, steps, "P" if is_put else "C")


def combo_con_id(currency: str, legs: Sequence[Leg]) -> int:
    """Return the number of a combo: the same legs in the same order have the same one."""
    words = [currency, *(f"{leg.con_id}:{leg.ratio}:{leg.exchange}" for leg in legs)]
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()
    return COMBOS_FROM + int.from_bytes(digest) % COMBOS


def _weekday_number(day: date) -> int:
    weeks, weekday = divmod((day - FIRST_MONDAY).days, 7)
    return weeks * _WEEK + weekday if weekday < _WEEK else -1
