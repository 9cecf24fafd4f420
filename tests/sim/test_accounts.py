"""The account: every cent is somewhere."""

from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.accounts import Account, Fill, Mark
from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.listing.universe import Instrument, Query, Universe, load_universe

UNIVERSE = load_universe()
SPY = UNIVERSE.by_con_id[756733]
EURUSD = UNIVERSE.by_con_id[12087792]
USDJPY = UNIVERSE.by_con_id[15016059]
RATES = MappingProxyType(
    {"USD": Decimal(1), "EUR": Decimal("1.15"), "JPY": Decimal("0.0065")}
)


def rate(currency: str) -> Decimal:
    """Return a fixed USD rate."""
    return RATES[currency]


def at(price: str) -> Mark:
    """Return a mark that values everything at one price."""
    return lambda _: Decimal(price)


def a_fill(
    side: Side, size: int, price: str, instrument: Instrument = SPY, fee: str = "1.00"
) -> Fill:
    """Return a fill of SPY with a commission of one dollar."""
    return Fill(
        instrument=instrument,
        side=side,
        size=Decimal(size),
        price=Decimal(price),
        commission=Decimal(fee),
    )


def an_account() -> Account:
    """Return an account with 100,000 USD."""
    return Account.opened("DU1000001", Decimal(100_000))


def test_buying_moves_cash_into_a_position_whose_cost_includes_the_commission() -> None:
    """Average cost is what was paid, fees included."""
    account = an_account()
    realized = account.book(a_fill(Side.BUY, 10, "500.00"), rate)

    assert realized is None
    assert account.cash == {"USD": Decimal("94999.00")}
    assert account.positions[756733].average_cost == Decimal("500.10")
    assert account.quantity(SPY) == 10


def test_selling_realises_the_difference_after_both_commissions() -> None:
    """10 bought at 500 and sold at 510 make 100 less 2."""
    account = an_account()
    account.book(a_fill(Side.BUY, 10, "500.00"), rate)
    realized = account.book(a_fill(Side.SELL, 10, "510.00"), rate)

    assert realized == Decimal("98.00")
    assert account.realized == Decimal("98.00")
    assert account.cash == {"USD": Decimal("100098.00")}
    assert account.positions[756733].average_cost == 0


def test_turning_a_position_around_closes_it_and_opens_the_other_side() -> None:
    """Selling 15 of 10 leaves a short of 5 with its share of the commission."""
    account = an_account()
    account.book(a_fill(Side.BUY, 10, "500.00", fee="0"), rate)
    realized = account.book(a_fill(Side.SELL, 15, "510.00", fee="1.50"), rate)

    held = account.positions[756733]
    assert realized == Decimal("99.00")
    assert held.quantity == -5
    assert held.average_cost == Decimal("509.90")
    assert held.unrealized(Decimal("500.00")) == Decimal("49.50")


def test_a_currency_pair_moves_two_cash_balances() -> None:
    """Buying EUR.USD pays dollars and receives euros; the fee is in dollars."""
    account = an_account()
    account.book(a_fill(Side.BUY, 20_000, "1.15005", EURUSD, "2.00"), rate)

    assert account.cash == {"USD": Decimal("76997.00"), "EUR": Decimal(20_000)}
    assert account.positions[12087792].average_cost == Decimal("1.15005")
    valued = account.value(at("1.15"), rate)
    assert valued.stock_value == 0
    assert valued.net_liquidation == Decimal("99997.00")
    assert valued.unrealized == Decimal("-1.00")


def test_profit_in_another_currency_is_counted_in_dollars() -> None:
    """A yen made is 0.0065 dollars."""
    account = an_account()
    account.book(a_fill(Side.BUY, 1_000, "150.000", USDJPY, "2.00"), rate)
    realized = account.book(a_fill(Side.SELL, 1_000, "151.000", USDJPY, "2.00"), rate)

    assert realized == Decimal("1000.00")
    assert account.realized == Decimal("6.50")
    assert account.cash["JPY"] == Decimal("1000.00")


def test_buying_power_is_four_times_the_free_equity() -> None:
    """100,000 USD carry 400,000 USD of stock, less what is held."""
    account = an_account()
    assert account.value(at("500.00"), rate).buying_power == 400_000

    account.book(a_fill(Side.BUY, 100, "500.00", fee="0"), rate)
    valued = account.value(at("500.00"), rate)

    assert valued.initial_margin == Decimal("12500.00")
    assert valued.buying_power == Decimal("350000.00")
    assert valued.excess_liquidity == Decimal("87500.00")
    assert valued.gross_value == Decimal("50000.00")


def test_pending_orders_are_margined_the_worse_way() -> None:
    """A buy and a sell cannot both fill against us, so the larger side counts."""
    account = an_account()
    account.book(a_fill(Side.BUY, 10, "500.00", fee="0"), rate)
    pending = [(SPY, Decimal(30), Decimal(500)), (SPY, Decimal(-20), Decimal(500))]

    margin = account.margin_with(pending, at("500.00"), rate)

    assert margin == {756733: Decimal("5000.00")}
    assert account.margin_with([], at("500.00"), rate) == {756733: Decimal("1250.00")}


def test_a_new_day_carries_the_value_over_and_forgets_the_profit() -> None:
    """Daily profit begins at the price at which the day before ended."""
    account = an_account()
    account.book(a_fill(Side.BUY, 10, "500.00", fee="0"), rate)
    account.book(a_fill(Side.BUY, 5, "1.15", EURUSD, "0"), rate)
    account.book(a_fill(Side.SELL, 5, "1.15", EURUSD, "0"), rate)
    account.begin_day(at("505.00"), rate)

    assert 12087792 not in account.positions
    assert account.carried == Decimal("100050.00")
    held = account.positions[756733]
    assert held.daily(Decimal("507.00")) == Decimal("20.00")
    account.book(a_fill(Side.SELL, 10, "506.00", fee="1.00"), rate)
    assert held.daily(Decimal("999.00")) == Decimal("9.00")


def test_a_snapshot_gives_the_same_account_back() -> None:
    """What is saved is what was there."""
    account = an_account()
    account.book(a_fill(Side.BUY, 7, "501.37"), rate)
    account.book(a_fill(Side.SELL, 3, "502.11"), rate)

    again = Account.restored(account.snapshot(), UNIVERSE.by_con_id)

    assert again.snapshot() == account.snapshot()
    assert again == account


def test_a_snapshot_with_an_unknown_contract_is_refused() -> None:
    """A holding cannot vanish because its instrument is no longer listed."""
    account = an_account()
    account.book(a_fill(Side.BUY, 7, "501.37"), rate)
    empty = Universe([], [])

    assert empty.find(Query(symbol="SPY")) == ()
    with pytest.raises(KeyError):
        Account.restored(account.snapshot(), empty.by_con_id)


fills = st.lists(
    st.builds(
        a_fill,
        st.sampled_from([Side.BUY, Side.SELL]),
        st.integers(1, 500),
        st.integers(100, 99_999).map(lambda cents: f"{Decimal(cents) / 100}"),
        st.just(SPY),
        st.integers(0, 500).map(lambda cents: f"{Decimal(cents) / 100}"),
    ),
    max_size=30,
)


@given(fills)
def test_cash_and_cost_and_realised_profit_always_add_up(booked: list[Fill]) -> None:
    """Cash plus what positions cost is the opening cash plus what was realised, to the cent."""
    account = an_account()
    quantity, flow, fees = 0, Decimal(0), Decimal(0)
    for fill in booked:
        account.book(fill, rate)
        quantity += fill.side * fill.size
        flow -= fill.side * fill.size * fill.price
        fees += fill.commission

    basis = sum((p.basis for p in account.positions.values()), Decimal(0))
    assert account.cash["USD"] + basis == 100_000 + account.realized
    assert account.cash["USD"] == 100_000 + flow - fees
    assert account.quantity(SPY) == quantity
    assert account.commissions == fees
    if not quantity:
        assert basis == 0


@given(fills, st.integers(1, 99_999))
def test_net_liquidation_is_realised_plus_unrealised(
    booked: list[Fill], cents: int
) -> None:
    """However it is counted, the account is worth the same."""
    account = an_account()
    for fill in booked:
        account.book(fill, rate)
    valued = account.value(at(f"{Decimal(cents) / 100}"), rate)

    assert valued.net_liquidation == 100_000 + valued.realized + valued.unrealized
    held = account.positions.get(756733)
    if held is not None:
        assert held.daily(Decimal(cents) / 100) == valued.net_liquidation - 100_000


ES = UNIVERSE.find(Query(symbol="ES", sec_type="FUT"))[0]
VOD = UNIVERSE.find(Query(symbol="VOD", sec_type="STK", currency="GBP"))[0]
SPY_CALL = next(
    one for one in UNIVERSE.find(Query(symbol="SPY", sec_type="OPT")) if one.right == "C"
)
MANY_RATES = MappingProxyType({"USD": Decimal(1), "GBP": Decimal("1.25")})


def test_a_future_moves_no_cash_until_it_is_closed() -> None:
    """Its profit counts from the first tick, fifty dollars a point, and is cash at the close."""
    account = an_account()
    account.book(a_fill(Side.BUY, 1, "6800.00", ES, "2.25"), rate)

    assert account.cash["USD"] == Decimal("99997.75")
    valued = account.value(at("6810.00"), rate)
    assert valued.net_liquidation == Decimal("100497.75")
    assert valued.initial_margin == (6810 * 50 * ES.initial_margin).quantize(
        Decimal("0.01")
    )
    assert account.book(a_fill(Side.SELL, 1, "6790.00", ES, "2.25"), rate) == -500
    assert account.cash["USD"] == Decimal("99495.50")


def test_an_option_is_paid_for_a_hundred_times() -> None:
    """And its average cost has the multiplier in it."""
    account = an_account()
    account.book(a_fill(Side.BUY, 2, "3.50", SPY_CALL, "1.30"), rate)

    assert account.cash["USD"] == Decimal("99298.70")
    assert account.positions[SPY_CALL.con_id].average_cost == Decimal("350.65")
    assert account.value(at("4.00"), rate).stock_value == 800


def test_a_short_option_is_margined_by_its_strike() -> None:
    """The premium alone would cover nothing."""
    account = an_account()
    account.book(a_fill(Side.SELL, 1, "3.50", SPY_CALL, "1.00"), rate)

    expected = 100 * (Decimal("3.50") + SPY_CALL.strike / 5)
    assert account.value(at("3.50"), rate).initial_margin == expected


def test_shares_in_pence_are_paid_in_pounds() -> None:
    """Buying them with dollars alone is a loan in pounds."""
    account = an_account()
    account.book(a_fill(Side.BUY, 1_000, "90.00", VOD, "1.25"), lambda c: MANY_RATES[c])

    assert account.cash == {"USD": Decimal("99998.75"), "GBP": Decimal("-900.00")}
    valued = account.value(at("90.00"), lambda c: MANY_RATES[c])
    assert valued.net_liquidation == Decimal("99998.75")


def an_exact_fill(instrument: Instrument, side: Side, size: int) -> Fill:
    """Return a fill at 80, the price at which everything is valued."""
    return a_fill(side, size, "80", instrument)


mixed = st.lists(
    st.builds(
        an_exact_fill,
        st.sampled_from([SPY, ES, VOD, SPY_CALL]),
        st.sampled_from(Side),
        st.integers(1, 50),
    ),
    max_size=20,
)


@given(mixed)
def test_trading_at_one_price_loses_the_commissions_and_nothing_else(
    booked: list[Fill],
) -> None:
    """Whatever is bought and sold at the price at which it is valued: equity falls by the fees."""
    account = an_account()
    for fill in booked:
        account.book(fill, lambda c: MANY_RATES[c])
    valued = account.value(at("80"), lambda c: MANY_RATES[c])

    assert abs(valued.net_liquidation - (100_000 - account.commissions)) <= Decimal("0.05")
    restored = Account.restored(account.snapshot(), UNIVERSE.by_con_id)
    assert restored.value(at("80"), lambda c: MANY_RATES[c]) == valued
