"""Faults as data: what may go wrong, when, and with which parameters. Nothing here happens yet."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final


class What(enum.StrEnum):
    """Everything that a fault can do."""

    DROP = "drop"
    RESET = "reset"
    REFUSE = "refuse"
    HALF_OPEN = "half_open"
    DELAY = "delay"
    SLOW_ACKNOWLEDGEMENTS = "slow_acknowledgements"
    SPLIT = "split"
    GARBLE = "garble"
    TRUNCATE = "truncate"
    LOSE = "lose"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CORRECT = "correct"
    BUST = "bust"
    NOTICE = "notice"
    OUTAGE = "outage"
    COMPETING_SESSION = "competing_session"
    REJECT = "reject"
    PACING = "pacing"
    HISTORY_PACING = "history_pacing"
    CLIENT_ID_IN_USE = "client_id_in_use"
    NIGHTLY_RESET = "nightly_reset"
    ACCOUNT = "account"


NOTICES: Final[Mapping[int, str]] = MappingProxyType(
    {
        1100: "Connectivity between IBKR and Trader Workstation has been lost.",
        1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
        1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
        1300: "TWS socket port has been reset and this connection is being dropped.",
        2103: "Market data farm connection is broken:usfarm",
        2104: "Market data farm connection is OK:usfarm",
        2105: "HMDS data farm connection is broken:ushmds",
        2106: "HMDS data farm connection is OK:ushmds",
        2107: "HMDS data farm connection is inactive but should be available upon demand.ushmds",
        2108: "Market data farm connection is inactive but should be available upon demand.usfarm",
        2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
        2119: "Market data farm is connecting:usfarm",
        2157: "Sec-def data farm connection is broken:secdefnj",
        2158: "Sec-def data farm connection is OK:secdefnj",
    }
)
"""Code of a notice -> its words unless a script has its own."""

REJECTIONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        100: "Max rate of messages per second has been exceeded:max=50 rec={rate}",
        101: "Max number of tickers has been reached",
        162: "Historical Market Data Service error message:HMDS query returned no data",
        200: "No security definition has been found for the request",
        201: "Order rejected - reason:Rejected by a fault script",
        321: "Error validating request.-'bF' : cause - Refused by a fault script",
        322: "Error processing request.",
        354: "Requested market data is not subscribed.",
        420: "Invalid Real-time Query:Historical data request pacing violation",
        10197: "No market data during competing live session",
    }
)
"""Code of a refusal -> its words unless a script has its own."""

HISTORY_PACING_TEXT: Final = (
    "Historical Market Data Service error message:Historical data request pacing violation"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What sets a fault off; nothing at all means now.

    Attributes:
        after: Gateway seconds since the gateway began.
        daily: Seconds after midnight in New York, every day.
        message: Name of a request or reply; `nth` counts those that the fault may see, from 1.
        connect: Number of the connection, from 1.
    """

    after: float | None = None
    daily: int | None = None
    message: str | None = None
    nth: int = 1
    connect: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; its parameters are described in `PARAMETERS`.

    Attributes:
        client: Only the connection with this API client id; None for all that `when` means.
    """

    what: What
    when: When = When()
    client: int | None = None
    lasting: float | None = None
    seconds: float = 1.0
    times: int | None = None
    bytes: int = 0
    messages: frozenset[str] = frozenset()
    request: str = ""
    code: int = 0
    text: str = ""
    rate: int | None = None
    price: Decimal | None = None
    shares: Decimal | None = None
    exec_id: str = ""
    name: str = ""
    data_lost: bool = False
