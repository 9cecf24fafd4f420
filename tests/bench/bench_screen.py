"""`tick_to_screen`: from a tick's send time at the gateway to the changed cell in Chromium."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, summed_up

from rigs.browsers import Browser, find_chromium
from rigs.jupyterlab import JupyterLab

HERE = Path(__file__).parent
SYMBOLS, RATE, SECONDS = 100, 1000, 10
BUSY = f"import time\nend = time.monotonic() + {SECONDS + 6}\nn = 0\nwhile time.monotonic() < end:\n    n += 1"

MEASURE = """(seconds) => new Promise((resolve) => {
    const body = document.querySelector(".edgerunner-quotes tbody");
    const delays = [];
    const observer = new MutationObserver((changes) => {
        const now = Date.now() % 10_000_000;
        for (const change of changes) {
            const cell = change.target.nodeType === 3 ? change.target.parentElement : change.target;
            if (cell?.dataset?.column !== "bid") continue;
            const sent = Math.round(Number(cell.textContent.replaceAll(",", "")) * 100);
            if (Number.isFinite(sent)) delays.push(now - sent);
        }
    });
    observer.observe(body, {subtree: true, childList: true, characterData: true});
    setTimeout(() => { observer.disconnect(); resolve(delays); }, seconds * 1000);
})"""


def measure() -> Iterator[Figure]:
    """Watch 100 symbols at 1,000 updates a second, with the kernel idle and with a cell that computes."""
    chromium = find_chromium()
    if chromium is None:
        print("bench: tick_to_screen left out, Chromium was not found", file=sys.stderr)
        return
    command = [sys.executable, str(HERE / "clockwork.py"), str(SYMBOLS), str(RATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        port = gateway.stdout.readline().strip()
        lab = JupyterLab()
        try:
            lab.start()
            yield from _figures(lab, Browser(chromium), port)
        finally:
            lab.close()
            gateway.terminate()


def _figures(lab: JupyterLab, browser: Browser, port: str) -> Iterator[Figure]:
    symbols = " ".join(f"T{number:03d}" for number in range(SYMBOLS))
    cells = [
        f"%load_ext edgerunner_lab\n%connect sim --port {port}",
        f"%watch {symbols}",
        BUSY,
    ]
    notebook = browser.open(lab, lab.write_notebook(cells))
    try:
        notebook.wait_until_ready()
        notebook.run(0)
        notebook.run(1)
        notebook.page.locator(".edgerunner-quotes tbody tr").first.wait_for()
        yield summed_up(
            "tick_to_screen_idle", "ms", notebook.page.evaluate(MEASURE, SECONDS)
        )
        notebook.start_cell(2)
        yield summed_up(
            "tick_to_screen_busy", "ms", notebook.page.evaluate(MEASURE, SECONDS)
        )
    finally:
        browser.close()
