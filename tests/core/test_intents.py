"""Orders as phrased: canonical text, and what a side means."""

from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction

import pytest

from edgerunner_lab.core.contracts import ContractSpec
from edgerunner_lab.core.intents import (
    Money,
    OrderIntent,
    OrderType,
    Part,
    Side,
    Size,
    TimeInForce,
    Units,
)

SPY = ContractSpec(symbol="SPY")


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_side_carries_the_sign(side: Side, sign: int) -> None:
    """Quantities are always positive."""
    assert side.sign == sign


@pytest.mark.parametrize(
    ("size", "word"),
    [
        (Units(quantity=Decimal(10)), "10"),
        (Units(quantity=Decimal("1E+3")), "1000"),
        (Units(quantity=Decimal("1E-8")), "0.00000001"),
        (Money(amount=Decimal("5000.50")), "$5000.50"),
        (Part(of_position=Fraction(1)), "all"),
        (Part(of_position=Fraction(2, 4)), "half"),
    ],
)
def test_a_size_is_written_out(size: Size, word: str) -> None:
    """Never with an exponent, which the language does not read."""
    intent = OrderIntent(side=Side.BUY, size=size, contract=SPY)

    assert str(intent) == f"buy {word} SPY"


def test_a_part_without_a_word_is_not_called_half() -> None:
    """The language says all and half, and nothing between."""
    third = OrderIntent(side=Side.SELL, size=Part(of_position=Fraction(1, 3)), contract=SPY)
    with pytest.raises(KeyError):
        str(third)


def test_words_stand_in_one_order() -> None:
    """Prices, time in force, switches, names; so that equal orders read equal."""
    intent = OrderIntent(
        side=Side.SELL,
        size=Units(quantity=Decimal(1)),
        contract=SPY,
        order_type=OrderType.STOP_LIMIT,
        limit_price=Decimal(4),
        stop_price=Decimal(5),
        take_price=Decimal(2),
        protect_price=Decimal(6),
        tif=TimeInForce.GTC,
        outside_rth=True,
        preview=True,
        again=True,
        ref="a",
        account="DU1234567",
    )

    assert str(intent) == (
        "sell 1 SPY stp 5 lmt 4 take 2 stop 6 gtc --preview --again --outside-rth --ref a --account DU1234567"
    )


def test_a_trailing_order_without_a_distance_is_a_bug_of_ours() -> None:
    """The language cannot say it."""
    intent = OrderIntent(
        side=Side.SELL,
        size=Units(quantity=Decimal(1)),
        contract=SPY,
        order_type=OrderType.TRAIL,
    )
    with pytest.raises(AssertionError, match="has a distance"):
        str(intent)


def test_an_intent_does_not_change() -> None:
    """What was approved is what is sent."""
    intent = OrderIntent(side=Side.BUY, size=Units(quantity=Decimal(1)), contract=SPY)
    with pytest.raises(FrozenInstanceError):
        intent.again = True  # pyright: ignore[reportAttributeAccessIssue]  that is the point
