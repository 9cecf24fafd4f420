"""Forced liquidation: what the broker closes by itself when the account's excess liquidity falls below zero.

It warns first, and after a while sends market orders of its own, one at a time, until the excess is above zero again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import BASE, Account, Position, Valuation
from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.accounts.margins import margin_of
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.orders.order_types import OrderType, Tif
from edgerunner_lab.sim.orders.orders import Order, Terms
from edgerunner_lab.sim.orders.registry import Registry

WARNING_CODE: Final = 2148
"""The code under which the broker's margin alerts are seen; its published list leaves it out."""

CUSHION: Final = Decimal("0.02")
"""Part of the maintenance margin that is freed beyond the deficit, so that the next tick does not begin it anew; a choice of this gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A word to everybody: a code of the broker's and one line."""

    code: int
    text: str


class Liquidation:
    """Watches the account and says what is to be closed; the engine sends the orders.

    How long the account has been short is not saved: a gateway that restarts warns again before it closes anything.

    Attributes:
        wait_seconds: From the warning to the first order; None for never closing anything, and never warning.
        due: Epoch second at which there is something to look at; None for whenever the market is next looked at.
    """

    def __init__(
        self,
        market: Market,
        account: Account,
        registry: Registry,
        wait_seconds: int | None,
    ) -> None:
        self._market = market
        self._account = account
        self._registry = registry
        self.wait_seconds = wait_seconds
        self.due: int | None = None
        self._looked_at = 0
        self._warned_at: int | None = None
        self._notices: list[Notice] = []

    def drain(self) -> list[Notice]:
        """Return the notices that have not been told yet."""
        notices, self._notices = self._notices, []
        return notices

    def next_terms(self) -> Terms | None:
        """Return the order to send now, None for none; looks once a second."""
        second = self._market.second
        if second == self._looked_at:
            return None
        self._looked_at, self.due = second, None
        if self.wait_seconds is None:
            self._warned_at = None
            return None
        value = self._account.value(self._market.mark, self._market.rate)
        if value.excess_liquidity >= 0:
            self._warned_at = None
            return None
        if self._warned_at is None:
            self._warned_at = second
            self._warn(value.excess_liquidity, self.wait_seconds)
        begins = self._warned_at + self.wait_seconds
        self.due = max(begins, second + 1)
        return None if second < begins else self._order_now(value)

    def _order_now(self, value: Valuation) -> Terms | None:
        """Return the order that frees most, unless one is at work or everything is closed."""
        if self._is_closing():
            return None
        missing = CUSHION * value.maintenance_margin - value.excess_liquidity
        found = max(self._closable(), key=lambda each: each[0], default=None)
        if found is None:
            # Until something opens, there is no need to look every second.
            self.due = None
            return None
        return self._terms(found[1], missing / found[0])

    def _warn(self, excess: Decimal, wait_seconds: int) -> None:
        text = (
            "ALERT: The excess liquidity of account"
            f" {self._account.account_id} is {excess:.2f} {BASE}. Unless it is positive in"
            f" {wait_seconds} seconds, positions will be liquidated."
        )
        self._notices.append(Notice(code=WARNING_CODE, text=text))

    def _is_closing(self) -> bool:
        """Return whether an order of an earlier second may still trade."""
        return any(self._trades_now(order.terms.con_id) for order in self._own())

    def _own(self) -> Iterator[Order]:
        return (order for order in self._registry.working() if order.is_liquidation)

    def _trades_now(self, con_id: int) -> bool:
        instrument = self._market.universe.by_con_id[con_id]
        return self._market.tape(instrument).is_open(self._market.second)

    def _closable(self) -> Iterator[tuple[Decimal, Position]]:
        """Yield positions that trade now, with the margin that closing all of each would free, in USD."""
        taken = {order.terms.con_id for order in self._own()}
        for con_id, position in sorted(self._account.positions.items()):
            if position.quantity and con_id not in taken and self._trades_now(con_id):
                freed = self._margin(position)
                if freed > 0:
                    yield freed, position

    def _margin(self, position: Position) -> Decimal:
        instrument = position.instrument
        return margin_of(
            instrument,
            position.quantity,
            self._market.mark(instrument),
            self._market.rate(instrument.currency),
        )

    def _terms(self, position: Position, share: Decimal) -> Terms:
        """Return a market order that closes a share of a position, all of it where the share is 1 or more."""
        instrument, held = position.instrument, abs(position.quantity)
        steps = (held * share / instrument.size_increment).to_integral_value(ROUND_UP)
        size = max(instrument.size_min, steps * instrument.size_increment)
        return Terms(
            con_id=instrument.con_id,
            exchange=instrument.exchange,
            side=Side.SELL if position.quantity > 0 else Side.BUY,
            quantity=min(held, size),
            order_type=OrderType.MARKET,
            limit=None,
            stop=None,
            tif=Tif.DAY,
            outside_rth=True,
            account=self._account.account_id,
            order_ref="",
        )


CLOSED_FOR_LIQUIDATION: Final = (
    "Order Canceled - reason:The position is being liquidated by the broker"
)
"""Why the client's own orders in a contract end before the broker closes it: what they would close is about to go."""


def liquidate(
    liquidation: Liquidation,
    registry: Registry,
    second: int,
    end: Callable[[Order, str], None],
) -> Order | None:
    """Return the order that is due now, new in the registry, after ending the client's in its contract; None for none."""
    terms = liquidation.next_terms()
    if terms is None:
        return None
    for order in list(registry.working()):
        # The end of a parent has ended its children.
        if order.terms.con_id == terms.con_id and order.is_live:
            end(order, CLOSED_FOR_LIQUIDATION)
    order = registry.open_by_hand(terms, at=second)
    order.is_liquidation = True
    return order
