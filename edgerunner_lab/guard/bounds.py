"""Which bounds there are, what each one means, and its default by mode (RISK.md §2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
)

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import SecType


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What a bound counts, and which way it is tighter.

    Attributes:
        name: As shown beside the value, e.g. "% of NetLiquidation".
        is_tighter_larger: Whether a larger value refuses more; smaller does for most.
    """

    name: str
    is_tighter_larger: bool = False


def _decimal(value: object) -> Decimal:
    # A TOML string or a boolean is no number, although both would convert.
    if isinstance(value, Decimal) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        return Decimal(value)
    raise ValueError("expected a number")


_Number = Annotated[Decimal, BeforeValidator(_decimal), Field(decimal_places=12)]
Positive = Annotated[_Number, Field(gt=0, le=Decimal(10**12))]
NotNegative = Annotated[_Number, Field(ge=0, le=Decimal(10**12))]
Percent = Annotated[_Number, Field(gt=0, le=100)]
PercentOfAccount = Annotated[_Number, Field(gt=0, le=1000)]
Count = Annotated[_Number, Field(ge=1, le=100_000, multiple_of=1)]

# A name that matches no instrument would bound nothing, unnoticed.
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9. -]{0,39}$")]

_Frozen = AfterValidator(MappingProxyType)
_UNITS = Unit(name="shares or contracts")
_MONEY = Unit(name="account currency")
_NLV = Unit(name="% of NetLiquidation")
_SECONDS = Unit(name="s")


class SymbolBounds(BaseModel):
    """Bounds of one symbol; the tighter of these and the general ones holds.

    Attributes:
        max_order_qty: Shares or contracts an order.
        max_order_notional: Account currency an order.
        max_position_qty: Shares or contracts held, everything that works filled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_order_qty: Annotated[Positive | None, _UNITS] = None
    max_order_notional: Annotated[Positive | None, _MONEY] = None
    max_position_qty: Annotated[Positive | None, _UNITS] = None


class Bounds(BaseModel):
    """Every bound of one mode.

    Attributes:
        max_order_qty: By security type; shares, contracts, or units of the base currency an order (R12).
        max_order_notional: Worst-case value of an order (R13).
        max_order_notional_pct: The same in percent of NetLiquidation; the smaller one holds.
        max_position_pct: Worst-case value of the position after the order (R15).
        max_position_qty: By security type, the same in units; none by default.
        collar_pct: By security type; how far a price may cross the market, in percent of bid or ask (R11).
        collar_passive_pct: By security type; how far it may lie on the other side, against typing errors.
        collar_low_price: Stocks below this price use `collar_low_price_pct` instead of `collar_pct`.
        collar_option_min: An option's collar is at least this wide, in its currency.
        market_orders_in_rth_only: Whether a market order is refused outside regular trading hours (R11).
        max_quote_age_mkt_s: Age of the quote behind a market or stop order (R10).
        max_quote_age_lmt_s: The same behind a limit or stop-limit order.
        max_spread_pct: Bid to ask, in percent of their middle; the larger of this and `max_spread_ticks` holds.
        duplicate_window_s: How long the same order counts as a repeat (R18).
        duplicate_order_denied: Whether a repeat is denied; otherwise it is only warned of.
        cell_rerun_denied: Whether a cell that has sent an order today may not send it again; else it is warned of (R19).
        max_same_orders_60s: Orders of one cell or program for one side of an instrument in any minute (R22).
        max_orders_10s: New orders and modifications, denied ones included, in any 10 seconds (R20).
        max_open_orders_side: Open orders of one side in one instrument, the new one included (R24).
        max_open_orders: Open orders of the account, the new one included.
        denied_sec_types: By security type; whether it is not traded at all (R08).
        denied_symbols: By the name the order language uses; whether it is not traded at all.
        foreign_currency_denied: Whether only instruments in the account's own currency are traded.
        min_stock_price: Stocks below it are not bought or sold short; per share, in the contract's currency.
        closed_market_denied: Whether an order that would wait for the opening is denied; else it is warned of (R25).
        short_sales_denied: Whether stock that is not held may not be sold (R26).
        short_options_denied: The same of options, in every mode unless limits.toml says otherwise.
        margin_pct: By security type; the part of its worst-case value that an order takes of the funds (R17).
        min_excess_liquidity_pct: What is left of excess liquidity after an order, at least.
        daily_loss_pct: Loss of the day from which on only what shrinks a position passes (R27).
        daily_loss_halt_pct: Loss of the day at which the session halts trading and cancels what works.
        unknown_loss_denied: Whether an unknown loss counts as too large a one.
        max_drawdown_pct: Fall of the day's profit and loss from its peak at which the session halts trading (R28).
        max_gross_exposure_pct: Everything held and working, unsigned and added up (R16).
        max_net_exposure_pct: The same with its signs.
        max_losses_in_a_row: Losing round trips after which nothing new is opened for `loss_pause_s` (R29).
        cooldown_s: How long an instrument is left alone after an exit from it.
        max_messages_per_fill: Orders, changes and cancels of a day for each order of it that has filled, and one (R30).
        day_trades_guarded: Whether nothing is opened once the broker allows no more day trades (R39).
        by_symbol: By the name the order language uses, e.g. "SPY" or "EUR.USD".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_order_qty: Annotated[dict[SecType, Positive], _Frozen, _UNITS]
    max_order_notional: Annotated[Positive, _MONEY]
    max_order_notional_pct: Annotated[PercentOfAccount, _NLV]
    max_position_pct: Annotated[PercentOfAccount, _NLV]
    max_position_qty: Annotated[dict[SecType, Positive], _Frozen, _UNITS]
    collar_pct: Annotated[dict[SecType, Percent], _Frozen, Unit(name="% across the market")]
    collar_passive_pct: Annotated[
        dict[SecType, Percent], _Frozen, Unit(name="% away from the market")
    ]
    collar_low_price: Annotated[Positive, Unit(name="contract currency")]
    collar_low_price_pct: Annotated[Percent, Unit(name="% across the market")]
    collar_option_min: Annotated[Positive, Unit(name="contract currency")]
    market_orders_in_rth_only: Annotated[StrictBool, Unit(name="")]
    max_quote_age_mkt_s: Annotated[Positive, _SECONDS]
    max_quote_age_lmt_s: Annotated[Positive, _SECONDS]
    max_spread_pct: Annotated[Percent, Unit(name="% of the middle")]
    max_spread_ticks: Annotated[Count, Unit(name="ticks")]
    duplicate_window_s: Annotated[Positive, Unit(name="s", is_tighter_larger=True)]
    duplicate_order_denied: Annotated[StrictBool, Unit(name="")]
    cell_rerun_denied: Annotated[StrictBool, Unit(name="")]
    max_same_orders_60s: Annotated[Count, Unit(name="orders in 60 s")]
    max_orders_10s: Annotated[Count, Unit(name="orders in 10 s")]
    max_orders_1h: Annotated[Count, Unit(name="orders in 1 h")]
    max_orders_1d: Annotated[Count, Unit(name="orders in 24 h")]
    max_open_orders_side: Annotated[Count, Unit(name="orders")]
    max_open_orders: Annotated[Count, Unit(name="orders")]
    denied_sec_types: Annotated[dict[SecType, StrictBool], _Frozen, Unit(name="")]
    denied_symbols: Annotated[dict[Symbol, StrictBool], _Frozen, Unit(name="")]
    foreign_currency_denied: Annotated[StrictBool, Unit(name="")]
    min_stock_price: Annotated[
        NotNegative, Unit(name="contract currency", is_tighter_larger=True)
    ]
    closed_market_denied: Annotated[StrictBool, Unit(name="")]
    short_sales_denied: Annotated[StrictBool, Unit(name="")]
    short_options_denied: Annotated[StrictBool, Unit(name="")]
    margin_pct: Annotated[
        dict[SecType, Percent],
        _Frozen,
        Unit(name="% of the order's value", is_tighter_larger=True),
    ]
    min_excess_liquidity_pct: Annotated[
        Percent, Unit(name="% of NetLiquidation", is_tighter_larger=True)
    ]
    daily_loss_pct: Annotated[Percent, _NLV]
    daily_loss_halt_pct: Annotated[Percent, _NLV]
    unknown_loss_denied: Annotated[StrictBool, Unit(name="")]
    max_drawdown_pct: Annotated[Percent, _NLV]
    max_gross_exposure_pct: Annotated[PercentOfAccount, _NLV]
    max_net_exposure_pct: Annotated[PercentOfAccount, _NLV]
    max_losses_in_a_row: Annotated[Count, Unit(name="round trips")]
    loss_pause_s: Annotated[Positive, Unit(name="s", is_tighter_larger=True)]
    cooldown_s: Annotated[NotNegative, Unit(name="s", is_tighter_larger=True)]
    max_messages_per_fill: Annotated[Positive, Unit(name="messages a filled order")]
    day_trades_guarded: Annotated[StrictBool, Unit(name="")]
    by_symbol: Annotated[dict[Symbol, SymbolBounds], _Frozen]


_PAPER: Final[dict[str, object]] = {
    "max_order_qty": {"STK": 1000, "CASH": 50_000, "FUT": 2, "OPT": 10},
    "max_order_notional": 25_000,
    "max_order_notional_pct": 10,
    "max_position_pct": 20,
    "max_position_qty": {},
    "collar_pct": {"STK": 5, "CASH": Decimal("0.5"), "FUT": 1, "OPT": 20},
    "collar_passive_pct": {"STK": 25, "CASH": 25, "FUT": 25, "OPT": 25},
    "collar_low_price": 5,
    "collar_low_price_pct": 10,
    "collar_option_min": Decimal("0.10"),
    "market_orders_in_rth_only": True,
    "max_quote_age_mkt_s": 15,
    "max_quote_age_lmt_s": 15,
    "max_spread_pct": 2,
    "max_spread_ticks": 3,
    "duplicate_window_s": 60,
    "duplicate_order_denied": True,
    "cell_rerun_denied": True,
    "max_same_orders_60s": 10,
    "max_orders_10s": 5,
    "max_orders_1h": 60,
    "max_orders_1d": 300,
    "max_open_orders_side": 5,
    "max_open_orders": 50,
    "denied_sec_types": {},
    "denied_symbols": {},
    "foreign_currency_denied": False,
    "min_stock_price": 0,
    "closed_market_denied": False,
    "short_sales_denied": False,
    "short_options_denied": True,
    "margin_pct": {"STK": 100, "CASH": 5, "FUT": 15, "OPT": 100},
    "min_excess_liquidity_pct": 10,
    "daily_loss_pct": 2,
    "daily_loss_halt_pct": 3,
    "unknown_loss_denied": False,
    "max_drawdown_pct": 5,
    "max_gross_exposure_pct": 150,
    "max_net_exposure_pct": 100,
    # Off: losing in a row is how one learns.
    "max_losses_in_a_row": 999,
    "loss_pause_s": 1800,
    "cooldown_s": 0,
    "max_messages_per_fill": 20,
    "day_trades_guarded": False,
    "by_symbol": {},
}

DEFAULTS: Final[Mapping[Mode, Mapping[str, object]]] = {
    # The embedded market trades around the clock, and repeating a cell there is how one learns.
    Mode.SIM: _PAPER
    | {
        "market_orders_in_rth_only": False,
        "duplicate_order_denied": False,
        "cell_rerun_denied": False,
    },
    Mode.PAPER: _PAPER,
    Mode.LIVE: _PAPER
    | {
        "max_order_qty": {"STK": 200, "CASH": 25_000, "FUT": 1, "OPT": 2},
        "max_order_notional": 5_000,
        "max_order_notional_pct": 5,
        "max_position_pct": 10,
        "collar_pct": {"STK": 2, "CASH": Decimal("0.5"), "FUT": 1, "OPT": 20},
        "collar_passive_pct": {"STK": 15, "CASH": 15, "FUT": 15, "OPT": 15},
        "max_quote_age_mkt_s": 5,
        "duplicate_window_s": 300,
        "max_same_orders_60s": 6,
        "max_orders_10s": 3,
        "max_orders_1h": 30,
        "max_orders_1d": 100,
        "max_open_orders_side": 3,
        "max_open_orders": 20,
        "denied_sec_types": {"CASH": True, "FUT": True, "OPT": True},
        "foreign_currency_denied": True,
        "min_stock_price": 1,
        "closed_market_denied": True,
        "short_sales_denied": True,
        "daily_loss_pct": 1,
        "daily_loss_halt_pct": 2,
        "unknown_loss_denied": True,
        "max_drawdown_pct": 3,
        "max_gross_exposure_pct": 100,
        "max_losses_in_a_row": 4,
        "cooldown_s": 60,
    },
}
"""mode -> bound -> value"""
