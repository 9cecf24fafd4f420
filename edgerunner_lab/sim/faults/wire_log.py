"""The log of a conversation: every decoded message, both ways, one JSON object a line."""

import json
import logging
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

from edgerunner_lab.sim.protocol.messages import Fields, Message

IN: Final = "in"
OUT: Final = "out"

_log = logging.getLogger(__name__)


def plain_fields(fields: Fields) -> dict[str, Any]:
    """Return a message's fields as JSON can hold them; a decimal becomes its text, so that none is rounded."""
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        elements = cast("tuple[Fields, ...]", value)
        return [plain_fields(element) for element in elements]
    if isinstance(value, float) and not abs(value) <= _LARGEST:
        # The broker's way to say that there is no number; JSON has one of its own.
        return None
    return value


_LARGEST: Final = 1e300


class WireLog:
    """A file of messages; one that cannot be written any more is given up with a warning."""

    def __init__(self, path: Path) -> None:
        """Open `path` to append to it.

        Raises:
            OSError: it cannot be opened.
        """
        self._path = path
        # What is traded is nobody else's business; a file that is there keeps its mode.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "a", encoding="utf-8")

    def note(
        self,
        direction: str,
        connection: int,
        message: Message,
        *,
        client_id: int | None,
        now: datetime,
    ) -> None:
        """Add one message; `connection` counts from 1 and is never used twice."""
        line = {
            "at": now.isoformat(),
            "direction": direction,
            "connection": connection,
            "client": client_id,
            "name": message.name,
            "fields": plain_fields(message.fields),
        }
        text = json.dumps(line) + "\n"
        self._attempt(lambda: self._file.write(text))

    def flush(self) -> None:
        """Let readers see what has been noted."""
        self._attempt(self._file.flush)

    def close(self) -> None:
        """Write the rest."""
        self._attempt(self._file.close)

    def _attempt(self, write: Any) -> None:
        if self._file.closed:
            return
        try:
            write()
        except OSError as error:
            _log.warning("%s is given up: %s", self._path, error.strerror)
            self._drop()

    def _drop(self) -> None:
        try:
            self._file.close()
        except OSError:
            # Its last lines are lost, as the warning says.
            return
