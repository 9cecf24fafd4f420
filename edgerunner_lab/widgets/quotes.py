# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# anywidget and traitlets leave most of their types open.
"""`QuotesTable`: a live table of quotes in a cell. It draws what it is given and decides nothing."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.tables.table import Table
from edgerunner_lab.widgets.frames import Frame, FrameGate, QuoteRow
from edgerunner_lab.widgets.snapshot import NO_DATA, Line, snapshot
from edgerunner_lab.widgets.viewers import Viewers

_STATIC: Final = Path(__file__).parent / "static"

DECIMALS_MAX: Final = 6

VIEWS_MAX: Final = 100
"""Views that one page may have of a table; a larger number is not believed."""

PAGE_CHARACTERS_MAX: Final = 64

FIRST_VALUES_SECONDS_MAX: Final = 1.0
"""How long a new table is waited for before its snapshot is taken; without quotes it is a table of dashes."""


class QuotesTable(anywidget.AnyWidget):
    """Rows of symbol, bid, ask, last, change, volume, age and a trace.

    Structure travels as the trait `rows`, values as frames, so that a notebook saves structure only. A front end can
    ask for everything, say how many views it has, and acknowledge frames; nothing else is heard.
    """

    _esm = _STATIC / "quotes.js"
    _css = _STATIC / "quotes.css"

    rows = traitlets.List().tag(sync=True)

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a table with one row an instrument, in this order."""
        self._monotonic = monotonic
        # Frames are made on the session's thread, and on those of the kernel that hear the front end.
        self._lock = threading.Lock()
        self._gate = FrameGate()
        self._viewers = Viewers()
        self._views = 0
        self._tell_views: Callable[[int], None] = lambda _count: None
        self._is_filled = threading.Event()
        self._symbols = [str(one) for one in instruments]
        super().__init__(rows=[_structure(one) for one in instruments])
        self.on_msg(self._heard)
        self._keep_road_open()

    def on_views(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called, on any thread, with the number of open views whenever it changes; it must not wait."""
        self._tell_views = tell

    def push(self, rows: Iterable[QuoteRow], now_s: float) -> None:
        """Draw newer values; on one thread only, at most 20 times a second.

        Args:
            rows: Those that have changed, and now and then all of them, so that their flags are right.
            now_s: Seconds of `time.monotonic`.
        """
        with self._lock:
            if self._viewers.count(now_s) > 0:
                self._send_frame(self._gate.offer(rows, now_s))
            else:
                self._gate.keep(rows, now_s)
            if not self._is_filled.is_set() and self._has_values():
                self._is_filled.set()
        self._count_views(now_s)

    def snapshot(self) -> Table[Line]:
        """Return the table as it stands now."""
        with self._lock:
            return snapshot(self._symbols, self._gate.latest)

    def _heard(self, _widget: object, content: object, _buffers: object) -> None:
        """Take one of the three messages that a front end may send; anything else is ignored."""
        now_s = self._monotonic()
        with self._lock:
            match content:
                case {"type": "ack", "page": str(page), "seq": int(seq)}:
                    self._viewers.beat(page, now_s)
                    self._send_frame(self._gate.acknowledge(seq, now_s))
                case {"type": "hello", "page": str(page), "views": int(views)}:
                    self._hear_views(page, views, now_s)
                    self._send_frame(self._gate.restart(now_s), is_answer=True)
                case {"type": "views", "page": str(page), "views": int(views)}:
                    self._hear_views(page, views, now_s)
                case _:
                    return
        self._count_views(now_s)

    def _hear_views(self, page: str, views: int, now_s: float) -> None:
        if len(page) <= PAGE_CHARACTERS_MAX and 0 <= views <= VIEWS_MAX:
            self._viewers.hear(page, views, now_s)

    def _count_views(self, now_s: float) -> None:
        """Tell whoever listens if the number of views has changed."""
        # Under the lock, so that two threads tell in the order in which they counted: told the other way round, a
        # table that was opened again would stand still.
        with self._lock:
            before, self._views = self._views, self._viewers.count(now_s)
            if self._views != before:
                self._tell_views(self._views)

    def _send_frame(self, frame: Frame | None, *, is_answer: bool = False) -> None:
        if frame is not None:
            header = {
                "type": "frame",
                "seq": frame.seq,
                "rows": frame.rows,
                "answer": is_answer,
            }
            self.send(header, [frame.data])

    def _has_values(self) -> bool:
        latest = self._gate.latest.values()
        return len(latest) == len(self._symbols) and not any(
            row.flags & NO_DATA for row in latest
        )

    def _keep_road_open(self) -> None:
        """Have the front end heard while a cell computes, and without a side effect on that cell.

        ipykernel 7.4 answers a comm on the subshell that last wrote to it, which for us is none: the main thread,
        where acknowledgements would wait for the cell to end. They are to stay on the front end's own subshell.
        And it runs IPython's events around every message of a comm, at which matplotlib takes the figures away that
        a computing cell is still drawing; ours go straight to the widget. A browser test covers the first, a kernel
        test the second. Elsewhere there are no such attributes, and the frames run free while a cell computes.
        """
        comm: Any = self.comm
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = _stay_where_it_came  # noqa: SLF001  ipykernel offers no other way
        if hasattr(comm, "handle_msg"):
            comm.handle_msg = self._handle_msg

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add a static table, for saved notebooks and for front ends without widgets."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        self._is_filled.wait(FIRST_VALUES_SECONDS_MAX)
        static = self.snapshot()
        data, metadata = bundle
        html = static._repr_html_()  # pyright: ignore[reportPrivateUsage]  # IPython's protocol, public in all but name
        texts = {"text/plain": repr(static), "text/html": html}
        return {**data, **texts}, metadata


def _structure(instrument: Instrument) -> dict[str, Any]:
    """Return what the front end knows of a row from the start."""
    return {
        "symbol": str(instrument),
        "name": instrument.long_name,
        "conId": instrument.con_id,
        "currency": instrument.currency,
        "decimals": decimals_of(instrument),
    }


def _stay_where_it_came(_data: object, subshell: object) -> object:
    return subshell


def decimals_of(instrument: Instrument) -> int:
    """Return how many decimals a price of `instrument` is shown with: those of its tick."""
    exponent = instrument.price_bands[-1].increment.normalize().as_tuple().exponent
    return min(max(-exponent, 0), DECIMALS_MAX) if isinstance(exponent, int) else 2
