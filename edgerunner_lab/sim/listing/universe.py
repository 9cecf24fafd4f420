"""The instruments that the gateway lists: found by number, by description and by words of their names."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final, Self

from edgerunner_lab.sim.listing.combos import ComboError, Combos
from edgerunner_lab.sim.listing.derivatives import Derivatives, LevelAt, OptionParameters
from edgerunner_lab.sim.listing.instrument import Bond, Instrument, Leg, MarketRule
from edgerunner_lab.sim.listing.listings import UniverseError, read_listings
from edgerunner_lab.sim.listing.query import Query

__all__ = [
    "Bond",
    "ComboError",
    "Instrument",
    "Leg",
    "MarketRule",
    "Query",
    "Universe",
    "UniverseError",
    "load_universe",
]

MATCHES_MAX: Final = 16
"""Answers to one symbol search, as the broker limits them."""

FIRST_DAY: Final = date(2026, 11, 2)
"""Date of a universe that was not told another: the day on which every path passes through its listed price."""


class Universe:
    """Every instrument and market rule, seen from a date that says which futures and options are listed.

    Attributes:
        by_con_id: Number -> instrument. It holds and iterates over what is in the files; its look-ups
            also reach futures, options and combos, ended or not, which are made when they are asked for.
        rules: Number -> price increments.
        today: The date that listed expiries count from.
        combos: What clients have put together.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        rules: Iterable[MarketRule],
        derivatives: Derivatives | None = None,
    ) -> None:
        self._derivatives = derivatives or Derivatives((), ())
        base = {instrument.con_id: instrument for instrument in instruments}
        self.rules: Mapping[int, MarketRule] = MappingProxyType(
            {rule.rule_id: rule for rule in rules}
        )
        self.combos = Combos(
            lambda con_id: base.get(con_id) or self._derivatives.get(con_id)
        )
        self.by_con_id: Mapping[int, Instrument] = _Reachable(
            base, self._derivatives, self.combos
        )
        self.today = FIRST_DAY
        self._level_at: LevelAt = _listed_price

    def at(self, day: date, level_at: LevelAt | None = None) -> Self:
        """Return the same instruments as they are listed on another date.

        Args:
            day: The date at the exchanges.
            level_at: Where an instrument stood at the start of a date; strikes are listed around it.
                Those of this view where None; at first the price in the file.
        """
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__)
        view.today = day
        # Kept, since every look-up of an option asks for the same dozen levels.
        view._level_at = cache(level_at) if level_at else self._level_at
        return view

    def find(self, query: Query) -> tuple[Instrument, ...]:
        """Return every listed instrument that fits, as `matching` yields them."""
        return tuple(self.matching(query))

    def matching(self, query: Query) -> Iterator[Instrument]:
        """Yield every listed instrument that fits; none when the query names nothing.

        A number finds its contract even after that has ended. Legs find their combo.

        Raises:
            ComboError: The legs do not make a combo.
        """
        if query.sec_type == "BAG" and query.legs:
            yield self.combos.combo(query.legs, query.symbol.split(",")[0])
        elif query.con_id:
            found = self.by_con_id.get(query.con_id)
            if found is not None and query.matches(found):
                yield found
        elif not query.is_empty:
            yield from (i for i in self.by_con_id.values() if query.matches(i))
            yield from self._derivatives.find(query, self.today, self._level_at)

    def search(self, pattern: str) -> tuple[Instrument, ...]:
        """Return instruments whose symbol begins with `pattern` or whose long name has its words, best first."""
        wanted = pattern.strip().upper()
        if not wanted:
            return ()
        by_symbol = [i for i in self.by_con_id.values() if i.name.startswith(wanted)]
        by_symbol.sort(key=lambda i: (len(i.name), i.name))
        by_words = [
            i
            for i in self.by_con_id.values()
            if i not in by_symbol and _has_words(i, wanted)
        ]
        return tuple(by_symbol + by_words)[:MATCHES_MAX]

    def named(self, name: str) -> Instrument | None:
        """Return the instrument of the files with a name or local symbol, such as SPY or EUR.USD."""
        wanted = name.upper()
        for instrument in self.by_con_id.values():
            if wanted in (instrument.name, instrument.local_symbol.upper()):
                return instrument
        return None

    def increment(self, instrument: Instrument, price: Decimal) -> Decimal:
        """Return the price step that the instrument's market rule asks for at `price`."""
        return self.rules[instrument.market_rule].increment_at(price)

    def option_parameters(self, under_con_id: int) -> tuple[OptionParameters, ...]:
        """Return expiries and strikes of the options on an instrument, one for each trading class."""
        return tuple(self._derivatives.parameters(under_con_id, self.today, self._level_at))

    def derivative_types(self, instrument: Instrument) -> tuple[str, ...]:
        """Return the kinds of instruments that follow one, as `OPT`, those that are listed first."""
        listed = self._derivatives.types_on(instrument.con_id)
        return tuple(dict.fromkeys((*listed, *instrument.derivatives)))

    def kinds(self) -> Iterator[Instrument]:
        """Yield the instruments of the files and one for every root and chain: all exchanges and kinds there are."""
        yield from self.by_con_id.values()
        yield from self._derivatives.templates()

    def contract_month(self, instrument: Instrument) -> str:
        """Return YYYYMM of a future's delivery or an option's last day; empty for other kinds."""
        return self._derivatives.contract_month(instrument)


class _Reachable(Mapping[int, Instrument]):
    """The instruments of the files, and by their numbers also those that are made when asked for."""

    def __init__(
        self, base: Mapping[int, Instrument], derivatives: Derivatives, combos: Combos
    ) -> None:
        self._base = base
        self._derivatives = derivatives
        self._combos = combos

    def __getitem__(self, con_id: int) -> Instrument:
        found = self._base.get(con_id)
        if found is None:
            found = self._derivatives.get(con_id) or self._combos.get(con_id)
        if found is None:
            raise KeyError(con_id)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)


def _listed_price(instrument: Instrument, _: date) -> Decimal:
    return instrument.price


def _has_words(instrument: Instrument, wanted: str) -> bool:
    words = instrument.long_name.upper().replace("-", " ").replace("/", " ").split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def load_universe(*extra: tuple[str, str]) -> Universe:
    """Return the built-in instruments and those of `extra`: pairs of source name and TOML text.

    Raises:
        UniverseError: A text is not TOML, misses a field, has an unknown one, or names an unknown
            market rule, underlying or rule for expiries.
    """
    listings = read_listings(extra)
    derivatives = Derivatives(
        listings.root_by_number.values(), listings.chain_by_number.values()
    )
    return Universe(listings.by_con_id.values(), listings.rule_by_id.values(), derivatives)
