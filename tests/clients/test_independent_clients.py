"""Programs that others have written for TWS trade here unchanged. They are optional; see README.md beside this."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rigs.gateways import Gateway

HERE = Path(__file__).parent
SECONDS_MAX = 60

pytestmark = pytest.mark.timeout(SECONDS_MAX + 10)


def said(*command: str) -> dict[str, Any]:
    """Run a client and return what it saw."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def needs(package: str) -> None:
    """Skip where a Python client is not installed."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed; tests/clients/README.md says how")


def test_ib_insync_looks_around_and_trades(gateway: Gateway) -> None:
    """The predecessor of ib_async, as its users still run it."""
    needs("ib_insync")
    seen = said(sys.executable, str(HERE / "ib_insync_client.py"), str(gateway.port))

    assert seen["bid_below_ask"] is True
    assert seen["bars"] == 24
    assert (seen["filled"], seen["cancelled"]) == ("Filled", "Cancelled")
    assert seen["position"] == 3
    assert seen["net_liquidation"] is True


def test_the_brokers_own_old_api_trades(gateway: Gateway) -> None:
    """Its newest version on the package index speaks server version 157."""
    needs("ibapi")
    seen = said(sys.executable, str(HERE / "ibapi_client.py"), str(gateway.port))

    assert seen["done"] is True
    assert (seen["con_id"], seen["bars"]) == (756733, 24)
    assert (seen["status"], seen["position"]) == ("Filled", 2)


def test_a_typescript_client_trades(gateway: Gateway) -> None:
    """@stoqey/ib, in Node; it speaks a newer version than the Python clients."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "@stoqey" / "ib").is_dir():
        pytest.skip("@stoqey/ib is not installed; tests/clients/README.md says how")
    seen = said(node, str(HERE / "stoqey_client.cjs"), str(gateway.port))

    assert (seen["conId"], seen["bars"]) == (756733, 24)
    assert (seen["status"], seen["position"]) == ("Filled", 4)
