"""A research and trading desk for Interactive Brokers inside Jupyter.

This module answers Jupyter's and IPython's questions and nothing else; it stays cheap to import.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(ip: "InteractiveShell") -> None:
    """Wire the product into a kernel or terminal; `%load_ext edgerunner_lab` calls this."""
    from edgerunner_lab.extension import load  # noqa: PLC0415  importing the package stays cheap

    load(ip)


def unload_ipython_extension(ip: "InteractiveShell") -> None:
    """Take everything out again; `%unload_ext edgerunner_lab` calls this."""
    from edgerunner_lab.extension import unload  # noqa: PLC0415  importing the package stays cheap

    unload(ip)


def _jupyter_labextension_paths() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]  # JupyterLab calls it
    return [{"src": "labextension", "dest": "edgerunner-lab"}]
