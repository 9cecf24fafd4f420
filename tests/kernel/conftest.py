"""A kernel whose product home is the test's own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs.kernels import Kernel


@pytest.fixture
def kernel(home: Path, tmp_path: Path) -> Iterator[Kernel]:
    """A real ipykernel whose product home is this test's own."""
    started = Kernel(tmp_path)
    environment = {
        **os.environ,
        "EDGERUNNER_HOME": str(home),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    started.start(environment)
    yield started
    started.close()
