"""Quotes, bars, symbols, positions and the account's figures."""

import asyncio
from typing import Unpack

from edgerunner_lab.core.contracts import ContractSpec, Instrument
from edgerunner_lab.core.errors import NoData, UsageError
from edgerunner_lab.core.facts import AccountSnapshot, Bar, Position, Quote
from edgerunner_lab.core.grammar import parse_contract
from edgerunner_lab.session import adapt
from edgerunner_lab.session.verbs.arguments import Which
from edgerunner_lab.session.verbs.connection import ConnectionVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table

QUOTE_SECONDS = 4.0
"""How long a first quote may take: TWS answers a new line within 1–2 s."""


class MarketVerbs(ConnectionVerbs):
    """What is read."""

    async def quote(self, *symbols: str) -> Table[Quote]:
        """Return the market in each symbol, waiting up to 4 s for a first quote.

        Raises:
            UsageError: no symbol was given.
            ContractNotFound: a symbol is not known.
            NoData: the broker sends nothing for it; says why.
        """
        instruments = await self.resolve(*symbols)
        wait = self._engine.market.fresh_quote
        quotes = await asyncio.gather(
            *(wait(instrument, QUOTE_SECONDS) for instrument in instruments)
        )
        for quote in quotes:
            if quote.received_mono is None and (
                problem := self._engine.market.problem(quote.con_id)
            ):
                raise NoData(f"{quote.symbol}: {problem}")
        return layouts.quotes(quotes, now_mono=asyncio.get_running_loop().time())

    async def resolve(self, *symbols: str) -> list[Instrument]:
        """Return the instrument of each symbol, as the order language names them."""
        if not symbols:
            raise UsageError("no symbol was given, expected at least one, e.g. SPY")
        return await self.resolve_specs(*(parse_contract(symbol) for symbol in symbols))

    async def resolve_specs(self, *specs: ContractSpec) -> list[Instrument]:
        """Return the instrument of each specification."""
        await self._engine.linked()
        resolve = self._engine.instruments.resolve
        return list(await asyncio.gather(*(resolve(spec) for spec in specs)))

    async def search(self, pattern: str) -> Table[reports.SymbolMatch]:
        """Return instruments whose symbol or name begins with `pattern`; at most 16."""
        if not pattern.strip():
            raise UsageError(
                "nothing to search for, expected the beginning of a symbol or name, e.g. apple"
            )
        await self._engine.linked()
        return reports.matches(
            await self._engine.instruments.search(pattern.strip()), pattern=pattern.strip()
        )

    async def bars(
        self, symbol: str, duration: str = "30d", size: str = "1h", **which: Unpack[Which]
    ) -> Table[Bar]:
        """Return historical bars up to now, oldest first.

        Args:
            symbol: As the order language names it.
            duration: How far back: a number and s, m, h, d, w, mo or y.
            size: Of each bar: 1s 5s … 1m … 1h … 1d 1w 1mo.
            which: See `Which`.
        """
        rth, what = which.get("rth", True), which.get("what")
        (instrument,) = await self.resolve(symbol)
        found = await self._engine.history.bars(
            instrument, duration, size, is_rth=rth, what=what
        )
        return layouts.bars(
            found,
            title=f"{instrument} {duration} of {size}",
            zone=adapt.zone_of(instrument.time_zone),
        )

    async def positions(self) -> Table[Position]:
        """Return what the account holds, by symbol."""
        await self._engine.linked()
        return layouts.positions(self._engine.portfolio.positions())

    async def account(self) -> Table[AccountSnapshot]:
        """Return the account's figures as the broker has them."""
        await self._engine.linked()
        return layouts.account([self._engine.portfolio.account()])
