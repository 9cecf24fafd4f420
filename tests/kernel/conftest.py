"""A kernel whose product home is the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rigs.gateways import stop_gateway
from rigs.kernels import Kernel, environment_of_a_kernel


@pytest.fixture
def kernel(home: Path, tmp_path: Path) -> Iterator[Kernel]:
    """A real ipykernel whose product home is this test's own; its gateway ends with it."""
    started = Kernel(tmp_path)
    started.start(environment_of_a_kernel(home))
    yield started
    started.close()
    stop_gateway(home)
