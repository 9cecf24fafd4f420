"""What ends without a trade: options exercised, assigned or lapsed, and futures settled at their last price."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import Account, Fill, Position
from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.listing.endings import ends_at, has_ended
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.orders.events import Event, Kind, told
from edgerunner_lab.sim.orders.order_types import OrderType, Tif
from edgerunner_lab.sim.orders.orders import Execution, Order, Status, Terms
from edgerunner_lab.sim.orders.registry import Registry

CENT_IN_THE_MONEY: Final = Decimal("0.01")
"""The clearing house exercises an option by itself from a cent in the money on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One booking of a settlement; `price` is a unit's, in the instrument's currency."""

    instrument: Instrument
    side: Side
    size: Decimal
    price: Decimal


class Settlement:
    """Books what ends; there is no commission on it."""

    def __init__(self, market: Market, account: Account, registry: Registry) -> None:
        self._market = market
        self._account = account
        self._registry = registry
        self._looked_at = 0

    def intrinsic(self, option: Instrument, second: int) -> Decimal:
        """Return what exercising one share's worth brings at a second, in the option's currency; may be negative."""
        under = self._market.universe.by_con_id[option.under_con_id]
        price = self._market.mark_at(under, second)
        return price - option.strike if option.right == "C" else option.strike - price

    def exercise(
        self, option: Instrument, count: Decimal, second: int, client_id: int
    ) -> list[Event]:
        """Turn held (positive) or sold (negative) contracts into shares at the strike, or into cash for an index."""
        under = self._market.universe.by_con_id[option.under_con_id]
        leaves = Side.SELL if count > 0 else Side.BUY
        if not under.is_tradable:
            worth = max(ZERO, self.intrinsic(option, second))
            return self._booked(client_id, (_part(option, leaves, abs(count), worth),))
        takes = leaves.opposite if option.right == "C" else leaves
        shares = abs(count) * option.multiplier
        return self._booked(
            client_id,
            (
                _part(option, leaves, abs(count), ZERO),
                _part(under, takes, shares, option.strike),
            ),
        )

    def ended(self) -> list[Event]:
        """Settle every position in what has ended by now; looks once a second."""
        second = self._market.second
        if second == self._looked_at:
            return []
        self._looked_at = second
        events: list[Event] = []
        for position in list(self._account.positions.values()):
            if position.quantity and has_ended(position.instrument, second):
                events += self._settle(position)
        return events

    def _settle(self, position: Position) -> list[Event]:
        instrument, count = position.instrument, position.quantity
        at = ends_at(instrument)
        leaves = Side.SELL if count > 0 else Side.BUY
        if not instrument.right:
            price = self._market.mark_at(instrument, at - 1)
            return self._booked(0, (_part(instrument, leaves, abs(count), price),))
        is_left = count > 0 and instrument.con_id in self._registry.lapses
        self._registry.lapses.discard(instrument.con_id)
        if is_left or self.intrinsic(instrument, at) < CENT_IN_THE_MONEY:
            return self._booked(0, (_part(instrument, leaves, abs(count), ZERO),))
        return self.exercise(instrument, count, at, 0)

    def _booked(self, client_id: int, parts: tuple[_Part, ...]) -> list[Event]:
        events: list[Event] = []
        for part in parts:
            realized = self._account.book(
                Fill(
                    instrument=part.instrument,
                    side=part.side,
                    size=part.size,
                    price=part.price,
                    commission=ZERO,
                ),
                self._market.rate,
            )
            order = self._order(client_id, part)
            execution = self._execution(order, part, realized)
            self._registry.record(execution)
            events += [
                told(Kind.EXECUTION, order, execution),
                told(Kind.COMMISSION, order, execution),
            ]
        return events

    def _order(self, client_id: int, part: _Part) -> Order:
        """Return a stand-in for the order that nobody placed."""
        terms = Terms(
            con_id=part.instrument.con_id,
            exchange=part.instrument.exchange,
            side=part.side,
            quantity=part.size,
            order_type=OrderType.MARKET,
            limit=None,
            stop=None,
            tif=Tif.DAY,
            outside_rth=False,
            account=self._account.account_id,
            order_ref="",
        )
        second = self._market.second
        return Order(
            key=0,
            client_id=client_id,
            order_id=0,
            perm_id=self._registry.next_number(),
            terms=terms,
            placed=second,
            status=Status.FILLED,
            filled=part.size,
        )

    def _execution(self, order: Order, part: _Part, realized: Decimal | None) -> Execution:
        return Execution(
            exec_id=self._registry.next_exec_id(),
            con_id=part.instrument.con_id,
            exchange=order.terms.exchange,
            account=order.terms.account,
            client_id=order.client_id,
            order_id=0,
            perm_id=order.perm_id,
            order_ref="",
            side=part.side,
            shares=part.size,
            price=part.price,
            cumulative=part.size,
            average_price=part.price,
            time=self._market.second,
            is_maker=False,
            commission=ZERO,
            realized=realized,
        )


def _part(instrument: Instrument, side: Side, size: Decimal, price: Decimal) -> _Part:
    return _Part(instrument=instrument, side=side, size=size, price=price)
