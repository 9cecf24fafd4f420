"""The market as the server sees it: a call that fails inside is logged and ends nothing."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from edgerunner_lab.sim.exchange import ClientIdInUse
from edgerunner_lab.sim.process.saver import Saved
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Market(Saved, Protocol):
    """What the server needs of an exchange."""

    def attach(
        self, client: int, client_id: int, version: int, now: datetime
    ) -> list[Reply]:
        """Admit a client."""
        ...

    def detach(self, client: int) -> None:
        """Forget a client."""
        ...

    def handle(self, client: int, message: Message, now: datetime) -> list[Reply]:
        """Answer a request."""
        ...

    def advance(self, now: datetime) -> list[Reply]:
        """Let time pass."""
        ...

    def next_due(self) -> datetime | None:
        """Return when to let time pass next."""
        ...


def attempted(what: str, call: Callable[[], _T]) -> _T | None:
    """Return what `call` returns; None when it fails, which is our fault and goes to the log.

    One request that the market cannot bear must not end it for everybody else.
    """
    try:
        return call()
    except ClientIdInUse:
        raise
    except Exception:  # noqa: BLE001  see above
        _log.exception("%s failed", what)
        return None
