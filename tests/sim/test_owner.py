"""Whose socket it is."""

import os
import socket
import sys

import pytest

from edgerunner_lab.sim.process.owner import is_foreign, owner_in

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1D49 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1
   1: 0100007F:C350 0100007F:1D49 01 00000000:00000000 00:00000000 00000000  1001        0 2 1
   2: 0100007F:1D49 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 3 1
""".splitlines()


def test_the_owner_is_that_of_the_clients_end() -> None:
    """The table lists both ends; the gateway's own says nothing."""
    assert owner_in(TABLE, 50000, 7497) == 1001
    assert owner_in(TABLE, 7497, 50000) == 1000
    assert owner_in(TABLE, 50001, 7497) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_our_own_client_is_not_foreign(family: socket.AddressFamily, address: str) -> None:
    """Over a real loopback socket of either family."""
    with socket.create_server((address, 0), family=family) as listener:
        client = socket.create_connection(listener.getsockname()[:2])
        accepted, _ = listener.accept()
        with client, accepted:
            with open(  # noqa: PTH123  the kernel's table
                "/proc/net/tcp" if family == socket.AF_INET else "/proc/net/tcp6",
                encoding="ascii",
            ) as table:
                owner = owner_in(table, client.getsockname()[1], listener.getsockname()[1])

            assert owner == os.getuid()
            assert not is_foreign(accepted)


def test_other_kinds_of_socket_are_not_foreign() -> None:
    """There is no table for them, and no stranger either."""
    one, two = socket.socketpair()
    with one, two:
        assert not is_foreign(one)
