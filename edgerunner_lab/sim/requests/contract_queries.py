"""Reads the contract of a request into a query."""

from collections.abc import Mapping
from typing import Final

from edgerunner_lab.sim.listing.instrument import Leg
from edgerunner_lab.sim.listing.query import Query
from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.replies import (
    Refused,
    decimal_of,
    flag_of,
    number_of,
    text_of,
)

RIGHTS: Final[Mapping[str, str]] = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
"""Every way to write a right; `?`, `0` and blanks mean none."""

ACTION_SIGNS: Final[Mapping[str, int]] = {"BUY": 1, "SELL": -1, "SSHORT": -1}

LEGS_MAX: Final = 8
"""Legs of one combo; more are refused, as by the broker."""

RATIO_MAX: Final = 10_000


def query_of(fields: Fields) -> Query:
    """Return a request's contract as a query.

    Raises:
        Refused: A combo's legs make no sense.
    """
    con_id = fields.get("c.conId")
    kind = text_of(fields, "c.secIdType").upper()
    sec_id = text_of(fields, "c.secId")
    strike = decimal_of(fields, "c.strike")
    return Query(
        con_id=con_id if isinstance(con_id, int) and con_id > 0 else None,
        symbol=text_of(fields, "c.symbol"),
        sec_type=text_of(fields, "c.secType"),
        currency=text_of(fields, "c.currency"),
        exchange=text_of(fields, "c.exchange"),
        primary_exchange=text_of(fields, "c.primaryExchange"),
        local_symbol=text_of(fields, "c.localSymbol"),
        trading_class=text_of(fields, "c.tradingClass"),
        isin=sec_id if kind == "ISIN" else "",
        cusip=sec_id if kind == "CUSIP" else "",
        # Some programs send the date as they were told it, with a time and zone behind.
        last_trade_date=text_of(fields, "c.lastTradeDateOrContractMonth")[:8].strip(),
        strike=strike or None,
        right=RIGHTS.get(text_of(fields, "c.right").upper(), ""),
        multiplier=text_of(fields, "c.multiplier").removesuffix(".0"),
        includes_expired=flag_of(fields, "c.includeExpired"),
        legs=_legs_of(fields),
    )


def _legs_of(fields: Fields) -> tuple[Leg, ...]:
    rows = fields.get("comboLegs")
    if not isinstance(rows, tuple):
        return ()
    if len(rows) > LEGS_MAX:
        raise Refused(
            321,
            f"Error validating request.-'bH' : cause - {len(rows)} combo legs, expected at most {LEGS_MAX}",
        )
    return tuple(_leg(row) for row in rows)


def _leg(row: Fields) -> Leg:
    sign = ACTION_SIGNS.get(text_of(row, "action").upper())
    ratio = number_of(row, "ratio")
    if sign is None or not 0 < ratio <= RATIO_MAX:
        raise Refused(
            321,
            "Error validating request.-'bH' : cause - combo leg of"
            f" {text_of(row, 'action') or 'no action'} {ratio}, expected BUY or SELL"
            f" and a ratio from 1 to {RATIO_MAX}",
        )
    return Leg(
        con_id=number_of(row, "conId"),
        ratio=sign * ratio,
        exchange=text_of(row, "exchange") or "SMART",
    )
