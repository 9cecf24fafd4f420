"""One margin account: cash, positions, profit and margin, exact to the cent."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.accounts.commissions import cents
from edgerunner_lab.sim.accounts.margins import FUTURE, margin_of
from edgerunner_lab.sim.listing.universe import Instrument

BASE: Final = "USD"

BUYING_POWER_MULTIPLE: Final = 4
"""USD of stock that a free USD can carry at 25 % initial margin, as the broker shows it."""

Rate = Callable[[str], Decimal]
"""Currency -> USD for one unit of it."""

Mark = Callable[[Instrument], Decimal]
"""Instrument -> price that values a position, in its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution, as the account books it.

    Attributes:
        price: A unit, in the instrument's currency.
        commission: USD, not negative.
    """

    instrument: Instrument
    side: Side
    size: Decimal
    price: Decimal
    commission: Decimal


@dataclass(slots=True)
class Position:
    """A holding.

    Attributes:
        quantity: Negative when short.
        basis: What it cost, in the instrument's currency, with the sign of `quantity`;
            commissions included except for currencies and futures.
        realized: Profit booked since the day began, in the instrument's currency.
        carried: Its value when the day began.
        flow: What trading it has brought in (or cost, negative) since, commissions included as in `basis`.
    """

    instrument: Instrument
    quantity: Decimal = ZERO
    basis: Decimal = ZERO
    realized: Decimal = ZERO
    carried: Decimal = ZERO
    flow: Decimal = ZERO

    @property
    def average_cost(self) -> Decimal:
        """Cost of one unit; 0 when flat."""
        return self.basis / self.quantity if self.quantity else ZERO

    def value(self, mark: Decimal) -> Decimal:
        """Return what it is worth at `mark`, in the instrument's currency."""
        return cents(self.quantity * mark * self.instrument.point_value)

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return the profit that closing at `mark` would book, before commissions."""
        return self.value(mark) - self.basis

    def daily(self, mark: Decimal) -> Decimal:
        """Return the profit since the day began."""
        return self.value(mark) + self.flow - self.carried


_POSITION_MONEY: Final = ("quantity", "basis", "realized", "carried", "flow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """The account in USD at one moment.

    Attributes:
        stock_value: Of everything that was paid for: shares, bonds, options.
        futures_profit: What open futures have gained, which nobody has paid yet.
    """

    cash: Decimal
    stock_value: Decimal
    futures_profit: Decimal
    gross_value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    unrealized: Decimal
    realized: Decimal

    @property
    def net_liquidation(self) -> Decimal:
        """Cash, stock and the profit of open futures; a currency pair is already in the cash."""
        return self.cash + self.stock_value + self.futures_profit

    @property
    def available_funds(self) -> Decimal:
        """Equity that no initial margin holds."""
        return self.net_liquidation - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        """Equity that no maintenance margin holds."""
        return self.net_liquidation - self.maintenance_margin

    @property
    def buying_power(self) -> Decimal:
        """Stock that could still be bought."""
        return max(ZERO, self.available_funds * BUYING_POWER_MULTIPLE)


@dataclass(slots=True)
class Account:
    """Cash by currency and positions by contract id; it knows no clock and no market.

    Attributes:
        cash: Currency -> amount.
        positions: Contract id -> holding; closed ones stay until the day ends.
        realized, commissions: USD; the profit since the day began, the costs since the account was opened.
        carried: Net liquidation when the day began, USD.
    """

    account_id: str
    cash: dict[str, Decimal]
    positions: dict[int, Position] = field(default_factory=dict[int, Position])
    realized: Decimal = ZERO
    commissions: Decimal = ZERO
    carried: Decimal = ZERO

    @classmethod
    def opened(cls, account_id: str, cash: Decimal) -> "Account":
        """Return a new account that holds `cash` USD."""
        return cls(account_id=account_id, cash={BASE: cents(cash)}, carried=cents(cash))

    def quantity(self, instrument: Instrument) -> Decimal:
        """Return the position, negative when short."""
        position = self.positions.get(instrument.con_id)
        return position.quantity if position is not None else ZERO

    def book(self, fill: Fill, rate: Rate) -> Decimal | None:
        """Book a fill; return the profit it realised in the instrument's currency, None if it closed nothing."""
        instrument = fill.instrument
        held = self.positions.setdefault(instrument.con_id, Position(instrument))
        worth = cents(fill.size * fill.price * instrument.point_value)
        is_future = instrument.sec_type == FUTURE
        if not is_future:
            self._move(instrument.currency, -fill.side * worth)
        self._move(BASE, -fill.commission)
        if instrument.is_cash:
            self._move(instrument.symbol, fill.side * fill.size)
        self.commissions += fill.commission
        # The commission is in USD and the basis may not be. A currency's and a future's stay out of the basis:
        # what a future gains goes to the cash by itself.
        fee = ZERO
        if not instrument.is_cash and not is_future:
            fee = cents(fill.commission / rate(instrument.currency))
        held.flow -= fill.side * worth + fee
        realized = _shift(held, fill, fee)
        if is_future and realized is not None:
            self._move(instrument.currency, realized)
        if realized is not None:
            held.realized += realized
            self.realized += cents(realized * rate(instrument.currency))
        return realized

    def begin_day(self, mark: Mark, rate: Rate) -> None:
        """Begin to count the day's profit, from the prices at which the day before ended."""
        self.realized = ZERO
        self.positions = {c: p for c, p in self.positions.items() if p.quantity}
        for position in self.positions.values():
            position.realized = position.flow = ZERO
            position.carried = position.value(mark(position.instrument))
        self.carried = self.value(mark, rate).net_liquidation

    def value(self, mark: Mark, rate: Rate) -> Valuation:
        """Return the account in USD at the given prices and rates."""
        stock = gross = margin = unrealized = futures = ZERO
        for held in self.positions.values():
            price, in_usd = mark(held.instrument), rate(held.instrument.currency)
            worth = cents(held.value(price) * in_usd)
            profit = cents(held.unrealized(price) * in_usd)
            unrealized += profit
            margin += margin_of(held.instrument, held.quantity, price, in_usd)
            if held.instrument.sec_type == FUTURE:
                futures += profit
            elif not held.instrument.is_cash:
                stock += worth
                gross += abs(worth)
        return Valuation(
            cash=sum((cents(cash * rate(c)) for c, cash in self.cash.items()), ZERO),
            stock_value=stock,
            futures_profit=futures,
            gross_value=gross,
            initial_margin=margin,
            maintenance_margin=margin,
            unrealized=unrealized,
            realized=self.realized,
        )

    def margin_with(
        self, pending: Iterable[tuple[Instrument, Decimal, Decimal]], mark: Mark, rate: Rate
    ) -> dict[int, Decimal]:
        """Return the initial margin in USD, contract id -> amount, if orders were filled the worst way.

        Args:
            pending: (instrument, signed size, price of a unit) of each order.
            mark: Price of a position that no order would change.
            rate: Currency -> USD.
        """
        bought: dict[int, Decimal] = {}
        sold: dict[int, Decimal] = {}
        price: dict[int, Decimal] = {}
        held = {con_id: p.instrument for con_id, p in self.positions.items() if p.quantity}
        for instrument, size, unit in pending:
            held[instrument.con_id] = instrument
            way = bought if size > 0 else sold
            way[instrument.con_id] = way.get(instrument.con_id, ZERO) + size
            price[instrument.con_id] = max(price.get(instrument.con_id, unit), unit)
        margin: dict[int, Decimal] = {}
        for con_id, instrument in held.items():
            unit = price.get(con_id) or mark(instrument)
            in_usd = rate(instrument.currency)
            now = self.quantity(instrument)
            margin[con_id] = max(
                margin_of(instrument, now + way.get(con_id, ZERO), unit, in_usd)
                for way in (bought, sold)
            )
        return margin

    def snapshot(self) -> dict[str, Any]:
        """Return the account as JSON can hold it."""
        return {
            "account": self.account_id,
            "cash": {currency: str(amount) for currency, amount in self.cash.items()},
            "realized": str(self.realized),
            "commissions": str(self.commissions),
            "carried": str(self.carried),
            "positions": [
                {"con_id": con_id}
                | {name: str(getattr(p, name)) for name in _POSITION_MONEY}
                for con_id, p in self.positions.items()
            ],
        }

    @classmethod
    def restored(
        cls, saved: Mapping[str, Any], instruments: Mapping[int, Instrument]
    ) -> "Account":
        """Return the account that `snapshot` described.

        Raises:
            KeyError: A position's contract is no longer listed, or a part is missing.
        """
        return cls(
            account_id=saved["account"],
            cash={currency: Decimal(amount) for currency, amount in saved["cash"].items()},
            positions={
                row["con_id"]: Position(
                    instruments[row["con_id"]],
                    *(Decimal(row[name]) for name in _POSITION_MONEY),
                )
                for row in saved["positions"]
            },
            realized=Decimal(saved["realized"]),
            commissions=Decimal(saved["commissions"]),
            carried=Decimal(saved["carried"]),
        )

    def _move(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount


def _shift(held: Position, fill: Fill, fee: Decimal) -> Decimal | None:
    """Move a position by a fill; return what its closing part realised."""
    before, unit = held.quantity, fill.price * fill.instrument.point_value
    closing = min(abs(before), fill.size) if before * fill.side < 0 else ZERO
    opening = fill.size - closing
    fee_closing = cents(fee * closing / fill.size)
    realized = None
    if closing:
        removed = cents(held.basis * closing / abs(before))
        sign = 1 if before > 0 else -1
        realized = sign * cents(closing * unit) - fee_closing - removed
        held.basis -= removed
    if opening:
        worth = cents(fill.size * unit) - cents(closing * unit)
        held.basis += fill.side * worth + fee - fee_closing
    held.quantity += fill.side * fill.size
    return realized
