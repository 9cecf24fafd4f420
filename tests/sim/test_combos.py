"""Combos: made from legs, known by number, and refused where legs make none."""

from datetime import date
from decimal import Decimal

import pytest

from edgerunner_lab.sim.listing.combos import COMBOS_MAX, ComboError
from edgerunner_lab.sim.listing.universe import Leg, Query, Universe, load_universe

AAPL, SPX, HSBA = 265598, 416904, 900000302


@pytest.fixture
def universe() -> Universe:
    """Return instruments that no other test has made combos of."""
    return load_universe().at(date(2026, 11, 23))


def spread(universe: Universe, low: int = 690, high: int = 700) -> tuple[Leg, ...]:
    """Return a call spread on SPY."""
    return tuple(
        Leg(con_id=universe.find(Query(local_symbol=name))[0].con_id, ratio=ratio)
        for name, ratio in (
            (f"SPY   261218C{low:05d}000", 1),
            (f"SPY   261218C{high:05d}000", -1),
        )
    )


def test_legs_find_their_combo_and_so_does_its_number(universe: Universe) -> None:
    """Later, on other dates too."""
    query = Query(symbol="SPY", sec_type="BAG", currency="USD", legs=spread(universe))
    (combo,) = universe.find(query)

    assert (combo.sec_type, combo.symbol, combo.legs) == ("BAG", "SPY", query.legs)
    assert combo.point_value == Decimal(100)
    assert universe.find(query) == (combo,)
    assert universe.by_con_id[combo.con_id] is combo
    assert universe.at(date(2027, 1, 4)).find(Query(con_id=combo.con_id)) == (combo,)


def test_combos_survive_a_restart(universe: Universe) -> None:
    """Under the same numbers."""
    combo = universe.combos.combo(spread(universe), "SPY")
    fresh = load_universe()

    fresh.combos.restore(universe.combos.snapshot())

    assert fresh.by_con_id[combo.con_id] == combo


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        ((Leg(con_id=AAPL, ratio=1),), "1 combo legs were given, expected 2 or more"),
        ((Leg(con_id=AAPL, ratio=1), Leg(con_id=1, ratio=1)), "leg 1 is not a contract"),
        ((Leg(con_id=AAPL, ratio=1), Leg(con_id=SPX, ratio=1)), "416904 is not a contract"),
        ((Leg(con_id=AAPL, ratio=1), Leg(con_id=HSBA, ratio=1)), "are in GBP, USD"),
    ],
)
def test_legs_that_make_no_combo_are_refused(
    universe: Universe, legs: tuple[Leg, ...], reason: str
) -> None:
    """One leg, an unknown one, one that cannot be traded, two currencies."""
    with pytest.raises(ComboError, match=reason):
        universe.find(Query(sec_type="BAG", symbol="AAPL", legs=legs))


def test_a_combo_is_no_leg(universe: Universe) -> None:
    """Or its price could follow itself."""
    combo = universe.combos.combo(spread(universe))
    legs = (Leg(con_id=combo.con_id, ratio=1), Leg(con_id=AAPL, ratio=1))

    with pytest.raises(ComboError, match="is not a contract"):
        universe.combos.combo(legs)


def test_combos_are_limited(universe: Universe) -> None:
    """No client fills the memory with them."""
    first, second = spread(universe)
    for ratio in range(1, COMBOS_MAX + 1):
        universe.combos.combo((Leg(con_id=first.con_id, ratio=ratio), second))

    with pytest.raises(ComboError, match="10000 combos are in use"):
        universe.combos.combo((first, Leg(con_id=second.con_id, ratio=-2)))
