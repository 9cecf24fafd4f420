"""The share of the time since the first connect in which the session was connected. Pure: the clock is passed in."""


class Uptime:
    """A meter that is told of every change; times are monotonic seconds."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._up_since_s: float | None = None
        self._up_s = 0.0

    def change(self, *, is_up: bool, now_s: float) -> None:
        """Hear whether the session is connected now."""
        if is_up and self._up_since_s is None:
            self._up_since_s = now_s
            self._first_s = now_s if self._first_s is None else self._first_s
        elif not is_up and self._up_since_s is not None:
            self._up_s += now_s - self._up_since_s
            self._up_since_s = None

    def share(self, now_s: float) -> float | None:
        """Return the share, 0 to 1; None before the first connect."""
        if self._first_s is None or now_s <= self._first_s:
            return None
        running = now_s - self._up_since_s if self._up_since_s is not None else 0.0
        return (self._up_s + running) / (now_s - self._first_s)
