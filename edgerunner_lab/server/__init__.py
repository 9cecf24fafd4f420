"""The Jupyter Server extension: a halt that needs no kernel, since nothing inside one can act while C code holds it.

Two routes and nothing else: what is halted, and halting. Both need a user who is signed in and may, and the halt the
token against forged requests (RISK S08). It runs `edgerunner halt` as a process, so that it does what a terminal does.
"""

from typing import TYPE_CHECKING

__all__ = ["_jupyter_server_extension_points", "_load_jupyter_server_extension"]

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that Jupyter Server loads."""
    return [{"module": "edgerunner_lab.server"}]


def _load_jupyter_server_extension(server: "ServerApp") -> None:
    """Add the routes to a server."""
    from edgerunner_lab.server.routes import add_routes  # noqa: PLC0415  importing the package stays cheap

    add_routes(server)
