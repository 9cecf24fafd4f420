"""Field texts to values and back, in every client's dialect."""

import math
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.protocol.values import (
    UNSET_TEXTS,
    read_bool,
    read_decimal,
    read_integer,
    whole,
    write,
)


@pytest.mark.parametrize("text", sorted(UNSET_TEXTS))
def test_every_clients_unset_number_is_none(text: str) -> None:
    """Empty, ibapi's constants and TWS's constants all mean that there is no number."""
    assert read_integer(text) is None
    assert read_decimal(text) is None
    assert read_bool(text) is False


@pytest.mark.parametrize("text", ["Infinity", "Infinite"])
def test_both_spellings_of_infinity_are_read(text: str) -> None:
    """Clients disagree on the word: ibapi and ib_async."""
    assert read_decimal(text) == Decimal("Infinity")


@pytest.mark.parametrize(
    "text",
    ["NaN", "nan", "-Infinity", "1e999", "1_000", "\uff11", "0x10", "AAPL", "1" * 65, "."],
)
def test_junk_is_not_a_number(text: str) -> None:
    """A number is digits, a point and a small exponent; nothing else gets through."""
    with pytest.raises(ValueError, match="is not a number"):
        read_decimal(text)
    with pytest.raises(ValueError, match="is not a whole number"):
        read_integer(text)


@pytest.mark.parametrize("text", ["1.5", str(2**63), "-" + "9" * 30])
def test_fractions_and_huge_numbers_are_not_integers(text: str) -> None:
    """An integer field holds at most 64 bits."""
    with pytest.raises(ValueError, match="is not a whole number"):
        read_integer(text)


@pytest.mark.parametrize(("text", "number"), [("100", 100), ("-1", -1), ("100.0", 100)])
def test_an_integer_may_end_in_zeros_behind_the_point(text: str, number: int) -> None:
    """ib_async writes what the user gave, and that may be a float."""
    assert read_integer(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unset"),
        (True, "1"),
        (False, "0"),
        (-5, "-5"),
        ("a\0b", "ab"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00010"), "0.00010"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("Infinity"), "Infinity"),
        (1e-07, "0.0000001"),
        (1e16, "10000000000000000"),
        (698.24, "698.24"),
        (math.inf, "Infinity"),
        (math.nan, "1.7976931348623157E308"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
    ],
)
def test_values_are_written_as_clients_read_them(
    value: Decimal | float | str | None, text: str
) -> None:
    """No exponents, no Python words, no NUL; an unset double in the broker's own spelling."""
    assert write(value, "unset") == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_decimals_keep_their_value_through_the_wire(value: Decimal) -> None:
    """Money is exact."""
    text = write(value, "")

    assert Decimal(text) == value
    assert "E" not in text


def test_members_of_enums_are_written_as_their_value() -> None:
    """A subclass of a wire type goes out like its base."""
    word = StrEnum("Word", {"HELLO": "hello"})

    assert write(word.HELLO, "") == "hello"


def test_other_types_are_refused() -> None:
    """A list in a field is a mistake of the exchange, not something for a client."""
    with pytest.raises(TypeError, match="a field was list, expected text or a number"):
        write([], "")  # pyright: ignore[reportArgumentType]  the mistake


@pytest.mark.parametrize(
    ("value", "cut"), [(Decimal("1.9"), 1), (2.5, 2), (7, 7), (None, None), ("x", "x")]
)
def test_sizes_lose_their_fraction_for_old_clients(
    value: Decimal | float | str | None, cut: int | str | None
) -> None:
    """Before 163 clients read sizes with int()."""
    assert whole(value) == cut
