"""Resolve what the user named to exactly one instrument, and remember it for a day."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from ib_async import IB, Contract, ContractDetails
from ib_async.objects import PriceIncrement
from ib_async.wrapper import RequestError

from edgerunner_lab.core.contracts import ContractSpec, Instrument
from edgerunner_lab.core.errors import (
    ContractAmbiguous,
    ContractNotFound,
    RequestFailed,
    RequestTimedOut,
)
from edgerunner_lab.session import adapt
from edgerunner_lab.tables.reports import SymbolMatch

_log = logging.getLogger(__name__)
T = TypeVar("T")

PAIR_LETTERS = 6
"""Other platforms write a currency pair as one word."""

REQUEST_SECONDS_MAX = 10.0
FRESH_FOR = timedelta(hours=24)
"""Contract details change overnight (hours, ticks, corporate actions); the guard refuses older ones (R07)."""

NO_DEFINITION = 200
CANDIDATES_SHOWN = 8


class Instruments:
    """The instruments of one session, by what was asked and by conId."""

    def __init__(self, ib: IB, *, clock: Callable[[], datetime]) -> None:
        self._ib = ib
        self._clock = clock
        self._by_spec: dict[ContractSpec, Instrument] = {}
        self._by_con_id: dict[int, Instrument] = {}
        self._flights: dict[ContractSpec, asyncio.Task[Instrument]] = {}
        self._bands: dict[int, list[PriceIncrement]] = {}
        self._rules = asyncio.Lock()

    @property
    def known(self) -> list[Instrument]:
        """Everything resolved so far, in the order of asking."""
        return list(self._by_con_id.values())

    def by_con_id(self, con_id: int) -> Instrument | None:
        """Return a resolved instrument, or None."""
        return self._by_con_id.get(con_id)

    async def resolve(self, spec: ContractSpec) -> Instrument:
        """Return the one instrument that `spec` names; calls for the same one share a request.

        Raises:
            ContractNotFound, ContractAmbiguous: none, or several.
            RequestTimedOut: the broker did not answer within 10 s.
        """
        known = self._by_spec.get(spec)
        if known is not None and self._clock() - known.resolved_at < FRESH_FOR:
            return known
        flight = self._flights.get(spec)
        if flight is None:
            flight = asyncio.create_task(self._ask(spec), name=f"resolve {spec}")
            self._flights[spec] = flight
            flight.add_done_callback(lambda _: self._flights.pop(spec, None))
        return await asyncio.shield(flight)

    async def search(self, pattern: str) -> list[SymbolMatch]:
        """Return what the broker finds for the beginning of a symbol or name; at most 16."""
        found = await answer(
            self._ib.reqMatchingSymbolsAsync(pattern), f"search {pattern!r}"
        )
        return [
            SymbolMatch(
                con_id=match.contract.conId,
                symbol=adapt.contract_name(match.contract),
                name=match.contract.description,
                sec_type=match.contract.secType,
                primary_exchange=match.contract.primaryExchange,
                currency=match.contract.currency,
                derivatives=tuple(match.derivativeSecTypes),
            )
            for match in found or []
            if match.contract is not None
        ]

    async def _ask(self, spec: ContractSpec) -> Instrument:
        try:
            found: list[ContractDetails] = await answer(
                self._ib.reqContractDetailsAsync(adapt.to_contract(spec)),
                f"contract {spec}",
            )
        except RequestFailed as error:
            if error.code != NO_DEFINITION:
                raise
            found = []
        details = _only(spec, [one for one in found if one.contract is not None])
        instrument = adapt.to_instrument(
            details, await self._price_bands(details), self._clock()
        )
        self._by_spec[spec] = instrument
        self._by_con_id[instrument.con_id] = instrument
        return instrument

    async def _price_bands(self, details: ContractDetails) -> list[PriceIncrement]:
        """Return the market rule of the routed exchange; without one the minimum tick holds everywhere."""
        assert details.contract is not None, "checked by the caller"
        rules = dict(
            zip(
                details.validExchanges.split(","),
                details.marketRuleIds.split(","),
                strict=False,
            )
        )
        rule = rules.get(details.contract.exchange or "SMART", "")
        if not rule.isdigit():
            return []
        # Two requests for one rule at once would leave the first one waiting (PROTOCOL §6).
        async with self._rules:
            return await self._rule(int(rule))

    async def _rule(self, rule_id: int) -> list[PriceIncrement]:
        if rule_id not in self._bands:
            try:
                bands = await answer(
                    self._ib.reqMarketRuleAsync(rule_id), f"market rule {rule_id}"
                )
            except (RequestFailed, RequestTimedOut):
                bands = None
            if bands is None:
                _log.warning(
                    "market rule %d was not answered, the minimum tick is used", rule_id
                )
                return []
            self._bands[rule_id] = bands
        return self._bands[rule_id]


async def answer(
    request: Awaitable[T], what: str, timeout_s: float = REQUEST_SECONDS_MAX
) -> T:
    """Wait for one of ib_async's requests and return its result.

    Raises:
        RequestFailed: the broker answered with an error.
        RequestTimedOut: it did not answer in time.
    """
    try:
        return await asyncio.wait_for(request, timeout_s)
    except RequestError as error:
        raise RequestFailed(
            error.code, f"{what}: code {error.code}, {error.message}"
        ) from error
    except TimeoutError as error:
        raise RequestTimedOut(
            f"{what}: no answer within {timeout_s:g} s, try again or see %status"
        ) from error


def _where_to_look(spec: ContractSpec) -> str:
    looks_like_a_pair = len(spec.symbol) == PAIR_LETTERS and spec.symbol.isalpha()
    pair = (
        f"a currency pair is written {spec.symbol[:3]}.{spec.symbol[3:]}; "
        if looks_like_a_pair
        else ""
    )
    return f"{pair}check %search {spec.symbol}"


def _only(spec: ContractSpec, found: list[ContractDetails]) -> ContractDetails:
    """Return the one match; a future named by month alone may be its only expiry in that month."""
    contracts: list[Contract] = [one.contract for one in found if one.contract is not None]
    if not found:
        raise ContractNotFound(
            NO_DEFINITION,
            f"CONTRACT_NOT_FOUND: symbol={spec.symbol}, secType={spec.sec_type.value}, "
            f"currency={spec.currency} — {_where_to_look(spec)}",
        )
    if len({contract.conId for contract in contracts}) > 1:
        lines = [
            f"{contract.localSymbol or contract.symbol} {contract.secType} {contract.primaryExchange or contract.exchange} "
            f"{contract.currency} {contract.lastTradeDateOrContractMonth} conId {contract.conId}"
            for contract in contracts[:CANDIDATES_SHOWN]
        ]
        raise ContractAmbiguous(
            f"CONTRACT_AMBIGUOUS: symbol={spec.symbol}, candidates={len(contracts)} — {'; '.join(lines)}",
            lines,
        )
    return found[0]
