"""Ordinary values with one thing changed: an order that passes, and everything it is judged by."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import ContractSpec, Instrument, PriceBand, SecType
from edgerunner_lab.core.errors import Denial, OrderDenied
from edgerunner_lab.core.facts import AccountSnapshot, OrderUpdate, Quote
from edgerunner_lab.core.intents import (
    OrderIntent,
    OrderType,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import ApprovedOrder, approve
from edgerunner_lab.guard.limits import Limits, load_limits
from edgerunner_lab.guard.snapshot import (
    Attempt,
    Latch,
    LatchState,
    LedgerFacts,
    PastOrder,
    SessionFacts,
    Snapshot,
    WorkingOrder,
)

NOW: Final = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)
NOW_MONO: Final = 1000.0
ACCOUNT: Final = "DU1234567"
LIVE_ACCOUNT: Final = "U7654321"
REF: Final = "ELB:01J00000000000000000000001"
OLD_REF: Final = "ELB:01J00000000000000000000009"
ACTIVE: Final = Latch(state=LatchState.ACTIVE, by="", at=None, reason="")

_TYPE_BY_PRICES: Final = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}


def dec(value: Any) -> Any:
    """Return text and integers as a Decimal; leave everything else as it is."""
    is_number = isinstance(value, str | int) and not isinstance(value, bool)
    return Decimal(value) if is_number else value


def an_instrument(**changes: Any) -> Instrument:
    """SPY at a tick of 0.01, resolved an hour ago, in regular hours now."""
    facts: dict[str, Any] = {
        "con_id": 756733,
        "symbol": "SPY",
        "sec_type": SecType.STOCK,
        "exchange": "SMART",
        "primary_exchange": "ARCA",
        "currency": "USD",
        "local_symbol": "SPY",
        "trading_class": "SPY",
        "long_name": "SPDR S&P 500",
        "multiplier": Decimal(1),
        "price_magnifier": 1,
        "price_bands": (PriceBand(low_edge=Decimal(0), increment=Decimal("0.01")),),
        "size_min": Decimal(1),
        "size_increment": Decimal(1),
        "liquid_hours": ((NOW - timedelta(hours=1), NOW + timedelta(hours=5)),),
        "time_zone": "US/Eastern",
        "resolved_at": NOW - timedelta(hours=1),
    }
    return Instrument(**facts | changes)


def euro() -> Instrument:
    """EUR.USD, in units of EUR at half a pip."""
    return an_instrument(
        con_id=12087792,
        symbol="EUR",
        sec_type=SecType.CASH,
        exchange="IDEALPRO",
        primary_exchange="",
        local_symbol="EUR.USD",
        trading_class="EUR.USD",
        price_bands=(PriceBand(low_edge=Decimal(0), increment=Decimal("0.00005")),),
    )


def a_quote(bid: Any = "100.00", ask: Any = "100.10", **changes: Any) -> Quote:
    """A live quote, one second old."""
    facts: dict[str, Any] = {
        "con_id": 756733,
        "symbol": "SPY",
        "bid": dec(bid),
        "ask": dec(ask),
        "last": Decimal("100.05"),
        "bid_size": Decimal(300),
        "ask_size": Decimal(200),
        "received_mono": NOW_MONO - 1,
    }
    return Quote(**facts | changes)


def an_order(  # noqa: PLR0913  a builder names what tests change
    quantity: Any = 10,
    *,
    side: Side = Side.BUY,
    limit: Any = None,
    stop: Any = None,
    instrument: Instrument | None = None,
    again: bool = False,
    **changes: Any,
) -> ProposedOrder:
    """Buy 10 SPY at the market, or with prices the type that they make."""
    resolved = instrument or an_instrument()
    size, limit_price, stop_price = dec(quantity), dec(limit), dec(stop)
    order_type = _TYPE_BY_PRICES[limit is not None, stop is not None]
    intent = OrderIntent(
        side=side,
        size=Units(quantity=size),
        contract=ContractSpec(
            symbol=resolved.symbol, sec_type=resolved.sec_type, currency=resolved.currency
        ),
        order_type=order_type,
        limit_price=limit_price,
        stop_price=stop_price,
        again=again,
    )
    facts: dict[str, Any] = {
        "instrument": resolved,
        "side": side,
        "quantity": size,
        "order_type": order_type,
        "limit_price": limit_price,
        "stop_price": stop_price,
        "tif": TimeInForce.DAY,
        "outside_rth": False,
        "account": ACCOUNT,
        "order_ref": REF,
        "intent": intent,
        "source": Source(kind="python"),
    }
    return ProposedOrder(**facts | changes)


def a_session(**changes: Any) -> SessionFacts:
    """A paper-like session on the embedded gateway, in step with everything."""
    facts: dict[str, Any] = {
        "missing": (),
        "not_ready_since_s": 0.0,
        "heartbeat_age_s": 1.0,
        "loop_lag_s": 0.0,
        "mode": Mode.SIM,
        "bound_account": ACCOUNT,
        "managed_accounts": (ACCOUNT,),
        "port": 7497,
        "is_armed": False,
    }
    return SessionFacts(**facts | changes)


def a_ledger(**changes: Any) -> LedgerFacts:
    """A ledger in which nothing works and nothing was tried."""
    facts: dict[str, Any] = {
        "latch": ACTIVE,
        "working": (),
        "attempts": (),
        "repeats": (),
        "reruns": (),
        "burst": (),
        "unresolved": (),
    }
    return LedgerFacts(**facts | changes)


def an_account(**changes: Any) -> AccountSnapshot:
    """100,000 USD in cash, at the day's beginning."""
    facts: dict[str, Any] = {
        "account": ACCOUNT,
        "currency": "USD",
        "net_liquidation": Decimal(100_000),
        "available_funds": Decimal(100_000),
        "excess_liquidity": Decimal(100_000),
        "daily_pnl": Decimal(0),
    }
    return AccountSnapshot(**facts | changes)


def a_snapshot(**changes: Any) -> Snapshot:
    """An account of 100,000 USD that holds nothing, on a session and a ledger in order."""
    facts: dict[str, Any] = {
        "session": a_session(),
        "ledger": a_ledger(),
        "ledger_error": "",
        "quote": a_quote(),
        "position": Decimal(0),
        "broker_working": (),
        "account": an_account(),
        "fx_rate": Decimal(1),
        "open_order": None,
        "now_mono": NOW_MONO,
    }
    return Snapshot(**facts | changes)


def a_live_snapshot(*, is_armed: bool = True, **changes: Any) -> Snapshot:
    """A live account, armed, that would pass."""
    session = a_session(
        mode=Mode.LIVE,
        bound_account=LIVE_ACCOUNT,
        managed_accounts=(LIVE_ACCOUNT,),
        port=7496,
        is_armed=is_armed,
    )
    account = an_account(account=LIVE_ACCOUNT)
    facts: dict[str, Any] = {"session": session, "account": account}
    return a_snapshot(**facts | changes)


def working(  # noqa: PLR0913  a builder names what tests change
    remaining: Any = 10,
    *,
    side: Side = Side.BUY,
    ref: str = OLD_REF,
    con_id: int = 756733,
    price: Any = None,
    is_fill: bool = False,
) -> WorkingOrder:
    """An order that rests somewhere."""
    return WorkingOrder(
        order_ref=ref,
        con_id=con_id,
        side=side,
        remaining=dec(remaining),
        resting_price=dec(price),
        is_fill=is_fill,
    )


def an_open_order(quantity: Any = 10, filled: Any = 0, **changes: Any) -> OrderUpdate:
    """The working order that a modification replaces."""
    facts: dict[str, Any] = {
        "order_ref": OLD_REF,
        "name": "",
        "order_id": 7,
        "perm_id": 70,
        "client_id": 1,
        "account": ACCOUNT,
        "con_id": 756733,
        "symbol": "SPY",
        "side": Side.BUY,
        "quantity": dec(quantity),
        "order_type": OrderType.LIMIT,
        "limit_price": Decimal("99.00"),
        "stop_price": None,
        "tif": TimeInForce.DAY,
        "state": OrderState.WORKING,
        "filled": dec(filled),
        "average_price": None,
        "reason": "",
        "updated_at": NOW,
    }
    return OrderUpdate(**facts | changes)


def attempts(*ages_s: float) -> tuple[Attempt, ...]:
    """Attempts so many seconds ago."""
    return tuple(Attempt(at=NOW - timedelta(seconds=age), accepted=False) for age in ages_s)


def repeat(age_s: float, ref: str = OLD_REF) -> PastOrder:
    """The same order, so many seconds ago."""
    return PastOrder(order_ref=ref, at=NOW - timedelta(seconds=age_s))


def some_limits(toml: str = "", mode: Mode = Mode.SIM) -> Limits:
    """The mode's defaults with what the lines of `toml` change."""
    return load_limits(f"[{mode.value.lower()}]\n{toml}", "limits.toml", mode)


def wide_limits(mode: Mode = Mode.SIM) -> Limits:
    """Limits so wide that only what a test narrows can deny."""
    return some_limits(
        "max_order_notional = 1_000_000_000\nmax_order_notional_pct = 1000\nmax_position_pct = 1000\n"
        "max_gross_exposure_pct = 1000\nmax_net_exposure_pct = 1000\n"
        f"[{mode.value.lower()}.max_order_qty]\nSTK = 1_000_000\nCASH = 1_000_000\nFUT = 1000\nOPT = 1000\n",
        mode,
    )


def judge(
    order: ProposedOrder | None = None,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    now: datetime = NOW,
) -> ApprovedOrder:
    """Pass an order through the gate."""
    given = snapshot or a_snapshot()
    return approve(
        order or an_order(), given, limits or Limits.defaults(given.session.mode), now
    )


def denied(
    order: ProposedOrder | None = None,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    now: datetime = NOW,
) -> OrderDenied:
    """Pass an order through the gate, and return the denial it must meet with."""
    try:
        judge(order, snapshot, limits, now)
    except OrderDenied as denial:
        return denial
    raise AssertionError("the order was approved, expected a denial")


def denials(
    order: ProposedOrder | None = None,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    now: datetime = NOW,
) -> list[str]:
    """Return the lines of a denial."""
    return [str(each) for each in denied(order, snapshot, limits, now).denials]


def codes(
    order: ProposedOrder | None = None,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    now: datetime = NOW,
) -> list[str]:
    """Return the codes of a denial, or an empty list where the order passes."""
    try:
        judge(order, snapshot, limits, now)
    except OrderDenied as denial:
        return [each.code for each in denial.denials]
    return []


def with_instrument(order: ProposedOrder, **changes: Any) -> ProposedOrder:
    """Return the order with facts of its instrument changed."""
    return replace(order, instrument=replace(order.instrument, **changes))


def code_of(verdict: object) -> str:
    """Return what a single rule denied with; empty where it passed."""
    return verdict.code if isinstance(verdict, Denial) else ""
