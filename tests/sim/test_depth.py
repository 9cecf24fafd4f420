"""The book as clients keep it: insertions, updates and deletions that leave it equal to the true one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.live.ladder import DELETE, INSERT, UPDATE, operations
from edgerunner_lab.sim.protocol.messages import Message

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}

Told = Callable[[list[Message]], list[str]]
Row = tuple[Any, str, Any]


def apply(ladder: list[Row], position: int, kind: int, row: Row) -> None:
    """Do to a ladder what a client does."""
    if kind == INSERT:
        assert position <= len(ladder)
        ladder.insert(position, row)
    elif kind == UPDATE:
        ladder[position] = row
    else:
        assert kind == DELETE
        del ladder[position]


def keep(ladders: dict[int, list[Row]], messages: list[Message]) -> None:
    """Bring a client's ladders up to date."""
    for message in messages:
        if message.name in ("marketDepth", "marketDepthL2"):
            fields: Any = message.fields
            row = (fields["price"], fields.get("marketMaker", ""), fields["size"])
            apply(ladders[fields["side"]], fields["position"], fields["operation"], row)


def book(trader: Any, con_id: int, rows: int) -> dict[int, list[Any]]:
    """Return the true book: side on the wire -> (price, units)."""
    desk = trader.stage.exchange.desk
    instrument = desk.market.universe.by_con_id[con_id]
    return {
        number: [
            (instrument.price_of(price), int(size))
            for price, size in desk.engine.levels(instrument, side, rows)
        ]
        for number, side in ((0, Side.SELL), (1, Side.BUY))
    }


def summed(rows: list[Row]) -> list[tuple[Any, Any]]:
    """Return the units at each price of a ladder."""
    found: dict[Any, Any] = {}
    for price, _, size in rows:
        found[price] = found.get(price, 0) + size
    return list(found.items())


def test_a_ladder_stays_equal_to_the_book(trader: Any) -> None:
    """After every quarter of a second, on both sides, best row first."""
    ladders: dict[int, list[Row]] = {0: [], 1: []}
    keep(ladders, trader.ask("reqMktDepth", reqId=1, numRows=5, **EUR))
    kinds: set[int] = set()

    for _ in range(40):
        assert {n: summed(rows) for n, rows in ladders.items()} == book(trader, 12087792, 5)
        assert all(len(rows) == 5 for rows in ladders.values())
        said = trader.wait(0.25)
        kinds |= {message.fields["operation"] for message in said}
        keep(ladders, said)
    assert kinds == {UPDATE}


def test_own_orders_stand_in_the_book(trader: Any) -> None:
    """A resting order adds its size to its level, and takes it away when it is cancelled."""
    ladders: dict[int, list[Row]] = {0: [], 1: []}
    keep(ladders, trader.ask("reqMktDepth", reqId=1, numRows=20, **EUR))
    price = ladders[1][-1][0]
    terms = {**EUR, "o_orderType": "LMT", "o_lmtPrice": price}
    trader.place(1, "BUY", 20000, **terms)
    keep(ladders, trader.wait(0.25))

    assert summed(ladders[1]) == book(trader, 12087792, 20)[1]
    before = dict(summed(ladders[1]))[price]
    assert before >= 20000
    trader.ask("cancelOrder", orderId=1)
    keep(ladders, trader.wait(0.25))
    assert summed(ladders[1]) == book(trader, 12087792, 20)[1]
    assert dict(summed(ladders[1])).get(price, 0) < before


def test_the_smart_book_has_rows_of_several_exchanges(trader: Any) -> None:
    """They name their exchange, and no price shows more than the book has there."""
    ladders: dict[int, list[Row]] = {0: [], 1: []}
    said = trader.ask("reqMktDepth", reqId=1, numRows=20, isSmartDepth=True, **SPY)
    keep(ladders, said)

    assert {message.name for message in said} == {"marketDepthL2"}
    assert all(message.fields["isSmartDepth"] for message in said)
    assert len({maker for _, maker, _ in ladders[0]}) > 3
    truth = dict(book(trader, 756733, 20)[0])
    shown = summed(ladders[0])
    assert all(size == truth[price] for price, size in shown[:-1])
    for _ in range(20):
        keep(ladders, trader.wait(0.25))
        assert len(ladders[1]) <= 20
    truth = dict(book(trader, 756733, 20)[1])
    assert all(size == truth[price] for price, size in summed(ladders[1])[:-1])


def test_books_have_numbers_and_limits(trader: Any, told: Told) -> None:
    """322 for a number in use, 309 above three, 310 for one that is not there, 10092 where there is none."""
    for number in range(3):
        trader.ask("reqMktDepth", reqId=number, numRows=5, **EUR)

    assert told(trader.ask("reqMktDepth", reqId=2, numRows=5, **EUR)) == ["error 322"]
    assert told(trader.ask("reqMktDepth", reqId=3, numRows=5, **EUR)) == ["error 309"]
    assert told(trader.ask("cancelMktDepth", reqId=3)) == ["error 310"]
    assert trader.ask("cancelMktDepth", reqId=2) == []
    assert told(trader.ask("reqMktDepth", reqId=3, numRows=5, **SPY)) == ["error 10092"]
    assert told(trader.ask("reqMktDepth", reqId=3, numRows=0, **EUR)) == ["error 321"]
    trader.ask("cancelMktDepth", reqId=0)
    trader.ask("cancelMktDepth", reqId=1)
    assert trader.wait(2) == []


def test_a_closed_market_has_an_empty_book(open_stage: Any) -> None:
    """Rows go at the close and come at the opening."""
    evening = datetime(2026, 11, 24, 0, 59, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=evening).trader()
    ladders: dict[int, list[Row]] = {0: [], 1: []}
    keep(ladders, trader.ask("reqMktDepth", reqId=1, numRows=9, isSmartDepth=True, **SPY))

    assert ladders[0]
    assert ladders[1]
    keep(ladders, trader.wait(3))
    assert ladders == {0: [], 1: []}


rows = st.dictionaries(
    st.tuples(st.integers(1, 12), st.sampled_from(["ARCA", "BATS", "IEX"])),
    st.integers(1, 9),
    max_size=12,
).map(lambda found: sorted((price, maker, size) for (price, maker), size in found.items()))


@given(rows, rows)
def test_operations_lead_from_any_ladder_to_any_other(
    old: list[Row], new: list[Row]
) -> None:
    """For clients that move rows at an insertion, and for those that overwrite and leave gaps."""
    moving, overwriting = list(old), dict(enumerate(old))
    for operation in operations(old, new):
        apply(moving, operation.position, operation.kind, operation.row)
        assert len(moving) <= max(len(old), len(new))
        if operation.kind == DELETE:
            del overwriting[operation.position]
        else:
            overwriting[operation.position] = operation.row

    assert moving == new
    assert overwriting == dict(enumerate(new))
    assert list(operations(new, new)) == []


def test_sizes_are_whole_units(trader: Any) -> None:
    """Rows say units, as quotes do."""
    said = trader.ask("reqMktDepth", reqId=1, numRows=3, **EUR)

    assert [m.fields["size"] for m in said if m.fields["position"] == 0] != []
    assert all(Decimal(m.fields["size"]) % 1 == 0 for m in said)
