"""Futures and options of every root and chain: found by number, by name and by what a client asks for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from types import MappingProxyType
from typing import Final

from edgerunner_lab.sim.listing.chains import (
    RIGHTS,
    Chain,
    Levels,
    Range,
    occ_symbol,
    occ_terms,
)
from edgerunner_lab.sim.listing.con_ids import FutureTerms, terms_of
from edgerunner_lab.sim.listing.expiries import is_business_day
from edgerunner_lab.sim.listing.futures import FutureRoot
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.query import Query

LevelAt = Callable[[Instrument, date], Decimal]
"""Where an instrument stood at the start of a date, in its own price."""

CONTRACTS_KEPT: Final = 8_192
"""Contracts kept once they were looked up; others are made again from their number."""

YEAR_MONTHS: Final = 12
LATE_MONTHS: Final = 3
"""Wide strikes surround the levels at the start of this week and of so many months, close ones those of so many.

A price that moves adds strikes on Mondays; what it has left behind stays listed for months.
"""

FUTURE_TYPES: Final = frozenset({"", "FUT", "CONTFUT", "FUT+CONTFUT"})
OPTION_TYPES: Final = frozenset({"", "OPT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionParameters:
    """What reqSecDefOptParams tells of one trading class, the same on each of its exchanges."""

    trading_class: str
    multiplier: str
    exchanges: tuple[str, ...]
    expiries: tuple[date, ...]
    strikes: tuple[Decimal, ...]


class Derivatives:
    """Every future and option; the same for all dates and for every view of a universe."""

    def __init__(self, roots: Iterable[FutureRoot], chains: Iterable[Chain]) -> None:
        self.roots: Mapping[int, FutureRoot] = MappingProxyType(
            {root.number: root for root in roots}
        )
        self.chains: Mapping[int, Chain] = MappingProxyType(
            {chain.number: chain for chain in chains}
        )
        self._kept: dict[int, Instrument] = {}

    def get(self, con_id: int) -> Instrument | None:
        """Return the contract of a number, even of one that has ended or is not listed today."""
        kept = self._kept.get(con_id)
        if kept is None and (kept := self._made(con_id)) is not None:
            if len(self._kept) >= CONTRACTS_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[con_id] = kept
        return kept

    def find(self, query: Query, day: date, level_at: LevelAt) -> Iterator[Instrument]:
        """Yield the contracts listed on `day` that fit; none for a query that names no kind and no name of one."""
        if not (query.sec_type or query.local_symbol):
            return
        if query.sec_type in FUTURE_TYPES:
            yield from self._futures(query, day)
        if query.sec_type in OPTION_TYPES:
            yield from self._options(query, day, level_at)

    def parameters(
        self, under_con_id: int, day: date, level_at: LevelAt
    ) -> Iterator[OptionParameters]:
        """Yield the expiries and strikes of every chain on an instrument."""
        for chain in self.chains.values():
            if chain.under.con_id != under_con_id:
                continue
            around = _levels(chain, day, level_at)
            expiries = chain.expiries(day)
            strikes = {s for expiry in expiries for s in chain.strikes(expiry, around)}
            yield OptionParameters(
                trading_class=chain.template.trading_class,
                multiplier=chain.template.multiplier_text,
                exchanges=tuple(chain.template.valid_exchanges.split(",")),
                expiries=expiries,
                strikes=tuple(sorted(strikes)),
            )

    def templates(self) -> Iterator[Instrument]:
        """Yield what the contracts of each root and of each chain have in common."""
        yield from (root.template for root in self.roots.values())
        yield from (chain.template for chain in self.chains.values())

    def types_on(self, con_id: int) -> tuple[str, ...]:
        """Return the kinds that follow an instrument: `FUT`, `OPT`."""
        kinds = (t.sec_type for t in self.templates() if t.under_con_id == con_id)
        return tuple(dict.fromkeys(kinds))

    def contract_month(self, instrument: Instrument) -> str:
        """Return YYYYMM of a future's delivery or of an option's last day; empty for other kinds."""
        terms = terms_of(instrument.con_id)
        if isinstance(terms, FutureTerms):
            return f"{terms.year}{terms.month:02d}"
        return instrument.last_trade_date[:6] if instrument.sec_type == "OPT" else ""

    def _made(self, con_id: int) -> Instrument | None:
        terms = terms_of(con_id)
        if terms is None:
            return None
        if isinstance(terms, FutureTerms):
            root = self.roots.get(terms.root)
            return None if root is None else root.contract(terms.year, terms.month)
        chain = self.chains.get(terms.chain)
        if chain is None or terms.steps == 0 or not is_business_day(terms.expiry):
            return None
        return chain.contract(terms.expiry, chain.strike_step * terms.steps, terms.right)

    def _futures(self, query: Query, day: date) -> Iterator[Instrument]:
        plain = replace(query, sec_type="", last_trade_date="")
        for root in self.roots.values():
            if query.symbol.upper() not in ("", root.template.symbol):
                continue
            known = root.known_on(day) if query.includes_expired else root.listed_on(day)
            found = [contract for contract in known if plain.matches(contract)]
            if "CONTFUT" in query.sec_type and found:
                front = next(c for c in found if c.last_trade_date >= f"{day:%Y%m%d}")
                yield replace(front, sec_type="CONTFUT")
            if query.sec_type != "CONTFUT":
                for contract in found:
                    month = self.contract_month(contract)
                    if query.fits_month(contract.last_trade_date, month):
                        yield contract

    def _options(self, query: Query, day: date, level_at: LevelAt) -> Iterator[Instrument]:
        named = occ_terms(query.local_symbol) if query.local_symbol else None
        if query.local_symbol and named is None:
            return
        if named is not None:
            class_, expiry, strike, right = named
            query = replace(
                query,
                local_symbol=occ_symbol(class_, expiry, strike, right),
                trading_class=query.trading_class or class_,
                last_trade_date=query.last_trade_date or f"{expiry:%Y%m%d}",
                strike=query.strike or strike,
                right=query.right or right,
            )
        for chain in self.chains.values():
            if _may_have(chain.template, query):
                yield from _listed(chain, query, day, level_at)


def _may_have(option: Instrument, query: Query) -> bool:
    """Return whether what all options of a chain have in common fits."""
    asked = replace(query, local_symbol="", last_trade_date="", strike=None, right="")
    return asked.matches(option)


def _listed(
    chain: Chain, query: Query, day: date, level_at: LevelAt
) -> Iterator[Instrument]:
    around = _levels(chain, day, level_at)
    rights = (query.right,) if query.right else RIGHTS
    for expiry in chain.expiries(day):
        if not f"{expiry:%Y%m%d}".startswith(query.last_trade_date):
            continue
        strikes = chain.strikes(expiry, around)
        if query.strike is not None:
            strikes = (query.strike,) if query.strike in strikes else ()
        for right, strike in product(rights, strikes):
            option = chain.contract(expiry, strike, right)
            if query.local_symbol in ("", option.local_symbol):
                yield option


def _levels(chain: Chain, day: date, level_at: LevelAt) -> Levels:
    months = [day.replace(day=1)]
    while len(months) < YEAR_MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    monday = day - timedelta(days=day.weekday())
    seen = [level_at(chain.under, start) for start in (monday, *months)]
    late = seen[: LATE_MONTHS + 1]
    return Levels(Range(min(late), max(late)), Range(min(seen), max(seen)))
