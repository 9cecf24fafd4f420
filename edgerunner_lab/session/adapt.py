"""ib_async's objects to our facts and back; camelCase stops here.

Unset values (NaN, 1.797e308, 2147483647, −1 for a price) become None: what is not known is never a number.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ib_async import BarData, Contract, ContractDetails, Execution, Order, Ticker
from ib_async.objects import PortfolioItem, PriceIncrement
from ib_async.objects import Position as IbPosition

from edgerunner_lab.core.contracts import (
    ContractSpec,
    Instrument,
    PriceBand,
    Right,
    SecType,
)
from edgerunner_lab.core.errors import NotSupported
from edgerunner_lab.core.facts import Bar, Fill, MarketDataType, Position, Quote
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side

UNSET = 1.7e308
"""Anything at or beyond this is the API's "no value" (its constant is 1.7976931348623157E308)."""

_SIDE_BY_EXECUTION = {"BOT": Side.BUY, "SLD": Side.SELL, "BUY": Side.BUY, "SELL": Side.SELL}
_RIGHT_BY_TEXT = {"C": Right.CALL, "CALL": Right.CALL, "P": Right.PUT, "PUT": Right.PUT}
_ZONE_ALIASES = {"EST": "America/New_York", "CST": "America/Chicago", "": "UTC"}


def decimal(value: float | str | Decimal | None) -> Decimal | None:
    """Return a finite, set number exactly as the broker wrote it, else None."""
    if value is None or value == "":
        return None
    number = float(value)
    if not math.isfinite(number) or abs(number) >= UNSET:
        return None
    # str of a float is the shortest text that means it: the digits that were on the wire.
    exact = Decimal(str(value))
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact


def price(value: float | Decimal | None) -> Decimal | None:
    """Return a price, or None where the broker says it has none (−1, 0 or unset)."""
    number = decimal(value)
    return number if number is not None and number > 0 else None


def to_contract(spec: ContractSpec) -> Contract:
    """Return the request by which the broker resolves `spec`."""
    contract = Contract(
        symbol=spec.symbol,
        secType=spec.sec_type.value,
        currency=spec.currency,
        exchange=spec.exchange,
    )
    if spec.sec_type is SecType.CASH and spec.exchange == "SMART":
        contract.exchange = "IDEALPRO"
    if spec.sec_type is SecType.FUTURE and spec.exchange == "SMART":
        contract.exchange = ""
    if spec.expiry is not None:
        contract.lastTradeDateOrContractMonth = (
            f"{spec.expiry:%Y%m}" if spec.expiry_month else f"{spec.expiry:%Y%m%d}"
        )
    if spec.strike is not None:
        contract.strike = float(spec.strike)
    if spec.right is not None:
        contract.right = spec.right.value
    return contract


def to_spec(contract: Contract) -> ContractSpec:
    """Return what an ib_async contract asks for, as the user would have named it.

    Raises:
        NotSupported: a security type of which this version knows nothing.
    """
    if contract.secType not in set(SecType):
        raise NotSupported(
            f"security type {contract.secType!r} was found, expected one of {', '.join(SecType)}; nothing was sent"
        )
    return ContractSpec(
        symbol=contract.symbol.upper(),
        sec_type=SecType(contract.secType),
        currency=contract.currency or "USD",
        exchange=contract.exchange
        if contract.exchange not in ("", "IDEALPRO")
        else "SMART",
        expiry=_expiry(contract.lastTradeDateOrContractMonth),
        strike=decimal(contract.strike) if contract.right else None,
        right=_RIGHT_BY_TEXT.get(contract.right),
    )


def instrument_contract(instrument: Instrument) -> Contract:
    """Return the contract that goes on the wire: the conId decides, the rest is for the eye."""
    return Contract(
        conId=instrument.con_id,
        symbol=instrument.symbol,
        secType=instrument.sec_type.value,
        exchange=instrument.exchange,
        currency=instrument.currency,
        localSymbol=instrument.local_symbol,
        tradingClass=instrument.trading_class,
    )


def to_instrument(
    details: ContractDetails, bands: Iterable[PriceIncrement], now: datetime
) -> Instrument:
    """Return the instrument that `details` describes.

    Args:
        details: As the broker sent them.
        bands: Its market rule for the routed exchange; where empty, `details.minTick` holds at every price.
        now: When the broker answered, aware UTC.

    Raises:
        NotSupported: a security type of which this version knows nothing.
    """
    contract = details.contract
    assert contract is not None, "the broker describes a contract"
    if contract.secType not in set(SecType):
        raise NotSupported(
            f"security type {contract.secType} was found, expected one of {', '.join(SecType)}"
        )
    zone = _zone(details.timeZoneId)
    price_bands = tuple(
        PriceBand(low_edge=low, increment=increment)
        for low, increment in (
            (decimal(band.lowEdge), decimal(band.increment)) for band in bands
        )
        if low is not None and increment is not None and increment > 0
    ) or (
        PriceBand(
            low_edge=Decimal(0), increment=decimal(details.minTick) or Decimal("0.01")
        ),
    )
    sec_type = SecType(contract.secType)
    is_derivative = sec_type in (SecType.FUTURE, SecType.OPTION)
    return Instrument(
        con_id=contract.conId,
        symbol=contract.symbol,
        sec_type=sec_type,
        exchange=contract.exchange or "SMART",
        primary_exchange=contract.primaryExchange,
        currency=contract.currency,
        local_symbol=contract.localSymbol,
        trading_class=contract.tradingClass,
        long_name=details.longName,
        # A derivative without a multiplier cannot be valued, and what cannot be valued is denied.
        multiplier=decimal(contract.multiplier)
        if contract.multiplier or is_derivative
        else Decimal(1),
        price_magnifier=details.priceMagnifier or 1,
        price_bands=price_bands,
        size_min=decimal(details.minSize) or Decimal(1),
        size_increment=decimal(details.sizeIncrement) or Decimal(1),
        liquid_hours=_sessions(details.liquidHours, zone),
        time_zone=zone.key,
        resolved_at=now,
        expiry=_expiry(contract.lastTradeDateOrContractMonth),
        strike=decimal(contract.strike) if sec_type is SecType.OPTION else None,
        right=_RIGHT_BY_TEXT.get(contract.right),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an order stands among those that are sent with it.

    Attributes:
        order_id: Its API order id.
        parent_id: That of the entry it waits for; 0 for none.
        is_last: Nothing of its bracket follows. Until the last order has come, the broker holds those before it.
    """

    order_id: int
    parent_id: int = 0
    is_last: bool = True


def to_order(order: ProposedOrder, place: Place) -> Order:
    """Return the wire form of an order; every field that the guard judged is explicit."""
    wire = Order(
        orderId=place.order_id,
        parentId=place.parent_id,
        action=order.side.value,
        totalQuantity=float(order.quantity),
        orderType=order.order_type.value,
        tif=order.tif.value,
        account=order.account,
        orderRef=order.order_ref,
        outsideRth=order.outside_rth,
        openClose="",
        transmit=place.is_last,
    )
    if order.limit_price is not None:
        wire.lmtPrice = float(order.limit_price)
    if order.order_type is OrderType.TRAIL:
        if order.trail_amount is not None:
            wire.auxPrice = float(order.trail_amount)
        for name, value in order_extras(order).items():
            setattr(wire, name, float(value))
    elif order.stop_price is not None:
        wire.auxPrice = float(order.stop_price)
    return wire


def order_extras(order: ProposedOrder) -> dict[str, Decimal]:
    """Return what an order's frame has behind the fields that all orders share, by ib_async's names."""
    if order.order_type is not OrderType.TRAIL:
        return {}
    extras = {"trailStopPrice": order.stop_price, "trailingPercent": order.trail_percent}
    return {name: value for name, value in extras.items() if value is not None}


def order_head(order: ProposedOrder, place: Place) -> tuple[str, ...]:
    """Return fields 0 to 34 that the order's frame must have, written without ib_async's help (PROTOCOL §3.3)."""
    instrument = order.instrument

    auxiliary = order.stop_price
    if order.order_type is OrderType.TRAIL:
        auxiliary = order.trail_amount

    def number(value: Decimal | None) -> str:
        return "" if value is None else f"{value:f}"

    return (
        *(
            "3",
            str(place.order_id),
            str(instrument.con_id),
            instrument.symbol,
            instrument.sec_type.value,
        ),
        *("", "0.0", "", "", instrument.exchange, "", instrument.currency),
        *(instrument.local_symbol, instrument.trading_class, "", ""),
        *(order.side.value, number(order.quantity), order.order_type.value),
        *(number(order.limit_price), number(auxiliary), order.tif.value, ""),
        *(order.account, "", "0", order.order_ref),
        *("1" if place.is_last else "0", str(place.parent_id), "0", "0", "0", "0"),
        *("1" if order.outside_rth else "0", "0"),
    )


def to_quote(ticker: Ticker, instrument: Instrument, received_mono: float | None) -> Quote:
    """Return the market in one instrument as the ticker now has it."""
    return Quote(
        con_id=instrument.con_id,
        symbol=str(instrument),
        bid=price(ticker.bid),
        ask=price(ticker.ask),
        last=price(ticker.last),
        bid_size=decimal(ticker.bidSize),
        ask_size=decimal(ticker.askSize),
        last_size=decimal(ticker.lastSize),
        open=price(ticker.open),
        high=price(ticker.high),
        low=price(ticker.low),
        close=price(ticker.close),
        volume=decimal(ticker.volume),
        market_data_type=MarketDataType(ticker.marketDataType or 1),
        received_mono=received_mono,
        time=ticker.time,
    )


def to_bar(bar: BarData, zone: ZoneInfo) -> Bar:
    """Return one bar; day bars carry the midnight of their session's date in `zone`."""
    stamp = bar.date
    if not isinstance(stamp, datetime):
        stamp = datetime(stamp.year, stamp.month, stamp.day, tzinfo=zone)
    elif stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=zone)
    values = [decimal(value) for value in (bar.open, bar.high, bar.low, bar.close)]
    opening, high, low, close = (
        value if value is not None else Decimal("NaN") for value in values
    )
    return Bar(
        start=stamp.astimezone(UTC),
        open=opening,
        high=high,
        low=low,
        close=close,
        volume=decimal(bar.volume) if bar.volume >= 0 else None,
        average=price(bar.average),
        count=bar.barCount if bar.barCount >= 0 else None,
    )


def to_fill(contract: Contract, execution: Execution, symbol: str) -> Fill:
    """Return one execution; its commission comes later, in a message of its own."""
    quantity, traded_at = decimal(execution.shares), decimal(execution.price)
    assert quantity is not None, "an execution has a size"
    assert traded_at is not None, "an execution has a price"
    return Fill(
        execution_id=execution.execId,
        order_ref=execution.orderRef,
        perm_id=execution.permId,
        con_id=contract.conId,
        symbol=symbol,
        currency=contract.currency,
        side=_SIDE_BY_EXECUTION[execution.side],
        quantity=quantity,
        price=traded_at,
        time=execution.time.astimezone(UTC),
        account=execution.acctNumber,
        exchange=execution.exchange,
    )


def to_position(position: IbPosition, item: PortfolioItem | None) -> Position:
    """Return a position, valued where the account stream has valued it."""
    contract = position.contract
    return Position(
        account=position.account,
        con_id=contract.conId,
        symbol=contract_name(contract),
        sec_type=contract.secType,
        currency=contract.currency,
        quantity=decimal(position.position) or Decimal(0),
        average_cost=decimal(position.avgCost) or Decimal(0),
        market_price=price(item.marketPrice) if item is not None else None,
        market_value=decimal(item.marketValue) if item is not None else None,
        unrealized_pnl=decimal(item.unrealizedPNL) if item is not None else None,
        realized_pnl=decimal(item.realizedPNL) if item is not None else None,
    )


def underlying_value(contract: Contract) -> Decimal | None:
    """Return what the underlying of one option is worth at its strike, in the contract's currency; None of anything else."""
    if contract.secType != SecType.OPTION:
        return None
    strike, multiplier = decimal(contract.strike), decimal(contract.multiplier or "1")
    return strike * multiplier if strike and multiplier else None


def contract_name(contract: Contract) -> str:
    """Return the name by which a contract is shown, as the order language writes it."""
    if contract.secType == SecType.CASH:
        return f"{contract.symbol}.{contract.currency}"
    expiry = _expiry(contract.lastTradeDateOrContractMonth)
    if expiry is None:
        return contract.symbol
    spec = ContractSpec(
        symbol=contract.symbol,
        expiry=expiry,
        strike=decimal(contract.strike) if contract.right else None,
        right=_RIGHT_BY_TEXT.get(contract.right),
    )
    return str(spec)


def zone_of(name: str) -> ZoneInfo:
    """Return the zone that the broker names, UTC where it names none that is known."""
    return _zone(name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(_ZONE_ALIASES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _expiry(text: str) -> date | None:
    digits = text[:8]
    return (
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        if len(digits) == len("yyyymmdd") and digits.isdigit()
        else None
    )


def _sessions(text: str, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """Parse `20261123:0930-20261123:1600;20261124:CLOSED`; what does not parse is left out."""
    sessions: list[tuple[datetime, datetime]] = []
    for entry in text.split(";"):
        bounds: Sequence[str] = entry.split("-")
        if len(bounds) != 2 or "CLOSED" in entry:  # noqa: PLR2004  from and to
            continue
        try:
            start, end = (
                datetime.strptime(bound, "%Y%m%d:%H%M").replace(tzinfo=zone)
                for bound in bounds
            )
        except ValueError:
            continue
        sessions.append((start.astimezone(UTC), end.astimezone(UTC)))
    return tuple(sessions)
