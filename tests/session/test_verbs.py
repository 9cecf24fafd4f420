"""The verbs beside orders: search, quotes, limits, awaitables, `lab.ib`, against the embedded gateway."""

import asyncio
import copy

import pytest

from edgerunner_lab.core.errors import (
    ContractNotFound,
    NotSupported,
    OrderDenied,
    UsageError,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import AWAITABLE, Session
from rigs.gateways import Gateway


def test_a_search_finds_by_the_beginning_of_a_name(session: Session) -> None:
    """`apple` is AAPL."""
    assert "AAPL" in [match.symbol for match in session.search("apple")]


def test_searching_for_nothing_is_refused(session: Session) -> None:
    """With an example."""
    with pytest.raises(UsageError, match=r"e\.g\. apple"):
        session.search("  ")


def test_an_unknown_symbol_is_named(session: Session) -> None:
    """And the way to look for it."""
    with pytest.raises(ContractNotFound, match="check %search NOSUCH"):
        session.quote("NOSUCH")


def test_a_pair_written_as_one_word_is_told_how_it_is_written(session: Session) -> None:
    """Other platforms write it so."""
    with pytest.raises(ContractNotFound, match=r"a currency pair is written EUR\.USD"):
        session.quote("EURUSD")


def test_a_quote_of_nothing_is_refused(session: Session) -> None:
    """At least one symbol."""
    with pytest.raises(UsageError, match="at least one"):
        session.quote()


def test_several_quotes_come_in_the_order_asked(session: Session) -> None:
    """The same symbol twice costs one line."""
    quotes = session.quote("SPY", "EUR.USD", "SPY")

    assert [quote.symbol for quote in quotes] == ["SPY", "EUR.USD", "SPY"]
    assert all(
        quote.bid is not None and quote.ask is not None and quote.bid < quote.ask
        for quote in quotes
    )
    assert session.known_symbols() == ["SPY", "EUR.USD"]


def test_a_tightened_limit_holds_for_the_next_order(session: Session) -> None:
    """And its origin says so."""
    session.set_risk("max_order_qty.STK", 5)

    with pytest.raises(OrderDenied, match="MAX_ORDER_QTY"):
        session.order("buy 6 SPY")
    row = next(row for row in session.risk() if row.name == "max_order_qty.STK")
    assert (row.value, row.origin) == ("5", "this session")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"limit": "cheap"}, "limit 'cheap'"),
        ({"limit": float("nan")}, "limit nan"),
        ({"limit": -1}, "limit -1"),
        ({"tif": "LATER"}, "tif 'LATER'"),
        ({"ref": "a --again"}, "ref 'a --again'"),
    ],
)
def test_what_python_passes_is_checked_as_what_is_typed(
    session: Session, how: dict[str, object], words: str
) -> None:
    """One line, and nothing is sent."""
    with pytest.raises(UsageError, match=words):
        session.buy("SPY", 1, **how)  # type: ignore[arg-type]  # wrong on purpose

    assert not session.orders()


@pytest.mark.parametrize("quantity", [0, -5, "ten", None, float("inf")])
def test_a_quantity_is_a_positive_number(session: Session, quantity: object) -> None:
    """Whatever Python makes of it."""
    with pytest.raises(UsageError, match="quantity"):
        session.buy("SPY", quantity)  # type: ignore[arg-type]  # wrong on purpose


def test_a_float_means_what_it_says(session: Session) -> None:
    """0.1 is a tenth, not the binary number behind it."""
    bid = float(session.quote("SPY").bid)

    order = session.buy("SPY", 1.0, limit=round(bid * 0.9, 2))

    assert str(order.limit_price) == f"{round(bid * 0.9, 2)}"


def test_every_verb_can_be_awaited(session: Session) -> None:
    """On the caller's own loop, with the same names."""

    async def trade() -> list[object]:
        await session.aio.buy("SPY", 2)
        await session.aio.order("sell 1 SPY")
        return [await session.aio.positions(), await session.aio.status()]

    positions, status = asyncio.run(trade())

    assert positions[0].quantity == 1  # type: ignore[index]
    assert status.state == "connected"  # type: ignore[attr-defined]
    assert set(dir(session.aio)) == set(AWAITABLE)
    with pytest.raises(AttributeError, match=r"lab\.aio has no 'watch'"):
        session.aio.watch  # noqa: B018  asked for on purpose


def test_cancelling_what_is_not_there_says_what_is(session: Session) -> None:
    """With the working orders there are."""
    with pytest.raises(UsageError, match="there is none"):
        session.cancel("SPY")


def test_an_order_can_be_cancelled_by_the_users_own_name(session: Session) -> None:
    """`--ref mine`."""
    bid = session.quote("SPY").bid
    session.order(f"buy 1 SPY lmt {bid * 9 / 10:.2f} --ref mine")

    assert session.cancel("mine").state is OrderState.CANCELLED


def test_a_session_is_not_copied_or_pickled(unconnected: Session) -> None:
    """It belongs to its process."""
    with pytest.raises(UsageError, match="pickled or copied"):
        copy.copy(unconnected)


@pytest.mark.parametrize(
    "name", ["client", "wrapper", "connect", "exerciseOptions", "whatIfOrder"]
)
def test_ways_around_the_guard_are_not_passed_on(session: Session, name: str) -> None:
    """`lab.ib` says why, or what to use."""
    with pytest.raises(NotSupported, match=f"lab.ib.{name}"):
        getattr(session.ib, name)
    assert name not in dir(session.ib)


def test_ib_answers_from_any_thread(session: Session) -> None:
    """A blocking method waits for its own twin; keyless requests wait for each other."""
    first = session.ib.reqCurrentTime()

    assert session.ib.reqCurrentTime() >= first
    assert session.ib.managedAccounts()[0].startswith("DU")
    assert session.ib.isConnected()
    assert "connected" in repr(session.ib)


def test_ib_answers_can_be_awaited(session: Session) -> None:
    """On the caller's own loop."""

    async def ask() -> object:
        return await session.ib.reqAllOpenOrdersAsync()

    assert asyncio.run(ask()) == []


def test_an_unusable_ledger_denies_orders_and_lets_everything_else_be(
    paths: Paths, gateway: Gateway
) -> None:
    """Watching and halting go on; nothing new is sent (RISK R36)."""
    paths.ledger.mkdir(parents=True)
    session = Session(paths=paths, notebook="test.ipynb")
    try:
        session.connect("sim", port=gateway.port)

        assert session.quote("SPY").bid is not None
        with pytest.raises(OrderDenied, match="AUDIT_UNAVAILABLE"):
            session.order("buy 1 SPY")
        with pytest.raises(Exception, match="NOT durable"):
            session.halt("try")
        assert not session.positions()
    finally:
        session.close()
