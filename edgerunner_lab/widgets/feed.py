"""Carries quotes from the session's market to a `QuotesTable`, and gives the lines back when nobody looks."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.facts import MarketDataType, Quote
from edgerunner_lab.session.loop import SessionThread
from edgerunner_lab.session.market import Market
from edgerunner_lab.widgets.frames import QuoteRow
from edgerunner_lab.widgets.quotes import QuotesTable
from edgerunner_lab.widgets.snapshot import DELAYED, FROZEN, NO_DATA, NOT_CONNECTED, STALE

REFRESH_SECONDS = 1.0
"""How often every row is looked at again, so that a quote that stopped coming is shown as stale."""

STALE_SECONDS = 15.0
"""Older quotes are marked; the guard refuses them as references at the same age (RISK R10)."""


class LiveQuotes:
    """One live table: its rows, its subscription, its end."""

    def __init__(
        self, thread: SessionThread, market: Market, instruments: Sequence[Instrument]
    ) -> None:
        self._thread = thread
        self._market = market
        self._instruments = list(instruments)
        self._index_by_con_id = {
            one.con_id: index for index, one in enumerate(self._instruments)
        }
        self._handle: int | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self.table = QuotesTable(self._instruments)
        self.table.on_views(self._views_changed)
        thread.run(self._start)

    def close(self) -> None:
        """Stop updating and give the lines back."""
        if self._thread.is_alive:
            self._thread.run(self._stop)

    # On the session's thread.

    def _start(self) -> None:
        if self._handle is None:
            self._handle = self._market.watch(self._instruments, self._push)
            self._refresh()

    def _stop(self) -> None:
        if self._handle is not None:
            self._market.unwatch(self._handle)
            self._handle = None
        if self._next_look is not None:
            self._next_look.cancel()

    def _views_changed(self, count: int) -> None:
        """Hear, on any thread, how many views of the table are open."""
        self._thread.soon(self._start if count else self._stop)

    def _refresh(self) -> None:
        if self._handle is not None:
            self._push(self._index_by_con_id)
            self._next_look = self._thread.loop.call_later(REFRESH_SECONDS, self._refresh)

    def _push(self, con_ids: Iterable[int]) -> None:
        now = self._thread.loop.time()
        rows = [
            quote_row(self._index_by_con_id[con_id], self._market.quote(self._instruments[self._index_by_con_id[con_id]]),
                      now, is_connected=self._market.is_up)
            for con_id in con_ids
        ]  # fmt: skip
        self.table.push(rows, now)


def quote_row(index: int, quote: Quote, now_mono: float, *, is_connected: bool) -> QuoteRow:
    """Return a quote as the table's frame carries it; NaN for what is not known."""
    age = math.nan if quote.received_mono is None else now_mono - quote.received_mono
    return QuoteRow(
        index=index,
        bid=_float(quote.bid),
        ask=_float(quote.ask),
        last=_float(quote.last),
        close=_float(quote.close),
        volume=_float(quote.volume),
        bid_size=_float(quote.bid_size),
        ask_size=_float(quote.ask_size),
        high=_float(quote.high),
        low=_float(quote.low),
        age_s=age,
        flags=_flags(quote, age, is_connected=is_connected),
    )


def _flags(quote: Quote, age_s: float, *, is_connected: bool) -> int:
    kind = quote.market_data_type
    flags = 0
    if kind in (MarketDataType.DELAYED, MarketDataType.DELAYED_FROZEN):
        flags |= DELAYED
    if kind in (MarketDataType.FROZEN, MarketDataType.DELAYED_FROZEN):
        flags |= FROZEN
    if age_s > STALE_SECONDS:
        flags |= STALE
    if math.isnan(age_s):
        flags |= NO_DATA
    if not is_connected:
        flags |= NOT_CONNECTED
    return flags


def _float(value: Decimal | None) -> float:
    return math.nan if value is None else float(value)
