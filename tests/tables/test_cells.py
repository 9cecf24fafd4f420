"""One cell: words that are safe to show."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.tables.cells import CELL_CHARS_MAX, UNKNOWN, Cell, Kind, plain, words


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (Decimal("510.1"), Kind.PRICE, "510.10"),
        (Decimal("1.08535"), Kind.PRICE, "1.08535"),
        (Decimal("510.1000000"), Kind.PRICE, "510.10"),
        (Decimal("1234.123456789"), Kind.PRICE, "1,234.123457"),
        (Decimal(-5), Kind.PRICE, "-5.00"),
        (Decimal(10), Kind.SIZE, "10"),
        (Decimal("1E+3"), Kind.SIZE, "1,000"),
        (Decimal("0.50"), Kind.SIZE, "0.5"),
        (Decimal("1E+400"), Kind.SIZE, "1.000000E+400"),
        (Decimal("12.345"), Kind.MONEY, "12.34"),
        (Decimal("-0.001"), Kind.MONEY, "0.00"),
        (Decimal("2.5"), Kind.GAIN, "+2.50"),
        (Decimal("-2.5"), Kind.GAIN, "-2.50"),
        (Decimal("0.001"), Kind.GAIN, "0.00"),
        (7, Kind.COUNT, "7"),
        (3.2, Kind.SIZE, "3.2"),
        (0.34, Kind.SECONDS, "0.3 s"),
        (119.0, Kind.SECONDS, "119.0 s"),
        (600.0, Kind.SECONDS, "10 min"),
        (7200.0, Kind.SECONDS, "2 h"),
        (259_200.0, Kind.SECONDS, "3 d"),
        (None, Kind.PRICE, UNKNOWN),
        (None, Kind.TEXT, UNKNOWN),
        (Decimal("NaN"), Kind.PRICE, UNKNOWN),
        (Decimal("-Infinity"), Kind.MONEY, UNKNOWN),
        (float("inf"), Kind.SECONDS, UNKNOWN),
        ("DU1234567", Kind.ACCOUNT, "DU***4567"),
        (("a", "U7654321"), Kind.LINES, "a; U***4321"),
        ("account U7654321 is busy", Kind.PROSE, "account U***4321 is busy"),
        ("ELB:01J8ZDU76543 of DUP123456", Kind.PROSE, "ELB:01J8ZDU76543 of DUP***3456"),
        ("U7654321", Kind.TEXT, "U7654321"),
        (datetime(2026, 5, 4, 13, 30, 1, tzinfo=UTC), Kind.TIME, "2026-05-04 13:30:01"),
        (datetime(2026, 5, 4, tzinfo=UTC), Kind.TIME, "2026-05-04"),
    ],
)
def test_a_value_is_shown_as_its_kind_asks(value: Cell, kind: Kind, expected: str) -> None:
    """Prices to the cent at least, sizes without idle zeros, gains with their sign, no NaN."""
    assert words(value, kind) == expected


def test_times_are_shown_in_their_columns_zone() -> None:
    """13:30 UTC is the opening bell in New York."""
    bell = datetime(2026, 5, 4, 13, 30, tzinfo=UTC)

    assert words(bell, Kind.TIME, ZoneInfo("America/New_York")) == "2026-05-04 09:30:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain – text", "plain – text"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\r\nlines", "two\\r\\nlines"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_and_bidirectional_characters_are_spelled_out(
    text: str, expected: str
) -> None:
    """What could move a cursor or turn a line around is seen, and does nothing."""
    assert plain(text) == expected


def test_a_long_cell_is_cut() -> None:
    """A broker's text never pushes the table off the page."""
    assert words("x" * 5000, Kind.TEXT) == "x" * (CELL_CHARS_MAX - 1) + "…"


@given(st.text(max_size=300), st.sampled_from(list(Kind)))
def test_any_text_becomes_one_printable_line(text: str, kind: Kind) -> None:
    """Whatever the other side sends."""
    shown = words(text, kind)

    assert shown.isprintable()
    assert len(shown) <= CELL_CHARS_MAX


@given(st.decimals(), st.sampled_from(list(Kind)))
def test_any_number_is_shown(number: Decimal, kind: Kind) -> None:
    """No figure, however large, small or undefined, breaks a table."""
    shown = words(number, kind)

    assert shown == UNKNOWN or any(character.isdigit() for character in shown)
    assert len(shown) <= CELL_CHARS_MAX
