"""From the request to halt to the first cancel on the wire, and to the broker's word for it, whatever the kernel does."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from figures import Figure, summed_up

from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import outside
from edgerunner_lab.session.firewall import CANCEL_ORDER, REQ_GLOBAL_CANCEL
from kernel.test_halt_control import REQUEST
from kernel.test_halt_from_terminal import BUSY, begin
from rigs.gateways import Gateways
from rigs.kernels import Kernel, environment_of_a_kernel
from rigs.proxy import Proxy

RUNS = 7
WAIT_SECONDS = 15
ORDER_STATUS = 3
REST = """
bid = float(lab.quote("SPY").bid)
lab.buy("SPY", 1, limit=round(bid * 0.9, 2), tif="GTC", again=True)
"""
LIMITS = "[sim]\nmax_orders_10s = 1000\nmax_same_orders_60s = 1000\n"


class Wire:
    """Sees the first cancel go out, and the first status that comes back behind it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.cancelled, self.confirmed = threading.Event(), threading.Event()
        self.at_cancel = self.at_confirmed = 0.0

    def __call__(self, direction: str, message_id: int) -> bool:
        """Be the proxy's watch."""
        if direction == "out" and message_id in (CANCEL_ORDER, REQ_GLOBAL_CANCEL):
            self.at_cancel = self.at_cancel or time.perf_counter()
            self.cancelled.set()
        elif direction == "in" and message_id == ORDER_STATUS and self.cancelled.is_set():
            self.at_confirmed = self.at_confirmed or time.perf_counter()
            self.confirmed.set()
        return True


def measure() -> Iterator[Figure]:
    """By the control channel while it is heard, and from outside, by the broker, while it is not."""
    for doing in ("idle", "asleep", "looping", "holding the interpreter"):
        is_heard = doing != "holding the interpreter"
        first: list[float] = []
        confirmed: list[float] = []
        with _desk() as (kernel, wire):
            for _ in range(RUNS if is_heard else 1):
                kernel.run(REST)
                wire.reset()
                if BUSY[doing]:
                    begin(kernel, BUSY[doing])
                began = time.perf_counter()
                if is_heard:
                    _ask(kernel)
                else:
                    outside.halt(Paths.default(), reason="bench", everything=True)
                assert wire.confirmed.wait(WAIT_SECONDS), "no cancel was confirmed"
                first.append((wire.at_cancel - began) * 1000)
                confirmed.append((wire.at_confirmed - began) * 1000)
                if is_heard:
                    kernel.manager.interrupt_kernel()
                    kernel.run('import time; time.sleep(0.5)\nlab.resume(reason="bench")')
        name = doing.replace(" ", "_")
        yield summed_up(f"halt_first_byte_{name}", "ms", first)
        yield summed_up(f"halt_confirmed_{name}", "ms", confirmed)


def _ask(kernel: Kernel) -> None:
    client = kernel.client
    assert client is not None
    client.control_channel.send(client.session.msg(REQUEST, {"everything": False}))


@contextmanager
def _desk() -> Generator[tuple[Kernel, Wire]]:
    """A kernel with a session on a gateway whose wire is watched."""
    with tempfile.TemporaryDirectory(prefix="er-") as directory:
        home = Path(directory) / "home"
        (home / "config").mkdir(parents=True, mode=0o700)
        os.environ["EDGERUNNER_HOME"] = str(home)
        Paths.default().config.mkdir(parents=True, exist_ok=True)
        (Paths.default().config / "limits.toml").write_text(LIMITS, encoding="utf-8")
        gateways, wire = Gateways(Path(directory)), Wire()
        proxy = Proxy(gateways.start().port, wire)
        kernel = Kernel(Path(directory))
        undo: list[Callable[[], None]] = [kernel.close, proxy.close, gateways.close]
        try:
            kernel.start(
                {**environment_of_a_kernel(home), "EDGERUNNER_NO_AUTOCONNECT": "1"}
            )
            said = kernel.run(f"%load_ext edgerunner_lab\n%connect sim --port {proxy.port}")
            assert said.status == "ok", said.error_lines
            yield kernel, wire
        finally:
            for step in undo:
                step()
