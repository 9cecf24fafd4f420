"""`load_ext`: what `%load_ext edgerunner_lab` costs the first cell of a fresh kernel."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, summed_up

from rigs.kernels import Kernel, environment_of_a_kernel

RUNS = 5
CODE = """
import time as _t
_start = _t.perf_counter()
get_ipython().run_line_magic("load_ext", "edgerunner_lab")
print("seconds", _t.perf_counter() - _start)
"""


def measure() -> Iterator[Figure]:
    """Load it in one fresh kernel after the other."""
    seconds: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="er-bench-") as directory:
            kernel = Kernel(Path(directory))
            kernel.start(environment_of_a_kernel(Path(directory)))
            try:
                seconds.append(float(kernel.run(CODE).text.split("seconds")[1]))
                kernel.run("%unload_ext edgerunner_lab")
            finally:
                kernel.close()
    yield summed_up("load_ext", "s", seconds)
