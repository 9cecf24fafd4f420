"""The matching engine: it leads orders through their gates to the floor as time passes."""

from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import Account
from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.listing.endings import has_ended
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.matching.credit import Credit
from edgerunner_lab.sim.matching.dealing import Dealer
from edgerunner_lab.sim.matching.fills import Booker
from edgerunner_lab.sim.matching.floor import Floor, tranche
from edgerunner_lab.sim.matching.gates import Gate, Gates
from edgerunner_lab.sim.matching.liquidation import Liquidation, liquidate
from edgerunner_lab.sim.matching.settlement import Settlement
from edgerunner_lab.sim.matching.triggers import adjust, follow, is_touched, watched
from edgerunner_lab.sim.matching.working import CANCELLED_TEXT, Working
from edgerunner_lab.sim.orders.events import Event, Kind, told
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.order_types import OrderType
from edgerunner_lab.sim.orders.orders import Order, Status, Terms
from edgerunner_lab.sim.orders.registry import Registry

NOTICE_CODE: Final = 399
LOCATE_CODE: Final = 404
LOCATE_TEXT: Final = "Order held while securities are located."


class Engine:
    """Knows no clients and no wire; every call that changes an order returns what is to be told, in order.

    Attributes:
        settlement: Ends options and futures.
        liquidation: Closes positions that the account can no longer carry.
    """

    def __init__(
        self,
        market: Market,
        account: Account,
        registry: Registry,
        rules: OrderRules | None = None,
    ) -> None:
        self._market = market
        self._registry = registry
        self._floor = Floor(market)
        rules = rules or OrderRules()
        self._gates = Gates(market, account, registry, rules)
        self._working = Working(market, registry, self._floor)
        credit = Credit(market, account, registry)
        booker = Booker(market, account, registry, credit)
        self.matched = -1
        self.settlement = Settlement(market, account, registry)
        self.liquidation = Liquidation(market, account, registry, rules.liquidation_seconds)
        self._dealer = Dealer(market, self._floor, booker, self._working)
        for order in self._working.orders.values():
            if order.status is Status.SUBMITTED and order.limit is not None:
                self._floor.reopen(order, order.limit)

    def choose(self, rules: OrderRules) -> None:
        """Follow other rules from now on; orders under way keep the times they were given."""
        self._gates.rules = rules
        self.liquidation.wait_seconds = rules.liquidation_seconds

    def submit(self, order: Order) -> list[Event]:
        """Send an order to the market."""
        order.begin()
        self._schedule(order)
        order.accepted = self._market.second + self._gates.rules.answer_seconds
        order.located = self._gates.locate_until(order)
        self._working.add(order)
        if order.accepted > self._market.second:
            self._working.move(order, Status.PENDING_SUBMIT)
            self._working.report(order)
        else:
            self._accept(order)
        return self._working.drain()

    def amend(self, order: Order, terms: Terms) -> list[Event]:
        """Give a working order new terms; a smaller size alone keeps its place in the queue."""
        old = order.terms
        self._working.disturb(order)
        self._registry.relink(order, terms)
        self._schedule(order)
        if old.conditions != terms.conditions:
            order.are_conditions_met = False
        self._working.resize_children(order, old.quantity)
        if order.remaining <= 0:
            self._working.report(order)
            self._working.end(order)
        elif self._keeps_its_place(order, old):
            resting = self._floor.resting(order)
            self._floor.of(order).shrink(order.key, min(resting, tranche(order)))
            self._working.report(order)
        else:
            self._requeue(order)
        return self._working.drain()

    def cancel(self, order: Order, text: str = CANCELLED_TEXT) -> list[Event]:
        """End an order, at once or after the market's answer."""
        if self._gates.rules.answer_seconds and order.status is not Status.HELD:
            order.accepted = self._market.second + self._gates.rules.answer_seconds
            self._working.disturb(order)
            self._working.move(order, Status.PENDING_CANCEL)
            self._working.tell(told(Kind.STATUS, order))
        else:
            self._working.end(order, text)
        return self._working.drain()

    def reject(self, order: Order, code: int, text: str) -> list[Event]:
        """End an order that the broker does not take; what hangs on it ends with it."""
        self._working.reject(order, code, text)
        return self._working.drain()

    def advance(self) -> list[Event]:
        """Let the market move to its present: fills, triggers, openings and expiries."""
        if self.matched == self._market.step:
            # Within a step neither prices nor the second change, and what we took stays taken.
            return []
        self.matched = self._market.step
        for order in self._working.restless():
            if self._floor.resting(order) and self._gates.first_closed(order) is not None:
                self._floor.remove(order)
        for con_id in sorted(self._working.instruments()):
            instrument = self._market.universe.by_con_id[con_id]
            second = self._market.second
            is_open = self._market.tape(instrument).is_open(second)
            is_open = is_open and not self._market.is_paused(instrument, second)
            if is_open and self._floor.refresh(instrument):
                self._dealer.settle(self._floor.passed(instrument))
        for order in self._working.restless():
            if order.is_live:
                self._step(order)
                self._calm(order)
        self._working.tell(*self.settlement.ended())
        order = liquidate(
            self.liquidation, self._registry, self._market.second, self._working.end
        )
        events = self._working.drain()
        return events if order is None else [*events, *self.submit(order)]

    def working_instruments(self) -> set[int]:
        """Return the contract ids that have a working order."""
        return self._working.instruments()

    def quote(self, instrument: Instrument) -> Quote:
        """Return what everyone sees: the market's quote, moved by what our orders took and offer."""
        return self._floor.quote(instrument)

    def levels(
        self, instrument: Instrument, side: Side, count: int
    ) -> list[tuple[int, Decimal]]:
        """Return the best rows of a side as everyone sees them: (ticks, units), best first."""
        return self._floor.levels(instrument, side, count)

    def _schedule(self, order: Order) -> None:
        order.expires = self._gates.timing.expiry(order.terms)
        order.auction = self._gates.timing.auction(order.terms)

    def _keeps_its_place(self, order: Order, old: Terms) -> bool:
        new = order.terms
        is_same = (old.order_type, old.limit, old.all_or_none, old.algo) == (
            *(new.order_type, new.limit, new.all_or_none, new.algo),
        )
        return is_same and new.quantity <= old.quantity and self._floor.resting(order) > 0

    def _requeue(self, order: Order) -> None:
        """Let a changed order begin again."""
        self._floor.remove(order)
        order.begin()
        self._prime(order)
        gate = self._gates.first_closed(order)
        if order.status is Status.PENDING_SUBMIT:
            self._working.report(order)
        elif gate is not None:
            order.why_held = gate.why_held
            self._working.move(order, Status.PRE_SUBMITTED)
            self._working.report(order)
        else:
            self._dealer.work(order, is_amended=True)

    def _accept(self, order: Order) -> None:
        self._prime(order)
        gate = self._gates.first_closed(order)
        order.why_held = gate.why_held if gate is not None else ""
        is_known = gate is None and self._is_known_at_once(order)
        self._working.move(order, Status.SUBMITTED if is_known else Status.PRE_SUBMITTED)
        self._working.report(order)
        if gate is None:
            self._dealer.go(order)
        elif gate is Gate.TRIGGER:
            # The broker tells of an order that waits for its trigger twice.
            self._working.report(order)
        elif gate is Gate.LOCATE:
            self._working.tell(told(Kind.ERROR, order, code=LOCATE_CODE, text=LOCATE_TEXT))
        elif gate is Gate.HOURS and order.terms.tif.is_immediate:
            self._working.end(order)
        elif gate is Gate.HOURS:
            text = self._gates.timing.opening_text(order)
            self._working.tell(told(Kind.ERROR, order, code=NOTICE_CODE, text=text))

    def _is_known_at_once(self, order: Order) -> bool:
        """Return whether the first status is Submitted, as captures of the broker show it for market sales."""
        is_sale = order.terms.side is Side.SELL and order.type_now is OrderType.MARKET
        return is_sale and self._floor.instrument(order).sec_type != "FUT"

    def _step(self, order: Order) -> None:
        """Do what time alone does to an order."""
        second = self._market.second
        is_answered = second >= order.accepted
        if order.status is Status.PENDING_CANCEL:
            if is_answered:
                self._working.end(order)
        elif self._is_over(order):
            self._working.end(order)
        elif order.status is Status.PENDING_SUBMIT:
            if is_answered:
                self._accept(order)
        elif order.terms.conditions_cancel and self._gates.conditions_hold(order):
            self._working.end(order)
        elif (gate := self._gates.first_closed(order)) is None:
            self._dealer.go(order)
        else:
            self._hold(order, gate)

    def _calm(self, order: Order) -> None:
        """Leave an order alone that rests where it belongs."""
        if (
            self._floor.resting(order)
            and order.status is Status.SUBMITTED
            and order.type_now.kind.peg is None
            and not order.terms.conditions_cancel
        ):
            self._working.rest_until(order, self._gates.timing.changes(order))

    def _is_over(self, order: Order) -> bool:
        """Return whether an order's time, or its instrument's, is over."""
        second = self._market.second
        if order.expires is not None and second >= order.expires:
            return True
        return has_ended(self._floor.instrument(order), second)

    def _hold(self, order: Order, gate: Gate) -> None:
        """Keep an order back, and tell when the reason is new."""
        self._floor.remove(order)
        if order.status is Status.SUBMITTED or order.why_held != gate.why_held:
            order.why_held = gate.why_held
            self._working.move(order, Status.PRE_SUBMITTED)
            self._working.report(order)
        if gate is Gate.TRIGGER:
            self._watch(order)

    def _watch(self, order: Order) -> None:
        """Hold a sleeping order against the market: its stop follows, is adjusted, or is touched."""
        price = self._watched(order)
        if adjust(order, price):
            self._working.report(order)
        follow(order, price)
        if is_touched(order, price):
            order.is_triggered = True
            order.why_held = ""
            self._working.move(order, Status.SUBMITTED)
            self._working.tell(told(Kind.STATUS, order))
            self._dealer.work(order)

    def _prime(self, order: Order) -> None:
        """Give a trailing stop its first level while the market is open."""
        if order.stop is None and self._gates.timing.is_tradeable(order):
            follow(order, self._watched(order))

    def _watched(self, order: Order) -> int:
        instrument = self._floor.instrument(order)
        return watched(
            self._floor.quote(instrument),
            order.terms.side,
            order.terms.trigger_method,
            has_prints=instrument.has_prints,
        )
