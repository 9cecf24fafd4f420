"""Orders as the user asks for them: judged, sent, previewed, cancelled, listed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Unpack

from edgerunner_lab.core.commissions import CENT, DOLLAR, estimated_commission
from edgerunner_lab.core.errors import NotConnected, OrderDenied, UsageError
from edgerunner_lab.core.facts import Fill, OrderUpdate
from edgerunner_lab.core.grammar import parse, parse_contract
from edgerunner_lab.core.intents import (
    OrderIntent,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.guard.checks import Check
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.session.executions import stem_of
from edgerunner_lab.session.judgements import Judgement
from edgerunner_lab.session.proposals import Present, proposed, with_exits
from edgerunner_lab.session.tracking import OUR_PREFIX
from edgerunner_lab.session.verbs.arguments import (
    How,
    Number,
    distance,
    order_type_of,
    positive,
    time_in_force,
)
from edgerunner_lab.session.verbs.market import QUOTE_SECONDS, MarketVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table

ORDERS_SHOWN_FOR = timedelta(hours=24)
"""Ended orders and fills older than this are in the journal, not in `%orders`."""


class OrderVerbs(MarketVerbs):
    """Orders and fills."""

    async def order(
        self, text: str, *, source: Source
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send one order in the order language; see `%order?`.

        Raises:
            OrderSyntaxError, OrderDenied: nothing was sent.
            OutcomeUnknown: something was, and the broker has not answered.
        """
        return await self.send(parse(text), source=source)

    async def send(
        self, intent: OrderIntent, *, source: Source
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send, or with `intent.preview` only judge, one order."""
        engine = self._engine
        link = await engine.linked()
        instrument = await engine.instruments.resolve(intent.contract)
        present = Present(
            quote=await engine.market.fresh_quote(instrument, QUOTE_SECONDS),
            position=engine.portfolio.quantity(instrument.con_id),
            account=link.account,
            now=self._clock(),
        )
        entry = proposed(intent, instrument, source, present)
        orders = with_exits(entry, present.quote, present.now)
        judgements = await engine.judgements(orders)
        if intent.preview:
            return reports.preview(await self._previewed(judgements))
        sent = await engine.orders.send_together(judgements)
        updates = [each.update for each in sent]
        notes = [warning for each in sent for warning in each.warnings]
        if any(order.attached and order.tif is TimeInForce.DAY for order in orders):
            notes.append("take and stop end with the day; say gtc to keep them")
        notes += self._also_working(updates)
        return layouts.orders(updates, notes=tuple(notes))

    async def trade(
        self,
        side: Side,
        symbol: str,
        quantity: Number,
        *,
        source: Source,
        **how: Unpack[How],
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send one order given in parts."""
        limit_price, stop_price = (
            positive(how.get("limit"), "limit"),
            positive(how.get("stop"), "stop"),
        )
        trail_amount, trail_percent = distance(how.get("trail"))
        order_type = order_type_of(
            has_limit=limit_price is not None,
            has_stop=stop_price is not None,
            trails=trail_amount is not None or trail_percent is not None,
        )
        size = positive(quantity, "quantity")
        if size is None:
            raise UsageError(
                "quantity None was found, expected a positive number; nothing was sent"
            )
        intent = OrderIntent(
            side=side,
            size=Units(quantity=size),
            contract=parse_contract(symbol),
            order_type=order_type,
            limit_price=limit_price,
            stop_price=stop_price,
            trail_amount=trail_amount,
            trail_percent=trail_percent,
            tif=time_in_force(how.get("tif")),
            outside_rth=how.get("outside_rth", False),
            again=how.get("again", False),
            preview=how.get("preview", False),
            ref=how.get("ref"),
        )
        # Through the text and back: the language's own checks hold for both ways of saying it, and a name such as
        # "a --again" says nothing that was not meant.
        if parse(str(intent)) != intent:
            raise UsageError(
                f"ref {how.get('ref')!r} was found, expected a name of at most 12 letters, digits, _ . or -; nothing was sent"
            )
        return await self.send(intent, source=source)

    async def cancel(self, what: str) -> Table[OrderUpdate]:
        """Cancel working orders: one by its reference or name, all of a symbol, or `all` of this session.

        Raises:
            UsageError: nothing fits, or the order belongs to another client id.
            NotConnected: the cancel could not be sent.
        """
        await self._engine.linked()
        chosen = await self._chosen(what.strip())
        self._engine.records.note(
            "CANCEL_INTENT", {"what": what, "orders": str(len(chosen))}
        )
        return layouts.orders(await self._engine.cancels.and_wait(chosen))

    async def orders(self) -> Table[OrderUpdate]:
        """Return every order of the last day that is known, newest last, other clients' open ones included.

        Without a connection it is what was known last, and says so.
        """
        try:
            await self._engine.linked()
            await self._engine.reconciler.open_orders()
            known = ""
        except (NotConnected, ConnectionError) as error:
            known = f"as last known; {error}"
        since = self._clock() - ORDERS_SHOWN_FOR
        return layouts.orders(
            (
                update
                for update in self._engine.tracker.orders
                if update.state.is_open or update.updated_at >= since
            ),
            title=f"Orders, {known}" if known else "",
            empty=f"no orders, {known}" if known else "",
        )

    async def fills(self) -> Table[Fill]:
        """Return the executions of the last day, oldest first, those of this user's other notebooks included."""
        since = self._clock() - ORDERS_SHOWN_FOR
        link, ledger = self._engine.gateway.link, self._engine.records.ledger
        written = (
            await self._engine.records.read(
                lambda: ledger.fills_since(link.account, since), []
            )
            if link is not None
            else []
        )
        # What this session has heard itself is the newest.
        known = {stem_of(fill): fill for fill in (*written, *self._engine.tracker.fills)}
        return layouts.fills(
            sorted(
                (fill for fill in known.values() if fill.time >= since),
                key=lambda fill: fill.time,
            )
        )

    async def _previewed(self, judgements: Sequence[Judgement]) -> list[reports.Preview]:
        said = await self._engine.orders.preview(judgements)
        rows = [
            self._preview(judgement.order, verdict)
            for judgement, verdict in zip(judgements, said, strict=True)
        ]
        if len(rows) == 1:
            return rows
        # In a table of several orders the limit that is fullest says enough of each.
        return [
            row
            if isinstance(verdict, OrderDenied)
            else replace(row, checks=(*row.checks[:1], *_warnings(verdict)))
            for row, verdict in zip(rows, said, strict=True)
        ]

    def _preview(
        self, order: ProposedOrder, verdict: ApprovedOrder | OrderDenied | None
    ) -> reports.Preview:
        blank = reports.Preview(
            text=str(replace(order.intent, preview=False)),
            symbol=str(order.instrument),
            side=order.side,
            quantity=order.quantity,
            reference_price=None,
            notional=None,
            currency=self._engine.portfolio.currency,
            commission=None,
            margin=None,
            verdict="would be denied",
        )
        if verdict is None:
            return replace(blank, verdict="not judged: its entry would be denied")
        if isinstance(verdict, OrderDenied):
            checks = tuple(str(denial) for denial in verdict.denials)
            return replace(blank, checks=checks, nearest=verdict.nearest or "")
        return replace(
            blank,
            reference_price=verdict.reference_price,
            notional=verdict.notional,
            commission=self._commission(order, verdict.reference_price),
            margin=verdict.funds,
            verdict="would be sent",
            checks=(*_headroom(verdict.checks), *verdict.warnings),
        )

    def _commission(self, order: ProposedOrder, price: Decimal) -> Decimal | None:
        """Return what an order will about cost, in the account's currency; None where that cannot be said."""
        portfolio = self._engine.portfolio
        dollar, unit = (
            portfolio.fx_rate(currency) for currency in (DOLLAR, order.instrument.currency)
        )
        if dollar is None or unit is None:
            return None
        at = order.limit_price or order.stop_price or price
        cost = estimated_commission(order.instrument, order.quantity, at, unit / dollar)
        return None if cost is None else (cost * dollar).quantize(CENT)

    async def _chosen(self, what: str) -> list[OrderUpdate]:
        """Return the orders that `what` names, asking the broker once more where it seems to name none."""
        chosen = self._named(what)
        if not chosen:
            await self._engine.reconciler.open_orders()
            chosen = self._named(what)
        if not chosen:
            working = self._engine.tracker.open_orders
            known = (
                ", ".join(f"{update.order_ref} ({update.symbol})" for update in working)
                or "there is none"
            )
            raise UsageError(
                f"no working order {what!r} was found, expected a reference, a symbol or all: {known}"
            )
        return chosen

    def _named(self, what: str) -> list[OrderUpdate]:
        working, own = self._engine.tracker.open_orders, self._own_working()
        if what.lower() == "all":
            # Without any of its own, those of other client ids, so that it says why they go on working.
            return own or self._of_other_client_ids()
        by_ref = [update for update in working if what in (update.order_ref, update.name)]
        if by_ref:
            return by_ref
        in_symbol = [update for update in working if update.symbol.upper() == what.upper()]
        return [update for update in in_symbol if update in own] or in_symbol

    def _also_working(self, sent: Sequence[OrderUpdate]) -> tuple[str, ...]:
        """Return a line on each other order that still works in the same instruments: a stop that outlives its position."""
        con_ids = {update.con_id for update in sent}
        refs = {update.order_ref for update in sent}
        return tuple(
            f"also working in {other.symbol}: {_words(other)} ({other.order_ref})"
            for other in self._engine.tracker.open_orders
            if other.con_id in con_ids and other.order_ref not in refs
        )

    def _own_working(self) -> list[OrderUpdate]:
        link = self._engine.gateway.link
        client_id = link.client_id if link is not None else self._engine.tracker.client_id
        return [
            update
            for update in self._engine.tracker.open_orders
            if update.client_id == client_id
        ]

    def _of_other_client_ids(self) -> list[OrderUpdate]:
        """Return open orders of ours that this connection cannot cancel: another client id placed them."""
        own = {update.order_ref for update in self._own_working()}
        return [
            update
            for update in self._engine.tracker.open_orders
            if update.order_ref.startswith(OUR_PREFIX) and update.order_ref not in own
        ]


def _words(update: OrderUpdate) -> str:
    prices = [price for price in (update.stop_price, update.limit_price) if price]
    return " ".join(
        (
            update.side.value.lower(),
            f"{update.remaining.normalize():f}",
            str(update.order_type),
            *(f"{price.normalize():f}" for price in prices),
        )
    )


def _headroom(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return a line on each limit that has a number, fullest first, and how many other rules passed."""
    measured = sorted(
        (check for check in checks if check.used is not None),
        key=lambda check: check.used or 0,
        reverse=True,
    )
    lines = [f"within {check}, {check.used:.0%} used" for check in measured]
    return (*lines, f"{len(checks) - len(measured)} other rules passed")


def _warnings(verdict: ApprovedOrder | None) -> tuple[str, ...]:
    return () if verdict is None else verdict.warnings
