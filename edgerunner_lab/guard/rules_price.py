"""Is there a market to measure by, and do the order's prices lie near it (R10, R11)."""

import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.facts import MarketDataType, Quote
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side
from edgerunner_lab.guard.checks import Check, Unknown, is_number, positive
from edgerunner_lab.guard.increments import tick_at, ticks_around
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import HUNDRED, Collar, collar_of, reference_price
from edgerunner_lab.guard.wording import escaped, percent, plain

TRADES_AT_MARKET: Final = frozenset({OrderType.MARKET, OrderType.STOP, OrderType.TRAIL})
"""Types whose fill no limit price bounds, held to the stricter age."""

SIDE_OF_REFERENCE: Final = {Side.BUY: "ask", Side.SELL: "bid"}


# R10: the quote.


def quote_is_usable(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R10: bid and ask are there, and make sense as a price to measure by."""
    quote = snapshot.quote
    if quote is None or quote.con_id != order.instrument.con_id:
        return _no_reference(order, None)
    if quote.bid is None or quote.ask is None:
        return _no_reference(order, quote)
    why = next(_flaws(order, quote, snapshot, limits), None)
    if why is None:
        return Check(rule="BAD_QUOTE", value=f"{plain(quote.bid)} to {plain(quote.ask)}")
    return Denial(
        code="BAD_QUOTE",
        facts=(
            ("symbol", escaped(str(order.instrument))),
            ("bid", plain(quote.bid)),
            ("ask", plain(quote.ask)),
            ("why", why),
        ),
        hint="not a usable reference",
    )


def quote_is_fresh(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R10: the newest bid or ask came in recently, by the monotonic clock."""
    quote = snapshot.quote
    if quote is None or quote.bid is None or quote.ask is None:
        raise Unknown("quote")
    at_market = order.order_type in TRADES_AT_MARKET
    most = float(limits.max_quote_age_mkt_s if at_market else limits.max_quote_age_lmt_s)
    age = math.nan
    if quote.received_mono is not None:
        age = snapshot.now_mono - quote.received_mono
    # Written so that NaN fails; a negative age means two different clocks.
    if 0 <= age <= most:
        return Check(rule="STALE_QUOTE", value=f"{age:.1f}s", limit=f"{most:.1f}s")
    return Denial(
        code="STALE_QUOTE",
        facts=(
            ("symbol", escaped(str(order.instrument))),
            ("age", f"{age:.1f}s" if math.isfinite(age) else "unknown"),
            ("max", f"{most:.1f}s"),
            ("type", quote.market_data_type.name.lower()),
        ),
        hint="wait for a fresh quote",
    )


def _no_reference(order: ProposedOrder, quote: Quote | None) -> Denial:
    have = [
        name
        for name in ("bid", "ask", "last")
        if quote is not None and getattr(quote, name) is not None
    ]
    symbol = escaped(str(order.instrument))
    return Denial(
        code="NO_REFERENCE",
        facts=(
            ("symbol", symbol),
            ("have", f"[{','.join(have)}]"),
            ("need", "[bid,ask]"),
        ),
        hint=f"subscribe with %watch {symbol} and retry",
    )


def _flaws(
    order: ProposedOrder, quote: Quote, snapshot: Snapshot, limits: Limits
) -> Iterator[str]:
    """Yield what is wrong with a quote that has bid and ask, gravest first."""
    bid, ask = quote.bid, quote.ask
    if bid is None or ask is None or not (is_number(bid) and is_number(ask)):
        yield "no number"
    elif bid <= 0 or ask <= 0:
        yield "not positive"
    elif bid > ask:
        yield "crossed"
    else:
        yield from _flaws_of_width(order, bid, ask, limits)
    for size in (quote.bid_size, quote.ask_size):
        if size is None or not is_number(size) or size <= 0:
            yield "no size"
    if (
        snapshot.session.mode is Mode.LIVE
        and quote.market_data_type is not MarketDataType.LIVE
    ):
        yield quote.market_data_type.name.lower()


def _flaws_of_width(
    order: ProposedOrder, bid: Decimal, ask: Decimal, limits: Limits
) -> Iterator[str]:
    middle = (bid + ask) / 2
    widest = max(
        middle * limits.max_spread_pct / HUNDRED,
        tick_at(order.instrument, ask) * limits.max_spread_ticks,
    )
    if ask - bid > widest:
        yield f"spread {percent((ask - bid) / middle)}"


# R11: the collar.


def limit_price_is_near(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R11: the limit price is neither far through the market nor absurdly far away from it."""
    if order.limit_price is None:
        return Check(rule="PRICE_COLLAR", value="no limit price")
    return _within(order, positive(order.limit_price, "price"), snapshot, limits)


def stop_price_is_near(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R11: the trigger lies on its own side of the market and within the collar."""
    if order.stop_price is None:
        return Check(rule="PRICE_COLLAR", value="no trigger")
    stop, reference = positive(order.stop_price, "stop"), reference_price(order, snapshot)
    beyond = stop > reference if order.side is Side.BUY else stop < reference
    if beyond:
        return _within(order, stop, snapshot, limits)
    relation = ">" if order.side is Side.BUY else "<"
    return Denial(
        code="PRICE_COLLAR",
        facts=(
            ("side", order.side.value),
            ("stop", plain(stop)),
            ("ref", _reference_shown(order, reference)),
            ("why", "it would trigger at once"),
        ),
        hint=f"use {relation} {plain(reference)}",
    )


def market_order_is_in_hours(
    order: ProposedOrder, _snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R11: a market order, which no price bounds, is sent only while regular hours bound the spread."""
    if order.order_type is not OrderType.MARKET or not limits.market_orders_in_rth_only:
        return Check(rule="PRICE_COLLAR", value="any hours")
    if any(opens <= now < closes for opens, closes in order.instrument.liquid_hours):
        return Check(rule="PRICE_COLLAR", value="regular hours")
    return Denial(
        code="PRICE_COLLAR",
        facts=(
            ("side", order.side.value),
            ("price", "market"),
            ("why", "outside regular hours"),
        ),
        hint="give a limit price: lmt PRICE",
    )


def price_range(
    order: ProposedOrder, collar: Collar, *, is_trigger: bool
) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest price that the collar and the ticks allow; the range may be empty."""
    low, high = collar.bounds(order.side)
    instrument, reference = order.instrument, collar.reference
    tick = tick_at(instrument, reference)
    if is_trigger and order.side is Side.BUY:
        low = ticks_around(instrument, reference)[0] + tick
    elif is_trigger:
        high = ticks_around(instrument, reference)[1] - tick
    lowest = tick if low <= 0 else ticks_around(instrument, low)[1]
    return lowest, ticks_around(instrument, high)[0]


def _within(
    order: ProposedOrder, price: Decimal, snapshot: Snapshot, limits: Limits
) -> Denial | Check:
    collar = collar_of(order, snapshot, limits)
    low, high = collar.bounds(order.side)
    deviation = price / collar.reference - 1
    is_across = (
        price > collar.reference if order.side is Side.BUY else price < collar.reference
    )
    most = (collar.across if is_across else collar.away) / collar.reference
    if low <= price <= high:
        return Check(
            rule="PRICE_COLLAR",
            value=percent(abs(deviation)),
            limit=percent(most),
            used=abs(deviation) / most,
        )
    lowest, highest = price_range(order, collar, is_trigger=False)
    return Denial(
        code="PRICE_COLLAR",
        facts=(
            ("side", order.side.value),
            ("price", plain(price)),
            ("ref", _reference_shown(order, collar.reference)),
            ("dev", percent(deviation, is_signed=True)),
            ("max", percent(most)),
        ),
        hint=f"use ≤ {plain(highest)}" if price > high else f"use ≥ {plain(lowest)}",
    )


def _reference_shown(order: ProposedOrder, reference: Decimal) -> str:
    if order.attached is not None and order.attached.entry_price is not None:
        return f"{plain(reference)}(entry)"
    return f"{plain(reference)}({SIDE_OF_REFERENCE[order.side]})"
