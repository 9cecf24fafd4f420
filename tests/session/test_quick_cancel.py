"""The broker's global cancel from another process, before any session has synchronised."""

from decimal import Decimal

import pytest

from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.connections import Connection
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import quick_cancel
from edgerunner_lab.session.session import Session
from edgerunner_lab.session.wall_clock import utc_now
from rigs.gateways import Gateway


def place(port: int, account: str = "DU1000001") -> Connection:
    """Return where a client id was connected."""
    return Connection(
        account=account, client_id=1, profile="sim", host="127.0.0.1", port=port, at=utc_now()
    )  # fmt: skip


def resting(session: Session) -> str:
    """Have an order rest; return its reference."""
    limit = (session.quote("SPY").bid * Decimal("0.9")).quantize(Decimal("0.01"))
    return session.buy("SPY", 1, limit=limit, tif="GTC").order_ref


def asked(gateway: Gateway) -> int:
    """Return how often the broker was asked to cancel everything."""
    requests = gateway.command("received")["requests"]
    return sum(one["name"] == "reqGlobalCancel" for one in requests)


def test_the_broker_cancels_what_any_client_has_placed(
    paths: Paths, session: Session, gateway: Gateway
) -> None:
    """At once; the connection is kept until somebody has asked what came of it."""
    ref = resting(session)

    line = quick_cancel.ask(paths, place(gateway.port))

    assert line is not None
    session.thread.run(
        session.engine.tracker.wait_until, ref, lambda one: not one.state.is_open, 10.0
    )
    assert [one.state for one in session.orders()] == [OrderState.CANCELLED]
    line.close()


def test_another_account_is_left_alone(
    paths: Paths, session: Session, gateway: Gateway
) -> None:
    """TWS may have been logged in as somebody else since."""
    resting(session)

    assert quick_cancel.ask(paths, place(gateway.port, "DU7654321")) is None
    assert asked(gateway) == 0


@pytest.mark.parametrize("port", [0, 1])
def test_where_nobody_is_nothing_is_asked(paths: Paths, port: int) -> None:
    """Neither an embedded gateway nor anything else listens."""
    assert quick_cancel.ask(paths, place(port)) is None


@pytest.mark.parametrize("what", ["garble", "drop", "refuse"])
def test_a_line_that_cannot_be_read_asks_nothing(
    paths: Paths, gateway: Gateway, what: str
) -> None:
    """A whole session says later what is wrong."""
    when = {"connect": 1} if what == "refuse" else {"message": "startApi"}
    gateway.command("fault", fault={"what": what, "when": when})

    assert quick_cancel.ask(paths, place(gateway.port)) is None
    assert asked(gateway) == 0
