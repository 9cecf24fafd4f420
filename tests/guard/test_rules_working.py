"""R23 and R24: an order meets none of ours, and not too many are open."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard import rules_working
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.snapshot import resting_price
from guard.builders import (
    NOW,
    OLD_REF,
    REF,
    a_ledger,
    a_snapshot,
    an_open_order,
    an_order,
    codes,
    denials,
    judge,
    some_limits,
    wide_limits,
    working,
)

BUY, SELL = Side.BUY, Side.SELL

# R23; the market is 100.00 to 100.10.


@pytest.mark.parametrize(
    ("order", "resting", "is_met"),
    [
        ({"limit": "100.20"}, (SELL, "100.19"), True),
        ({"limit": "100.20"}, (SELL, "100.20"), True),
        ({"limit": "100.20"}, (SELL, "100.21"), False),
        ({"side": SELL, "limit": "99.90"}, (BUY, "99.91"), True),
        ({"side": SELL, "limit": "99.90"}, (BUY, "99.90"), True),
        ({"side": SELL, "limit": "99.90"}, (BUY, "99.89"), False),
        ({}, (SELL, "100.10"), True),
        ({}, (SELL, "100.11"), False),
        ({"side": SELL}, (BUY, "100.00"), True),
        ({"side": SELL}, (BUY, "99.99"), False),
        # What lies before the trigger has traded by the time it fires.
        ({"stop": "101.00"}, (SELL, "100.99"), False),
        ({"stop": "101.00"}, (SELL, "101.00"), True),
        ({"stop": "101.00", "limit": "101.50"}, (SELL, "101.30"), True),
        ({"stop": "101.00", "limit": "101.50"}, (SELL, "101.51"), False),
        ({"side": SELL, "stop": "99.00", "limit": "98.50"}, (BUY, "98.70"), True),
        ({"side": SELL, "stop": "99.00", "limit": "98.50"}, (BUY, "99.50"), False),
        # The same side is no other side, and without a price nothing rests.
        ({"limit": "100.20"}, (BUY, "100.00"), False),
        ({"limit": "100.20"}, (SELL, None), False),
    ],
)
@pytest.mark.parametrize("place", ["broker", "ledger"])
def test_an_order_that_would_fill_against_ours_is_denied(
    order: dict[str, Any], resting: tuple[Side, str | None], place: str, *, is_met: bool
) -> None:
    """Whether the broker lists ours or the ledger alone knows it yet."""
    ours = working(5, side=resting[0], price=resting[1])
    snapshot = (
        a_snapshot(broker_working=(ours,))
        if place == "broker"
        else a_snapshot(ledger=a_ledger(working=(ours,)))
    )

    assert codes(an_order(**order), snapshot) == (["SELF_MATCH"] if is_met else [])


def test_the_catalogue_line_of_a_self_match() -> None:
    """Side, size, price and reference of ours."""
    snapshot = a_snapshot(broker_working=(working(5, side=SELL, price="100.05"),))

    assert denials(snapshot=snapshot) == [
        (
            "SELF_MATCH: would cross own SELL 5 @ 100.05 (ELB:01J…09) — "
            "cancel it first, or stay away from its price"
        )
    ]


def test_what_is_replaced_filled_or_elsewhere_is_not_met() -> None:
    """An order does not meet itself, a fill, or another instrument."""
    met = working(5, side=SELL, price="100.05")
    replaced = a_snapshot(
        broker_working=(met,), open_order=an_open_order(side=SELL, filled=0)
    )

    assert codes(an_order(replaces=OLD_REF, limit="100.10"), replaced) != ["SELF_MATCH"]
    assert not codes(
        snapshot=a_snapshot(
            broker_working=(
                working(5, side=SELL, price="100.05", is_fill=True),
                working(5, side=SELL, price="100.05", con_id=1),
                working(0, side=SELL, price="100.05"),
            )
        )
    )


@pytest.mark.parametrize("price", ["nan", "inf", "1.797e308"])
def test_a_resting_price_that_is_none_denies(price: str) -> None:
    """What cannot be compared is not passed over."""
    snapshot = a_snapshot(broker_working=(working(5, side=SELL, price=price),))

    assert codes(snapshot=snapshot) == ["SELF_MATCH"]


# R24


@pytest.mark.parametrize(("count", "passes"), [(4, True), (5, False)])
def test_open_orders_on_one_side_are_bounded(count: int, *, passes: bool) -> None:
    """Five with the new one."""
    orders = tuple(working(1, ref=f"ELB:{number}") for number in range(count))

    assert codes(an_order(1), a_snapshot(broker_working=orders)) == (
        [] if passes else ["MAX_OPEN_ORDERS"]
    )


@pytest.mark.parametrize(("count", "passes"), [(49, True), (50, False)])
def test_open_orders_of_the_account_are_bounded(count: int, *, passes: bool) -> None:
    """Fifty with the new one, whatever they are in."""
    orders = tuple(
        working(1, ref=f"ELB:{number}", con_id=number + 1) for number in range(count)
    )

    assert codes(an_order(1), a_snapshot(broker_working=orders)) == (
        [] if passes else ["MAX_OPEN_ORDERS"]
    )


def test_an_order_that_both_know_counts_once_and_a_fill_not_at_all() -> None:
    """The broker's list and the ledger hold the same orders."""
    orders = tuple(working(1, ref=f"ELB:{number}") for number in range(4))
    fills = tuple(working(1, ref=f"unsettled:{n}", is_fill=True) for n in range(4))
    snapshot = a_snapshot(broker_working=orders + fills, ledger=a_ledger(working=orders))

    assert codes(an_order(1), snapshot) == []


def test_its_own_reservation_and_a_modification_add_no_order() -> None:
    """What is replaced is already counted."""
    orders = tuple(working(1, ref=f"ELB:{number}") for number in range(4))
    full = (*orders, working(1, ref=OLD_REF))
    modified = an_order(5, limit="99.50", replaces=OLD_REF)

    assert (
        codes(an_order(1), a_snapshot(broker_working=(*orders, working(1, ref=REF)))) == []
    )
    assert (
        codes(modified, a_snapshot(broker_working=full, open_order=an_open_order())) == []
    )


def test_the_catalogue_line_of_open_orders_and_the_check() -> None:
    """Where, how many, and how many there may be."""
    orders = tuple(working(1, ref=f"ELB:{number}") for number in range(2))
    snapshot = a_snapshot(broker_working=orders)

    assert denials(snapshot=snapshot, limits=some_limits("max_open_orders_side = 2")) == [
        "MAX_OPEN_ORDERS: SPY BUY open=2, max=2 — cancel one first: %orders shows them"
    ]
    assert "MAX_OPEN_ORDERS: 3 (SPY BUY) of 5" in [
        str(check) for check in judge(snapshot=snapshot, limits=wide_limits()).checks
    ]


def test_without_a_ledger_nothing_is_judged() -> None:
    """The gate says before that the ledger is missing; alone, the rules do not guess."""
    for rule in (
        rules_working.order_meets_none_of_ours,
        rules_working.open_orders_are_few,
    ):
        with pytest.raises(Unknown, match="ledger"):
            rule(an_order(), a_snapshot(ledger=None), some_limits(), NOW)


@pytest.mark.parametrize(
    ("prices", "resting"),
    [({"limit_price": "99"}, "99"), ({"limit_price": "99", "stop_price": "98"}, None)],
)
def test_only_an_order_without_a_trigger_rests(
    prices: dict[str, str], resting: str | None
) -> None:
    """Where it lies in the book is its limit."""
    update = an_open_order(**{name: Decimal(text) for name, text in prices.items()})

    assert resting_price(update) == (None if resting is None else Decimal(resting))
