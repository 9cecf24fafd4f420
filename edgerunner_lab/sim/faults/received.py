"""The requests that a gateway has read, newest last, for whoever tests a client with it."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from edgerunner_lab.sim.faults.wire_log import plain_fields
from edgerunner_lab.sim.protocol.messages import Message

RECEIVED_MAX: Final = 10_000
"""Requests that are remembered; older ones are forgotten, and their numbers with them."""


class Received:
    """A list of requests with a length limit.

    Attributes:
        count: How many have been read; the newest one has this number.
    """

    def __init__(self) -> None:
        self.count = 0
        self._rows: deque[tuple[int, str, int, int | None, Message]] = deque(
            maxlen=RECEIVED_MAX
        )

    def add(
        self, message: Message, *, connection: int, client: int | None, now: datetime
    ) -> None:
        """Remember a request; `client` is its API client id."""
        self.count += 1
        row = (self.count, now.isoformat(), connection, client, message)
        self._rows.append(row)

    def since(self, number: int, limit: int) -> Iterator[dict[str, Any]]:
        """Yield at most `limit` requests that came after a number, as JSON can hold them."""
        for at, stamp, connection, client, message in self._rows:
            if at <= number:
                continue
            if limit <= 0:
                return
            limit -= 1
            yield {
                "number": at,
                "at": stamp,
                "connection": connection,
                "client": client,
                "name": message.name,
                "fields": plain_fields(message.fields),
            }
