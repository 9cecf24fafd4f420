"""What a live table is sent: rows packed into binary frames, and a gate that keeps frames from piling up.

Pure: the clock is passed in. The layout is shared with static/quotes.js.
"""

import array
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

WINDOW: Final = 20
"""Frames that may be under way without an acknowledgement: a second at 20 a second.

The front end acknowledges every tenth. Each acknowledgement costs the kernel three messages: with a window of
ten and every fifth, a tick took 5 ms longer to the screen in the median while a cell computed, 20 at the 99th
percentile. A browser slowed six times is as quick with either, because it paints once for all that has come.
"""

STALL_SECONDS: Final = 1.0
"""Without an acknowledgement for so long the road back is taken to be closed (a busy cell), not the view."""

FREE_RUN_SECONDS: Final = 0.25
"""Then frames go out blindly, four a second: the picture lives on and nothing piles up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """One row's values as they are drawn; NaN for what is not known.

    Attributes:
        index: The row's place in the table, from 0.
        age_s: Seconds since the newest tick came in, when the row is offered.
        flags: The sum of 1 delayed, 2 frozen, 4 stale, 8 no data, 16 not connected.
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


_NAMES: Final = tuple(field.name for field in fields(QuoteRow))
_AGE_PLACE: Final = _NAMES.index("age_s") - len(_NAMES)
_numbers = attrgetter(*_NAMES)

NUMBERS_A_ROW: Final = len(_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Some rows on their way to the front end.

    Attributes:
        seq: Counts frames of this table from 1.
        data: rows × NUMBERS_A_ROW float64, little-endian, in the order of QuoteRow's fields; ages are
            those when the frame was made.
    """

    seq: int
    rows: int
    data: bytes


class FrameGate:
    """Decides when the next frame may go, and merges what comes meanwhile: newest values win.

    With several pages open the quickest one's acknowledgements count: a slow page's frames wait in its browser,
    where only painting is slow, and painting is done once for all that have come.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[QuoteRow, float]] = {}
        self._due: set[int] = set()
        self._seq = 0
        self._acknowledged = 0
        self._heard_s = float("-inf")
        self._sent_s = float("-inf")

    @property
    def latest(self) -> dict[int, QuoteRow]:
        """The newest row of each place that has had one."""
        return {index: row for index, (row, _) in self._kept.items()}

    def keep(self, rows: Iterable[QuoteRow], now_s: float) -> None:
        """Take in changed rows that nobody looks at now.

        Args:
            rows: Newest values; a row that is still waiting is replaced.
            now_s: Monotonic seconds, here as in all of these methods.
        """
        for row in rows:
            self._kept[row.index] = (row, now_s)
            self._due.add(row.index)

    def offer(self, rows: Iterable[QuoteRow], now_s: float) -> Frame | None:
        """Take in changed rows; return the frame to send now, or None while it has to wait."""
        self.keep(rows, now_s)
        return self._frame(now_s) if self._may_send(now_s) else None

    def acknowledge(self, seq: int, now_s: float) -> Frame | None:
        """Hear that frame `seq` and all before it have arrived; return the frame that may go now."""
        if not self._acknowledged < seq <= self._seq:
            return None
        self._acknowledged = seq
        self._heard_s = now_s
        return self._frame(now_s) if self._may_send(now_s) else None

    def restart(self, now_s: float) -> Frame | None:
        """Return a frame of everything that is known, for a page that knows nothing yet."""
        self._acknowledged = self._seq
        self._heard_s = now_s
        self._due.update(self._kept)
        return self._frame(now_s)

    def _may_send(self, now_s: float) -> bool:
        if self._seq - self._acknowledged < WINDOW:
            return True
        return (
            now_s - self._heard_s >= STALL_SECONDS
            and now_s - self._sent_s >= FREE_RUN_SECONDS
        )

    def _frame(self, now_s: float) -> Frame | None:
        if not self._due:
            return None
        kept = [self._kept[index] for index in sorted(self._due)]
        self._due.clear()
        self._seq += 1
        self._sent_s = now_s
        return Frame(seq=self._seq, rows=len(kept), data=_packed(kept, now_s))


def _packed(kept: Iterable[tuple[QuoteRow, float]], now_s: float) -> bytes:
    numbers = array.array("d")
    for row, offered_s in kept:
        numbers.extend(_numbers(row))
        numbers[_AGE_PLACE] += now_s - offered_s
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
