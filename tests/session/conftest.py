"""Sessions connected to a private gateway."""

from collections.abc import Iterator

import pytest

from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway


@pytest.fixture
def unconnected(paths: Paths) -> Iterator[Session]:
    """A session that is connected to nothing yet."""
    session = Session(paths=paths, notebook="test.ipynb")
    yield session
    session.close()


@pytest.fixture
def session(unconnected: Session, gateway: Gateway) -> Session:
    """A session connected to a private embedded gateway."""
    unconnected.connect("sim", port=gateway.port)
    return unconnected


@pytest.fixture
def second(paths: Paths, gateway: Gateway) -> Iterator[Session]:
    """Another notebook's session on the same ledger and gateway."""
    other = Session(paths=paths, notebook="other.ipynb")
    other.connect("sim", port=gateway.port)
    yield other
    other.close()
