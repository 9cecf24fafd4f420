"""Conditions of orders: what is read, what is refused, and when they hold together."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.orders.conditions import (
    CONDITIONS_MAX,
    Condition,
    ConditionKind,
    are_met,
    condition_rows,
    conditions_in,
    is_met,
)
from edgerunner_lab.sim.protocol.replies import Refused

SPY = 756733


@dataclass
class Scene:
    """A market that stands still."""

    at: int = 1_000
    margin: Decimal = Decimal(50)
    last: Decimal | None = Decimal(100)
    traded: Decimal | None = Decimal(5_000)
    change: Decimal | None = Decimal("1.5")
    fills: frozenset[str] = frozenset()

    def second(self) -> int:
        """Return the time."""
        return self.at

    def cushion(self) -> Decimal:
        """Return the cushion."""
        return self.margin

    def price(self, con_id: int, method: int, *, is_more: bool) -> Decimal | None:
        """Return the one price, of SPY only."""
        del method, is_more
        return self.last if con_id == SPY else None

    def volume(self, con_id: int) -> Decimal | None:
        """Return the volume."""
        del con_id
        return self.traded

    def change_percent(self, con_id: int) -> Decimal | None:
        """Return the change."""
        del con_id
        return self.change

    def has_traded(self, condition: Condition, since: int) -> bool:
        """Return whether the symbol is among the fills."""
        del since
        return condition.symbol in self.fills


def a_condition(
    kind: ConditionKind, level: str, *, is_more: bool = True, **more: Any
) -> Condition:
    """Return a condition on SPY."""
    return Condition(kind=kind, level=Decimal(level), is_more=is_more, con_id=SPY, **more)


@pytest.mark.parametrize(
    ("kind", "reached", "missed"),
    [
        (ConditionKind.PRICE, "100", "100.01"),
        (ConditionKind.TIME, "1000", "1001"),
        (ConditionKind.MARGIN, "50", "51"),
        (ConditionKind.VOLUME, "5000", "5001"),
        (ConditionKind.PERCENT_CHANGE, "1.5", "1.6"),
    ],
)
def test_every_kind_compares_what_it_looks_at(
    kind: ConditionKind, reached: str, missed: str
) -> None:
    """At least the level, or at most."""
    assert is_met(a_condition(kind, reached), Scene(), 0)
    assert not is_met(a_condition(kind, missed), Scene(), 0)
    assert is_met(a_condition(kind, missed, is_more=False), Scene(), 0)


def test_what_does_not_trade_meets_no_condition() -> None:
    """Neither more nor less than anything."""
    closed = Scene(last=None)

    assert not is_met(a_condition(ConditionKind.PRICE, "1"), closed, 0)
    assert not is_met(a_condition(ConditionKind.PRICE, "1", is_more=False), closed, 0)


def test_an_execution_condition_waits_for_a_fill_in_its_symbol() -> None:
    """Whatever the price."""
    wanted = a_condition(ConditionKind.EXECUTION, "0", symbol="AAPL")

    assert not is_met(wanted, Scene(), 0)
    assert is_met(wanted, Scene(fills=frozenset({"AAPL"})), 0)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8))
def test_and_binds_closer_than_or(parts: list[tuple[bool, bool]]) -> None:
    """Conditions hold when one run joined by `and` holds completely."""
    conditions = [
        a_condition(ConditionKind.TIME, "1000" if holds else "1001", is_and=is_and)
        for holds, is_and in parts
    ]
    runs: list[list[bool]] = [[]]
    for at, (holds, is_and) in enumerate(parts):
        runs[-1].append(holds)
        if not is_and and at + 1 < len(parts):
            runs.append([])

    met = are_met([*conditions[:-1], replace(conditions[-1], is_and=True)], Scene(), 0)
    assert met == any(all(run) for run in runs)


def test_an_or_after_the_last_condition_joins_it_to_nothing() -> None:
    """Otherwise the order would go out at once."""
    rows = ({**ROWS[0], "conjunction": "o"}, {**ROWS[2], "conjunction": "o"})
    read = conditions_in({"conditions": rows}, "US/Eastern")

    assert [condition.is_and for condition in read] == [False, True]


def test_no_conditions_always_hold() -> None:
    """There is nothing to wait for."""
    assert are_met([], Scene(), 0)


ROWS: list[dict[str, Any]] = [
    {"condType": 1, "isMore": True, "price": Decimal("99.5"), "conId": SPY},
    {"condType": 3, "isMore": True, "time": "20261123 12:30:00 US/Eastern"},
    {"condType": 4, "isMore": False, "percent": 30},
    {"condType": 5, "secType": "STK", "exchange": "SMART", "symbol": "AAPL"},
    {"condType": 6, "isMore": True, "volume": 1_000, "conId": SPY},
    {"condType": 7, "isMore": False, "changePercent": Decimal("-2.5"), "conId": SPY},
]


@pytest.mark.parametrize("row", ROWS)
def test_a_condition_is_told_as_it_was_sent(row: dict[str, Any]) -> None:
    """Every field of its kind comes back."""
    sent = {"conjunction": "a", **row}
    read = conditions_in({"conditions": (sent,)}, "US/Eastern")

    told = condition_rows(read)[0]
    assert {name: told[name] for name in sent} == sent


def test_times_become_seconds() -> None:
    """12:30 in New York is 17:30 UTC."""
    read = conditions_in({"conditions": (ROWS[1],)}, "US/Eastern")

    assert read[0].level == 1_795_455_000


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (({"condType": 2},), 321),
        (({"condType": 1, "conId": 0, "price": Decimal(1)},), 321),
        (({"condType": 1, "conId": SPY, "price": None},), 321),
        (({"condType": 3, "time": "noon"},), 337),
        (tuple(ROWS[:1]) * (CONDITIONS_MAX + 1), 321),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(
    rows: tuple[dict[str, Any], ...], code: int
) -> None:
    """With the broker's code."""
    with pytest.raises(Refused) as refusal:
        conditions_in({"conditions": rows}, "US/Eastern")

    assert refusal.value.code == code
