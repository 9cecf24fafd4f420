"""One outgoing token bucket with lanes: cancels first, then orders, then everything else."""

from collections import deque
from collections.abc import Callable

from edgerunner_lab.session.firewall import CANCEL_ORDER, PLACE_ORDER, REQ_GLOBAL_CANCEL

MESSAGES_PER_SECOND = 40
"""IBKR disconnects above 50 a second, counted over all kinds; 40 leaves room for clock differences (RISK R21)."""

_CANCELS, _ORDERS, _OTHERS = 0, 1, 2
REQ_CURRENT_TIME = 49
_LANE_BY_MESSAGE_ID = {
    # The heartbeat, too: queued behind data it would declare a healthy line dead.
    REQ_CURRENT_TIME: _CANCELS,
    CANCEL_ORDER: _CANCELS,
    REQ_GLOBAL_CANCEL: _CANCELS,
    PLACE_ORDER: _ORDERS,
}

CANCEL_RESERVE = 8
"""Tokens that only cancels may use: a burst of data requests never delays the first of them."""


class PacedSender:
    """Decides when each frame may go; the clock and the socket are passed in."""

    def __init__(
        self,
        *,
        write: Callable[[str], None],
        call_at: Callable[[float, Callable[[], None]], object],
        now: Callable[[], float],
    ) -> None:
        self._write = write
        self._call_at = call_at
        self._now = now
        self._lanes: tuple[deque[str], deque[str], deque[str]] = (deque(), deque(), deque())
        self._sent_at: deque[float] = deque()
        self._is_waiting = False

    @property
    def queued(self) -> int:
        """Frames that wait for a token."""
        return sum(len(lane) for lane in self._lanes)

    def send(self, message: str) -> None:
        """Send `message` (fields joined by NUL, no length) now or as soon as its lane may."""
        message_id = message.split("\0", 1)[0]
        lane = _LANE_BY_MESSAGE_ID.get(
            int(message_id) if message_id.isdigit() else -1, _OTHERS
        )
        self._lanes[lane].append(message)
        self._drain()

    @property
    def room(self) -> int:
        """How many orders would leave at once."""
        now = self._now()
        spent = sum(1 for at in self._sent_at if now - at < 1.0)
        left = MESSAGES_PER_SECOND - CANCEL_RESERVE - spent
        return max(left - len(self._lanes[_CANCELS]) - len(self._lanes[_ORDERS]), 0)

    def drop_orders(self) -> list[str]:
        """Take the orders that wait out of the queue and return them."""
        waiting = list(self._lanes[_ORDERS])
        self._lanes[_ORDERS].clear()
        return waiting

    def take_back(self, order_id: int) -> bool:
        """Take one order that waits out of the queue; return whether it was still there."""
        for message in self._lanes[_ORDERS]:
            if message.split("\0", 2)[1] == str(order_id):
                self._lanes[_ORDERS].remove(message)
                return True
        return False

    def clear(self) -> None:
        """Drop what waits: the connection is gone."""
        for lane in self._lanes:
            lane.clear()
        self._sent_at.clear()

    def _drain(self) -> None:
        now = self._now()
        while self._sent_at and now - self._sent_at[0] >= 1.0:
            self._sent_at.popleft()
        for number, lane in enumerate(self._lanes):
            reserve = 0 if number == _CANCELS else CANCEL_RESERVE
            while lane and len(self._sent_at) < MESSAGES_PER_SECOND - reserve:
                self._sent_at.append(now)
                self._write(lane.popleft())
        if self.queued and not self._is_waiting:
            self._is_waiting = True
            self._call_at(self._sent_at[0] + 1.0, self._wake)

    def _wake(self) -> None:
        self._is_waiting = False
        self._drain()
