"""Chromium with one page, and a notebook in it as a user sees it."""

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, sync_playwright

from rigs.jupyterlab import JupyterLab

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)

WAIT_MS_MAX = 60_000
"""Two busy cores can make a kernel take ten seconds; a test ends long before its time limit."""

NOT_OURS = ("Could not restore the debugger state: Canceled future",)
"""What JupyterLab itself writes to the console, here when a kernel restarts soon after it was opened."""


def find_chromium() -> str | None:
    """Return the system's Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """One Chromium with one page.

    Attributes:
        errors: What the page has written to its console as an error, and what it has thrown.
    """

    def __init__(self, executable: str, *, width: int = 1280, height: int = 900) -> None:
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=executable, args=FLAGS
            )
            self.page: Page = self._browser.new_page(
                viewport={"width": width, "height": height}
            )
        except BaseException:
            self._playwright.stop()
            raise
        self.errors: list[str] = []
        self.page.set_default_timeout(WAIT_MS_MAX)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_page_error)

    def open(self, lab: JupyterLab, name: str) -> "Notebook":
        """Open a notebook and wait until its kernel is ready."""
        self.page.goto(lab.url(f"lab/tree/{name}"))
        notebook = Notebook(self.page)
        notebook.wait_until_ready()
        return notebook

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
        self._playwright.stop()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NOT_OURS):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _on_page_error(self, error: Error) -> None:
        self.errors.append(f"thrown: {error}")


class Notebook:
    """The notebook in front."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait_until_ready(self) -> None:
        """Wait until the application, the document and its kernel are there."""
        # The application restores its layout before it opens the notebook of the address.
        self.page.wait_for_function(
            "() => Boolean(window.jupyterapp?.shell.currentWidget?.context)"
        )
        self.page.evaluate(_READY)

    def reload(self) -> None:
        """Reload the page as a user does; kernel and outputs stay."""
        self.page.reload()
        self.wait_until_ready()

    def restart_kernel(self) -> None:
        """Restart the kernel and wait until it answers."""
        self.page.evaluate(f"async () => {{ await {_SESSION}.kernel.restart(); }}")
        self.page.evaluate(_READY)

    def run_all(self) -> None:
        """Run all cells and wait until the last one has ended; one that fails stops the rest."""
        self.start("notebook:run-all-cells")
        self.wait_until_run()

    def run(self, index: int) -> None:
        """Run one cell and wait until it has ended well."""
        self.start_cell(index)
        self.wait_until_run()
        failures = _failures(self._cells()[index])
        assert failures == [], failures

    def start_cell(self, index: int) -> None:
        """Start one cell."""
        self.page.evaluate(f"index => {{ {_CONTENT}.activeCellIndex = index; }}", index)
        self.start("notebook:run-cell")

    def start(self, command: str) -> None:
        """Start a command of JupyterLab; `wait_until_run` waits for its end."""
        self.page.evaluate(
            """command => {
              const run = (window.edgerunnerRun = { isDone: false, error: "" });
              window.jupyterapp.commands.execute(command)
                .catch(error => { run.error = String(error); })
                .finally(() => { run.isDone = true; });
            }""",
            command,
        )

    def wait_until_run(self) -> None:
        """Wait for the end of what was started last."""
        self.page.wait_for_function("() => window.edgerunnerRun.isDone")
        error = self.page.evaluate("() => window.edgerunnerRun.error")
        assert error == "", error

    def execution_counts(self) -> list[int | None]:
        """Return the number in front of each code cell; None where it has not run."""
        return [cell["execution_count"] for cell in self._cells() if _is_code(cell)]

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as they would be saved."""
        return self._cells()[index].get("outputs", [])

    def text(self, index: int) -> str:
        """Return what a cell has printed and shown as plain text."""
        return "".join(_text(output) for output in self.outputs(index))

    def failures(self) -> list[str]:
        """Return every error that a cell shows."""
        return [failure for cell in self._cells() for failure in _failures(cell)]

    def cell(self, index: int) -> Locator:
        """Return the cell as it is on the screen."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def badge(self) -> Locator:
        """Return the status bar's badge."""
        return self.page.get_by_test_id("edgerunner-badge")

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate(f"async () => {{ await {_PANEL}.context.save(); }}")

    def use_theme(self, theme: str) -> None:
        """Change the theme: "JupyterLab Light" or "JupyterLab Dark"."""
        self.page.evaluate(
            """theme => window.jupyterapp.commands.execute("apputils:change-theme", { theme })""",
            theme,
        )
        self.page.wait_for_function(
            "theme => document.body.dataset.jpThemeName === theme", arg=theme
        )

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

    def _cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(f"() => {_PANEL}.context.model.toJSON().cells")


_PANEL = "window.jupyterapp.shell.currentWidget"
_CONTENT = f"{_PANEL}.content"
_SESSION = f"{_PANEL}.sessionContext.session"

_READY = f"""async () => {{
  await window.jupyterapp.restored;
  await {_PANEL}.context.ready;
  await {_PANEL}.sessionContext.ready;
  await {_SESSION}.kernel.info;
}}"""


def _failures(cell: dict[str, Any]) -> list[str]:
    return [
        f"{output['ename']}: {output['evalue']}"
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def _is_code(cell: dict[str, Any]) -> bool:
    return cell["cell_type"] == "code"


def _text(output: dict[str, Any]) -> str:
    text = output.get("text", output.get("data", {}).get("text/plain", ""))
    return text if isinstance(text, str) else "".join(text)
