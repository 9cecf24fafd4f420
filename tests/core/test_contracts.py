"""Instruments: how they are named, and which tick holds where."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.contracts import ContractSpec, PriceBand, Right, SecType
from edgerunner_lab.core.grammar import parse_contract
from rigs.orders import SPY

DECEMBER = date(2026, 12, 18)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (ContractSpec(symbol="SPY"), "SPY"),
        (ContractSpec(symbol="BRK B"), "BRK.B"),
        (ContractSpec(symbol="ALL"), "=ALL"),
        (ContractSpec(symbol="EUR", sec_type=SecType.CASH, currency="USD"), "EUR.USD"),
        (ContractSpec(symbol="ES", sec_type=SecType.FUTURE, expiry=DECEMBER), "ES 2026-12-18"),
        (
            ContractSpec(symbol="ES", sec_type=SecType.FUTURE, expiry=date(2026, 12, 1), expiry_month=True),
            "ES 2026-12",
        ),
        (
            ContractSpec(symbol="SPY", sec_type=SecType.OPTION, expiry=DECEMBER, strike=Decimal("7E+2"), right=Right.PUT),
            "SPY 2026-12-18 700 P",
        ),
    ],
)  # fmt: skip
def test_a_contract_is_named_as_the_order_language_writes_it(
    spec: ContractSpec, name: str
) -> None:
    """And the language reads the name back."""
    assert str(spec) == name
    assert parse_contract(name) == spec


def test_a_resolved_instrument_is_named_as_it_was_asked_for() -> None:
    """What tables show can be typed."""
    option = replace(
        SPY,
        sec_type=SecType.OPTION,
        expiry=DECEMBER,
        strike=Decimal(700),
        right=Right.CALL,
    )

    assert str(SPY) == "SPY"
    assert str(replace(SPY, symbol="EUR", sec_type=SecType.CASH)) == "EUR.USD"
    assert str(option) == "SPY 2026-12-18 700 C"


BANDS = (
    PriceBand(low_edge=Decimal(0), increment=Decimal("0.0001")),
    PriceBand(low_edge=Decimal(1), increment=Decimal("0.01")),
    PriceBand(low_edge=Decimal(500), increment=Decimal("0.05")),
)


@pytest.mark.parametrize(
    ("price", "increment"),
    [
        ("0", "0.0001"),
        ("0.9999", "0.0001"),
        ("1", "0.01"),
        ("499.99", "0.01"),
        ("500", "0.05"),
        ("1000000", "0.05"),
        ("-0.5", "0.0001"),
        ("-1", "0.01"),
    ],
)
def test_the_tick_is_that_of_the_prices_band(price: str, increment: str) -> None:
    """An edge belongs to the band above it; a negative price has the tick of its size."""
    instrument = replace(SPY, price_bands=BANDS)

    assert instrument.increment_at(Decimal(price)) == Decimal(increment)


@given(st.decimals(min_value=0, max_value=2000, places=4))
def test_ticks_grow_with_the_price(price: Decimal) -> None:
    """A higher price never has a finer tick in bands that rise."""
    instrument = replace(SPY, price_bands=BANDS)

    assert instrument.increment_at(price) <= instrument.increment_at(price + 1)
