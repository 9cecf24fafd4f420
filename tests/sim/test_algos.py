"""Algorithms: what part of an order may have traded by when."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.orders.algos import CURVES, Algo, algo_in, due, span_of
from edgerunner_lab.sim.protocol.replies import Refused

TODAY = "20261123"
NOON = 1_795_453_200


def read(strategy: str, **parameters: str) -> Algo | None:
    """Return the strategy of an order."""
    rows = tuple({"tag": tag, "value": value} for tag, value in parameters.items())
    fields: dict[str, Any] = {"o.algoStrategy": strategy, "algoParams": rows}
    return algo_in(fields, "US/Eastern", TODAY)


@given(
    st.sampled_from(sorted(CURVES)),
    st.integers(1, 5_000),
    st.integers(1, 4_000),
    st.lists(st.integers(-10, 4_100), min_size=2, max_size=20),
)
def test_what_is_due_only_grows_and_ends_with_all_of_it(
    strategy: str, quantity: int, length: int, seconds: list[int]
) -> None:
    """Nothing before the start, whole units in between, everything at the end."""
    algo, span = Algo(strategy=strategy), (NOON, NOON + length)
    sizes = [
        due(algo, Decimal(quantity), Decimal(1), span, NOON + second)
        for second in sorted(seconds)
    ]

    assert sizes == sorted(sizes)
    assert all(0 <= size <= quantity and not size % 1 for size in sizes)
    assert due(algo, Decimal(quantity), Decimal(1), span, NOON - 1) == 0
    assert due(algo, Decimal(quantity), Decimal(1), span, NOON + length) == quantity


def test_volume_weighted_slices_are_larger_at_both_ends_of_the_day() -> None:
    """The middle hour trades less than the first and the last."""
    span = (NOON, NOON + 3_000)
    sizes = [
        due(Algo(strategy="Vwap"), Decimal(10_000), Decimal(1), span, NOON + second)
        for second in (0, 1_000, 2_000, 3_000)
    ]
    first, middle, last = (b - a for a, b in pairwise(sizes))

    assert first > middle < last


def test_a_strategy_without_times_works_until_the_close() -> None:
    """Adaptive takes its patience from the priority instead."""
    assert span_of(Algo(strategy="Twap"), NOON, NOON + 500) == (NOON, NOON + 500)
    patient = read("Adaptive", adaptivePriority="Patient")
    assert patient is not None
    assert span_of(patient, NOON, NOON + 500) == (NOON, NOON + 60)


def test_times_may_leave_the_date_out() -> None:
    """As many programs write them."""
    found = read("Vwap", startTime="12:00:10 US/Eastern", endTime="20261123 12:01:00")
    assert found is not None

    assert (found.start, found.end) == (NOON + 10, NOON + 60)
    assert span_of(found, NOON, NOON + 5_000) == (NOON + 10, NOON + 60)


@pytest.mark.parametrize(
    ("strategy", "parameters", "code"),
    [
        ("Sniper", {}, 439),
        ("Adaptive", {"adaptivePriority": "Frantic"}, 441),
        ("Twap", {"startTime": "later"}, 441),
        ("Twap", {"startTime": "12:00:00", "endTime": "11:00:00"}, 441),
    ],
)
def test_a_strategy_that_cannot_be_meant_is_refused(
    strategy: str, parameters: dict[str, str], code: int
) -> None:
    """With the broker's code."""
    with pytest.raises(Refused) as refusal:
        read(strategy, **parameters)

    assert refusal.value.code == code


def test_an_order_without_a_strategy_has_none() -> None:
    """Most orders."""
    assert algo_in({}, "US/Eastern", TODAY) is None
