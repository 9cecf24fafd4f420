"""Commissions: the broker's minimum, its rate and its ceiling."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.commissions import Plan, currency_commission, stock_commission


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


def test_currencies_cost_two_dollars_or_a_fifth_of_a_basis_point() -> None:
    """Small trades pay the minimum."""
    assert currency_commission(Decimal(23_000)) == Decimal("2.00")
    assert currency_commission(Decimal(1_000_000)) == Decimal("20.00")


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 100_000))
def test_more_of_an_order_never_costs_less(first: int, more: int, cents: int) -> None:
    """The difference charged with a later fill is not negative."""
    price = Decimal(cents) / 100
    before = stock_commission(Decimal(first), first * price)

    assert stock_commission(Decimal(first + more), (first + more) * price) >= before
