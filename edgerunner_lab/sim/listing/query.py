"""A contract as a client describes it, and which instruments that fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument, Leg

OLD_NAMES: Final[Mapping[str, str]] = {"ISLAND": "NASDAQ", "GLOBEX": "CME", "ECBOT": "CBOT"}
"""Names of exchanges that programs still write -> those that the broker uses now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A contract as a client described it; empty and None match everything.

    Attributes:
        last_trade_date: YYYYMMDD, or YYYYMM for all of a month.
        includes_expired: Whether futures that have ended are meant too.
    """

    con_id: int | None = None
    symbol: str = ""
    sec_type: str = ""
    currency: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    isin: str = ""
    cusip: str = ""
    last_trade_date: str = ""
    strike: Decimal | None = None
    right: str = ""
    multiplier: str = ""
    includes_expired: bool = False
    legs: tuple[Leg, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when nothing in it could single out an instrument."""
        return not (
            self.con_id or self.symbol or self.local_symbol or self.isin or self.cusip
        )

    def matches(self, instrument: Instrument) -> bool:
        """Return whether every given part fits `instrument`."""
        exchange = OLD_NAMES.get(self.exchange, self.exchange)
        if self.con_id:
            return self.con_id == instrument.con_id and instrument.on_exchange(exchange)
        pairs = (
            (self.sec_type, instrument.sec_type),
            (self.currency, instrument.currency),
            (self.local_symbol.upper(), instrument.local_symbol.upper()),
            (self.trading_class, instrument.trading_class),
            (self.isin, instrument.isin),
        )
        return (
            all(not asked or asked == found for asked, found in pairs)
            and self._fits_symbol(instrument)
            and self._fits_terms(instrument)
            and instrument.on_exchange(exchange)
            and self._fits_primary(instrument)
        )

    def fits_month(self, last_trade_date: str, contract_month: str) -> bool:
        """Return whether a derivative that ends on a date (YYYYMMDD) and is of a month (YYYYMM) is meant."""
        asked = self.last_trade_date
        return not asked or asked in (last_trade_date, contract_month)

    def _fits_symbol(self, instrument: Instrument) -> bool:
        cusip = "" if instrument.bond is None else instrument.bond.cusip
        asked = self.symbol.upper()
        return (not asked or asked in (instrument.symbol, cusip)) and (
            not self.cusip or self.cusip == cusip
        )

    def _fits_terms(self, instrument: Instrument) -> bool:
        # Programs leave a date, strike or multiplier in contracts that have none, where the broker ignores it.
        if instrument.sec_type not in ("OPT", "FUT", "BOND"):
            return True
        return (
            instrument.last_trade_date.startswith(self.last_trade_date)
            and (not self.strike or self.strike == instrument.strike)
            and (not self.right or self.right == instrument.right)
            and (not self.multiplier or self.multiplier == instrument.multiplier_text)
        )

    def _fits_primary(self, instrument: Instrument) -> bool:
        asked = OLD_NAMES.get(self.primary_exchange, self.primary_exchange)
        return not asked or asked in (instrument.primary_exchange, instrument.exchange)
