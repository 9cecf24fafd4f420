"""Accounts: what kind one is, and how it is shown."""

import enum
import re
from typing import Final


class Mode(enum.StrEnum):
    """What a connection is, decided by its account; the port is only a hint."""

    SIM = "SIM"
    PAPER = "PAPER"
    LIVE = "LIVE"


_PAPER: Final = re.compile(r"D[UFI][A-Z]{0,2}[0-9]{4,10}")
"""IBKR publishes no grammar; these are the forms seen, and anything else counts as live (RISK R02)."""

_KIND: Final = re.compile(r"[A-Z]{0,4}")
"""The letters that say what kind an account is; they are shown."""

SHOWN_DIGITS: Final = 4
"""Enough to tell one's own accounts apart, as on a bank card."""


def is_paper(account: str) -> bool:
    """Return whether an account is surely a paper one; doubt means live."""
    return _PAPER.fullmatch(account) is not None


def mask(account: str) -> str:
    """Return an account as it may be shown, `DU***4567` or `U***0123`; `***` where that would show all of it."""
    match = _KIND.match(account)
    assert match is not None, "no letters match too"
    hidden = len(account) - match.end() - SHOWN_DIGITS
    return f"{match[0]}***{account[-SHOWN_DIGITS:]}" if hidden > 0 else "***"
