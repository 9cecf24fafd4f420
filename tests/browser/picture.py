"""Make docs/quickstart.png: the quickstart in JupyterLab, as a newcomer sees it. `python tests/browser/picture.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from rigs.browsers import Browser, find_chromium  # noqa: E402  found through the path above
from rigs.jupyterlab import JupyterLab  # noqa: E402  found through the path above

SETTLE_MS = 3000
"""Until the traces have a few points."""


def main() -> None:
    """Run the quickstart, scroll to the market, and take the picture."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("Chromium was not found; Debian has it as the package chromium")
    lab = JupyterLab()
    lab.start()
    try:
        browser = Browser(chromium, width=1280, height=860)
        notebook = browser.open(
            lab, lab.copy_notebook(ROOT / "notebooks" / "00_quickstart.ipynb")
        )
        notebook.wait_until_ready()
        notebook.page.evaluate(
            "jupyterapp.commands.execute('application:toggle-left-area')"
        )
        notebook.run_all()
        notebook.wait_until_run()
        notebook.page.wait_for_timeout(SETTLE_MS)
        notebook.page.evaluate(
            "document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0"
        )
        notebook.page.locator(".edgerunner-quotes").wait_for()
        notebook.page.evaluate(
            "document.querySelector('.edgerunner-quotes').closest('.jp-Cell').scrollIntoView({block: 'start'})"
        )
        notebook.page.wait_for_timeout(SETTLE_MS)
        notebook.screenshot(ROOT / "docs" / "quickstart.png")
        browser.close()
    finally:
        lab.close()


if __name__ == "__main__":
    main()
