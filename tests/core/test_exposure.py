"""Worst cases against brute force, and money to the last digit."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.exposure import Extremes, Valuation, notional, worst_case
from edgerunner_lab.core.intents import Side

quantities = st.decimals(min_value=0, max_value=10**12, places=8)
positions = st.decimals(min_value=-(10**12), max_value=10**12, places=8)
orders = st.lists(st.tuples(st.sampled_from(Side), quantities), max_size=6)
factors = st.decimals(min_value=0, max_value=10**12, places=8)

Working = Sequence[tuple[Side, Decimal]]


@given(positions, orders)
def test_the_extremes_are_those_of_every_way_to_fill(
    position: Decimal, working: Working
) -> None:
    """Each order fills or does not: over all of these subsets, none is left out and none invented."""
    with localcontext(prec=60):
        reachable = [
            position
            + sum(
                (side.sign * size for (side, size), fills in zip(working, way, strict=True) if fills),
                Decimal(0),
            )
            for way in product((False, True), repeat=len(working))
        ]  # fmt: skip
    extremes = worst_case(position, working)

    assert extremes == Extremes(longest=max(reachable), shortest=min(reachable))
    assert extremes.largest == max(abs(position) for position in reachable)


@given(positions, orders, quantities)
def test_one_more_order_never_narrows_the_extremes(
    position: Decimal, working: Working, more: Decimal
) -> None:
    """So that what is denied stays denied for a larger size."""
    before = worst_case(position, working)
    after = worst_case(position, [*working, (Side.BUY, more)])

    assert after.longest >= before.longest
    assert after.shortest == before.shortest


@given(factors, factors, factors, factors, st.sampled_from([1, 10, 100, 1000]))
def test_a_notional_is_exact_in_any_context(
    quantity: Decimal, price: Decimal, multiplier: Decimal, rate: Decimal, magnifier: int
) -> None:
    """Four times twenty digits do not round, even where a notebook has set its precision to 4."""
    expected = Fraction(quantity) * Fraction(price) * Fraction(multiplier) * Fraction(rate)
    valuation = Valuation(
        price=price, multiplier=multiplier, price_magnifier=magnifier, fx_rate=rate
    )
    with localcontext(prec=4):
        value = notional(quantity.copy_negate(), valuation)
        extremes = worst_case(price, [(Side.BUY, quantity), (Side.SELL, rate)])

    assert Fraction(value) == expected / magnifier
    assert Fraction(extremes.longest) == Fraction(price) + Fraction(quantity)
    assert Fraction(extremes.shortest) == Fraction(price) - Fraction(rate)


def test_a_notional_is_what_the_account_would_pay() -> None:
    """10 contracts of 50 at 4.25 in pence: 2125 pence are 21.25 pounds, at 1.20 each 25.50."""
    valuation = Valuation(
        price=Decimal("4.25"),
        multiplier=Decimal(50),
        price_magnifier=100,
        fx_rate=Decimal("1.20"),
    )

    assert notional(Decimal(10), valuation) == Decimal("25.50")


UNUSABLE = [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]


@pytest.mark.parametrize("number", UNUSABLE, ids=str)
def test_numbers_that_are_none_are_refused_by_name(number: Decimal) -> None:
    """A limit that compares with NaN would pass anything (RISK I10)."""
    with pytest.raises(
        ValueError, match=rf"position was {number}, expected a finite number"
    ):
        worst_case(number, [])
    with pytest.raises(ValueError, match="remaining was"):
        worst_case(Decimal(0), [(Side.BUY, number)])
    for name in ("quantity", "price", "multiplier", "fx_rate"):
        with pytest.raises(ValueError, match=f"{name} was"):
            notional(*_with(name, number))


def test_a_negative_remainder_is_refused() -> None:
    """It would shrink the worst case."""
    with pytest.raises(ValueError, match="remaining was -1, expected at least 0"):
        worst_case(Decimal(0), [(Side.SELL, Decimal(-1))])


@pytest.mark.parametrize("magnifier", [0, -100])
def test_a_price_magnifier_below_one_is_refused(magnifier: int) -> None:
    """Prices are divided by it."""
    valuation = Valuation(
        price=Decimal(1),
        multiplier=Decimal(1),
        price_magnifier=magnifier,
        fx_rate=Decimal(1),
    )
    with pytest.raises(ValueError, match=f"price_magnifier was {magnifier}, expected"):
        notional(Decimal(1), valuation)


def _with(name: str, number: Decimal) -> tuple[Decimal, Valuation]:
    numbers = {one: Decimal(1) for one in ("quantity", "price", "multiplier", "fx_rate")}
    numbers[name] = number
    quantity = numbers.pop("quantity")
    return quantity, Valuation(price_magnifier=1, **numbers)
