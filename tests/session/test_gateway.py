"""Connecting, refusing, losing the line and coming back, against the embedded gateway."""

import contextlib
import socket
import threading
from decimal import Decimal

import pytest

from edgerunner_lab.core.errors import ConnectFailed, NotConnected, UsageError
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway, Gateways


def wait_for_state(session: Session, state: str, seconds: float = 20) -> None:
    """Wait until the session says that it is in `state`."""
    reached = threading.Event()

    def look() -> None:
        if session.engine.gateway.state.value == state:
            reached.set()
        else:
            session.thread.loop.call_later(0.02, look)

    session.thread.soon(look)
    assert reached.wait(seconds), session.status()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_connecting_binds_the_paper_account(session: Session) -> None:
    """The account decides the mode."""
    status = session.status()

    assert status.state == "connected"
    assert status.mode == "SIM"
    assert status.account.startswith("DU")
    assert status.server_version == 178


def test_the_account_is_masked_wherever_status_is_shown(session: Session) -> None:
    """A shared notebook shows no account."""
    account = session.status().account

    assert account not in str(session.status())
    assert account not in session.status()._repr_html_()  # pyright: ignore[reportPrivateUsage]  # what a notebook shows


def test_a_refused_connection_names_the_ports_to_try(unconnected: Session) -> None:
    """The line says what to do."""
    with pytest.raises(ConnectFailed, match="TWS 7497 paper"):
        unconnected.connect("paper", port=free_port())

    assert unconnected.status().state == "error"


def test_a_paper_account_on_a_live_profile_is_refused(
    unconnected: Session, gateway: Gateway
) -> None:
    """Where profile and account disagree, nothing is believed."""
    with pytest.raises(ConnectFailed, match="ACCOUNT_MISMATCH"):
        unconnected.connect("live", port=gateway.port)


def test_an_account_that_is_not_there_is_refused(
    unconnected: Session, gateway: Gateway
) -> None:
    """And the ones that are there are shown masked."""
    with pytest.raises(ConnectFailed, match=r"expected one of DU\*\*\*"):
        unconnected.connect("sim", port=gateway.port, account="DU7777777")


def test_an_unknown_profile_is_refused(unconnected: Session) -> None:
    """With the list of those there are."""
    with pytest.raises(UsageError, match="expected one of sim, paper"):
        unconnected.connect("demo")


def test_a_gateway_that_says_nothing_times_out(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket that accepts is not yet a gateway (RISK F04)."""
    monkeypatch.setenv("EDGERUNNER_CONNECT_TIMEOUT_S", "0.3")
    with socket.socket() as silent, contextlib.closing(Session(paths=paths)) as unconnected:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ConnectFailed, match="handshake within"):
            unconnected.connect("sim", port=silent.getsockname()[1])


def test_a_client_id_in_use_moves_to_the_next(session: Session, second: Session) -> None:
    """Two kernels of one notebook do not wait for each other."""
    taken = session.status().client_id

    second.connect("sim", port=session.status().port, client_id=taken)

    assert second.status().client_id == taken + 1


def test_verbs_say_that_there_is_no_connection(unconnected: Session) -> None:
    """No picture is not a flat one."""
    for verb in (
        unconnected.positions,
        unconnected.account,
        lambda: unconnected.quote("SPY"),
    ):
        with pytest.raises(NotConnected, match="disconnected"):
            verb()


def test_disconnecting_leaves_working_orders_at_the_broker(session: Session) -> None:
    """They are there again after the next connect, and can be cancelled."""
    bid = session.quote("SPY").bid
    order = session.buy("SPY", 1, limit=(bid * Decimal("0.9")).quantize(Decimal("0.01")))
    port = session.status().port
    session.disconnect()

    session.connect("sim", port=port)

    assert [update.order_ref for update in session.orders()] == [order.order_ref]
    assert session.cancel("SPY").state.value == "cancelled"


def test_the_session_comes_back_when_the_gateway_does(
    unconnected: Session, gateways: Gateways
) -> None:
    """Reconnected means synchronised: position and order are there again."""
    first = gateways.start()
    unconnected.connect("sim", port=first.port)
    unconnected.order("buy 3 SPY")
    first.stop()
    wait_for_state(unconnected, "reconnecting")

    gateways.start(port=first.port)
    wait_for_state(unconnected, "connected")

    assert [row.quantity for row in unconnected.positions()] == [3]
    assert unconnected.quote("SPY").bid is not None
