"""The keyword arguments of the verbs, named once for the blocking and the awaitable form."""

from decimal import Decimal, InvalidOperation
from typing import TypedDict

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.intents import OrderType, TimeInForce

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


class NewTerms(TypedDict, total=False):
    """What is to be different about a working order; what is left out stays as it is.

    Attributes:
        quantity: The whole order's, with what has filled.
        limit: Worst acceptable price per unit, in the contract's currency.
        stop: Trigger price, likewise.
        tif: IOC, for a day order that is to fill at once or go.
    """

    quantity: Number | None
    limit: Number | None
    stop: Number | None
    tif: str | None


class How(TypedDict, total=False):
    """How to buy or sell.

    Attributes:
        limit: Worst acceptable price per unit, in the contract's currency.
        stop: Trigger price, likewise.
        trail: Distance at which a stop follows the market: 5.50 in the contract's currency, or "2%" of the price.
        tif: DAY, GTC, IOC or FOK.
        outside_rth: Also outside regular trading hours.
        again: Repeat an order knowingly.
        preview: Show what would happen and send nothing.
        ref: The user's own name for the order.
    """

    limit: Number | None
    stop: Number | None
    trail: Number | str | None
    tif: str | None
    outside_rth: bool
    again: bool
    preview: bool
    ref: str | None


def order_type_of(*, has_limit: bool, has_stop: bool, trails: bool) -> OrderType:
    """Return the type that an order's prices make."""
    if trails:
        return OrderType.TRAIL
    return {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }[has_limit, has_stop]


def distance(value: Number | str | None) -> tuple[Decimal | None, Decimal | None]:
    """Return at what distance a stop is to follow: (amount, None), (None, percent), or two None without one.

    Raises:
        UsageError: it is neither a positive number nor a percentage such as "2%".
    """
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return positive(value, "trail"), None
    return None, positive(value.strip().removesuffix("%"), "trail")


def positive(value: Number | None, name: str) -> Decimal | None:
    """Return a number that a user gave, None where there is none.

    Raises:
        UsageError: it is not positive, or no number.
    """
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise UsageError(
            f"{name} {value!r} was found, expected a positive number; nothing was sent"
        )
    return number


def time_in_force(text: str | None) -> TimeInForce | None:
    """Return a time in force that a user gave, None where there is none.

    Raises:
        UsageError: there is no such.
    """
    if text is None:
        return None
    if text.upper() not in set(TimeInForce):
        raise UsageError(
            f"tif {text!r} was found, expected one of {' '.join(TimeInForce)}; nothing was sent"
        )
    return TimeInForce(text.upper())
