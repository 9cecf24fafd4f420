# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false
# anywidget and traitlets leave most of their types open.
"""`QuotesTable`: a live table of quotes in a cell. It draws what it is given and decides nothing."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.widgets.frames import FrameGate, QuoteRow

_STATIC = Path(__file__).parent / "static"

DECIMALS_MAX = 6


class QuotesTable(anywidget.AnyWidget):
    """Rows of symbol, bid, ask, last, change, volume, age and a trace.

    Structure travels as the trait `rows`; values only as frames, so that nothing but structure is saved in a
    notebook. The front end can ask for a full frame and acknowledge frames, and nothing else.
    """

    _esm = _STATIC / "quotes.js"
    _css = _STATIC / "quotes.css"

    rows = traitlets.List().tag(sync=True)

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        """Make a table with one row an instrument, in this order."""
        self._gate = FrameGate()
        self._latest: dict[int, QuoteRow] = {}
        self._names = [str(one) for one in instruments]
        self._tell_views: Callable[[int], None] = lambda _count: None
        self._is_full_frame_due = False
        super().__init__(
            rows=[
                {
                    "symbol": str(one),
                    "name": one.long_name,
                    "currency": one.currency,
                    "decimals": decimals_of(one),
                }
                for one in instruments
            ]
        )
        self.on_msg(self._heard)
        self._keep_road_open()

    def on_views(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called, on any thread, with the number of open views whenever it changes."""
        self._tell_views = tell

    def push(self, rows: Iterable[QuoteRow], now_s: float) -> None:
        """Draw newer values; on one thread only, at most 20 times a second.

        Args:
            rows: Those that have changed.
            now_s: Monotonic seconds.
        """
        changed = list(rows)
        self._latest.update((row.index, row) for row in changed)
        if self._is_full_frame_due:
            self._is_full_frame_due = False
            self._gate.restart(now_s)
            changed = list(self._latest.values())
        frame = self._gate.offer(changed, now_s)
        if frame is not None and self.comm is not None:
            self.send({"type": "frame", "seq": frame.seq, "rows": frame.rows}, [frame.data])

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        """Take one of the three messages that a front end may send; anything else is ignored."""
        if not isinstance(content, dict):
            return
        match content:
            case {"type": "ack", "seq": int(seq)}:
                self._gate.acknowledge(seq, time.monotonic())
            case {"type": "hello"}:
                self._is_full_frame_due = True
            case {"type": "views", "count": int(count)} if 0 <= count <= 1000:  # noqa: PLR2004  nobody has more
                self._tell_views(count)
            case _:  # pyright: ignore[reportUnknownVariableType]  # whatever a front end sends
                return

    def _keep_road_open(self) -> None:
        """Have acknowledgements heard while a cell computes.

        ipykernel 7.4 hands a comm's messages to the main thread, where they would wait for the cell to end; answered
        on the front end's own subshell they are heard at once (measured in FRONTEND.md; a browser test covers it).
        """
        if hasattr(self.comm, "_reply_subshell_for"):
            setattr(self.comm, "_reply_subshell_for", _stay_where_it_came)  # noqa: B010  ipykernel offers no other way

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add a static table, for saved notebooks and for front ends without widgets."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        data, metadata = bundle
        return {
            **data,
            "text/plain": self._as_text(),
            "text/html": self._as_html(),
        }, metadata

    def _as_text(self) -> str:
        lines = [f"{name:12} {_shown(row, 'bid'):>12} {_shown(row, 'ask'):>12} {_shown(row, 'last'):>12}" for name, row in self._static()]  # fmt: skip
        return "\n".join([f"{'symbol':12} {'bid':>12} {'ask':>12} {'last':>12}", *lines])

    def _as_html(self) -> str:
        head = "".join(
            f'<th scope="col">{word}</th>' for word in ("symbol", "bid", "ask", "last")
        )
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(
                f"<td>{escape(_shown(row, word))}</td>" for word in ("bid", "ask", "last")
            )
            + "</tr>"
            for name, row in self._static()
        )
        caption = "<caption>Quotes when this cell ran</caption>"
        return f'<table class="edgerunner-table">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def _static(self) -> list[tuple[str, QuoteRow | None]]:
        return [(name, self._latest.get(index)) for index, name in enumerate(self._names)]


def _stay_where_it_came(_data: object, default: object) -> object:
    return default


def decimals_of(instrument: Instrument) -> int:
    """Return how many decimals a price of `instrument` is shown with: those of its tick."""
    exponent = instrument.price_bands[-1].increment.normalize().as_tuple().exponent
    return min(max(-exponent, 0), DECIMALS_MAX) if isinstance(exponent, int) else 2


def _shown(row: QuoteRow | None, name: str) -> str:
    value = float(getattr(row, name)) if row is not None else math.nan
    return "–" if math.isnan(value) else f"{value:,.2f}"
