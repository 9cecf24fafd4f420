"""The live table of quotes in a real JupyterLab, on a market of its own."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from rigs.browsers import Browser, Notebook
from rigs.jupyterlab import JupyterLab

MARKET = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from rigs.quote_feed import MovingMarket
market = MovingMarket("SPY", "QQQ", "AAPL")
"""
SHOW = "market.start()"
STOP = "market.stop(); print(market.views)"
COMPUTE = """
import time
end, rounds = time.monotonic() + 7, 0
while time.monotonic() < end:
    rounds += 1
"""

PICTURES = """seconds => new Promise(resolve => {
  const body = document.querySelector(".edgerunner-quotes tbody");
  let count = 0;
  const observer = new MutationObserver(() => { count += 1; });
  observer.observe(body, { subtree: true, childList: true, characterData: true });
  setTimeout(() => { observer.disconnect(); resolve(count); }, seconds * 1000);
})"""
"""Counts how often the table was drawn: the observer is called once a picture."""


def a_market(lab: JupyterLab, browser: Browser, *cells: str) -> tuple[Notebook, Locator]:
    """Open a notebook that shows a moving market in its second cell; return it and the table."""
    notebook = browser.open(lab, lab.write_notebook([MARKET, SHOW, *cells]))
    notebook.run(0)
    notebook.run(1)
    table = notebook.page.get_by_role("table", name="Live quotes")
    expect(cell(table, "SPY", "last")).not_to_have_text("–")
    return notebook, table


def cell(table: Locator, symbol: str, column: str) -> Locator:
    """Return one cell of the table."""
    return table.locator(f'tr[data-symbol="{symbol}"] [data-column="{column}"]')


def test_the_table_is_drawn_at_the_full_rate_while_a_cell_computes(
    lab: JupyterLab, browser: Browser
) -> None:
    """Acknowledgements arrive all the time: without them four frames a second would be left."""
    notebook, _ = a_market(lab, browser, COMPUTE)
    notebook.start_cell(2)
    pictures = notebook.page.evaluate(PICTURES, 4)

    assert notebook.execution_counts()[2] is None, "the cell should still be computing"
    assert pictures > 4 * 8


def test_rows_are_sorted_with_mouse_and_keyboard(lab: JupyterLab, browser: Browser) -> None:
    """The heading says so to a screen reader, and a third time brings the watchlist's order back."""
    notebook, table = a_market(lab, browser)
    heading = table.get_by_role("columnheader", name="Last trade")
    button = heading.get_by_role("button")
    first = table.locator("tbody tr").first
    button.click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(first).to_have_attribute("data-symbol", "AAPL")

    button.focus()
    notebook.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(first).to_have_attribute("data-symbol", "SPY")

    notebook.page.keyboard.press("Space")
    expect(heading).not_to_have_attribute("aria-sort", "ascending")


def test_a_reloaded_page_and_a_closed_view_are_noticed(
    lab: JupyterLab, browser: Browser
) -> None:
    """The table fills again after a reload, and the last view that goes gives the lines back."""
    notebook, table = a_market(lab, browser, STOP)
    notebook.save()
    notebook.reload()
    expect(cell(table, "AAPL", "last")).not_to_have_text("–")

    notebook.page.evaluate(
        "jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.setOutputs([])"
    )
    expect(table).to_have_count(0)
    notebook.run(2)
    views = json.loads(notebook.text(2))

    assert views[0] == 1
    assert views[-1] == 0


def test_a_kernel_that_restarts_leaves_a_table_that_says_so(
    lab: JupyterLab, browser: Browser
) -> None:
    """The last prices stay on the screen, and must not be taken for the market."""
    notebook, table = a_market(lab, browser)
    expect(table.get_by_role("status")).to_be_hidden()
    notebook.restart_kernel()

    expect(table.get_by_role("status")).to_contain_text("No updates for")
    expect(table.locator('tr[data-symbol="SPY"]')).to_have_class("edgerunner-old")


def test_a_saved_notebook_keeps_a_static_table(lab: JupyterLab, browser: Browser) -> None:
    """Where there are no widgets, the quotes of the moment are there as text and as HTML."""
    notebook, _ = a_market(lab, browser)
    notebook.save()
    saved: Any = json.loads((lab.root / "notebook.ipynb").read_text(encoding="utf-8"))
    (output,) = saved["cells"][1]["outputs"]
    html = "".join(output["data"]["text/html"])

    assert "<table" in html
    assert ">SPY</th>" in html
    assert re.search(r">\d+\.\d\d<", html)
    assert "AAPL" in "".join(output["data"]["text/plain"])
