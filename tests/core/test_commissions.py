"""What an order will about cost, after the broker's published prices."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.commissions import estimated_commission
from edgerunner_lab.core.contracts import SecType
from guard.builders import an_instrument

OPTION = {"sec_type": SecType.OPTION, "multiplier": Decimal(100)}
FUTURE = {"sec_type": SecType.FUTURE, "multiplier": Decimal(50)}
EURO = {"sec_type": SecType.CASH, "symbol": "EUR"}


@pytest.mark.parametrize(
    ("facts", "quantity", "price", "dollars"),
    [
        ({}, 10, "500", "1.00"),
        ({}, 1000, "500", "5.00"),
        # One per cent of the value is less than a dollar.
        ({}, 10, "2.00", "0.20"),
        ({"price_magnifier": 100}, 10, "200", "0.20"),
        (OPTION, 1, "3.00", "1.00"),
        (OPTION, 10, "3.00", "6.50"),
        (FUTURE, 2, "7000", "4.50"),
        (EURO, 20_000, "1.10", "2.00"),
        (EURO, 1_000_000, "1.10", "22.00"),
    ],
)
def test_estimates_follow_the_price_list(
    facts: dict[str, Any], quantity: int, price: str, dollars: str
) -> None:
    """Shares, options, futures and currencies, each with its least and its most."""
    found = estimated_commission(
        an_instrument(**facts), Decimal(quantity), Decimal(price), Decimal(1)
    )

    assert found == Decimal(dollars)


def test_a_pair_in_another_currency_is_charged_by_its_dollars() -> None:
    """USD.JPY: a hundred thousand dollars in yen."""
    pair = an_instrument(sec_type=SecType.CASH, symbol="USD", currency="JPY")

    cost = estimated_commission(pair, Decimal(1_000_000), Decimal(150), 1 / Decimal(150))
    assert cost == Decimal("20.00")


@pytest.mark.parametrize("facts", [{"currency": "EUR"}, {**FUTURE, "currency": "EUR"}])
def test_what_no_list_of_ours_knows_has_no_estimate(facts: dict[str, Any]) -> None:
    """Nothing is better than a wrong number."""
    found = estimated_commission(
        an_instrument(**facts), Decimal(10), Decimal(10), Decimal(1)
    )

    assert found is None
