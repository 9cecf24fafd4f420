"""What stops trading by itself: a loss, a critical message, a message that nobody can read."""

import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    ends, pause = time.monotonic() + 20, threading.Event()
    while not holds():
        assert time.monotonic() < ends, "it did not come within 20 s"
        pause.wait(0.02)


def latch_of(session: Session) -> tuple[LatchState, str]:
    """Return the durable latch."""
    latch = session.engine.records.ledger.latch()
    return latch.state, latch.by


def lose(session: Session, gateway: Gateway, share: str) -> None:
    """Hold 19,000 USD of SPY and let its price fall by `share`."""
    bid = session.quote("SPY").bid
    for _ in range(2):
        session.buy("SPY", int(Decimal(9500) / bid), again=True)
    price = (bid * (1 - Decimal(share))).quantize(Decimal("0.01"))
    gateway.command("price", symbol="SPY", price=str(price))


def test_a_loss_lets_only_exits_through(session: Session, gateway: Gateway) -> None:
    """2 % of the account, in simulation; whoever resumes is not stopped by the same loss again."""
    lose(session, gateway, "0.12")

    until(lambda: latch_of(session) == (LatchState.REDUCING, "daily_loss"))
    with pytest.raises(OrderDenied, match="TRADING_REDUCING"):
        session.buy("SPY", 1)
    session.resume(reason="looked at it")
    with pytest.raises(OrderDenied, match="DAILY_LOSS"):
        session.buy("SPY", 2)
    assert session.close_position("SPY").is_flat
    assert latch_of(session)[0] is LatchState.ACTIVE


def test_a_larger_loss_halts_and_cancels(session: Session, gateway: Gateway) -> None:
    """3 % of the account."""
    bid = session.quote("QQQ").bid
    away = (bid * Decimal("0.9")).quantize(Decimal("0.01"))
    resting = session.buy("QQQ", 1, limit=away, tif="GTC")
    lose(session, gateway, "0.25")

    until(lambda: latch_of(session) == (LatchState.HALTED, "daily_loss"))
    until(
        lambda: (
            next(
                one.state for one in session.orders() if one.order_ref == resting.order_ref
            )
            is OrderState.CANCELLED
        )
    )
    with pytest.raises(OrderDenied, match="TRADING_HALTED: by=daily_loss"):
        session.buy("SPY", 1)


def test_a_fall_from_the_days_peak_halts_although_nothing_is_lost(
    session: Session, gateway: Gateway
) -> None:
    """Five per cent of the account below where it stood; whoever resumes begins anew from there."""
    lose(session, gateway, "-0.40")
    (held,) = session.positions()
    until(lambda: (session.account()[0].daily_pnl or 0) > 7000)

    gateway.command("price", symbol="SPY", price=str(held.average_cost * Decimal("1.05")))

    until(lambda: latch_of(session) == (LatchState.HALTED, "max_drawdown"))
    assert "from the day's peak, limit=5.00%" in session.status().latch
    session.resume(reason="looked at it")
    assert session.close_position("SPY").is_flat
    assert latch_of(session)[0] is LatchState.ACTIVE


def test_a_critical_message_halts(session: Session) -> None:
    """From the same moment on, in this notebook and, once it is written, in all."""
    session.thread.run(session.engine.broker_error, -1, 10328, "order data lost")

    with pytest.raises(OrderDenied, match="TRADING_HALTED"):
        session.buy("SPY", 1)
    until(lambda: latch_of(session) == (LatchState.HALTED, "code_10328"))
    assert "order data lost" in session.status().latch


@pytest.mark.parametrize("code", [2104, 2110, 201, 399])
def test_other_messages_halt_nothing(session: Session, code: int) -> None:
    """A farm, a lost connection and a rejection have answers of their own."""
    session.thread.run(session.engine.broker_error, -1, code, "words")

    assert latch_of(session)[0] is LatchState.ACTIVE


def test_a_message_that_cannot_be_read_halts(session: Session) -> None:
    """What it said about orders or positions is not known."""
    session.thread.run(session.engine.evidence_lost, 11)

    until(lambda: latch_of(session) == (LatchState.HALTED, "unreadable_message"))
