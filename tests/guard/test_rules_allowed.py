"""R08, R25 and R26: what is traded, when, and whether it is held."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.intents import ProposedOrder, Side
from guard.builders import (
    LIVE_ACCOUNT,
    NOW,
    a_live_snapshot,
    a_quote,
    a_session,
    a_snapshot,
    an_instrument,
    an_order,
    codes,
    denials,
    euro,
    judge,
    some_limits,
    with_instrument,
    working,
)

CLOSED = ((NOW + timedelta(hours=1), NOW + timedelta(hours=7)),)


def closed() -> ProposedOrder:
    """An order an hour before the opening."""
    return an_order(1, limit="100.00", instrument=an_instrument(liquid_hours=CLOSED))


# R08


def test_a_type_or_a_symbol_on_the_list_is_not_traded() -> None:
    """By name, and said which list it was."""
    by_type = some_limits("[sim.denied_sec_types]\nSTK = true\n")
    by_symbol = some_limits("[sim.denied_symbols]\nSPY = true\nQQQ = false\n")

    assert denials(limits=by_symbol) == [
        (
            "INSTRUMENT_NOT_ALLOWED: symbol=SPY, list=denied_symbols.SPY — "
            "%risk shows the limits; limits.toml is where this one is set"
        )
    ]
    assert codes(limits=by_type) == ["INSTRUMENT_NOT_ALLOWED"]
    assert codes(limits=some_limits("[sim.denied_symbols]\nQQQ = true\n")) == []


@pytest.mark.parametrize("sec_type", [SecType.FUTURE, SecType.OPTION, SecType.CASH])
def test_a_live_account_trades_stocks_only_unless_told_otherwise(sec_type: SecType) -> None:
    """Whoever wants futures says so in limits.toml."""
    order = with_instrument(an_order(1, account=LIVE_ACCOUNT), sec_type=sec_type)

    assert "INSTRUMENT_NOT_ALLOWED" in codes(order, a_live_snapshot())


def test_a_live_account_trades_its_own_currency_only() -> None:
    """Nor is an unknown one taken for it."""
    order = with_instrument(an_order(1, account=LIVE_ACCOUNT), currency="GBP")

    assert denials(order, a_live_snapshot())[0] == (
        "INSTRUMENT_NOT_ALLOWED: symbol=SPY, currency=GBP, base=USD — "
        "%risk shows the limits; limits.toml is where this one is set"
    )
    assert codes(an_order(1, account=LIVE_ACCOUNT), a_live_snapshot(account=None))


@pytest.mark.parametrize(("ask", "passes"), [("0.99", False), ("1.00", True)])
def test_penny_stocks_are_bounded_in_the_contracts_currency(
    ask: str, *, passes: bool
) -> None:
    """One dollar, as it stands in limits.toml; pence are divided first."""
    limits = some_limits("min_stock_price = 1")
    pence = an_instrument(price_magnifier=100)
    quote = a_quote(Decimal(ask) - Decimal("0.01"), ask)
    hundredfold = a_quote(Decimal(ask) * 100 - 1, Decimal(ask) * 100)

    expected = [] if passes else ["INSTRUMENT_NOT_ALLOWED"]
    assert codes(an_order(1), a_snapshot(quote=quote), limits) == expected
    assert (
        codes(an_order(1, instrument=pence), a_snapshot(quote=hundredfold), limits)
        == expected
    )
    assert (
        codes(
            an_order(1, instrument=euro()),
            a_snapshot(quote=a_quote("0.98990", "0.99000", con_id=12087792)),
            limits,
        )
        == []
    )


def test_nobody_is_kept_in_what_may_not_be_bought() -> None:
    """Selling what is held passes, selling more does not."""
    limits = some_limits("[sim.denied_symbols]\nSPY = true\n")
    held = a_snapshot(position=Decimal(10))

    assert codes(an_order(10, side=Side.SELL), held, limits) == []
    assert "INSTRUMENT_NOT_ALLOWED" in codes(an_order(11, side=Side.SELL), held, limits)
    assert "INSTRUMENT_NOT_ALLOWED" in codes(
        an_order(10, side=Side.SELL), a_snapshot(position=None), limits
    )


# R25


def test_an_order_before_the_opening_is_warned_of_and_live_denied() -> None:
    """On paper it waits at the broker; live, someone has to say that it may."""
    live = replace(closed(), account=LIVE_ACCOUNT)

    assert judge(closed()).warnings == (
        "SPY is closed: the order waits for the opening (next=2026-05-04 16:00 UTC)",
    )
    assert denials(live, a_live_snapshot()) == [
        "MARKET_CLOSED: next=2026-05-04 16:00 UTC — use --outside-rth only if you mean it"
    ]
    assert codes(replace(live, outside_rth=True), a_live_snapshot()) == []


@pytest.mark.parametrize(
    ("opens", "closes", "is_open"),
    [(0, 1, True), (-1, 0, False), (1, 2, False), (-2, -1, False)],
)
def test_a_session_begins_with_its_first_moment_and_ends_before_its_last(
    opens: int, closes: int, *, is_open: bool
) -> None:
    """At the close it is closed."""
    hours = ((NOW + timedelta(seconds=opens), NOW + timedelta(seconds=closes)),)
    order = an_order(
        1,
        limit="100.00",
        account=LIVE_ACCOUNT,
        instrument=an_instrument(liquid_hours=hours),
    )

    assert codes(order, a_live_snapshot()) == ([] if is_open else ["MARKET_CLOSED"])


def test_hours_that_are_not_known_count_as_closed() -> None:
    """And the next opening is said to be unknown."""
    order = an_order(
        1, limit="100.00", account=LIVE_ACCOUNT, instrument=an_instrument(liquid_hours=())
    )

    assert denials(order, a_live_snapshot())[0].startswith("MARKET_CLOSED: next=unknown")


# R26


@pytest.mark.parametrize(
    ("held", "selling", "sold", "passes"),
    [
        (10, 0, 10, True),
        (10, 0, 11, False),
        (10, 5, 5, True),
        (10, 5, 6, False),
        (0, 0, 1, False),
    ],
)
def test_live_no_more_is_sold_than_is_held(
    held: int, selling: int, sold: int, *, passes: bool
) -> None:
    """What works on the same side is as good as sold."""
    order = an_order(sold, side=Side.SELL, account=LIVE_ACCOUNT)
    snapshot = a_live_snapshot(
        position=Decimal(held), broker_working=(working(selling, side=Side.SELL),)
    )

    assert codes(order, snapshot) == ([] if passes else ["SHORT_SALE"])


def test_the_catalogue_line_of_a_short_sale() -> None:
    """And how short one would be."""
    order = an_order(150, side=Side.SELL)
    limits = some_limits(
        "short_sales_denied = true\nmax_order_notional_pct = 100\nmax_position_pct = 100"
    )

    assert denials(order, a_snapshot(position=Decimal(100)), limits) == [
        "SHORT_SALE: sell=150, long=100, working_sells=0 — would open a short of 50"
    ]


def test_buying_and_what_is_no_stock_is_no_short_sale() -> None:
    """A currency or a future is sold as it is bought."""
    limits = some_limits("short_sales_denied = true")
    quote = a_quote("1.08990", "1.09000", con_id=12087792)
    forex = an_order(1000, side=Side.SELL, instrument=euro())

    assert codes(an_order(1), a_snapshot(position=Decimal(-5)), limits) == []
    assert codes(forex, a_snapshot(quote=quote), limits) == []


def test_on_paper_a_short_sale_passes_and_is_told() -> None:
    """The check says how short one would be."""
    checks = judge(an_order(10, side=Side.SELL), a_snapshot(position=Decimal(4))).checks

    assert "SHORT_SALE: short of 6 allowed" in [str(check) for check in checks]


def test_the_nearest_order_sells_what_is_held() -> None:
    """Offered, never sent."""
    limits = some_limits("short_sales_denied = true", Mode.SIM)

    with pytest.raises(Exception, match="sell 10 SPY"):
        judge(an_order(12, side=Side.SELL), a_snapshot(position=Decimal(10)), limits)


@pytest.mark.parametrize("mode", [Mode.SIM, Mode.PAPER])
def test_an_option_that_is_not_held_is_sold_in_no_mode(mode: Mode) -> None:
    """What it may cost later is bounded by no price of its own; limits.toml can say otherwise."""
    option = an_instrument(
        sec_type=SecType.OPTION, multiplier=Decimal(100), strike=Decimal(100)
    )
    order = an_order(1, side=Side.SELL, instrument=option)
    quote = a_quote("3.00", "3.05")
    session = a_session(mode=mode)
    short = a_snapshot(session=session, quote=quote)
    held = a_snapshot(session=session, quote=quote, position=Decimal(1))

    assert codes(order, short) == ["SHORT_SALE"]
    assert codes(order, held) == []
    assert codes(order, short, some_limits("short_options_denied = false", mode)) == []
