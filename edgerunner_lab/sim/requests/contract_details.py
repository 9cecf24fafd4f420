"""One instrument in the broker's words: contractData, or bondContractData for a bond."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner_lab.sim.listing.instrument import Bond, Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import Session
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.stamps import day_stamp, stamp

SCHEDULE_DAYS: Final = 7
"""Days of trading hours that contract details list."""

NO_GROUP: Final = 2_147_483_647
"""aggGroup of what SMART does not combine."""

AGG_GROUPS: Final[Mapping[str, int]] = {"STK": 1, "OPT": 2, "BOND": 3, "CASH": 4}

_EVERYWHERE: Final = "ADJUST,ALGO,AON,COND,DAY,FOK,GTC,GTD,IOC,LIT,LMT,MIT,MKT,OCA"
_STOPS: Final = "STP,STPLMT,TRAIL,TRAILLMT,WHATIF"

ORDER_TYPES: Final[Mapping[str, str]] = {
    "STK": f"{_EVERYWHERE},ICE,LOC,MIDPX,MOC,MTL,OPG,PEGMID,PEGMKT,REL,{_STOPS}",
    "OPT": f"{_EVERYWHERE},ICE,MTL,REL,{_STOPS}",
    "FUT": f"{_EVERYWHERE},ICE,MTL,{_STOPS}",
    "CASH": f"{_EVERYWHERE},{_STOPS}",
    "CRYPTO": "DAY,GTC,IOC,LMT,MKT,STP,STPLMT,WHATIF",
    "BOND": "DAY,GTC,IOC,LMT,MKT,WHATIF",
    "IND": "",
}
"""What orders each kind takes, in the broker's spelling; an index takes none."""

_COLUMNS: Final[Mapping[str, str]] = {
    "c.conId": "con_id",
    "c.symbol": "symbol",
    "c.secType": "sec_type",
    "c.currency": "currency",
    "c.tradingClass": "trading_class",
    "d.marketName": "trading_class",
    "d.validExchanges": "valid_exchanges",
    "d.longName": "long_name",
    "d.timeZoneId": "time_zone",
    "d.minSize": "size_min",
    "d.sizeIncrement": "size_increment",
    "d.suggestedSizeIncrement": "size_suggested",
}
"""Field of both messages -> instrument field, where nothing has to be worked out."""

_CONTRACT_COLUMNS: Final[Mapping[str, str]] = {
    "c.strike": "strike",
    "c.right": "right",
    "c.multiplier": "multiplier_text",
    "c.localSymbol": "local_symbol",
    "c.primaryExchange": "primary_exchange",
    "c.lastTradeDate": "last_trade_date",
    "d.realExpirationDate": "last_trade_date",
    "d.industry": "industry",
    "d.category": "category",
    "d.subcategory": "subcategory",
    "d.stockType": "stock_type",
    "d.priceMagnifier": "price_magnifier",
}
"""Field of contractData alone -> instrument field."""

_BOND_COLUMNS: Final[Mapping[str, str]] = {
    "d.cusip": "cusip",
    "d.coupon": "coupon",
    "d.issueDate": "issue_date",
    "d.ratings": "ratings",
    "d.bondType": "kind",
    "d.couponType": "coupon_type",
    "d.convertible": "is_convertible",
    "d.callable": "is_callable",
    "d.putable": "is_putable",
    "d.descAppend": "description",
    "d.nextOptionDate": "next_option_date",
    "d.nextOptionType": "next_option_type",
    "d.notes": "notes",
}
"""Field of bondContractData alone -> bond field."""


class Describer:
    """Describes instruments at one moment; trading hours are worked out once for each calendar."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._hours: dict[tuple[str, str], Fields] = {}

    def message(self, request: int, instrument: Instrument, exchange: str) -> Message:
        """Return the details of an instrument.

        Args:
            request: The id that the answer carries.
            instrument: What to describe.
            exchange: The one that the client asked about; empty for the instrument's usual one.
        """
        shared = self._shared(instrument, exchange or instrument.exchange)
        shared["reqId"] = request
        if instrument.bond is None:
            own = _read(instrument, _CONTRACT_COLUMNS) | self._following(instrument)
            return Message("contractData", shared | own)
        own = _read(instrument.bond, _BOND_COLUMNS)
        own |= {"maturity": instrument.last_trade_date, "d.nextOptionPartial": False}
        return Message("bondContractData", shared | own)

    def _shared(self, instrument: Instrument, exchange: str) -> dict[str, Value]:
        rule = self._market.universe.rules[instrument.market_rule]
        exchanges = instrument.valid_exchanges.count(",") + 1
        kind = "FUT" if instrument.sec_type == "CONTFUT" else instrument.sec_type
        return {
            **_read(instrument, _COLUMNS),
            **self._schedule(instrument),
            "c.exchange": exchange,
            "d.minTick": rule.smallest,
            "d.orderTypes": ORDER_TYPES.get(kind, ""),
            "d.marketRuleIds": ",".join([str(instrument.market_rule)] * exchanges),
            "d.aggGroup": AGG_GROUPS.get(kind, NO_GROUP),
            "d.evRule": "",
            "d.evMultiplier": 0,
            "secIdList": _sec_ids(instrument),
        }

    def _following(self, instrument: Instrument) -> dict[str, Value]:
        """Return what only options and futures have: what they follow and when they end."""
        if not instrument.under_con_id:
            return {"d.underConId": 0}
        under = self._market.universe.by_con_id[instrument.under_con_id]
        ends = (
            instrument.last_trade_date,
            instrument.last_trade_time,
            instrument.time_zone,
        )
        return {
            "lastTradeDateOrContractMonth": " ".join(ends),
            "d.contractMonth": self._market.universe.contract_month(instrument),
            "d.underConId": under.con_id,
            "d.underSymbol": under.symbol,
            "d.underSecType": under.sec_type,
        }

    def _schedule(self, instrument: Instrument) -> Fields:
        key = (instrument.calendar, instrument.time_zone)
        if key not in self._hours:
            days = self._coming(*key)
            self._hours[key] = {
                "d.tradingHours": _written(days, instrument.time_zone, regular=False),
                "d.liquidHours": _written(days, instrument.time_zone, regular=True),
            }
        return self._hours[key]

    def _coming(self, calendar: str, zone: str) -> list[tuple[str, Session | None]]:
        """Return the day stamps of a week with their sessions, None on closed days."""
        sessions, now = self._market.sessions, self._market.second
        current = sessions.current(calendar, now)
        first = _date(now, zone) if current is None else current.day
        days = (first + timedelta(days=step) for step in range(SCHEDULE_DAYS))
        listed = [(day, sessions.on(calendar, day)) for day in days]
        # A Sunday on which Monday's trading begins is no closed day.
        begun = {_date(session.open, zone) for _, session in listed if session is not None}
        return [
            (day_stamp(day), session)
            for day, session in listed
            if session is not None or day not in begun
        ]


def _date(second: int, zone: str) -> date:
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).date()


def _read(source: Instrument | Bond, columns: Mapping[str, str]) -> dict[str, Value]:
    return {name: getattr(source, column) for name, column in columns.items()}


def _sec_ids(instrument: Instrument) -> tuple[Fields, ...]:
    cusip = "" if instrument.bond is None else instrument.bond.cusip
    ids = (("ISIN", instrument.isin), ("CUSIP", cusip))
    return tuple({"tag": tag, "value": value} for tag, value in ids if value)


def _written(days: list[tuple[str, Session | None]], zone: str, *, regular: bool) -> str:
    """Return hours as `20261123:0930-20261123:1600;20261124:CLOSED`, in the exchange's time."""

    def at(second: int) -> str:
        day, clock, _ = stamp(second, zone).split()
        return f"{day}:{clock[:2]}{clock[3:5]}"

    parts: list[str] = []
    for day, session in days:
        if session is None:
            parts.append(f"{day}:CLOSED")
        else:
            spans = session.spans(regular=regular)
            parts += [f"{at(opened)}-{at(closed)}" for opened, closed in spans]
    return ";".join(parts)
