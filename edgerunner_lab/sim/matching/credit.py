"""Whether the account can carry an order, and what the order would do to its margins."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from edgerunner_lab.sim.accounts.accounts import BASE, Account, Fill, Valuation
from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.accounts.commissions import cents, commission_of
from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.orders.orders import Order, Terms
from edgerunner_lab.sim.orders.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an order would do if it were filled now, in USD."""

    before: Valuation
    after: Valuation
    commission: Decimal


class Credit:
    """Reads the account, the live orders and the market; changes none of them."""

    def __init__(self, market: Market, account: Account, registry: Registry) -> None:
        self._market = market
        self._account = account
        self._registry = registry

    def refusal(self, terms: Terms, replacing: Order | None = None) -> str | None:
        """Return the broker's text if the margin is lacking, None if the order may go out.

        An order that makes no position larger always may.
        """
        candidate = self._pending(
            terms, terms.quantity - (replacing.filled if replacing else 0)
        )
        others = list(self._others(replacing))
        rate, mark = self._market.rate, self._market.mark
        before = self._account.margin_with(others, mark, rate)
        after = self._account.margin_with([*others, candidate], mark, rate)
        if after[terms.con_id] <= before.get(terms.con_id, ZERO):
            return None
        fee = self.commission(terms, terms.quantity, candidate[2])
        equity = self._account.value(mark, rate).net_liquidation - fee
        needed = sum(after.values(), ZERO)
        if needed <= equity:
            return None
        return (
            "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED"
            f" POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} {BASE}]"
            f" MUST EXCEED THE INITIAL MARGIN [{needed:.2f} {BASE}]"
        )

    def preview(self, terms: Terms) -> Preview:
        """Return the account before and after a fill of the whole order at the current price."""
        instrument, _, unit = self._pending(terms, terms.quantity)
        fee = self.commission(terms, terms.quantity, unit)
        rate, mark = self._market.rate, self._market.mark
        copy = Account.restored(self._account.snapshot(), self._market.universe.by_con_id)
        fill = Fill(
            instrument=instrument,
            side=terms.side,
            size=terms.quantity,
            price=unit,
            commission=fee,
        )
        copy.book(fill, rate)
        before, after = self._account.value(mark, rate), copy.value(mark, rate)
        return Preview(before=before, after=after, commission=fee)

    def commission(self, terms: Terms, size: Decimal, unit: Decimal) -> Decimal:
        """Return the commission of `size` units of an order at an average of `unit`, in USD."""
        instrument = self._market.universe.by_con_id[terms.con_id]
        rate = self._market.rate
        worth = cents(size * unit * instrument.point_value * rate(instrument.currency))
        return commission_of(instrument, size, worth, rate)

    def _others(
        self, replacing: Order | None
    ) -> Iterator[tuple[Instrument, Decimal, Decimal]]:
        for reserve in self._registry.reserves(without=replacing):
            instrument, size, unit = self._reserved(
                reserve.con_id, reserve.side, reserve.size, reserve.asked
            )
            if reserve.is_at_market:
                unit = max(unit, self._market.mark(instrument))
            yield instrument, size, unit

    def _pending(self, terms: Terms, size: Decimal) -> tuple[Instrument, Decimal, Decimal]:
        asked = terms.limit if terms.limit is not None else terms.stop
        return self._reserved(terms.con_id, terms.side, size, asked)

    def _reserved(
        self, con_id: int, side: Side, size: Decimal, asked: int | None
    ) -> tuple[Instrument, Decimal, Decimal]:
        instrument = self._market.universe.by_con_id[con_id]
        unit = self._market.mark(instrument)
        if asked is not None:
            price = instrument.price_of(asked)
            # A buyer pays at most the limit; a seller's limit above the market costs margin at that price.
            unit = price if side is Side.BUY else max(unit, price)
        return instrument, side * size, unit
