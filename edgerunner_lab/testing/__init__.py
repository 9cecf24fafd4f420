"""A pytest plugin: a private simulated gateway for any program written for TWS.

In a `conftest.py` or a test module of any project:

    pytest_plugins = ["edgerunner_lab.testing"]

    def test_my_bot_survives_a_lost_acknowledgement(gateway):
        gateway.inject("lose", messages=["orderStatus"])
        bot = Bot("127.0.0.1", gateway.port)
        ...
        gateway.step(5)
        assert gateway.received("placeOrder")[-1].fields["o.orderType"] == "LMT"

The gateway is a process of its own with a fixed seed and a clock that stands still until `step`,
so that a test has no waiting and the same prices every time. Its options are those of
`edgerunner gateway`, per test as `@pytest.mark.gateway(speed=1, hours="real", faults="bad.toml")`
or for a whole folder by overriding the fixture `gateway_options`.
"""

from collections.abc import Generator

import pytest

from .private_gateway import DEFAULTS, Gateway, GatewayError, Request

__all__ = ["DEFAULTS", "Gateway", "GatewayError", "Request", "gateway", "gateway_options"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, so that strict projects may use it."""
    config.addinivalue_line(
        "markers",
        "gateway(**options): options of `edgerunner gateway` for this test's gateway,"
        " such as speed=1 or faults='bad-day.toml'",
    )


@pytest.fixture
def gateway_options() -> dict[str, object]:
    """Options of `edgerunner gateway` for all gateways; override it to have others than `DEFAULTS`."""
    return dict(DEFAULTS)


@pytest.fixture
def gateway(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    gateway_options: dict[str, object],
) -> Generator[Gateway]:
    """A private simulated gateway, started; it ends with the test."""
    options = {**DEFAULTS, **gateway_options}
    for marker in reversed(list(request.node.iter_markers("gateway"))):
        options.update(marker.kwargs)
    if options["speed"] == 1 and options["start"] == DEFAULTS["start"]:
        # A clock that runs shows the present unless the test has its own beginning.
        options["start"] = None
    started = Gateway(tmp_path_factory.mktemp("gateway"), options)
    try:
        started.start()
        yield started
    finally:
        started.stop()
