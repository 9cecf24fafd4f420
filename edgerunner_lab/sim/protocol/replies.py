"""What goes back to clients: messages with an address, and the broker's error message."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value

UNSET: Final = sys.float_info.max
"""How the broker writes a number it does not have."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message for one connection.

    Attributes:
        client: The connection's key, not the API client id.
    """

    client: int
    message: Message


class Refused(Exception):
    """The broker says no; `code` and `text` are what it says."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def error(request: int, code: int, text: str, now: float) -> Message:
    """Return errMsg; `request` is the request or order id, -1 for notices."""
    fields: dict[str, Value] = {
        "id": request,
        "errorCode": code,
        "errorString": text,
        "advancedOrderRejectJson": "",
        "errorTime": int(now * 1000),
    }
    return Message("errMsg", fields)


def contract_fields(
    instrument: Instrument, exchange: str, right: str = ""
) -> dict[str, Value]:
    """Return the eleven contract fields of outgoing messages."""
    return {
        "c.conId": instrument.con_id,
        "c.symbol": instrument.symbol,
        "c.secType": instrument.sec_type,
        "c.lastTradeDateOrContractMonth": instrument.last_trade_date,
        "c.strike": instrument.strike,
        "c.right": instrument.right or right,
        "c.multiplier": instrument.multiplier_text,
        "c.exchange": exchange,
        "c.currency": instrument.currency,
        "c.localSymbol": instrument.local_symbol,
        "c.tradingClass": instrument.trading_class,
    }


def text_of(fields: Fields, name: str) -> str:
    """Return a text field; empty where it is missing."""
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def number_of(fields: Fields, name: str, default: int = 0) -> int:
    """Return an integer field; `default` where it is missing or unset."""
    value = fields.get(name)
    return value if isinstance(value, int) else default


def decimal_of(fields: Fields, name: str) -> Decimal | None:
    """Return a finite number; None where it is missing, unset or infinite."""
    value = fields.get(name)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def flag_of(fields: Fields, name: str) -> bool:
    """Return a yes-or-no field; no where it is missing."""
    return fields.get(name) is True


def request_of(fields: Mapping[str, Value]) -> int:
    """Return the id that an answer to a request carries; -1 for requests that have none."""
    for name in ("reqId", "tickerId", "orderId"):
        value = fields.get(name)
        if isinstance(value, int):
            return value
    return -1
