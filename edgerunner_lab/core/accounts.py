"""Accounts: what kind one is, and how it is shown."""

import enum
import re


class Mode(enum.StrEnum):
    """What a connection is, decided by its account; the port is only a hint."""

    SIM = "SIM"
    PAPER = "PAPER"
    LIVE = "LIVE"


_PAPER = re.compile(r"D[UFI][A-Z]{0,2}[0-9]{4,10}", re.ASCII)
"""IBKR publishes no grammar; these are the forms seen, and anything else counts as live (RISK R02)."""

SHOWN_PREFIX, SHOWN_SUFFIX = 2, 4


def is_paper(account: str) -> bool:
    """Return whether an account is surely a paper one; doubt means live."""
    return _PAPER.fullmatch(account) is not None


def mask(account: str) -> str:
    """Return an account as it may be shown: `DU***4567`."""
    if len(account) <= SHOWN_PREFIX + SHOWN_SUFFIX:
        return "***"
    return f"{account[:SHOWN_PREFIX]}***{account[-SHOWN_SUFFIX:]}"
