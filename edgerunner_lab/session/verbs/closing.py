"""Getting out: one position, or all of them, with what is proven flat and what is not."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import (
    EdgerunnerError,
    OutcomeUnknown,
    UsageError,
)
from edgerunner_lab.core.facts import OrderUpdate, Quote
from edgerunner_lab.core.grammar import parse_contract
from edgerunner_lab.core.intents import (
    OrderIntent,
    OrderType,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.guard.increments import ticks_around
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.session import adapt
from edgerunner_lab.session.instruments import answer
from edgerunner_lab.session.ulids import new_order_ref
from edgerunner_lab.session.verbs.market import QUOTE_SECONDS
from edgerunner_lab.session.verbs.risk import RiskVerbs
from edgerunner_lab.tables import reports
from edgerunner_lab.tables.table import Table

ACROSS: Final = Decimal("0.5")
"""An exit's limit lies this part of the price collar through the market: it fills like a market order and no worse."""

HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A position at the moment at which it is to be closed; `quantity` is signed and not zero."""

    instrument: Instrument
    quantity: Decimal


class ClosingVerbs(RiskVerbs):
    """Closing positions."""

    async def close_position(
        self, symbol: str, *, source: Source
    ) -> Table[reports.Closing]:
        """Close one position: cancel what works in it under this client id, then send a marketable limit order.

        Raises:
            UsageError: nothing is held in it; nothing was sent.
        """
        await self._engine.linked()
        instrument = await self._engine.instruments.resolve(parse_contract(symbol))
        quantity = self._engine.portfolio.quantity(instrument.con_id)
        if not quantity:
            raise UsageError(f"{instrument}: nothing is held; nothing was sent")
        row = await self._closed(_Held(instrument=instrument, quantity=quantity), source)
        return reports.closings(
            await self._checked([row]), title=f"Closing {instrument}", empty=""
        )

    async def flatten(self, *, source: Source, reason: str = "") -> Table[reports.Closing]:
        """Close every position: let nothing through but exits, cancel, close, and ask the broker what is left.

        Trading stays at "reducing" until `resume`.

        Raises:
            UsageError: trading is halted, and stays so; nothing was sent.
            LedgerError: the latch is not durable; nothing was sent.
            NotConnected: there is no connection; nothing was sent, and only exits are let through all the same.
        """
        await self._engine.latch.set(
            LatchState.REDUCING, by="flatten", reason=reason or "flattened by hand"
        )
        if self._engine.latch.is_halted:
            raise UsageError(
                f"trading is {self._engine.latch.words}, which lets no exit through; `%resume --reason` first, "
                "then `%flatten`; nothing was sent"
            )
        await self._engine.linked()
        self._engine.drop_queued_orders()
        _, failure = await self._cancel_for_halt()
        rows = [
            await self._closed(held, source)
            if isinstance(held, _Held)
            else held  # what cannot be named cannot be closed, and is told
            for held in await self._held()
        ]
        checked = await self._checked(rows)
        still = [row for row in checked if not row.is_flat]
        trouble = f"; not every order was cancelled: {failure}" if failure else ""
        found = f"{len(still)} NOT proven flat" if still else "all flat"
        return reports.closings(
            checked,
            title=f"Flatten: {found}; only exits are let through until %resume{trouble}",
            empty="no positions; only exits are let through until %resume",
        )

    async def _held(self) -> list[_Held | reports.Closing]:
        """Return every position, resolved; one of which we know nothing as what became of it."""
        found: list[_Held | reports.Closing] = []
        for contract in self._engine.portfolio.contracts():
            quantity = self._engine.portfolio.quantity(contract.conId) or Decimal(0)
            name = contract.localSymbol or contract.symbol
            try:
                instrument = await self._engine.instruments.resolve(adapt.to_spec(contract))
                if instrument.con_id != contract.conId:
                    raise UsageError(f"{instrument} is another contract at the broker")
            except (EdgerunnerError, ConnectionError) as error:
                detail = str(error).replace("\n", "; ")
                row = reports.Closing(
                    con_id=contract.conId,
                    symbol=name,
                    before=quantity,
                    after=None,
                    detail=detail,
                )
                found.append(row)
            else:
                found.append(_Held(instrument=instrument, quantity=quantity))
        return found

    async def _closed(self, held: _Held, source: Source) -> reports.Closing:
        """Cancel what works in the instrument, send the exit, and return what became of it."""
        row = reports.Closing(
            con_id=held.instrument.con_id,
            symbol=str(held.instrument),
            before=held.quantity,
            after=None,
        )
        working = [
            update
            for update in self._own_working()
            if update.con_id == held.instrument.con_id
        ]
        try:
            await self._engine.cancels.and_wait(working)
            update = await self._send_exit(held.instrument, source)
        except (EdgerunnerError, ConnectionError) as error:
            return replace(row, detail=str(error).replace("\n", "; "))
        if update is None:
            return row
        return replace(
            row,
            price=update.average_price,
            detail=f"{update.order_ref} {update.state.value}",
        )

    async def _send_exit(
        self, instrument: Instrument, source: Source
    ) -> OrderUpdate | None:
        """Send the exit; None if the position went meanwhile, by a fill that was on its way."""
        engine = self._engine
        link = await engine.linked()
        quote = await engine.market.fresh_quote(instrument, QUOTE_SECONDS)
        quantity = engine.portfolio.quantity(instrument.con_id)
        if not quantity:
            return None
        limits = self._limits(link.mode)
        collar_pct = limits.collar_pct.get(instrument.sec_type, Decimal(1))
        order = _exit(
            instrument,
            quantity,
            price=_marketable(instrument, quantity, quote, collar_pct * ACROSS),
            account=link.account,
            order_ref=new_order_ref(self._clock()),
            source=source,
        )
        try:
            return (await engine.orders.send(await engine.judgement(order))).update
        except OutcomeUnknown:
            return engine.tracker.order(order.order_ref)

    async def _checked(self, rows: list[reports.Closing]) -> list[reports.Closing]:
        """Ask the broker for the positions, and return the rows with what is held now."""
        try:
            async with self._engine.reconciler.one_at_a_time:
                await answer(self._engine.ib.reqPositionsAsync(), "positions")
        except (EdgerunnerError, ConnectionError) as error:
            return [
                replace(row, detail="; ".join(filter(None, (row.detail, str(error)))))
                for row in rows
            ]
        held = {
            position.con_id: position.quantity
            for position in self._engine.portfolio.positions()
        }
        return [replace(row, after=held.get(row.con_id, Decimal(0))) for row in rows]


def _marketable(
    instrument: Instrument, quantity: Decimal, quote: Quote, across_pct: Decimal
) -> Decimal:
    """Return a limit so far through the market that it fills at once, on a tick.

    Raises:
        UsageError: there is no market to measure by.
    """
    reference = quote.bid if quantity > 0 else quote.ask
    if reference is None:
        side = "bid" if quantity > 0 else "ask"
        raise UsageError(f"{instrument}: there is no {side}; nothing was sent")
    away = reference * across_pct / HUNDRED
    if quantity > 0:
        return ticks_around(instrument, reference - away)[1]
    return ticks_around(instrument, reference + away)[0]


def _exit(  # noqa: PLR0913  all by keyword
    instrument: Instrument,
    position: Decimal,
    *,
    price: Decimal,
    account: str,
    order_ref: str,
    source: Source,
) -> ProposedOrder:
    """Return the order that takes a position to zero and not through it; what does not fill at once is cancelled."""
    side, quantity = (Side.SELL if position > 0 else Side.BUY), abs(position)
    spec = adapt.to_spec(adapt.instrument_contract(instrument))
    intent = OrderIntent(
        side=side,
        size=Units(quantity=quantity),
        contract=spec,
        order_type=OrderType.LIMIT,
        limit_price=price,
        tif=TimeInForce.IOC,
        # Its size is the position's own, so that a repetition closes what is there and no more.
        again=True,
    )
    return ProposedOrder(
        instrument=instrument,
        side=side,
        quantity=quantity,
        order_type=OrderType.LIMIT,
        limit_price=price,
        stop_price=None,
        tif=TimeInForce.IOC,
        outside_rth=False,
        account=account,
        order_ref=order_ref,
        intent=intent,
        source=source,
        is_exit=True,
    )
