"""Whether there is a usable market to measure by, and whether the order's prices are near it."""

import math
from decimal import Decimal

from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.facts import MarketDataType, Quote
from edgerunner_lab.core.intents import OrderType, Side
from edgerunner_lab.guard.case import Case, Check, denial, percent, plain

SPREAD_TICKS_ALWAYS_OK = 3
"""A spread of three ticks is fine even where that is more than the allowed part of a low price (R10)."""

_MARKET_LIKE = frozenset({OrderType.MARKET, OrderType.STOP})


def reference_usable(case: Case) -> Denial | Check:
    """R10: bid and ask are there, make sense, are of an accepted kind and fresh enough."""
    quote, symbol = case.snapshot.quote, str(case.order.instrument)
    if quote is None or quote.bid is None or quote.ask is None:
        have = (
            []
            if quote is None
            else [n for n in ("bid", "ask", "last") if getattr(quote, n) is not None]
        )
        return denial(
            "NO_REFERENCE",
            f"subscribe with %watch {symbol} and retry",
            symbol=symbol,
            have=f"[{','.join(have)}]",
            need="[bid,ask]",
        )
    if quote.market_data_type is not MarketDataType.LIVE and not case.limits.delayed_ok:
        kind = quote.market_data_type.name.lower()
        return denial(
            "NO_REFERENCE", "live data are needed", symbol=symbol, type=kind, need="[live]"
        )
    return _stale(case, quote) or _bad(case, quote) or Check(rule="STALE_QUOTE", value=f"{case.quote_age_s:.1f}s", limit=f"{_age_max(case):g}s")  # fmt: skip


def _age_max(case: Case) -> float:
    is_market = case.order.order_type in _MARKET_LIKE
    return case.limits.quote_age_s_max_market if is_market else case.limits.quote_age_s_max


def _stale(case: Case, quote: Quote) -> Denial | None:
    age = case.quote_age_s
    if age is not None and math.isfinite(age) and 0 <= age <= _age_max(case):
        return None
    return denial(
        "STALE_QUOTE",
        "wait for a fresh quote",
        symbol=str(case.order.instrument),
        age="unknown" if age is None else f"{age:.1f}s",
        max=f"{_age_max(case):.1f}s",
        type=quote.market_data_type.name.lower(),
    )


def _bad(case: Case, quote: Quote) -> Denial | None:
    assert quote.bid is not None, "the caller has seen it"
    assert quote.ask is not None, "the caller has seen it"
    why = _flaw(case, quote, quote.bid, quote.ask)
    if not why:
        return None
    return denial(
        "BAD_QUOTE",
        "not a usable reference",
        symbol=str(case.order.instrument),
        bid=quote.bid,
        ask=quote.ask,
        why=why,
    )


def _flaw(case: Case, quote: Quote, bid: Decimal, ask: Decimal) -> str:
    if not (bid.is_finite() and ask.is_finite() and bid > 0 and ask > 0):
        return "not positive numbers"
    if bid > ask:
        return "crossed"
    for size in (quote.bid_size, quote.ask_size):
        if size is None or not size.is_finite() or size <= 0:
            return "no size"
    widest = max(
        case.limits.spread_max * bid,
        SPREAD_TICKS_ALWAYS_OK * case.order.instrument.increment_at(bid),
    )
    return "" if ask - bid <= widest else f"spread {percent((ask - bid) / bid)}"


def price_near_market(case: Case) -> Denial | Check | None:
    """R11: no price is too far through the market, nor absurdly far from it; a stop is on its side of it."""
    reference, order = case.reference, case.order
    if reference is None:
        # Without a reference the rule before this one has already denied.
        return None
    sec_type = order.instrument.sec_type.value
    through, away = case.collar, case.limits.collar_passive.get(sec_type)
    if through is None or away is None:
        return denial(
            "NO_LIMIT_SET",
            "set a limit before trading this type",
            rule="collar",
            secType=sec_type,
        )
    price = order.limit_price if order.limit_price is not None else order.stop_price
    if price is None:
        return Check(rule="PRICE_COLLAR", value="market", limit=percent(through))
    if not price.is_finite():
        return denial("PRICE_COLLAR", "must be a finite number", price=price)
    return _wrong_side(case, reference) or _collared(case, price, reference, through, away)


def _wrong_side(case: Case, reference: Decimal) -> Denial | None:
    stop, side = case.order.stop_price, case.order.side
    if stop is None:
        return None
    is_right = stop > reference if side is Side.BUY else stop < reference
    if is_right:
        return None
    word = "above" if side is Side.BUY else "below"
    return denial(
        "PRICE_COLLAR",
        f"a {side.value.lower()} stop belongs {word} the market",
        side=side.value,
        stop=plain(stop),
        ref=f"{plain(reference)}({_quoted(side)})",
    )


def _collared(
    case: Case, price: Decimal, reference: Decimal, through: Decimal, away: Decimal
) -> Denial | Check:
    side = case.order.side
    deviation = (price / reference - 1) * side.sign
    # A stop waits away from the market, so that it may be as far through it as a limit may be away from it.
    aggressive = away if case.order.stop_price is not None else through
    limit = aggressive if deviation >= 0 else away
    if abs(deviation) <= limit:
        return Check(
            rule="PRICE_COLLAR", value=percent(abs(deviation)), limit=percent(limit)
        )
    bound = reference * (1 + limit * (1 if deviation >= 0 else -1) * side.sign)
    sign = "≤" if bound < price else "≥"
    tick = case.order.instrument.increment_at(bound)
    use = _towards(bound, tick, down=bound < price)
    return denial(
        "PRICE_COLLAR",
        f"use {sign} {plain(use)}",
        side=side.value,
        price=plain(price),
        ref=f"{plain(reference)}({_quoted(side)})",
        dev=percent(price / reference - 1, signed=True),
        max=percent(limit),
    )


def _towards(price: Decimal, tick: Decimal, *, down: bool) -> Decimal:
    lower = price - price % tick
    return lower if down or lower == price else lower + tick


def _quoted(side: Side) -> str:
    return "ask" if side is Side.BUY else "bid"
