"""The status bar's badge in a real JupyterLab."""

from playwright.sync_api import expect

from rigs.browsers import Browser
from rigs.jupyterlab import JupyterLab

OPEN = """
from edgerunner_lab.panel.status import Status, StatusChannel
channel = StatusChannel(get_ipython().kernel.comm_manager)
channel.publish(Status(mode="SIM", state="connected", account="DU***0001"))
"""
HALT = """
import threading
halted = Status(mode="SIM", state="halted", account="DU***0001", detail="halted by hand")
thread = threading.Thread(target=channel.publish, args=(halted,))
thread.start()
thread.join()
"""


def test_badge_shows_what_the_kernel_says(lab: JupyterLab, browser: Browser) -> None:
    """It follows a kernel's status from any thread, finds it again after a reload, and goes with a restart."""
    notebook = browser.open(lab, lab.write_notebook([OPEN, HALT, "channel.close()"]))
    expect(notebook.badge()).to_be_hidden()

    notebook.run(0)
    expect(notebook.badge()).to_have_text("SIM · connected · DU***0001")

    notebook.run(1)
    expect(notebook.badge()).to_have_text("SIM · halted · DU***0001 · halted by hand")
    expect(notebook.badge()).to_have_attribute("data-tone", "trouble")

    notebook.reload()
    expect(notebook.badge()).to_have_text("SIM · halted · DU***0001 · halted by hand")

    notebook.restart_kernel()
    expect(notebook.badge()).to_be_hidden()

    notebook.run(0)
    expect(notebook.badge()).to_have_text("SIM · connected · DU***0001")

    notebook.run(2)
    expect(notebook.badge()).to_be_hidden()
    assert notebook.failures() == []
