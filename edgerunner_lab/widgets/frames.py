"""What a live table is sent: changed rows packed into binary frames, and a gate that keeps them from piling up.

Pure: the clock is passed in. The layout is shared with static/quotes.js.
"""

import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WINDOW = 10
"""Frames that may be under way without an acknowledgement: half a second at 20 a second."""

ACKNOWLEDGE_EVERY = 5
"""The front end acknowledges every fifth frame; more would load the kernel, fewer would stall the window."""

STALL_SECONDS = 1.0
"""Without an acknowledgement for so long the road back is taken to be closed (a busy cell), not the view."""

FREE_RUN_SECONDS = 0.25
"""Then frames go out blindly, four a second: the picture lives on and nothing piles up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """One row's values as they are drawn; NaN for what is not known.

    Attributes:
        index: The row's place in the table, from 0.
        age_s: Seconds since the newest tick came in, when the frame was made.
        flags: 1 delayed, 2 frozen, 4 stale, 8 no data, 16 not connected.
    """

    index: int
    bid: float
    ask: float
    last: float
    close: float
    volume: float
    bid_size: float
    ask_size: float
    high: float
    low: float
    age_s: float
    flags: int


NUMBERS_A_ROW = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Some rows on their way to the front end.

    Attributes:
        seq: Counts frames of this table from 1.
        data: rows × NUMBERS_A_ROW float64, little-endian, in the order of QuoteRow's fields.
    """

    seq: int
    rows: int
    data: bytes


class FrameGate:
    """Decides when the next frame may go, and merges what comes meanwhile: newest values win."""

    def __init__(self) -> None:
        self._pending: dict[int, QuoteRow] = {}
        self._seq = 0
        self._acknowledged = 0
        self._heard_s = float("-inf")
        self._sent_s = float("-inf")

    def offer(self, rows: Iterable[QuoteRow], now_s: float) -> Frame | None:
        """Take in changed rows; return the frame to send now, or None while it has to wait.

        Args:
            rows: Newest values; a row that is still waiting is replaced.
            now_s: Monotonic seconds.
        """
        self._pending.update((row.index, row) for row in rows)
        if not self._pending or not self._may_send(now_s):
            return None
        frame_rows = list(self._pending.values())
        self._pending.clear()
        self._seq += 1
        self._sent_s = now_s
        return Frame(seq=self._seq, rows=len(frame_rows), data=packed(frame_rows))

    def acknowledge(self, seq: int, now_s: float) -> None:
        """Hear that the front end has drawn frame `seq` and all before it."""
        self._acknowledged = max(self._acknowledged, min(seq, self._seq))
        self._heard_s = now_s

    def restart(self, now_s: float) -> None:
        """Forget what is under way: a view has opened anew and will be sent everything."""
        self._acknowledged = self._seq
        self._heard_s = now_s

    def _may_send(self, now_s: float) -> bool:
        if self._seq - self._acknowledged < WINDOW:
            return True
        return (
            now_s - self._heard_s >= STALL_SECONDS
            and now_s - self._sent_s >= FREE_RUN_SECONDS
        )


def packed(rows: Iterable[QuoteRow]) -> bytes:
    """Return rows as the front end reads them."""
    numbers = array.array("d")
    for row in rows:
        numbers.extend(
            (row.index, row.bid, row.ask, row.last, row.close, row.volume, row.bid_size, row.ask_size,
             row.high, row.low, row.age_s, row.flags)
        )  # fmt: skip
    if numbers.itemsize and array.array("H", [1]).tobytes() == b"\0\1":
        numbers.byteswap()
    return numbers.tobytes()


def by_index(rows: Iterable[QuoteRow]) -> Mapping[int, QuoteRow]:
    """Return rows by their place in the table, the last one of each winning."""
    return {row.index: row for row in rows}
