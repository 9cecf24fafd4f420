"""The quickstart in real JupyterLab: what a newcomer does in the first minute."""

from pathlib import Path

from rigs.browsers import Browser
from rigs.jupyterlab import JupyterLab

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "notebooks" / "00_quickstart.ipynb"


def test_the_quickstart_runs_from_top_to_bottom_and_its_quotes_move(
    lab: JupyterLab, browser: Browser
) -> None:
    """Run All, no failed cell but the one that is meant to be denied, and a live table."""
    notebook = browser.open(lab, lab.copy_notebook(QUICKSTART))
    notebook.wait_until_ready()
    notebook.run_all()
    notebook.wait_until_run()

    assert [
        failure for failure in notebook.failures() if "OrderDenied" not in failure
    ] == []
    table = notebook.page.get_by_test_id("edgerunner-quotes")
    bid = table.locator('tr[data-symbol="SPY"] td[data-column="bid"]')
    bid.wait_for(state="visible")
    before = bid.text_content()
    # The market moves several times a second; a frozen table never changes.
    notebook.page.wait_for_function(
        "([selector, before]) => document.querySelector(selector)?.textContent !== before",
        arg=['.edgerunner-quotes tr[data-symbol="SPY"] td[data-column="bid"]', before],
        timeout=20_000,
    )
    assert "SIM" in (notebook.badge().text_content() or "")


def test_quotes_move_while_a_cell_computes(lab: JupyterLab, browser: Browser) -> None:
    """Frames and acknowledgements travel on roads that a busy cell does not close."""
    name = lab.write_notebook(
        [
            "%load_ext edgerunner_lab\n%connect sim",
            "%watch SPY QQQ AAPL MSFT NVDA",
            "import time\nend = time.monotonic() + 8\nn = 0\nwhile time.monotonic() < end:\n    n += 1\nprint('done')",
        ]
    )
    notebook = browser.open(lab, name)
    notebook.wait_until_ready()
    notebook.run(0)
    notebook.run(1)
    notebook.page.locator(
        '.edgerunner-quotes tr[data-symbol="SPY"] td[data-column="bid"]'
    ).wait_for()
    notebook.start_cell(2)
    changes = notebook.page.evaluate(
        """() => new Promise((resolve) => {
            const body = document.querySelector(".edgerunner-quotes tbody");
            let last = performance.now(), gap = 0, count = 0;
            const observer = new MutationObserver(() => {
                const now = performance.now();
                gap = Math.max(gap, now - last);
                last = now;
                count += 1;
            });
            observer.observe(body, {subtree: true, childList: true, characterData: true});
            setTimeout(() => { observer.disconnect(); resolve({gap, count}); }, 6000);
        })"""
    )

    assert notebook.outputs(2) == [], "the cell should still be computing"
    assert changes["count"] > 20
    assert changes["gap"] < 1500
