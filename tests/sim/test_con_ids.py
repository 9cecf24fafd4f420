"""Contract numbers that say their own terms."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.listing.con_ids import (
    CHAINS_MAX,
    COMBOS,
    COMBOS_FROM,
    DAYS,
    FIRST_MONDAY,
    GENERATED_FROM,
    ROOTS_MAX,
    STRIKES,
    FutureTerms,
    OptionTerms,
    combo_con_id,
    future_con_id,
    option_con_id,
    terms_of,
)
from edgerunner_lab.sim.listing.instrument import Leg

WEEKDAYS = st.dates(
    FIRST_MONDAY, FIRST_MONDAY + timedelta(weeks=DAYS // 5, days=-3)
).filter(lambda day: day.weekday() < 5)


@given(
    st.integers(0, CHAINS_MAX - 1),
    WEEKDAYS,
    st.integers(1, STRIKES - 1),
    st.sampled_from("CP"),
)
def test_an_option_can_be_read_back_from_its_number(
    chain: int, expiry: date, steps: int, right: str
) -> None:
    """So that it needs no register, and no two share a number; all fit the 32 bits of the wire."""
    con_id = option_con_id(chain, expiry, steps, right)

    assert terms_of(con_id) == OptionTerms(chain, expiry, steps, right)
    assert GENERATED_FROM <= con_id < 2**31


@given(st.integers(0, ROOTS_MAX - 1), st.integers(2000, 2099), st.integers(1, 12))
def test_a_future_can_be_read_back_from_its_number(
    root: int, year: int, month: int
) -> None:
    """And lies in no other kind's range."""
    con_id = future_con_id(root, year, month)

    assert terms_of(con_id) == FutureTerms(root, year, month)
    assert GENERATED_FROM <= con_id < COMBOS_FROM


@pytest.mark.parametrize(
    ("expiry", "steps"),
    [
        (date(2026, 12, 19), 700),
        (date(2019, 12, 20), 700),
        (date(2040, 1, 20), 700),
        (date(2026, 12, 18), 0),
        (date(2026, 12, 18), STRIKES),
    ],
)
def test_what_numbers_cannot_say_is_refused(expiry: date, steps: int) -> None:
    """A Saturday, a day before or after the range, a strike beyond it."""
    with pytest.raises(ValueError, match="no number for an option"):
        option_con_id(1, expiry, steps, "C")


def test_a_combo_has_the_number_of_its_legs() -> None:
    """The same after a restart; other legs, ratios or currencies have another, in a range of their own."""
    legs = (Leg(con_id=1, ratio=1), Leg(con_id=2, ratio=-1))
    con_id = combo_con_id("USD", legs)

    assert con_id == combo_con_id("USD", list(legs)) == 1086107117
    assert terms_of(con_id) is None
    assert COMBOS_FROM <= con_id < COMBOS_FROM + COMBOS
    assert con_id != combo_con_id("USD", (legs[0], Leg(con_id=2, ratio=-2)))
    assert con_id != combo_con_id("EUR", legs)


def test_numbers_of_the_broker_are_nobody_elses() -> None:
    """SPY's number is not read as terms."""
    assert terms_of(756733) is None
