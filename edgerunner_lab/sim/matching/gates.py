"""What holds an order back: each gate it must pass before it may trade, and what clients are told meanwhile."""

import enum
from collections.abc import Callable
from decimal import Decimal

from edgerunner_lab.sim.accounts.accounts import Account
from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.matching.timing import Timing
from edgerunner_lab.sim.matching.triggers import watched
from edgerunner_lab.sim.orders.conditions import Condition, are_met
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.orders import Order
from edgerunner_lab.sim.orders.registry import Registry


class Gate(enum.StrEnum):
    """A reason to wait; the value is what orderStatus says in whyHeld."""

    CHILD = "child"
    LOCATE = "locate"
    LATER = ""
    CONDITIONS = "conditions"
    HOURS = "hours"
    AUCTION = "auction"
    PAUSE = "pause"
    TRIGGER = "trigger"

    @property
    def why_held(self) -> str:
        """The broker's word; it has none for most gates."""
        return self.value if self in (Gate.CHILD, Gate.LOCATE, Gate.TRIGGER) else ""


class Gates:
    """Reads the market, the account and the other orders; changes nothing but what an order has seen and when.

    Attributes:
        rules: What the gateway's owner chose.
        timing: The calendar, as orders need it.
    """

    def __init__(
        self, market: Market, account: Account, registry: Registry, rules: OrderRules
    ) -> None:
        self._market = market
        self._account = account
        self._registry = registry
        self.rules = rules
        self.timing = Timing(market)
        self._closed: tuple[tuple[Gate, Callable[[Order], bool]], ...] = (
            (Gate.CHILD, lambda order: registry.parent(order) is not None),
            (Gate.LOCATE, lambda order: self._is_before(order.located)),
            (Gate.LATER, lambda order: self._is_before(order.terms.good_after)),
            (Gate.CONDITIONS, self._waits_for_conditions),
            (Gate.AUCTION, self._waits_for_auction),
            (Gate.HOURS, self._is_out_of_hours),
            (Gate.PAUSE, self.timing.is_paused),
            (Gate.TRIGGER, lambda order: order.is_waiting_for_trigger),
        )

    def first_closed(self, order: Order) -> Gate | None:
        """Return the first gate that an order cannot pass now; None when it may trade."""
        return next((gate for gate, is_closed in self._closed if is_closed(order)), None)

    def _is_before(self, second: int | None) -> bool:
        return second is not None and self._market.second < second

    def _waits_for_conditions(self, order: Order) -> bool:
        return not order.terms.conditions_cancel and not self.conditions_hold(order)

    def _waits_for_auction(self, order: Order) -> bool:
        if order.auction is None:
            return False
        if order.began is None:
            order.began = self._market.second
        return self._is_before(self.timing.auction_of(order))

    def _is_out_of_hours(self, order: Order) -> bool:
        return order.auction is None and not self.timing.is_tradeable(order)

    def conditions_hold(self, order: Order) -> bool:
        """Return whether an order's conditions have held; once is enough."""
        terms = order.terms
        if not terms.conditions or order.are_conditions_met:
            return True
        if terms.conditions_ignore_rth or self.timing.is_regular(order):
            order.are_conditions_met = are_met(terms.conditions, self, order.placed)
        return order.are_conditions_met

    def locate_until(self, order: Order) -> int | None:
        """Return when borrowed shares will be found for a sale that needs them; None for others."""
        wait = self.rules.locate_seconds.get(order.terms.con_id)
        if wait is None or order.terms.side is Side.BUY:
            return None
        held = self._account.quantity(self._market.universe.by_con_id[order.terms.con_id])
        if held >= order.remaining:
            return None
        return self._market.second + wait

    def second(self) -> int:
        """Return the present, epoch seconds."""
        return self._market.second

    def cushion(self) -> Decimal:
        """Return excess liquidity as a percentage of net liquidation."""
        value = self._account.value(self._market.mark, self._market.rate)
        if value.net_liquidation <= 0:
            return ZERO
        return value.excess_liquidity / value.net_liquidation * 100

    def price(self, con_id: int, method: int, *, is_more: bool) -> Decimal | None:
        """Return a contract's watched price; None while it does not trade."""
        instrument = self._market.universe.by_con_id.get(con_id)
        if instrument is None or not self._is_open(con_id):
            return None
        quote = self._market.quote(instrument)
        side = Side.BUY if is_more else Side.SELL
        ticks = watched(quote, side, method, has_prints=instrument.has_prints)
        return instrument.price_of(ticks)

    def volume(self, con_id: int) -> Decimal | None:
        """Return a contract's volume of the day; None while it does not trade."""
        instrument = self._market.universe.by_con_id.get(con_id)
        if instrument is None or not self._is_open(con_id):
            return None
        return Decimal(self._market.quote(instrument).volume)

    def change_percent(self, con_id: int) -> Decimal | None:
        """Return a contract's change from the last close; None while it does not trade."""
        instrument = self._market.universe.by_con_id.get(con_id)
        if instrument is None or not self._is_open(con_id):
            return None
        close = self._market.tape(instrument).close_ticks(self._market.second)
        mark = self._market.mark(instrument)
        return (mark / instrument.price_of(close) - 1) * 100 if close else None

    def has_traded(self, condition: Condition, since: int) -> bool:
        """Return whether the account has had a fill in the condition's symbol since a second."""
        listed = self._market.universe.by_con_id
        for execution in reversed(self._registry.executions):
            if execution.time < since:
                return False
            found = listed[execution.con_id]
            if (
                found.symbol == condition.symbol
                and condition.sec_type in ("", found.sec_type)
                and condition.exchange in ("", "SMART", "*", execution.exchange)
            ):
                return True
        return False

    def _is_open(self, con_id: int) -> bool:
        instrument = self._market.universe.by_con_id[con_id]
        return self._market.tape(instrument).is_open(self._market.second)
