"""The book: price before time, sizes that add up, queues that do not jump."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.book import Book, Match, Side

BUY, SELL = Side.BUY, Side.SELL


def a_book(bids: dict[int, int] | None = None, asks: dict[int, int] | None = None) -> Book:
    """Return a book that displays these sizes."""
    book = Book()
    show(book, bids or {}, asks or {})
    return book


def show(book: Book, bids: dict[int, int], asks: dict[int, int]) -> None:
    """Replace what a book displays."""
    book.show(
        ((price, Decimal(size)) for price, size in bids.items()),
        ((price, Decimal(size)) for price, size in asks.items()),
    )


def take(book: Book, key: int, side: Side, size: int, limit: int | None) -> list[Match]:
    """Trade an incoming order as far as it gets."""
    matches: list[Match] = []
    left = Decimal(size)
    while left and (match := book.take_next(key, side, left, limit)) is not None:
        left -= match.size
        matches.append(match)
    return matches


def shares(matches: Iterable[Match]) -> list[tuple[int | None, int, int]]:
    """Return maker, price and size of each match."""
    return [(match.maker, match.price, int(match.size)) for match in matches]


def test_a_market_order_walks_up_the_displayed_levels() -> None:
    """Best price first, then the next, until the size is there."""
    book = a_book(asks={101: 5, 100: 3, 102: 50})

    assert shares(take(book, 1, BUY, 10, None)) == [
        (None, 100, 3),
        (None, 101, 5),
        (None, 102, 2),
    ]


def test_a_limit_stops_the_walk() -> None:
    """Nothing trades beyond the limit."""
    book = a_book(asks={100: 3, 101: 5})

    assert shares(take(book, 1, BUY, 10, 100)) == [(None, 100, 3)]


def test_what_was_taken_is_gone() -> None:
    """A second order finds what the first left."""
    book = a_book(bids={99: 10})
    take(book, 1, SELL, 7, None)

    assert shares(take(book, 2, SELL, 7, None)) == [(None, 99, 3)]


def test_what_was_taken_comes_back_bit_by_bit() -> None:
    """Other participants refill a level, so that a large order moves the price for a while."""
    book = a_book(asks={100: 8, 101: 50})
    take(book, 1, BUY, 8, None)
    asks = [(100, Decimal(8)), (101, Decimal(50))]

    book.show([], asks, refilled=Decimal("0.25"))
    assert book.best(SELL) == (100, 2)
    book.show([], asks, refilled=Decimal("0.5"))
    assert book.best(SELL) == (100, 5)
    book.show([], asks)
    assert book.best(SELL) == (100, 8)


def test_the_best_price_counts_our_own_orders() -> None:
    """What we quote is part of the market; an empty side has no best price."""
    book = a_book(bids={99: 10})
    book.rest(1, BUY, 99, Decimal(5))

    assert book.best(BUY) == (99, 15)
    assert book.best(SELL) is None
    book.rest(2, BUY, 100, Decimal(3))
    assert book.best(BUY) == (100, 3)


def test_an_order_waits_behind_the_size_that_was_there_first() -> None:
    """Displayed size at our price trades before we do."""
    book = a_book(bids={99: 10})
    book.rest(1, BUY, 99, Decimal(5))

    assert shares(take(book, 2, SELL, 12, None)) == [(None, 99, 10), (1, 99, 2)]
    assert book.resting(1) == 3


def test_a_better_price_goes_before_an_older_order() -> None:
    """Price comes before time."""
    book = a_book()
    book.rest(1, BUY, 99, Decimal(5))
    book.rest(2, BUY, 100, Decimal(5))

    assert shares(take(book, 3, SELL, 8, None)) == [(2, 100, 5), (1, 99, 3)]


def test_at_one_price_the_older_order_goes_first() -> None:
    """Time decides where prices are equal."""
    book = a_book()
    book.rest(1, SELL, 101, Decimal(5))
    book.rest(2, SELL, 101, Decimal(5))

    assert shares(take(book, 3, BUY, 6, None)) == [(1, 101, 5), (2, 101, 1)]


def test_size_displayed_later_stands_behind_us() -> None:
    """Only what was there before we came is ahead."""
    book = a_book()
    book.rest(1, BUY, 99, Decimal(5))
    show(book, {99: 100}, {})

    assert shares(take(book, 2, SELL, 6, None)) == [(1, 99, 5), (None, 99, 1)]


def test_the_market_moving_through_an_order_fills_it_at_its_own_price() -> None:
    """Who rests gets the limit, not more."""
    book = a_book(bids={99: 1}, asks={101: 1})
    book.rest(1, BUY, 100, Decimal(5))
    show(book, {97: 9}, {98: 3, 99: 9})

    assert shares(book.cross()) == [(1, 100, 3), (1, 100, 2)]
    assert book.resting(1) == 0


def test_the_market_crossing_a_sell_order_fills_it_too() -> None:
    """The same on the other side, best bid first."""
    book = a_book()
    book.rest(1, SELL, 100, Decimal(5))
    show(book, {101: 2, 102: 2}, {103: 1})

    assert shares(book.cross()) == [(1, 100, 2), (1, 100, 2)]
    assert book.resting(1) == 1


def test_prints_shorten_the_queue_before_they_reach_us() -> None:
    """The size ahead is served first."""
    book = a_book(bids={99: 10})
    book.rest(1, BUY, 99, Decimal(5))

    assert list(book.printed(SELL, 99, Decimal(8))) == []
    assert shares(book.printed(SELL, 99, Decimal(4))) == [(1, 99, 2)]


def test_prints_at_a_worse_price_fill_a_better_order_first() -> None:
    """Nobody sells lower while we bid higher."""
    book = a_book(bids={99: 10}, asks={101: 10})
    book.rest(1, BUY, 100, Decimal(5))

    assert shares(book.printed(SELL, 99, Decimal(3))) == [(1, 100, 3)]


def test_prints_on_the_other_side_leave_us_alone() -> None:
    """A buyer's print is no seller."""
    book = a_book(bids={99: 10}, asks={101: 10})
    book.rest(1, BUY, 100, Decimal(5))

    assert list(book.printed(BUY, 101, Decimal(3))) == []


def test_a_print_too_high_for_a_bid_does_not_fill_it() -> None:
    """A seller who gets more elsewhere does not come to us."""
    book = a_book(bids={100: 10})
    book.rest(1, BUY, 98, Decimal(5))

    assert list(book.printed(SELL, 100, Decimal(300))) == []


def test_a_level_that_vanishes_ahead_of_us_moves_us_to_the_front() -> None:
    """When the best bid falls below our price, nobody is ahead."""
    book = a_book(bids={99: 10})
    book.rest(1, BUY, 99, Decimal(5))
    show(book, {98: 10}, {100: 10})

    assert shares(book.printed(SELL, 99, Decimal(2))) == [(1, 99, 2)]


def test_a_level_deeper_than_the_display_keeps_its_queue() -> None:
    """What cannot be seen is not assumed to be gone."""
    book = a_book(bids={99: 10})
    book.rest(1, BUY, 99, Decimal(5))
    show(book, {101: 4}, {102: 4})

    assert list(book.printed(SELL, 99, Decimal(3))) == []


def test_shrinking_keeps_the_place_and_removing_gives_it_up() -> None:
    """A smaller order stays where it is; an order that is gone trades no more."""
    book = a_book()
    book.rest(1, BUY, 99, Decimal(5))
    book.rest(2, BUY, 99, Decimal(5))
    book.shrink(1, Decimal(1))

    assert shares(take(book, 3, SELL, 2, None)) == [(1, 99, 1), (2, 99, 1)]

    book.remove(2)
    book.remove(2)

    assert take(book, 4, SELL, 2, None) == []


def test_available_counts_the_display_and_our_own_orders() -> None:
    """Fill-or-kill asks how much there is up to its limit."""
    book = a_book(asks={100: 3, 101: 5, 102: 7})
    book.rest(1, SELL, 101, Decimal(2))
    book.rest(2, BUY, 99, Decimal(9))

    assert book.available(BUY, 101) == 10
    assert book.available(BUY, None) == 17
    assert book.available(SELL, 99) == 9


sizes = st.integers(min_value=1, max_value=30)
prices = st.integers(min_value=95, max_value=105)
Step: TypeAlias = tuple[str, Side, int, int]

actions = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from([BUY, SELL]), prices, sizes),
        st.tuples(st.just("print"), st.sampled_from([BUY, SELL]), prices, sizes),
        st.tuples(st.just("show"), st.just(BUY), st.integers(97, 103), sizes),
    ),
    max_size=25,
)


class Ledger:
    """Checks every match against what was asked for."""

    def __init__(self) -> None:
        self.asked: dict[int, tuple[Side, int, int]] = {}
        self.filled: dict[int, Decimal] = {}

    def settle(self, matches: Iterable[Match]) -> None:
        """Book matches."""
        for match in matches:
            assert match.size > 0
            for key in (match.taker, match.maker):
                if key is not None:
                    self._book(key, match)

    def left(self, key: int) -> Decimal:
        """Return what an order still wants."""
        return self.asked[key][2] - self.filled.get(key, Decimal(0))

    def _book(self, key: int, match: Match) -> None:
        side, limit, size = self.asked[key]
        self.filled[key] = self.filled.get(key, Decimal(0)) + match.size
        assert self.filled[key] <= size
        assert side.reaches(limit, match.price)


@given(actions)
def test_no_order_trades_more_than_its_size_nor_beyond_its_limit(steps: list[Step]) -> None:
    """Whatever happens in whatever order, fills add up, sizes stay positive and limits hold."""
    book = a_book({99: 10}, {101: 10})
    ledger = Ledger()
    for key, (what, side, price, size) in enumerate(steps):
        if what == "show":
            show(book, {price - 1: size, price - 2: size}, {price + 1: size})
            ledger.settle(book.cross())
        elif what == "print":
            ledger.settle(book.printed(side, price, Decimal(size)))
        else:
            ledger.asked[key] = (side, price, size)
            ledger.settle(take(book, key, side, size, price))
            if ledger.left(key):
                book.rest(key, side, price, ledger.left(key))

    assert all(book.resting(key) == ledger.left(key) for key in ledger.asked)


@given(st.lists(st.tuples(prices, sizes), min_size=1, max_size=8), sizes)
def test_resting_orders_trade_in_order_of_price_then_time(
    resting: list[tuple[int, int]], size: int
) -> None:
    """An incoming order meets makers sorted by price, and by arrival within a price."""
    book = a_book()
    for key, (price, units) in enumerate(resting):
        book.rest(key, SELL, price, Decimal(units))
    matches = take(book, 99, BUY, size, None)

    met = [(match.price, match.maker) for match in matches]
    assert met == sorted(met)
    expected = min(size, sum(units for _, units in resting))
    assert sum(match.size for match in matches) == expected
