"""What wakes a sleeping order, how a trailing stop follows, and what an adjustable stop becomes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.matching.pegs import pegged
from edgerunner_lab.sim.matching.triggers import adjust, follow, is_touched, watched
from edgerunner_lab.sim.orders.orders import Adjustment, Order, OrderType, Terms, Tif, Trail

QUOTE = Quote(
    second=0,
    bid=100,
    ask=103,
    last=101,
    bid_size=1,
    ask_size=1,
    last_size=1,
    volume=1,
    high=110,
    low=90,
)


def an_order(side: Side, order_type: OrderType, **more: Any) -> Order:
    """Return an order that waits; prices in ticks."""
    terms: dict[str, Any] = {"limit": None, "stop": None, **more}
    order = Order(
        key=1,
        client_id=1,
        order_id=1,
        perm_id=1,
        placed=0,
        terms=Terms(
            con_id=1,
            exchange="SMART",
            side=side,
            quantity=Decimal(10),
            order_type=order_type,
            tif=Tif.DAY,
            outside_rth=False,
            account="DU1",
            order_ref="",
            **terms,
        ),
    )
    order.begin()
    return order


WATCHED = [
    (Side.BUY, 0, 101),
    (Side.BUY, 2, 101),
    (Side.BUY, 4, 103),
    (Side.SELL, 4, 100),
    (Side.BUY, 7, 103),
    (Side.SELL, 7, 100),
    (Side.BUY, 8, 101),
]


@pytest.mark.parametrize(("side", "method", "price"), WATCHED)
def test_the_trigger_method_says_which_price_counts(
    side: Side, method: int, price: int
) -> None:
    """The last print, the side that would be hit, both, or the middle."""
    assert watched(QUOTE, side, method, has_prints=True) == price


def test_without_prints_the_quote_is_watched() -> None:
    """Currencies have no last price."""
    assert watched(QUOTE, Side.BUY, 0, has_prints=False) == 103
    assert watched(QUOTE, Side.SELL, 0, has_prints=False) == 100


@pytest.mark.parametrize(
    ("side", "order_type", "asleep", "awake"),
    [
        (Side.BUY, OrderType.STOP, 104, 105),
        (Side.SELL, OrderType.STOP, 106, 105),
        (Side.BUY, OrderType.MARKET_IF_TOUCHED, 106, 105),
        (Side.SELL, OrderType.LIMIT_IF_TOUCHED, 104, 105),
    ],
)
def test_a_stop_wakes_from_one_side_and_if_touched_from_the_other(
    side: Side, order_type: OrderType, asleep: int, awake: int
) -> None:
    """A stop buys what rises; an if-touched order buys what falls."""
    order = an_order(side, order_type, stop=105)

    assert not is_touched(order, asleep)
    assert is_touched(order, awake)


def test_double_methods_want_two_touches_in_a_row() -> None:
    """One price beyond the stop in between resets the count."""
    order = an_order(Side.BUY, OrderType.STOP, stop=105, trigger_method=3)

    touched = [is_touched(order, price) for price in (105, 104, 106, 107)]

    assert touched == [False, False, False, True]


def test_a_trailing_stop_follows_the_market_and_never_goes_back() -> None:
    """A sale's stop rises with the price and stays when it falls."""
    order = an_order(Side.SELL, OrderType.TRAIL, trail=Trail(amount=5))

    stops: list[int | None] = []
    for price in (100, 104, 98, 105):
        follow(order, price)
        stops.append(order.stop)

    assert stops == [95, 99, 99, 100]


def test_a_trailing_limit_keeps_its_distance_from_the_stop() -> None:
    """A purchase's limit lies above its stop by the offset."""
    order = an_order(Side.BUY, OrderType.TRAIL_LIMIT, trail=Trail(amount=5, limit_offset=2))
    follow(order, 100)

    assert (order.stop, order.limit) == (105, 107)


def test_a_trailing_percentage_is_of_the_watched_price() -> None:
    """One percent of 1,000 ticks is ten; it is never less than one tick."""
    order = an_order(Side.SELL, OrderType.TRAIL, trail=Trail(percent=Decimal(1)))
    follow(order, 1_000)

    assert order.stop == 990
    assert Trail(percent=Decimal("0.01")).distance(100) == 1


@given(st.lists(st.integers(50, 150), min_size=1, max_size=30), st.sampled_from(Side))
def test_a_trailing_stop_is_never_further_than_its_distance_from_the_best_price(
    prices: list[int], side: Side
) -> None:
    """Whatever the path, the stop is the best price seen less the distance."""
    order = an_order(side, OrderType.TRAIL, trail=Trail(amount=7))
    for price in prices:
        follow(order, price)

    best = min(prices) if side is Side.BUY else max(prices)
    assert order.stop == best + 7 * side


def test_an_adjustable_stop_changes_once_the_market_has_moved_its_way() -> None:
    """A sale's stop becomes a trailing stop when the price has risen to the trigger."""
    change = Adjustment(
        trigger=110, order_type=OrderType.TRAIL, stop=104, trail=Trail(amount=3)
    )
    order = an_order(Side.SELL, OrderType.STOP, stop=95, adjustment=change)

    assert not adjust(order, 109)
    assert adjust(order, 110)
    assert not adjust(order, 111)
    assert (order.type_now, order.stop) == (OrderType.TRAIL, 104)
    follow(order, 112)
    assert order.stop == 109
    order.begin()
    assert (order.type_now, order.stop) == (OrderType.STOP, 95)


PEGGED = [
    (Side.BUY, OrderType.RELATIVE, 1, None, 101),
    (Side.SELL, OrderType.RELATIVE, 1, None, 102),
    (Side.BUY, OrderType.PEG_MARKET, 1, None, 102),
    (Side.SELL, OrderType.PEG_MARKET, 0, None, 100),
    (Side.BUY, OrderType.PEG_MIDPOINT, 0, None, 101),
    (Side.SELL, OrderType.MIDPRICE, 0, None, 102),
    (Side.BUY, OrderType.MIDPRICE, 0, 99, 99),
    (Side.SELL, OrderType.RELATIVE, 0, 105, 105),
]


@pytest.mark.parametrize(("side", "order_type", "offset", "cap", "limit"), PEGGED)
def test_a_pegged_limit_follows_the_quote_up_to_its_cap(
    side: Side, order_type: OrderType, offset: int, cap: int | None, limit: int
) -> None:
    """Half a tick goes to the patient side."""
    order = an_order(side, order_type, offset=offset, limit=cap)

    assert pegged(order, QUOTE) == limit
    moved = pegged(order, replace(QUOTE, bid=200, ask=203))
    assert cap is not None or moved == limit + 100


def test_an_order_of_another_kind_follows_nothing() -> None:
    """A limit stays where it is."""
    assert pegged(an_order(Side.BUY, OrderType.LIMIT, limit=99), QUOTE) is None
