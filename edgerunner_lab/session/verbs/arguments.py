"""The keyword arguments of the verbs, named once for the blocking and the awaitable form."""

from decimal import Decimal
from typing import TypedDict

Number = Decimal | float | str
"""Floats are taken as their shortest text (0.1 is a tenth), never as the binary number behind it."""


class Where(TypedDict, total=False):
    """Where to connect; what is left out is as the profile has it.

    Attributes:
        host: Where the gateway runs; this machine unless given.
        port: Its API port.
        account: Which of the login's accounts; needed where there are several.
        client_id: The notebook's own unless given.
    """

    host: str | None
    port: int | None
    account: str | None
    client_id: int | None


class Which(TypedDict, total=False):
    """Which bars.

    Attributes:
        rth: Regular trading hours only; True unless given.
        what: TRADES, MIDPOINT, BID, ASK, BID_ASK or ADJUSTED_LAST; trades unless the instrument has none.
    """

    rth: bool
    what: str | None


class How(TypedDict, total=False):
    """How to buy or sell.

    Attributes:
        limit: Worst acceptable price per unit, in the contract's currency.
        stop: Trigger price, likewise.
        tif: DAY, GTC, IOC or FOK.
        outside_rth: Also outside regular trading hours.
        again: Repeat an order knowingly.
        preview: Show what would happen and send nothing.
        ref: The user's own name for the order.
    """

    limit: Number | None
    stop: Number | None
    tif: str | None
    outside_rth: bool
    again: bool
    preview: bool
    ref: str | None
