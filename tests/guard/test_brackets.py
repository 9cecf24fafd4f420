"""The exits of a bracket: judged by their entry, counted once, and never without it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.intents import Attached, OrderType, ProposedOrder, Side
from edgerunner_lab.guard.snapshot import working_at_worst
from guard.builders import (
    OLD_REF,
    REF,
    a_ledger,
    a_session,
    a_snapshot,
    an_open_order,
    an_order,
    attempts,
    codes,
    denials,
    denied,
    repeat,
    some_limits,
    working,
)

ENTRY = "ELB:01J00000000000000000000000"
OTHER = "ELB:01J00000000000000000000003"
NO_SHORTS = "short_sales_denied = true"


def an_exit(
    quantity: Any = 10, *, entry_price: Any = None, **changes: Any
) -> ProposedOrder:
    """Sell what an entry of 10 SPY buys; without prices at 110, a profit."""
    prices = {"limit": "110.00"} if not {"limit", "stop"} & set(changes) else {}
    side = changes.pop("side", Side.SELL)
    entry_side = changes.pop("entry_side", Side.BUY)
    attached = Attached(
        parent_ref=ENTRY,
        quantity=Decimal(10),
        side=entry_side,
        entry_price=None if entry_price is None else Decimal(entry_price),
    )
    return replace(an_order(quantity, side=side, **prices, **changes), attached=attached)


def beside(*orders: Any, **changes: Any) -> Any:
    """Return a snapshot in whose ledger these work."""
    return a_snapshot(ledger=a_ledger(working=orders), **changes)


def entry(remaining: Any = 10) -> Any:
    """Return the entry as it works."""
    return working(remaining, ref=ENTRY)


def waiting(remaining: Any = 10, ref: str = OTHER, **changes: Any) -> Any:
    """Return another exit of the same entry."""
    return replace(working(remaining, side=Side.SELL, ref=ref, **changes), parent_ref=ENTRY)


# Well formed.


@pytest.mark.parametrize(
    "order",
    [
        an_exit(),
        an_exit(stop="98.00"),
        an_exit(5, limit="100.01"),
        an_exit(limit="96.00", entry_price="95.00"),
        an_exit(side=Side.BUY, entry_side=Side.SELL, limit="98.00"),
        an_exit(side=Side.BUY, entry_side=Side.SELL, stop="102.00"),
    ],
)
def test_an_exit_that_undoes_its_entry_passes(order: ProposedOrder) -> None:
    """On the other side, no larger, a profit taker where there is a profit."""
    of_entry = working(10, ref=ENTRY, side=order.side.opposite)

    assert codes(order, beside(of_entry)) == []


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (
            an_exit(side=Side.BUY, limit="90.00"),
            "field=side, value=BUY — an exit is on the other side of its entry",
        ),
        (an_exit(11), "field=quantity, value=11 — must be at most the entry's 10"),
        (
            an_exit(limit="100.00"),
            "field=take, value=100.00 — must be above the entry's 100.00",
        ),
        (
            an_exit(limit="95.00", entry_price="96.00"),
            "field=take, value=95.00 — must be above the entry's 96.00",
        ),
        (
            an_exit(side=Side.BUY, entry_side=Side.SELL, limit="100.10"),
            "field=take, value=100.10 — must be below the entry's 100.10",
        ),
    ],
)
def test_an_exit_that_does_not_fit_its_entry_denies(
    order: ProposedOrder, line: str
) -> None:
    """It would open something, or give the profit away."""
    assert f"INVALID_FIELD: {line}" in denials(order, beside(entry()))


def test_a_profit_taker_may_be_moved_through_the_market() -> None:
    """Once its entry has filled, whoever moves it there wants out."""
    order = replace(an_exit(limit="99.50"), replaces=OLD_REF)
    old = an_open_order(side=Side.SELL, limit_price=Decimal("110.00"), parent_ref=ENTRY)
    snapshot = beside(position=Decimal(10), open_order=old)

    assert codes(order, snapshot, some_limits(NO_SHORTS)) == []


def test_a_stop_is_measured_by_its_entry_and_not_by_the_market() -> None:
    """An entry at 95 has its stop below 95, wherever the market is; the line says by what it was measured."""
    assert codes(an_exit(stop="94.00", entry_price="95.00"), beside(entry())) == []
    (line,) = denials(an_exit(stop="96.00", entry_price="95.00"), beside(entry()))
    assert "ref=95.00(entry), why=it would trigger at once" in line


# What it takes of the limits.


def test_an_exit_that_waits_takes_nothing_of_the_limits() -> None:
    """Size, value, position, funds, short sales, repeats and rate are its entry's matter."""
    limits = some_limits(
        "max_order_notional = 1000\nshort_sales_denied = true\nmax_orders_10s = 1\nduplicate_order_denied = true\n"
        "[sim.max_order_qty]\nSTK = 1"
    )
    snapshot = a_snapshot(
        ledger=a_ledger(
            working=(entry(),),
            attempts=attempts(*[1.0] * 5),
            repeats=(repeat(1.0),),
            reruns=(repeat(100.0),),
        )
    )

    assert codes(an_exit(), snapshot, limits) == []


def test_an_exit_whose_entry_is_unknown_is_a_sale_like_any_other() -> None:
    """Nothing that could fill first stands behind it."""
    assert "SHORT_SALE" in codes(an_exit(), a_snapshot(), some_limits(NO_SHORTS))


def test_beside_a_short_position_an_exit_that_waits_still_sells_nothing() -> None:
    """A bracket that turns a short position is no further short sale."""
    snapshot = beside(entry(), position=Decimal(-5))

    assert codes(an_exit(), snapshot, some_limits(NO_SHORTS)) == []


def test_a_halt_or_a_reduction_lets_no_exit_through_that_waits() -> None:
    """It shrinks nothing yet."""
    latch = replace(a_ledger().latch, state=_reducing())
    snapshot = a_snapshot(ledger=replace(a_ledger(working=(entry(),)), latch=latch))

    assert codes(an_exit(), snapshot) == ["TRADING_REDUCING"]


def _reducing() -> Any:
    from edgerunner_lab.guard.snapshot import LatchState  # noqa: PLC0415  one use

    return LatchState.REDUCING


@pytest.mark.parametrize(
    ("in_ledger", "sells"),
    [
        ([entry(10), waiting(10)], 0),
        ([entry(4), waiting(10)], 6),
        ([waiting(10)], 10),
        ([waiting(10), waiting(10, REF)], 10),
        ([waiting(4), waiting(10, REF)], 10),
        ([waiting(10), waiting(4, REF)], 10),
        ([entry(10), waiting(10), waiting(10, REF)], 0),
        ([waiting(10), working(3, side=Side.SELL)], 13),
        ([waiting(10), waiting(0, REF, is_fill=True)], 10),
    ],
)
def test_exits_count_beyond_what_of_their_entry_is_open_and_only_the_largest(
    in_ledger: list[Any], sells: int
) -> None:
    """What has not been bought cannot be sold, and one exit ends the other."""
    counted = working_at_worst([], in_ledger)

    assert sum(left for (_, side), left in counted.items() if side is Side.SELL) == sells


def test_what_the_broker_says_of_an_entry_can_only_free_its_exits() -> None:
    """The smaller remainder of the two counts, and an entry that only the broker knows keeps nothing back."""
    assert working_at_worst([entry(2)], [entry(10), waiting(10)])[OTHER, Side.SELL] == 8
    assert working_at_worst([entry(10)], [entry(2), waiting(10)])[OTHER, Side.SELL] == 8
    assert working_at_worst([entry(10)], [waiting(10)])[OTHER, Side.SELL] == 10


def test_an_entry_that_the_broker_no_longer_lists_keeps_nothing_back() -> None:
    """Another notebook may not have written yet that it has filled; its exits are listed, and work."""
    assert working_at_worst([waiting(10)], [entry(10), waiting(10)])[OTHER, Side.SELL] == 10
    both = working_at_worst([entry(10), waiting(10)], [entry(10), waiting(10)])
    assert both[OTHER, Side.SELL] == 0


def test_an_entry_that_has_filled_and_is_not_booked_keeps_nothing_back() -> None:
    """It is no order any more: its exits work."""
    filled = working(10, ref=ENTRY, is_fill=True)

    assert working_at_worst([], [filled, waiting(10)])[OTHER, Side.SELL] == 10


def test_the_exits_of_one_entry_do_not_stand_in_each_others_way() -> None:
    """With 10 held and a stop for 10 working, the profit taker for the same 10 may be moved."""
    order = replace(an_exit(limit="111.00"), replaces=OLD_REF)
    old = an_open_order(side=Side.SELL, limit_price=Decimal("110.00"), parent_ref=ENTRY)
    snapshot = beside(waiting(10), position=Decimal(10), open_order=old)

    assert codes(order, snapshot, some_limits(NO_SHORTS)) == []


def test_another_sale_beside_working_exits_is_one_too_many() -> None:
    """They count once, and once is all that is held."""
    snapshot = beside(waiting(10), waiting(10, OLD_REF), position=Decimal(10))
    order = an_order(1, side=Side.SELL, limit="100.00")

    (line,) = denials(order, snapshot, some_limits(NO_SHORTS))
    assert line.startswith("SHORT_SALE: sell=1, long=10, working_sells=10")


def test_nothing_is_offered_in_place_of_an_exit() -> None:
    """By itself it would be another order."""
    assert denied(an_exit(limit="110.005"), beside(entry())).nearest is None


def test_an_exit_of_which_the_market_is_unknown_is_denied() -> None:
    """Its own reference is not enough to judge the market by."""
    order = an_exit(entry_price="99.00")

    assert codes(order, beside(entry(), quote=None)) == ["NO_REFERENCE"]
    assert codes(order, beside(entry(), session=a_session(heartbeat_age_s=None))) == [
        "SESSION_NOT_READY"
    ]


@pytest.mark.parametrize("value", [Decimal("nan"), Decimal(0), Decimal(-1)])
def test_an_entry_price_or_size_that_is_no_number_denies(value: Decimal) -> None:
    """What cannot be measured is not sent."""
    order = an_exit()
    assert order.attached is not None

    for attached in (
        replace(order.attached, entry_price=value),
        replace(order.attached, quantity=value),
    ):
        assert codes(replace(order, attached=attached), beside(entry())) != []


def test_exits_have_prices_of_their_type() -> None:
    """A stop is one, and a profit taker is none."""
    assert an_exit(stop="98.00").order_type is OrderType.STOP
    assert "INVALID_FIELD" in codes(replace(an_exit(), limit_price=None), beside(entry()))
