"""What happens between the guard's approval and the bytes: too late, elsewhere, or not on record."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import NotConnected, OrderDenied, UsageError
from edgerunner_lab.core.grammar import parse
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.judgements import Judgement
from edgerunner_lab.session.proposals import Present, proposed
from edgerunner_lab.session.session import Session
from edgerunner_lab.session.wall_clock import utc_now
from rigs.gateways import Gateway
from session.test_gateway import wait_for_state


def judged(session: Session, text: str) -> Judgement:
    """Return what the guard would look at for an order that is phrased now."""
    source = session.source("python")

    async def judge() -> Judgement:
        engine, intent = session.engine, parse(text)
        instrument = await engine.instruments.resolve(intent.contract)
        present = Present(
            quote=await engine.market.fresh_quote(instrument, 4.0),
            position=engine.portfolio.quantity(instrument.con_id),
            account=engine.link.account,
            now=utc_now(),
        )
        return await engine.judgement(proposed(intent, instrument, source, present))

    return session.thread.run(judge)


def test_a_decision_older_than_a_second_is_not_carried_out(session: Session) -> None:
    """The market it was made for is gone."""
    judgement = judged(session, "buy 1 SPY")
    old = replace(judgement, taken_mono=judgement.taken_mono - 1.5)

    with pytest.raises(NotConnected, match=r"older than a second.*nothing was sent"):
        session.thread.run(session.engine.orders.send, old)

    assert session.orders().state is OrderState.WITHDRAWN
    assert not session.positions()


def test_a_decision_for_another_connection_is_not_carried_out(
    session: Session, gateway: Gateway
) -> None:
    """What was known of the account was known on the old line."""
    judgement = judged(session, "buy 1 SPY")
    session.disconnect()
    session.connect("sim", port=gateway.port)

    with pytest.raises(NotConnected, match=r"connection changed.*nothing was sent"):
        session.thread.run(session.engine.orders.send, judgement)

    assert session.orders().state is OrderState.WITHDRAWN
    assert not session.positions()


def test_a_line_that_comes_back_has_the_same_client_id_and_account(
    session: Session,
) -> None:
    """Orders belong to a client id; coming back as another would make them somebody else's."""
    before = session.status()
    session.thread.run(session.engine.gateway.restart, "a test")
    wait_for_state(session, "connected")

    after = session.status()
    assert (after.client_id, after.account) == (before.client_id, before.account)
    assert session.thread.run(lambda: session.engine.link.generation) == 2


def test_while_the_ledger_takes_no_records_nothing_is_sent_and_afterwards_all_are_there(
    session: Session, paths: Paths
) -> None:
    """A record that waits denies new orders, and is written when the ledger can again."""
    bid = session.quote("SPY").bid
    placed = session.buy("SPY", 1, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")))
    lock = sqlite3.connect(paths.ledger, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        ended = session.cancel(placed.order_ref)
        assert ended.state is OrderState.CANCELLED
        with pytest.raises(OrderDenied, match="AUDIT_UNAVAILABLE"):
            session.order("buy 1 SPY")
    finally:
        lock.execute("ROLLBACK")
        lock.close()

    session.thread.run(session.engine.records.call, lambda: None)

    record = session.thread.run(
        session.engine.records.call,
        lambda: session.engine.records.ledger.order(placed.order_ref),
    )
    assert record is not None
    assert record.update.state is OrderState.CANCELLED
    assert session.order("buy 1 SPY").state is OrderState.FILLED


def test_a_contract_that_says_two_things_is_refused(session: Session) -> None:
    """The id of one instrument and the symbol of another: neither is traded."""
    from ib_async import Contract, MarketOrder  # noqa: PLC0415  what a user would write

    mixed = Contract(
        conId=265598, symbol="SPY", secType="STK", exchange="SMART", currency="USD"
    )

    with pytest.raises(UsageError, match=r"265598.*756733.*nothing was sent"):
        session.ib.placeOrder(mixed, MarketOrder("BUY", 1))
    assert not session.orders()


def test_questions_that_share_a_key_are_all_answered(session: Session) -> None:
    """ib_async answers only the last of two that ask for open orders at once."""
    engine = session.engine
    questions = [
        *(lambda: session.thread.run(engine.alone, engine.ib.reqAllOpenOrdersAsync),) * 5,
        session.orders,
    ]
    with ThreadPoolExecutor(len(questions)) as pool:
        waiting = [pool.submit(ask) for ask in questions]
        assert [len(one.result(10)) for one in waiting] == [0] * 6
