"""The day's orders in one table, and the search for one whose outcome is unknown."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.order_rows import OrderRow
from edgerunner_lab.ledger.stories import Denied
from edgerunner_lab.session.verbs.orders import ORDERS_SHOWN_FOR
from edgerunner_lab.session.verbs.story import StoryVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table

DENIED: Final = "denied"


class BlotterVerbs(StoryVerbs):
    """What became of everything that was tried."""

    async def blotter(self) -> Table[reports.BlotterRow]:
        """Return every order of the last day: what still works first, then the newest; refused ones, too.

        Other notebooks' orders come from the ledger, those of other programs from the broker while they work.
        """
        orders = await self.orders()
        since = self._clock() - ORDERS_SHOWN_FOR
        link, ledger = self._engine.gateway.link, self._engine.records.ledger
        account = link.account if link is not None else ""
        rows = [_of_order(update, self._origin(update)) for update in orders]
        heard = {update.order_ref for update in orders}
        written = await self._engine.records.read(
            lambda: (
                ledger.orders_since(account, since),
                ledger.denied_since(account, since),
            ),
            (list[OrderRow](), list[Denied]()),
        )
        rows += [
            _of_order(row.update, _notebook(row.owner))
            for row in written[0]
            if row.update.order_ref not in heard
        ]
        own = self._engine.records.ledger.owner
        rows += [
            _of_denied(each, "" if each.owner == own else _notebook(each.owner))
            for each in written[1]
        ]
        rows.sort(key=lambda row: (row.remaining > 0, row.at), reverse=True)
        return reports.blotter(rows, title=_title(rows), notes=_unknown(rows))

    async def resolve_order(self, what: str) -> Table[OrderUpdate]:
        """Ask the broker what became of an order whose outcome is unknown, 10 s at most; return it as it then is.

        Only the broker's word ends the doubt: an order that is in none of its records, twice, did not arrive or is over.

        Args:
            what: The reference, a piece of it that fits no other, or the name.

        Raises:
            UsageError: no order that is in doubt fits, or several do.
            NotConnected: there is nobody to ask.
        """
        await self._engine.linked()
        piece = what.strip().replace("…", "")
        in_doubt = [
            update
            for update in self._engine.tracker.open_orders
            if update.state is OrderState.UNKNOWN
        ]
        found = [
            update
            for update in in_doubt
            if piece and (piece == update.name or piece in update.order_ref)
        ]
        if len(found) != 1:
            refs = ", ".join(update.order_ref for update in found or in_doubt)
            several = "several orders" if found else "no order"
            raise UsageError(
                f"{several} in doubt here with {piece!r}, expected one of: {refs or 'none, every outcome is known'}"
            )
        ref = found[0].order_ref
        await self._engine.reconciler.resolve(ref)
        now = self._engine.tracker.order(ref) or found[0]
        notes = (
            (
                f"still unknown: compare with TWS; new orders in {now.symbol} are denied until the broker has told",
            )
            if now.state is OrderState.UNKNOWN
            else ()
        )
        return layouts.orders([now], notes=notes)

    def _origin(self, update: OrderUpdate) -> str:
        link = self._engine.gateway.link
        client_id = link.client_id if link is not None else self._engine.tracker.client_id
        return "" if update.client_id == client_id else f"client id {update.client_id}"


def _of_order(update: OrderUpdate, origin: str) -> reports.BlotterRow:
    prices = [price for price in (update.stop_price, update.limit_price) if price]
    words = (str(update.order_type), *(f"{price.normalize():f}" for price in prices))
    return reports.BlotterRow(
        at=update.updated_at,
        symbol=update.symbol,
        side=update.side,
        quantity=update.quantity,
        order=" ".join((*words, str(update.tif))),
        state=update.state.value,
        filled=update.filled,
        remaining=update.remaining,
        average_price=update.average_price,
        reason=(update.reason,) if update.reason else (),
        origin=origin,
        order_ref=update.order_ref,
    )


def _of_denied(denied: Denied, origin: str) -> reports.BlotterRow:
    try:
        quantity = Decimal(denied.quantity)
    except InvalidOperation:
        quantity = None
    return reports.BlotterRow(
        at=denied.at,
        symbol=denied.symbol,
        side=denied.side,
        quantity=quantity,
        order=denied.text,
        state=DENIED,
        filled=Decimal(0),
        remaining=Decimal(0),
        average_price=None,
        reason=denied.denials,
        origin=origin,
        order_ref=denied.order_ref,
    )


def _notebook(owner: str) -> str:
    return owner.partition(" ")[2] or "another program"


def _title(rows: Iterable[reports.BlotterRow]) -> str:
    """Return the heading: how many there are of each state, in the order of their weight."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    hours = int(ORDERS_SHOWN_FOR / timedelta(hours=1))
    return f"Blotter of the last {hours} hours" + (f": {told}" if told else "")


def _unknown(rows: Iterable[reports.BlotterRow]) -> tuple[str, ...]:
    return tuple(
        f"{row.order_ref}: nobody knows what became of it; `%resolve {row.order_ref}` asks the broker"
        for row in rows
        if row.state == OrderState.UNKNOWN.value
    )
