"""R10 and R11: a market to measure by, and prices that lie near it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import PriceBand, SecType
from edgerunner_lab.core.facts import MarketDataType
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard.limits import Limits
from guard.builders import (
    LIVE_ACCOUNT,
    NOW,
    NOW_MONO,
    a_live_snapshot,
    a_quote,
    a_session,
    a_snapshot,
    an_instrument,
    an_order,
    codes,
    denials,
    euro,
    some_limits,
    wide_limits,
)

NO_PRICES = [Decimal("nan"), Decimal("inf"), Decimal(-1), Decimal(0), Decimal("1.797e308")]


def seen(quote: Any) -> Any:
    """Return a snapshot with another quote."""
    return a_snapshot(quote=quote)


# R10


@pytest.mark.parametrize(
    ("quote", "have"),
    [
        (None, "[]"),
        (a_quote(con_id=1), "[]"),
        (a_quote(bid=None), "[ask,last]"),
        (a_quote(ask=None), "[bid,last]"),
        (a_quote(bid=None, ask=None), "[last]"),
        (a_quote(bid=None, ask=None, last=None), "[]"),
    ],
)
def test_without_bid_and_ask_there_is_no_reference(quote: Any, have: str) -> None:
    """The last trade alone is none, nor is another instrument's quote."""
    assert denials(snapshot=seen(quote)) == [
        f"NO_REFERENCE: symbol=SPY, have={have}, need=[bid,ask] — subscribe with %watch SPY and retry"
    ]


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        (a_quote("100.10", "99.90"), "crossed"),
        (a_quote(bid_size=None), "no size"),
        (a_quote(ask_size=Decimal(0)), "no size"),
        (a_quote(ask_size=Decimal("nan")), "no size"),
        (a_quote("98.00", "100.01"), "spread 2.03%"),
        *((a_quote(bid=price), "") for price in NO_PRICES),
        *((a_quote(ask=price), "") for price in NO_PRICES),
    ],
    ids=str,
)
def test_a_quote_that_makes_no_sense_is_no_reference(quote: Any, why: str) -> None:
    """Crossed, sizeless, too wide, or no numbers."""
    (line,) = denials(snapshot=seen(quote))

    assert line.startswith("BAD_QUOTE: symbol=SPY, bid=")
    assert why in line


def test_the_catalogue_line_of_a_crossed_quote() -> None:
    """Word for word."""
    assert denials(snapshot=seen(a_quote("500.10", "499.90"))) == [
        "BAD_QUOTE: symbol=SPY, bid=500.10, ask=499.90, why=crossed — not a usable reference"
    ]


def test_a_locked_market_is_a_market() -> None:
    """Bid and ask may be equal."""
    assert codes(snapshot=seen(a_quote("100.00", "100.00"))) == []


@pytest.mark.parametrize(("ask", "passes"), [("0.13", True), ("0.14", False)])
def test_three_ticks_are_never_too_wide(ask: str, *, passes: bool) -> None:
    """A cheap stock cannot have a spread of 2 %."""
    found = codes(snapshot=seen(a_quote("0.10", ask)))

    assert found == ([] if passes else ["BAD_QUOTE"])


@pytest.mark.parametrize(("ask", "passes"), [("101.00", True), ("101.01", False)])
def test_the_widest_spread_itself_passes(ask: str, *, passes: bool) -> None:
    """2 % of the middle."""
    found = codes(snapshot=seen(a_quote("99.00", ask)))

    assert found == ([] if passes else ["BAD_QUOTE"])


@pytest.mark.parametrize("kind", list(MarketDataType))
def test_delayed_and_frozen_quotes_are_good_enough_outside_live(
    kind: MarketDataType,
) -> None:
    """They are shown as what they are, and lose no money."""
    assert codes(snapshot=seen(a_quote(market_data_type=kind))) == []


@pytest.mark.parametrize(
    "kind", [MarketDataType.FROZEN, MarketDataType.DELAYED, MarketDataType.DELAYED_FROZEN]
)
def test_delayed_and_frozen_quotes_deny_in_live(kind: MarketDataType) -> None:
    """Old prices are no reference for real money."""
    snapshot = a_live_snapshot(quote=a_quote(market_data_type=kind))

    (line,) = denials(an_order(account=LIVE_ACCOUNT), snapshot)

    assert f"why={kind.name.lower()} —" in line


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        (NOW_MONO - 17.4, "17.4s"),
        (NOW_MONO + 1, "-1.0s"),
        (None, "unknown"),
        (float("nan"), "unknown"),
        (float("-inf"), "unknown"),
    ],
)
def test_a_quote_of_unknown_or_great_age_is_stale(
    received: float | None, shown: str
) -> None:
    """Age is measured on the monotonic clock, and a negative one means two clocks."""
    assert denials(snapshot=seen(a_quote(received_mono=received))) == [
        f"STALE_QUOTE: symbol=SPY, age={shown}, max=15.0s, type=live — wait for a fresh quote"
    ]


@pytest.mark.parametrize(("age", "passes"), [(15.0, True), (15.001, False)])
@pytest.mark.parametrize("limit", [None, "100.00"])
def test_a_quote_is_good_for_15_seconds_in_paper(
    age: float, limit: str | None, *, passes: bool
) -> None:
    """At the market and with a limit."""
    found = codes(an_order(limit=limit), seen(a_quote(received_mono=NOW_MONO - age)))

    assert found == ([] if passes else ["STALE_QUOTE"])


@pytest.mark.parametrize(
    ("prices", "most"),
    [({}, 5.0), ({"stop": "100.50"}, 5.0), ({"limit": "100.00"}, 15.0)],
)
def test_live_asks_for_fresher_quotes_where_no_limit_bounds_the_price(
    prices: dict[str, Any], most: float
) -> None:
    """5 s for market and stop orders, 15 s with a limit."""
    order = an_order(account=LIVE_ACCOUNT, **prices)

    def found(age: float) -> list[str]:
        return codes(order, a_live_snapshot(quote=a_quote(received_mono=NOW_MONO - age)))

    assert found(most) == []
    assert found(most + 0.001) == ["STALE_QUOTE"]


def test_a_quote_that_is_stale_and_bad_is_shown_as_both() -> None:
    """Every failing rule is shown."""
    quote = a_quote("100.20", "100.10", received_mono=NOW_MONO - 60)

    assert codes(snapshot=seen(quote)) == ["BAD_QUOTE", "STALE_QUOTE"]


# R11


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        (Side.BUY, "105.10", True),  # ask 100.10 + 5 % = 105.105
        (Side.BUY, "105.11", False),
        (Side.BUY, "75.08", True),  # ask − 25 % = 75.075
        (Side.BUY, "75.07", False),
        (Side.SELL, "95.00", True),  # bid 100.00 − 5 %
        (Side.SELL, "94.99", False),
        (Side.SELL, "125.00", True),  # bid + 25 %
        (Side.SELL, "125.01", False),
    ],
)
def test_a_limit_price_stays_within_the_collar(
    side: Side, price: str, *, passes: bool
) -> None:
    """5 % through the market, 25 % away from it, for stocks in paper."""
    found = codes(an_order(side=side, limit=price))

    assert found == ([] if passes else ["PRICE_COLLAR"])


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (
            an_order(limit="550.00"),
            "PRICE_COLLAR: side=BUY, price=550.00, ref=500.10(ask), dev=+9.98%, max=2.00% — use ≤ 510.10",
        ),
        (
            an_order(side=Side.SELL, limit="450.00"),
            "PRICE_COLLAR: side=SELL, price=450.00, ref=500.00(bid), dev=-10.00%, max=2.00% — use ≥ 490.00",
        ),
        (
            an_order(limit="50.00"),
            "PRICE_COLLAR: side=BUY, price=50.00, ref=500.10(ask), dev=-90.00%, max=15.00% — use ≥ 425.09",
        ),
        (
            an_order(side=Side.SELL, limit="5000.00"),
            "PRICE_COLLAR: side=SELL, price=5000.00, ref=500.00(bid), dev=+900.00%, max=15.00% — use ≤ 575.00",
        ),
    ],
)
def test_a_price_outside_the_collar_names_the_nearest_inside(order: Any, line: str) -> None:
    """With the live collar of 2 % and 15 %."""
    snapshot = a_live_snapshot(quote=a_quote("500.00", "500.10"))

    assert line in denials(replace(order, account=LIVE_ACCOUNT), snapshot)


@pytest.mark.parametrize(
    ("side", "stop", "passes"),
    [
        (Side.BUY, "100.11", True),
        (Side.BUY, "100.10", False),
        (Side.BUY, "105.10", True),
        (Side.BUY, "105.11", False),
        (Side.SELL, "99.99", True),
        (Side.SELL, "100.00", False),
        (Side.SELL, "95.00", True),
        (Side.SELL, "94.99", False),
    ],
)
def test_a_trigger_lies_on_its_own_side_and_near(
    side: Side, stop: str, *, passes: bool
) -> None:
    """A buy stop above the ask, a sell stop below the bid, as far as the collar goes."""
    found = codes(an_order(side=side, stop=stop))

    assert found == ([] if passes else ["PRICE_COLLAR"])


def test_a_trigger_on_the_wrong_side_says_so() -> None:
    """It would be a market order."""
    assert denials(an_order(stop="99.00")) == [
        "PRICE_COLLAR: side=BUY, stop=99.00, ref=100.10(ask), why=it would trigger at once — use > 100.10"
    ]
    assert denials(an_order(side=Side.SELL, stop="101.00")) == [
        "PRICE_COLLAR: side=SELL, stop=101.00, ref=100.00(bid), why=it would trigger at once — use < 100.00"
    ]


def test_both_prices_of_a_stop_limit_are_judged() -> None:
    """Each has its own line."""
    assert codes(an_order(stop="120.00", limit="121.00")) == [
        "PRICE_COLLAR",
        "PRICE_COLLAR",
    ]


@pytest.mark.parametrize(("price", "passes"), [("4.40", True), ("4.41", False)])
def test_cheap_stocks_have_a_wider_collar(price: str, *, passes: bool) -> None:
    """10 % below five dollars: a tick is a large part of the price."""
    found = codes(an_order(limit=price), seen(a_quote("3.99", "4.00")))

    assert found == ([] if passes else ["PRICE_COLLAR"])


def test_five_dollars_are_not_cheap() -> None:
    """The wider collar holds below, not at."""
    assert codes(an_order(limit="5.26"), seen(a_quote("4.99", "5.00"))) == ["PRICE_COLLAR"]
    assert codes(an_order(limit="5.48"), seen(a_quote("4.98", "4.99"))) == []


@pytest.mark.parametrize(("price", "passes"), [("1.09545", True), ("1.09550", False)])
def test_forex_has_a_narrow_collar(price: str, *, passes: bool) -> None:
    """Half a percent."""
    order = an_order(1000, limit=price, instrument=euro())
    quote = a_quote("1.08990", "1.09000", con_id=order.instrument.con_id)

    assert codes(order, seen(quote)) == ([] if passes else ["PRICE_COLLAR"])


@pytest.mark.parametrize(
    ("ask", "price", "passes"),
    [
        ("0.20", "0.30", True),
        ("0.20", "0.31", False),
        ("2.00", "2.40", True),
        ("2.00", "2.41", False),
    ],
)
def test_options_have_at_least_ten_cents(ask: str, price: str, *, passes: bool) -> None:
    """20 % of twenty cents is nothing."""
    option = an_instrument(sec_type=SecType.OPTION, multiplier=Decimal(100))
    quote = a_quote(Decimal(ask) - Decimal("0.01"), ask)

    found = codes(an_order(1, limit=price, instrument=option), seen(quote))

    assert found == ([] if passes else ["PRICE_COLLAR"])


def test_a_collar_that_reaches_zero_offers_the_first_tick() -> None:
    """There is no price below it."""
    option = an_instrument(
        sec_type=SecType.OPTION, multiplier=Decimal(100), strike=Decimal(5)
    )
    order = an_order(1, side=Side.SELL, limit="0.10", instrument=option)
    bands = (PriceBand(low_edge=Decimal(0), increment=Decimal("0.05")),)
    coarse = replace(
        order, limit_price=Decimal("0.05"), instrument=replace(option, price_bands=bands)
    )

    short = some_limits("short_options_denied = false")
    assert codes(order, seen(a_quote("0.08", "0.09")), short) == []
    assert codes(coarse, seen(a_quote("0.05", "0.10")), short) == []


def test_a_market_order_out_of_hours_denies_where_the_limits_say_so() -> None:
    """In paper and live; the embedded market is always open."""
    closed = an_instrument(liquid_hours=((NOW - timedelta(hours=8), NOW),))
    paper = a_snapshot(session=a_session(mode=Mode.PAPER))

    assert codes(an_order(instrument=closed)) == []
    assert codes(an_order(limit="100.00", instrument=closed), paper) == []
    assert denials(an_order(instrument=closed), paper) == [
        "PRICE_COLLAR: side=BUY, price=market, why=outside regular hours — give a limit price: lmt PRICE"
    ]


def test_a_market_order_passes_from_the_opening_to_before_the_close() -> None:
    """The second of the opening belongs to the session."""
    paper = a_snapshot(session=a_session(mode=Mode.PAPER))
    opening = an_instrument(liquid_hours=((NOW, NOW + timedelta(hours=6)),))

    assert codes(an_order(instrument=opening), paper) == []
    assert codes(an_order(instrument=an_instrument(liquid_hours=())), paper) == [
        "PRICE_COLLAR"
    ]


def test_a_wider_collar_comes_from_the_file_alone() -> None:
    """The bound is the limits', not the rule's."""
    limits = some_limits("[sim.collar_pct]\nSTK = 10\n")

    assert codes(an_order(limit="110.11"), limits=limits) == []
    assert codes(an_order(limit="110.12"), limits=limits) == ["PRICE_COLLAR"]


def test_without_a_quote_only_its_absence_is_shown() -> None:
    """Collar, value and position follow from it and say nothing new."""
    order = an_order(limit="100.00", quantity=1)

    assert codes(order, a_snapshot(quote=None)) == ["NO_REFERENCE"]


def test_limits_for_no_type_at_all_show_what_is_missing() -> None:
    """R09: every limit that a type needs is set, else nothing of that type is sent."""
    limits = wide_limits().model_copy(update={"collar_pct": {}, "max_order_qty": {}})

    assert denials(limits=limits) == [
        "NO_LIMIT_SET: rule=max_order_qty,collar_pct, secType=STK — set a limit before trading this type"
    ]
    assert isinstance(limits, Limits)
