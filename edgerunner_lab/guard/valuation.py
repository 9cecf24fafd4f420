"""What an order is measured against and what it may cost at worst.

Prices are per unit as quoted, values in the account's currency. Everything raises `Unknown` rather than guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.exposure import Valuation, notional, worst_case
from edgerunner_lab.core.intents import ProposedOrder, Side
from edgerunner_lab.guard.checks import Unknown, number, positive
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot, WorkingOrder, working_at_worst

HUNDRED = Decimal(100)


def reference_price(order: ProposedOrder, snapshot: Snapshot) -> Decimal:
    """Return the price that an order would meet now: the ask for a buy, the bid for a sale; an exit, its entry's."""
    if order.attached is not None and order.attached.entry_price is not None:
        return positive(order.attached.entry_price, "entry")
    quote = snapshot.quote
    if quote is None or quote.con_id != order.instrument.con_id:
        raise Unknown("quote")
    return (
        positive(quote.ask, "ask") if order.side is Side.BUY else positive(quote.bid, "bid")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collar:
    """How far a price may lie from the reference price, in quoted units.

    Attributes:
        across: Towards the other side of the market and through it: above for a buy, below for a sale.
        away: To the order's own side, where it would rest.
    """

    reference: Decimal
    across: Decimal
    away: Decimal

    def bounds(self, side: Side) -> tuple[Decimal, Decimal]:
        """Return the lowest and the highest price allowed."""
        below, above = (
            (self.away, self.across) if side is Side.BUY else (self.across, self.away)
        )
        return self.reference - below, self.reference + above


def collar_of(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Collar:
    """Return the collar for an order (R11)."""
    instrument, reference = order.instrument, reference_price(order, snapshot)
    across_pct = limits.collar_pct.get(instrument.sec_type)
    away_pct = limits.collar_passive_pct.get(instrument.sec_type)
    if across_pct is None or away_pct is None:
        raise Unknown("collar")
    in_currency = reference / magnifier_of(order)
    if instrument.sec_type is SecType.STOCK and in_currency < limits.collar_low_price:
        across_pct = limits.collar_low_price_pct
    across = reference * across_pct / HUNDRED
    if instrument.sec_type is SecType.OPTION:
        across = max(across, limits.collar_option_min * magnifier_of(order))
    return Collar(reference=reference, across=across, away=reference * away_pct / HUNDRED)


def worst_price(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Decimal:
    """Return the price at which an order is valued (R13).

    A buy at its limit; without one as far across the market, or across its trigger, as the collar allows.
    A sale never below the bid, at which it is worth less only if it fills worse.
    """
    collar = collar_of(order, snapshot, limits)
    limit = None if order.limit_price is None else positive(order.limit_price, "price")
    stop = None if order.stop_price is None else positive(order.stop_price, "stop")
    if order.side is Side.SELL:
        return max(price for price in (collar.reference, limit, stop) if price is not None)
    if limit is not None:
        return limit
    return max(collar.reference, stop or Decimal(0)) + collar.across


def valuation_of(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Valuation:
    """Return what turns a quantity of the order's instrument into money, at the worst price."""
    return Valuation(
        price=worst_price(order, snapshot, limits),
        multiplier=positive(order.instrument.multiplier, "multiplier"),
        price_magnifier=magnifier_of(order),
        fx_rate=positive(snapshot.fx_rate, "fx_rate"),
    )


def open_quantity(order: ProposedOrder, snapshot: Snapshot) -> Decimal:
    """Return how much of an order can still trade: for a modification less what has filled."""
    quantity = positive(order.quantity, "quantity")
    if order.replaces is None:
        return quantity
    if snapshot.open_order is None:
        raise Unknown("open_order")
    return positive(quantity - number(snapshot.open_order.filled, "filled"), "quantity")


def order_value(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> Decimal:
    """Return an order's worst-case value."""
    return notional(open_quantity(order, snapshot), valuation_of(order, snapshot, limits))


def net_liquidation(order: ProposedOrder, snapshot: Snapshot) -> Decimal:
    """Return what the account is worth; only the order's own account counts."""
    account = snapshot.account
    if account is None or account.account != order.account:
        raise Unknown("NetLiquidation")
    return positive(account.net_liquidation, "NetLiquidation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an order could take the position, if everything that works on its side fills with it.

    Attributes:
        position: Signed, as held.
        working: Remaining on the order's side at the broker, every client's.
        reserved: The same in the ledger alone: other kernels' orders on their way, and fills not yet booked.
        after: Signed, at worst.
    """

    position: Decimal
    working: Decimal
    reserved: Decimal
    after: Decimal

    def outward(self, side: Side) -> Decimal:
        """Return how many units end further from zero than the position is now; `side` is the order's."""
        after = max(self.after * side.sign, Decimal(0))
        return after - max(self.position * side.sign, Decimal(0))

    @property
    def shrinks(self) -> bool:
        """Whether it ends nearer to zero and not through it: with exits already working, their quantity is taken."""
        return (
            abs(self.after) < abs(self.position)
            and self.after * self.position >= Decimal(0)
            and self.position != 0
        )


def leads_outward(order: ProposedOrder, snapshot: Snapshot) -> bool:
    """Return whether an order could lead further away from zero; nobody is kept in a position by what only limits those."""
    return reach_of(order, open_quantity(order, snapshot), snapshot).outward(order.side) > 0


def reach_of(order: ProposedOrder, quantity: Decimal, snapshot: Snapshot) -> Reach:
    """Return how far `quantity` of an order could take the position; a modification replaces what it modifies.

    An exit that waits for its entry takes it nowhere: it only undoes what that will have done.
    """
    position = number(snapshot.position, "position")
    if snapshot.ledger is None:
        raise Unknown("ledger")
    at_broker = _beside(order, snapshot.broker_working)
    in_ledger = _beside(order, snapshot.ledger.working)
    beside = _total(order.side, at_broker, in_ledger)
    working = min(_total(order.side, at_broker, []), beside)
    with_it = _total(order.side, at_broker, [*in_ledger, as_working(order, quantity)])
    extremes = worst_case(position, [(order.side, with_it)])
    return Reach(
        position=position,
        working=working,
        reserved=beside - working,
        after=extremes.longest if order.side is Side.BUY else extremes.shortest,
    )


def _total(
    side: Side, at_broker: list[WorkingOrder], in_ledger: list[WorkingOrder]
) -> Decimal:
    counted = working_at_worst(at_broker, in_ledger)
    return sum((left for (_, on), left in counted.items() if on is side), Decimal(0))


def as_working(order: ProposedOrder, quantity: Decimal) -> WorkingOrder:
    """Return an order as it will work, with `quantity` open."""
    return WorkingOrder(
        order_ref=order.order_ref,
        con_id=order.instrument.con_id,
        side=order.side,
        remaining=quantity,
        parent_ref=order.attached.parent_ref if order.attached is not None else "",
    )


def _beside(order: ProposedOrder, working: Iterable[WorkingOrder]) -> list[WorkingOrder]:
    """Return what works in the same instrument, without the order itself and what it replaces."""
    beside = [
        each
        for each in working
        if each.con_id == order.instrument.con_id
        and each.order_ref not in (order.order_ref, order.replaces)
    ]
    for each in beside:
        if number(each.remaining, "working orders") < 0:
            raise Unknown("working orders")
    return beside


def magnifier_of(order: ProposedOrder) -> int:
    """Return by what quoted prices are divided to reach the contract's currency."""
    if order.instrument.price_magnifier < 1:
        raise Unknown("price_magnifier")
    return order.instrument.price_magnifier
