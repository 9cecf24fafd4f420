"""The HALT button and its commands in a real JupyterLab, while a cell keeps the kernel from answering."""

import re

from playwright.sync_api import expect

from rigs.browsers import Browser
from rigs.jupyterlab import JupyterLab

REST = """
%load_ext edgerunner_lab
%connect sim
bid = float(lab.quote("SPY").bid)
lab.buy("SPY", 1, limit=round(bid * 0.9, 2), tif="GTC")
"""
HALTED = re.compile(
    "HALTED(, confirmed: 1 order no longer works|; by the ledger no order of ours may still work)"
)
"""The kernel is told beside the server, and may have cancelled before the server has looked."""

BUSY = "import time\nprint('busy')\ntime.sleep(25)"


def test_one_click_halts_while_a_cell_sleeps(lab: JupyterLab, browser: Browser) -> None:
    """The order is cancelled, that is confirmed in words, and the badge follows."""
    notebook = browser.open(lab, lab.write_notebook([REST, BUSY]))
    page = notebook.page
    notebook.run(0)
    notebook.start_cell(1)
    expect(page.get_by_text("busy", exact=True)).to_be_visible()

    page.get_by_test_id("edgerunner-halt").click()
    expect(page.get_by_test_id("edgerunner-halted")).to_have_text(HALTED)
    expect(page.get_by_test_id("edgerunner-halt")).to_have_text("HALT")
    expect(notebook.badge()).to_contain_text("halted")


def test_the_kernel_is_told_where_the_server_is_not_reached(
    lab: JupyterLab, browser: Browser
) -> None:
    """Something else answers in its place. The control channel is heard while the cell sleeps, and the button says that nothing was proven."""
    notebook = browser.open(lab, lab.write_notebook([REST, BUSY]))
    page = notebook.page
    page.route(re.compile(r"/edgerunner/halt\b"), lambda route: route.fulfill(body="null"))
    notebook.run(0)
    notebook.start_cell(1)
    expect(page.get_by_text("busy", exact=True)).to_be_visible()

    page.get_by_test_id("edgerunner-halt").click()
    expect(notebook.badge()).to_contain_text("halted")
    expect(page.get_by_test_id("edgerunner-halted")).to_contain_text("NOT HALTED from here")


def test_the_palette_halts_and_asks_before_it_cancels_everything(
    lab: JupyterLab, browser: Browser
) -> None:
    """Without any kernel of ours: the launcher is enough."""
    notebook = browser.open(lab, lab.write_notebook(["1 + 1"]))
    page = notebook.page
    notebook.start("edgerunner:halt-all")
    page.get_by_role("button", name="Cancel", exact=True).click()
    notebook.wait_until_run()
    expect(page.get_by_test_id("edgerunner-halted")).to_have_text("")

    notebook.start("edgerunner:halt-all")
    page.get_by_role("button", name="HALT everything").click()
    expect(page.get_by_test_id("edgerunner-halted")).to_contain_text("HALTED")
