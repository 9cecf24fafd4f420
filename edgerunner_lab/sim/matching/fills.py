"""Booking a match: the order moves on, the account pays, and executions are recorded, leg by leg for a combo."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner_lab.sim.accounts.accounts import Account, Fill
from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.matching.credit import Credit
from edgerunner_lab.sim.orders.orders import Execution, Order, Status
from edgerunner_lab.sim.orders.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One thing bought or sold by a fill: what the order is for, or a leg of it.

    Attributes:
        number: 1 for the whole, 2 and so on for legs; part of the execution's id.
        price: A unit, in the instrument's currency.
        before: Units of it that the order had before.
    """

    number: int
    instrument: Instrument
    side: Side
    size: Decimal
    price: Decimal
    before: Decimal


class Booker:
    """Turns matches into executions."""

    def __init__(
        self, market: Market, account: Account, registry: Registry, credit: Credit
    ) -> None:
        self._market = market
        self._account = account
        self._registry = registry
        self._credit = credit

    def fill(
        self, order: Order, size: Decimal, ticks: int, *, is_maker: bool
    ) -> list[Execution]:
        """Book one fill of an order; return its execution, and those of a combo's legs after it."""
        instrument = self._market.universe.by_con_id[order.terms.con_id]
        price = instrument.price_of(ticks)
        whole = _Part(
            number=1,
            instrument=instrument,
            side=order.terms.side,
            size=size,
            price=price,
            before=order.filled,
        )
        average = order.average_price
        # A fill of an order that was still on its way reports it at work first.
        if order.status is not Status.PENDING_CANCEL:
            order.move(Status.SUBMITTED, at=self._market.second)
        order.fill(size, price, at=self._market.second)
        self._registry.recount(order)
        exec_id = self._registry.next_exec_id()
        if not instrument.legs:
            return [self._booked(order, whole, exec_id, average, is_maker=is_maker)]
        parts = list(self._legs(whole))
        return [
            self._record(_execution(order, whole, exec_id, self._market.second)),
            *(
                self._booked(order, part, exec_id, part.price, is_maker=is_maker)
                for part in parts
            ),
        ]

    def _booked(
        self,
        order: Order,
        part: _Part,
        exec_id: str,
        average: Decimal,
        *,
        is_maker: bool,
    ) -> Execution:
        """Let the account pay for a part; `average` is what its earlier units cost."""
        terms = replace(order.terms, con_id=part.instrument.con_id)
        after = part.before + part.size
        mean = (part.before * average + part.size * part.price) / after
        earlier = (
            self._credit.commission(terms, part.before, average) if part.before else ZERO
        )
        fee = self._credit.commission(terms, after, mean) - earlier
        order.commission += fee
        realized = self._account.book(
            Fill(
                instrument=part.instrument,
                side=part.side,
                size=part.size,
                price=part.price,
                commission=fee,
            ),
            self._market.rate,
        )
        told = _execution(order, part, exec_id, self._market.second)
        return self._record(
            replace(
                told,
                average_price=mean,
                is_maker=is_maker,
                commission=fee,
                realized=realized,
            )
        )

    def _legs(self, whole: _Part) -> Iterator[_Part]:
        """Return a combo's legs at prices that add up to its own: the dearest leg takes the difference."""
        listed = self._market.universe.by_con_id
        legs = whole.instrument.legs
        prices = [self._market.mark(listed[leg.con_id]) for leg in legs]
        weights = [
            leg.ratio * listed[leg.con_id].point_value / whole.instrument.point_value
            for leg in legs
        ]
        dearest = max(range(len(legs)), key=lambda at: prices[at])
        total = sum((w * price for w, price in zip(weights, prices, strict=True)), ZERO)
        prices[dearest] += (whole.price - total) / weights[dearest]
        for number, (leg, price) in enumerate(zip(legs, prices, strict=True), start=2):
            yield _Part(
                number=number,
                instrument=listed[leg.con_id],
                side=whole.side if leg.ratio > 0 else whole.side.opposite,
                size=whole.size * abs(leg.ratio),
                price=price,
                before=whole.before * abs(leg.ratio),
            )

    def _record(self, execution: Execution) -> Execution:
        self._registry.record(execution)
        return execution


def _execution(order: Order, part: _Part, exec_id: str, second: int) -> Execution:
    return Execution(
        exec_id=exec_id
        if part.number == 1
        else f"{exec_id.removesuffix('01.01')}{part.number:02d}.01",
        con_id=part.instrument.con_id,
        exchange=_venue(order, part.instrument),
        account=order.terms.account,
        client_id=order.client_id,
        order_id=order.shown_id,
        perm_id=order.perm_id,
        order_ref=order.terms.order_ref,
        side=part.side,
        shares=part.size,
        price=part.price,
        cumulative=part.before + part.size,
        average_price=part.price,
        time=second,
        is_maker=False,
        commission=ZERO,
        realized=None,
        is_liquidation=order.is_liquidation,
    )


def _venue(order: Order, instrument: Instrument) -> str:
    """Return where an execution says it happened; smart routing ends at a listed exchange."""
    if order.terms.exchange == "SMART":
        return instrument.primary_exchange or instrument.exchange
    return order.terms.exchange
