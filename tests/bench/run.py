"""`scripts/bench [NAME…]`: run the named benchmarks, or all, and print one JSON object a figure."""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from figures import Figure

BENCHMARKS: Final = {
    "load_ext": "bench_load:measure",
    "connect_cold": "bench_session:connect_cold",
    "connect_warm": "bench_session:connect_warm",
    "order_deny": "bench_session:order_deny",
    "order_to_wire": "bench_session:orders",
    "guard_check": "bench_road:guard_check",
    "ledger_commit": "bench_road:ledger_commit",
    "journal_verify": "bench_road:journal_verify",
    "halt": "bench_halt:measure",
    "feed_cpu_ratio": "bench_feed:measure",
    "gateway_ticks_per_s": "bench_gateway:measure",
    "gateway_clients": "bench_gateway:clients",
    "gateway_order_round_trip": "bench_gateway_orders:round_trip",
    "gateway_orders_per_s": "bench_gateway_orders:throughput",
    "gateway_start_ms": "bench_gateway_orders:start",
    "gateway_soak": "bench_gateway_orders:soak",
    "tick_to_screen": "bench_screen:measure",
}
"""Name -> module here and function in it, which yields figures."""


sys.path.insert(0, str(Path(__file__).parent.parent))  # for tests/rigs, as pytest has it


def main() -> int:
    """Return 1 when a benchmark broke; the others have run all the same."""
    names = _names()
    broken = 0
    for number, name in enumerate(names, 1):
        print(f"bench: {name}, {number} of {len(names)}", file=sys.stderr)
        try:
            for figure in _measure(name)():
                print(figure.line(), flush=True)
        except Exception as error:  # noqa: BLE001  one broken benchmark must not hide the others' figures
            print(f"bench: {name} broke: {error!r}", file=sys.stderr)
            broken += 1
    return 1 if broken else 0


def _names() -> list[str]:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names: list[str] = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.exit(2, f"bench: found {unknown[0]!r}, expected {', '.join(BENCHMARKS)}\n")
    return names or list(BENCHMARKS)


def _measure(name: str) -> Callable[[], Iterator[Figure]]:
    module, _, function = BENCHMARKS[name].partition(":")
    return getattr(importlib.import_module(module), function)


if __name__ == "__main__":
    raise SystemExit(main())
