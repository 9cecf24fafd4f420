"""The quickstart in real JupyterLab: what a newcomer does in the first minute."""

from pathlib import Path

from rigs.browsers import Browser
from rigs.jupyterlab import JupyterLab

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "notebooks" / "00_quickstart.ipynb"

PRICES = """[...document.querySelectorAll(
  '.edgerunner-quotes td:is([data-column="bid"], [data-column="ask"], [data-column="last"])'
)].map(cell => cell.textContent).join(" ")"""
"""JavaScript: what the quotes table shows of prices."""


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
    table.wait_for(state="visible")
    # One bid may stand still for a minute in quiet hours; all prices of all rows do so in a frozen table only.
    notebook.page.evaluate(f"() => {{ window.edgerunnerPrices = {PRICES}; }}")
    notebook.page.wait_for_function(
        f"() => {PRICES} !== window.edgerunnerPrices", timeout=20_000
    )
    assert "SIM" in (notebook.badge().text_content() or "")
