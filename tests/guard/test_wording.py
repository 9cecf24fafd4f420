"""How facts are written in a verdict."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from edgerunner_lab.guard import wording
from edgerunner_lab.guard.checks import Check


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("500.10"), "500.10"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("nan"), "nan"),
        (Decimal("-Infinity"), "-infinity"),
        (Decimal("1E+400000"), "1.000e+400000"),
    ],
)
def test_numbers_are_plain(value: Decimal, shown: str) -> None:
    """No exponent where the digits can be read."""
    assert wording.plain(value) == shown


def test_text_of_others_cannot_paint_or_break_the_line() -> None:
    """Control characters, escapes and direction marks are shown as what they are."""
    assert wording.escaped("a\x1b[2J\r\n\u202eb") == "a\\x1b[2J\\r\\n\\u202eb"
    assert wording.escaped("x" * 80) == "x" * 80
    assert wording.escaped("x" * 81) == "x" * 77 + "..."


def test_references_are_shortened_to_what_is_recognised() -> None:
    """Head and tail of ours; a short one stays whole."""
    assert wording.short_ref("ELB:01JABCDEFGHJKMNPQRSTVWXY7Q") == "ELB:01J…7Q"
    assert wording.short_ref("perm:42") == "perm:42"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(10, "10s"), (60, "1min"), (90, "90s"), (3600, "1h"), (86_400, "24h"), (0.5, "0.5s")],
)
def test_lengths_of_time_are_read_at_a_glance(seconds: float, shown: str) -> None:
    """In the largest unit that fits whole."""
    assert wording.span(seconds) == shown


def test_positions_carry_their_sign() -> None:
    """Zero has none."""
    assert [wording.signed(Decimal(value)) for value in (5, -5, 0)] == ["+5", "-5", "0"]


def test_moments_show_the_date_where_it_is_not_today() -> None:
    """And say so where there is none."""
    now = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)

    assert wording.moment(now, now) == "15:00:00"
    assert (
        wording.moment(datetime(2026, 5, 3, 15, 0, tzinfo=UTC), now)
        == "2026-05-03 15:00:00"
    )
    assert wording.moment(None, now) == "unknown"


def test_a_check_without_a_number_shows_its_value_alone() -> None:
    """With one it shows how much of it."""
    assert str(Check(rule="R", value="ready")) == "R: ready"
    assert str(Check(rule="R", value="1", limit="2")) == "R: 1 of 2"
