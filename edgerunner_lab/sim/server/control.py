"""The control socket: one JSON command a line, one JSON answer a line, for this user alone."""

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
import socket
from pathlib import Path
from typing import Any, Final, Protocol, cast

LINE_BYTES_MAX: Final = 1 << 16
"""Longest command; a fault takes a few hundred bytes."""

UNIX_PATH_BYTES_MAX: Final = 100
"""Longest socket path that every system takes; beyond it a loopback port with a token stands in."""

SOCKET_NAME: Final = "control.sock"

_log = logging.getLogger(__name__)


class Answerer(Protocol):
    """Whatever answers commands."""

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one line."""
        ...


class Control:
    """A socket on which commands are taken.

    Attributes:
        address: Where it is, as `gateway.json` says it: `{"unix": path}`, or
            `{"port": number, "token": text}`, the token being due in a first line `{"token": text}`.
    """

    def __init__(self, commands: Answerer) -> None:
        self.address: dict[str, Any] = {}
        self._commands = commands
        self._token = ""
        self._listener: asyncio.Server | None = None
        self._path: Path | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, directory: Path) -> None:
        """Listen in a directory that only this user can enter, or on a loopback port.

        Raises:
            OSError: neither can be had.
        """
        path = directory / SOCKET_NAME
        is_short = len(str(path).encode()) <= UNIX_PATH_BYTES_MAX
        if hasattr(socket, "AF_UNIX") and is_short:
            # The directory's lock is ours, so what is there was left by a crash.
            path.unlink(missing_ok=True)
            self._listener = await asyncio.start_unix_server(
                self._serve, path, limit=LINE_BYTES_MAX
            )
            path.chmod(0o600)
            self._path = path
            self.address = {"unix": str(path)}
        else:
            self._token = secrets.token_urlsafe(32)
            self._listener = await asyncio.start_server(
                self._serve, "127.0.0.1", 0, limit=LINE_BYTES_MAX
            )
            port = self._listener.sockets[0].getsockname()[1]
            self.address = {"port": port, "token": self._token}

    async def close(self) -> None:
        """Take no more commands."""
        if self._listener is not None:
            self._listener.close()
        for writer in list(self._open):
            writer.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError):
                await self._converse(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._token and not self._is_token(await _line(reader)):
            refusal = 'the first line was not {"token": ...} with the token of gateway.json'
            writer.write(_written({"ok": False, "error": refusal}))
            await writer.drain()
            return
        while (line := await _line(reader)) is not None:
            if not line.strip():
                continue
            writer.write(_written(await self._commands.answer(line)))
            await writer.drain()

    def _is_token(self, line: bytes | None) -> bool:
        try:
            found: Any = json.loads(line or b"")
        except ValueError:
            return False
        table = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        token = table.get("token")
        return isinstance(token, str) and hmac.compare_digest(
            token.encode(), self._token.encode()
        )


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next line, None at the end of the stream or when it is too long."""
    try:
        line = await reader.readline()
    except ValueError:
        _log.warning(
            "a command was longer than %d bytes, its socket is closed", LINE_BYTES_MAX
        )
        return None
    return line or None


def _written(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
