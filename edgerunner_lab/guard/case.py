"""What a rule is given, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.exposure import Valuation
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule that passed: what was found against what was allowed, in words.

    Attributes:
        warning: Something the user should know although the order passes; empty as a rule.
    """

    rule: str
    value: str
    limit: str
    warning: str = ""

    def __str__(self) -> str:
        """Return one line for previews."""
        line = (
            f"{self.rule}: {self.value} of {self.limit}"
            if self.limit
            else f"{self.rule}: {self.value}"
        )
        return f"{line} ({self.warning})" if self.warning else line


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order before the guard.

    Attributes:
        now: Wall clock, aware UTC.
    """

    order: ProposedOrder
    snapshot: Snapshot
    limits: Limits
    now: datetime

    @property
    def reference(self) -> Decimal | None:
        """The price that the order is measured against: ask for a buy, bid for a sell; None while unknown."""
        quote = self.snapshot.quote
        if quote is None:
            return None
        price = quote.ask if self.order.side is Side.BUY else quote.bid
        return price if price is not None and price.is_finite() and price > 0 else None

    @property
    def collar(self) -> Decimal | None:
        """How far through the market this instrument's price may be, as a part of it; None where no limit is set."""
        return self.limits.collar_aggressive.get(self.order.instrument.sec_type.value)

    @property
    def worst_price(self) -> Decimal | None:
        """The price at which the order may cost most, per unit; None while unknown.

        A limit buy costs at most its limit; what has no limit is valued at the collar's bound, a sell at
        the better of limit and market.
        """
        reference, collar, limit = self.reference, self.collar, self.order.limit_price
        if limit is not None and self.order.side is Side.BUY:
            return limit if limit.is_finite() else None
        if reference is None or collar is None:
            return None
        base = max(
            price
            for price in (reference, limit, self.order.stop_price)
            if price is not None
        )
        if self.order.order_type in (OrderType.MARKET, OrderType.STOP, OrderType.TRAIL):
            return base * (1 + collar)
        return base

    @property
    def valuation(self) -> Valuation | None:
        """What turns the order's quantity into money; None while any part of it is unknown."""
        instrument, price, rate = (
            self.order.instrument,
            self.worst_price,
            self.snapshot.fx_rate,
        )
        if (
            price is None
            or rate is None
            or instrument.multiplier is None
            or instrument.price_magnifier <= 0
        ):
            return None
        numbers = (price, rate, instrument.multiplier)
        if not all(number.is_finite() and number > 0 for number in numbers):
            return None
        return Valuation(
            price=price,
            multiplier=instrument.multiplier,
            price_magnifier=instrument.price_magnifier,
            fx_rate=rate,
        )

    @property
    def net_liquidation(self) -> Decimal | None:
        """The account's value; None while it is unknown or not positive."""
        account = self.snapshot.account
        value = account.net_liquidation if account is not None else None
        return value if value is not None and value.is_finite() and value > 0 else None

    @property
    def quote_age_s(self) -> float | None:
        """Seconds since the newest quote came in; None before the first."""
        quote: Quote | None = self.snapshot.quote
        if quote is None or quote.received_mono is None:
            return None
        return self.snapshot.now_mono - quote.received_mono


Rule = Callable[[Case], Denial | Check | None]
"""None: the rule does not concern this order."""


def denial(code: str, hint: str = "", **facts: object) -> Denial:
    """Return a denial with its facts in the order given."""
    return Denial(
        code=code,
        facts=tuple((name, str(value)) for name, value in facts.items()),
        hint=hint,
    )


def money(value: Decimal) -> str:
    """Return an amount as messages show it: `25,005.00`."""
    return f"{value:,.2f}"


def percent(part: Decimal, *, signed: bool = False) -> str:
    """Return a part as messages show it: 0.0998 is `9.98%`."""
    return f"{part * 100:+.2f}%" if signed else f"{part * 100:.2f}%"


def plain(number: Decimal) -> str:
    """Return a number without exponent or needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
