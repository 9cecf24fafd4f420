"""`feed_cpu_ratio`: CPU a tick of our session over plain ib_async on the same stream of 100 tickers."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Figure

HERE = Path(__file__).parent
TICKERS, SECONDS, RUNS = 100, 3, 3
RATES = {"feed_cpu_ratio_1000": 1000, "feed_cpu_ratio_saturated": 0}
"""name -> ticks a second; 0 is as fast as the socket takes them"""


def measure() -> Iterator[Figure]:
    """Measure both clients in turn, so that a machine that slows down slows both."""
    for name, rate in RATES.items():
        ratios: list[float] = []
        ours_us: list[float] = []
        for _ in range(RUNS):
            plain, ours = (_cpu_us_a_tick(kind, rate) for kind in ("plain", "ours"))
            ratios.append(ours / plain)
            ours_us.append(ours)
        yield Figure(name=name, unit="us CPU a tick", p50=statistics.median(ours_us), ratio=statistics.median(ratios), runs=RUNS)  # fmt: skip


def _cpu_us_a_tick(kind: str, rate: int) -> float:
    flood = [sys.executable, str(HERE / "flood.py"), str(TICKERS), str(rate), str(SECONDS)]
    with subprocess.Popen(flood, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        client = [sys.executable, str(HERE / "feed_client.py"), kind, port, str(TICKERS)]
        done = subprocess.run(
            client, capture_output=True, text=True, check=True, timeout=120
        )
    result = json.loads(done.stdout.splitlines()[0])
    return result["cpu_s"] / result["ticks"] * 1e6
