"""Futures of one root: which months are listed on a date, and each as an instrument."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from edgerunner_lab.sim.listing.con_ids import FIRST_YEAR, MONTHS, future_con_id
from edgerunner_lab.sim.listing.expiries import FUTURE_ENDS, MONTH_CODES, months_from
from edgerunner_lab.sim.listing.instrument import Instrument

EXPIRED_FOR: Final = timedelta(days=730)
"""How long the broker still knows futures that have ended, to those who ask for them."""

_YEARS: Final = range(FIRST_YEAR, FIRST_YEAR + MONTHS // 12)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FutureRoot:
    """One root symbol, such as ES.

    Attributes:
        number: What tells its contract numbers from those of other roots.
        template: What its contracts have in common.
        months: Calendar months in which contracts end, 1 to 12.
        listed: How many contracts are listed at a time.
        ends: Name of the rule for the last trade date, a key of `expiries.FUTURE_ENDS`.
    """

    number: int
    template: Instrument
    months: tuple[int, ...]
    listed: int
    ends: str

    def contract(self, year: int, month: int) -> Instrument | None:
        """Return a contract month as an instrument; None where the root has none."""
        return _contract(self, year, month)

    def listed_on(self, day: date) -> Iterator[Instrument]:
        """Yield the contracts that still trade on `day`, the first to end first."""
        stamp = f"{day:%Y%m%d}"
        alive = (c for c in self._from(day) if c.last_trade_date >= stamp)
        return islice(alive, self.listed)

    def known_on(self, day: date) -> Iterator[Instrument]:
        """Yield the contracts of the last two years that have ended before `day`, then those that trade."""
        stamp = f"{day:%Y%m%d}"
        for contract in self._from(day - EXPIRED_FOR):
            if contract.last_trade_date >= stamp:
                break
            yield contract
        yield from self.listed_on(day)

    def _from(self, day: date) -> Iterator[Instrument]:
        for year, month in months_from(day):
            if year not in _YEARS:
                return
            contract = self.contract(year, month)
            if contract is not None:
                yield contract


@lru_cache(maxsize=4096)
def _contract(root: FutureRoot, year: int, month: int) -> Instrument | None:
    if month not in root.months or year not in _YEARS:
        return None
    common = root.template
    return replace(
        common,
        con_id=future_con_id(root.number, year, month),
        local_symbol=f"{common.trading_class}{MONTH_CODES[month - 1]}{year % 10}",
        last_trade_date=f"{FUTURE_ENDS[root.ends](year, month):%Y%m%d}",
    )
