"""What is known about the market and the account, as immutable records.

Prices are per unit in the contract's currency; sizes are shares or contracts; times are aware UTC.
"""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState


class MarketDataType(enum.IntEnum):
    """What kind of market data the broker sends, numbered as in the TWS API."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The market in one instrument at one moment; None where the broker has sent nothing.

    Attributes:
        volume: Shares or contracts traded in the session so far.
        close: Previous session's close, against which `change` is taken.
        received_mono: Monotonic seconds at which the newest bid or ask came in; None before the first.
            Age is measured on this clock, so that a jump of the wall clock makes nothing fresh or stale.
        time: Wall clock of the newest update, aware UTC; for showing only.
    """

    con_id: int
    symbol: str
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_size: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: Decimal | None = None
    market_data_type: MarketDataType = MarketDataType.LIVE
    received_mono: float | None = None
    time: datetime | None = None

    @property
    def change(self) -> Decimal | None:
        """Last price less the previous close; None while either is unknown."""
        return None if self.last is None or self.close is None else self.last - self.close


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of history.

    Attributes:
        start: Beginning of the bar, aware UTC; for day bars midnight of the session's date in the exchange's zone.
        volume: Shares or contracts; None for quote bars (MIDPOINT, BID, ASK).
        average: Volume-weighted price; None where the broker gives none.
    """

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    average: Decimal | None
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution.

    Attributes:
        execution_id: The broker's, whose last part counts corrections; the same stem is the same execution.
        quantity: Positive; `side` carries the sign.
        commission: Positive is a cost, in `currency`; None until the commission report arrives.
        realized_pnl: In the account's currency; None while unknown or for an opening trade.
    """

    execution_id: str
    order_ref: str
    perm_id: int
    con_id: int
    symbol: str
    currency: str
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    account: str = field(repr=False)
    exchange: str
    commission: Decimal | None = None
    realized_pnl: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held in one instrument.

    Attributes:
        quantity: Shares or contracts; negative is short.
        average_cost: Per share or contract, commissions included, in `currency`.
        market_price: None until the account stream has valued it.
        market_value: quantity × price × multiplier, in `currency`.
    """

    account: str = field(repr=False)
    con_id: int
    symbol: str
    sec_type: str
    currency: str
    quantity: Decimal
    average_cost: Decimal
    market_price: Decimal | None = None
    market_value: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSnapshot:
    """The account's figures as the broker reported them, in `currency`.

    Attributes:
        daily_pnl: Since the previous session's close; None while the stream is silent.
        available_funds: What may still be used as initial margin.
        day_trades_remaining: How many the broker still allows in five days; −1 where it counts none.
    """

    account: str = field(repr=False)
    currency: str
    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    available_funds: Decimal | None = None
    excess_liquidity: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    gross_position_value: Decimal | None = None
    daily_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal | None = None
    day_trades_remaining: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """One order as broker evidence has it.

    Attributes:
        order_ref: Ours (`ELB:…`); for an order placed elsewhere, the broker's `perm:` and permId.
        order_id: The API order id; 0 where it is not ours to modify.
        perm_id: The broker's lasting id; 0 until it is known.
        filled: Summed from executions, corrections counted once.
        average_price: Mean price of the fills; None while unfilled.
        reason: The broker's or the guard's words for the last change of state, escaped; may be empty.
        parent_ref: Reference of the order that must have filled before this one works; empty without one.
    """

    order_ref: str
    name: str
    order_id: int
    perm_id: int
    client_id: int
    account: str = field(repr=False)
    con_id: int
    symbol: str
    side: Side
    quantity: Decimal
    order_type: OrderType | str
    limit_price: Decimal | None
    stop_price: Decimal | None
    tif: TimeInForce | str
    state: OrderState
    filled: Decimal
    average_price: Decimal | None
    reason: str
    updated_at: datetime
    parent_ref: str = ""

    @property
    def remaining(self) -> Decimal:
        """What may still trade; 0 once the order has ended."""
        return self.quantity - self.filled if self.state.is_open else Decimal(0)
