"""Commissions: the broker's minimum, its rate and its ceiling."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.commissions import Plan, commission_of, stock_commission
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Query, load_universe

UNIVERSE = load_universe()


def rate(currency: str) -> Decimal:
    """Return a fixed USD rate."""
    return {
        "USD": Decimal(1),
        "EUR": Decimal("1.2"),
        "GBP": Decimal("1.3"),
        "JPY": Decimal("0.0065"),
        "HKD": Decimal("0.13"),
    }[currency]


def listed(**query: Any) -> Instrument:
    """Return the first instrument that fits."""
    return UNIVERSE.find(Query(**query))[0]


@pytest.mark.parametrize(
    ("shares", "worth", "plan", "expected"),
    [
        (10, 5_000, Plan.FIXED, "1.00"),
        (1_000, 25_000, Plan.FIXED, "5.00"),
        (1_000, 250, Plan.FIXED, "2.50"),
        (10, 2, Plan.FIXED, "0.02"),
        (10, 5_000, Plan.TIERED, "0.35"),
        (1_000, 25_000, Plan.TIERED, "3.50"),
    ],
)
def test_stocks_cost_a_rate_within_a_minimum_and_a_ceiling(
    shares: int, worth: int, plan: Plan, expected: str
) -> None:
    """The examples of the broker's price list come out to the cent."""
    assert stock_commission(Decimal(shares), Decimal(worth), plan) == Decimal(expected)


@pytest.mark.parametrize(
    ("query", "size", "worth", "expected"),
    [
        ({"symbol": "EUR", "sec_type": "CASH", "currency": "USD"}, 20_000, 23_000, "2.00"),
        (
            {"symbol": "EUR", "sec_type": "CASH", "currency": "USD"},
            900_000,
            1_000_000,
            "20.00",
        ),
        ({"symbol": "ES", "sec_type": "FUT"}, 2, 680_000, "4.50"),
        ({"symbol": "BTC", "sec_type": "CRYPTO"}, 1, 90_000, "162.00"),
        ({"symbol": "BTC", "sec_type": "CRYPTO"}, 1, 90, "1.75"),
        ({"symbol": "VOD", "sec_type": "STK", "currency": "GBP"}, 100, 130, "1.30"),
        ({"symbol": "VOD", "sec_type": "STK", "currency": "GBP"}, 100, 100_000, "50.00"),
        ({"symbol": "SPY", "sec_type": "STK"}, 10, 7_000, "1.00"),
    ],
)
def test_every_kind_has_its_price(
    query: dict[str, Any], size: int, worth: int, expected: str
) -> None:
    """Minimum, rate and currency of each, told in USD."""
    charged = commission_of(listed(**query), Decimal(size), Decimal(worth), rate)

    assert charged == Decimal(expected)


def test_an_option_costs_a_dollar_or_sixty_five_cents_a_contract() -> None:
    """Whatever the premium is worth."""
    option = next(
        one
        for one in UNIVERSE.find(Query(symbol="SPY", sec_type="OPT", currency="USD"))
        if one.right == "C"
    )

    assert commission_of(option, Decimal(1), Decimal(3), rate) == Decimal("1.00")
    assert commission_of(option, Decimal(10), Decimal(3), rate) == Decimal("6.50")


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 100_000))
def test_more_of_an_order_never_costs_less(first: int, more: int, cents: int) -> None:
    """The difference charged with a later fill is not negative."""
    price = Decimal(cents) / 100
    before = stock_commission(Decimal(first), first * price)

    assert stock_commission(Decimal(first + more), (first + more) * price) >= before
