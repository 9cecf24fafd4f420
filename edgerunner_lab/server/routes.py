"""The two routes."""

import asyncio
import json
import sys
from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

RESOURCE: Final = "edgerunner"
"""What an authorizer of Jupyter Server is asked about: execute for halting, read for the state."""

HALT_SECONDS_MAX: Final = 60.0
"""How long a halt may look for orders at every place; the latch itself is set within the first second."""

BODY_BYTES_MAX: Final = 200

_CONFIRMED: Final = 0
_UNCONFIRMED: Final = 1


class EdgerunnerHandler(APIHandler):
    """What both routes share."""

    auth_resource = RESOURCE

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run the command `edgerunner`; return its exit status and what it said, in one line."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edgerunner_lab.cli",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), HALT_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()
            return _UNCONFIRMED, f"no answer within {HALT_SECONDS_MAX:g} s; look at TWS"
        said = (out or err).decode(errors="replace")
        return process.returncode or 0, " ".join(said.split())


class StateHandler(EdgerunnerHandler):
    """`GET edgerunner/status`: whether trading is halted."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what `edgerunner status` says."""
        status, text = await self.run("status")
        await self.finish(json.dumps({"ok": status == 0, "text": text}))


class HaltHandler(EdgerunnerHandler):
    """`POST edgerunner/halt`: stop trading."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Halt, and answer with what is proven.

        The body is `{"everything": true}` to have the broker cancel every order, or false for those of this user.
        """
        everything = _everything(self.request.body)
        options = ("--all",) if everything else ()
        status, text = await self.run("halt", "--reason", "halted in JupyterLab", *options)
        await self.finish(json.dumps({"ok": status == _CONFIRMED, "text": text}))


def _everything(body: bytes) -> bool:
    """Read the body of a halt; nothing but what is expected passes."""
    if len(body) <= BODY_BYTES_MAX:
        try:
            asked: Any = json.loads(body)
        except ValueError:
            asked = None
        if asked in ({"everything": True}, {"everything": False}) and isinstance(
            asked["everything"], bool
        ):
            return asked["everything"]
    raise web.HTTPError(400, 'expected {"everything": true} or {"everything": false}')


def add_routes(server: ServerApp) -> None:
    """Add both routes to a server, under its own base address."""
    base: str = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "edgerunner", "status"), StateHandler),
            (url_path_join(base, "edgerunner", "halt"), HaltHandler),
        ],
    )
    server.log.info("Edgerunner Lab: the halt is reachable without a kernel")
