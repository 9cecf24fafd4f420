"""Changing a working order: the same road as a new one, and the broker's word for what became of it."""

from dataclasses import replace
from typing import Unpack

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.grammar import parse_contract
from edgerunner_lab.core.intents import (
    Attached,
    OrderIntent,
    OrderType,
    ProposedOrder,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.session.verbs.arguments import NewTerms, positive, time_in_force
from edgerunner_lab.session.verbs.market import QUOTE_SECONDS
from edgerunner_lab.session.verbs.orders import OrderVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table


class ModifyVerbs(OrderVerbs):
    """Changing orders."""

    async def modify(
        self,
        what: str,
        *,
        source: Source,
        preview: bool = False,
        **terms: Unpack[NewTerms],
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Change one working order of this session, or with `preview` only judge the change.

        Args:
            what: Its reference, or its name.
            source: Where the change comes from.
            preview: Send nothing.
            terms: See `NewTerms`.

        Raises:
            UsageError: no single order fits, another client id placed it, or nothing would change.
            OrderDenied: every failed rule; nothing was sent.
            ChangeRefused: by the broker; the order works as it was.
            OutcomeUnknown: the broker has not confirmed it; either form may work.
        """
        engine = self._engine
        link = await engine.linked()
        old = self._one_working(what.strip())
        if old.client_id != link.client_id:
            raise UsageError(
                f"{old.order_ref}: placed by client id {old.client_id}, this session is {link.client_id}; only that one "
                "can change it; nothing was sent"
            )
        instrument = await engine.instruments.resolve(parse_contract(old.symbol))
        if instrument.con_id != old.con_id:
            raise UsageError(
                f"{old.order_ref}: is for another contract than {instrument} is now; nothing was sent"
            )
        await engine.market.fresh_quote(instrument, QUOTE_SECONDS)
        # Filled or changed meanwhile: what is judged is what stands now.
        old = engine.tracker.order(old.order_ref) or old
        order = replace(
            _changed(old, terms, instrument, source),
            outside_rth=engine.tracker.is_outside_rth(old.order_ref),
            attached=self._attached(old, quantity_is_new=terms.get("quantity") is not None),
        )
        judgement = await engine.judgement(order)
        if preview:
            return reports.preview(await self._previewed([judgement]))
        sent = await engine.orders.modify(judgement)
        return layouts.orders([sent.update], notes=sent.warnings)

    def _attached(self, old: OrderUpdate, *, quantity_is_new: bool) -> Attached | None:
        """Return what the exit of a bracket hangs on; None for any other order.

        Raises:
            UsageError: the size of one order of a bracket is to be changed, and the others would no longer fit.
        """
        tracker = self._engine.tracker
        has_exits = any(each.parent_ref == old.order_ref for each in tracker.open_orders)
        if quantity_is_new and (old.parent_ref or has_exits):
            raise UsageError(
                f"{old.order_ref}: is of a bracket, whose orders are of one size: cancel it and place it anew; nothing was sent"
            )
        if not old.parent_ref:
            return None
        entry = tracker.order(old.parent_ref)
        waits = entry is not None and entry.state.is_open
        return Attached(
            parent_ref=old.parent_ref,
            quantity=old.quantity,
            side=old.side.opposite,
            entry_price=(entry.stop_price or entry.limit_price)
            if entry is not None and waits
            else None,
        )

    def _one_working(self, what: str) -> OrderUpdate:
        """Return the one working order that has a reference or a name."""
        found = [
            update
            for update in self._engine.tracker.open_orders
            if what and what in (update.order_ref, update.name)
        ]
        if len(found) != 1:
            several = (
                f"{len(found)} working orders have" if found else "no working order has"
            )
            raise UsageError(
                f"{several} the reference or name {what!r}, see %orders; nothing was sent"
            )
        return found[0]


def _changed(
    old: OrderUpdate, terms: NewTerms, instrument: Instrument, source: Source
) -> ProposedOrder:
    """Return a working order as it is to be.

    Raises:
        UsageError: it is of a kind that another program placed, or nothing would change.
    """
    if (
        not isinstance(old.order_type, OrderType)
        or not isinstance(old.tif, TimeInForce)
        or old.order_type is OrderType.TRAIL
    ):
        raise UsageError(
            f"{old.order_ref}: {old.order_type} {old.tif} orders are not changed by this version; nothing was sent"
        )
    quantity = positive(terms.get("quantity"), "quantity") or old.quantity
    limit = positive(terms.get("limit"), "limit") or old.limit_price
    stop = positive(terms.get("stop"), "stop") or old.stop_price
    tif = time_in_force(terms.get("tif")) or old.tif
    if (quantity, limit, stop, tif) == (
        *(old.quantity, old.limit_price, old.stop_price),
        old.tif,
    ):
        raise UsageError(f"{old.order_ref}: nothing would change; nothing was sent")
    intent = OrderIntent(
        side=old.side,
        size=Units(quantity=quantity),
        contract=parse_contract(old.symbol),
        order_type=old.order_type,
        limit_price=limit,
        stop_price=stop,
        tif=tif,
        ref=old.name or None,
    )
    return ProposedOrder(
        instrument=instrument,
        side=old.side,
        quantity=quantity,
        order_type=old.order_type,
        limit_price=limit,
        stop_price=stop,
        tif=tif,
        outside_rth=False,
        account=old.account,
        order_ref=old.order_ref,
        intent=intent,
        source=source,
        replaces=old.order_ref,
    )
