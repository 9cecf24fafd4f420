"""Live market data: subscriptions as intents that survive reconnects, and quotes read from them."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from ib_async import IB, Ticker

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.codes import Severity, classify
from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.session import adapt

_log = logging.getLogger(__name__)

LINES_MAX = 95
"""IBKR gives 100 lines by default; five are left for what the user asks of `lab.ib` (RISK R21)."""

FLUSH_SECONDS = 0.05
"""Listeners hear of changes at most 20 times a second (DESIGN §4): faster than eyes, cheaper than ticks."""

_DATA_TYPE_BY_MODE = {Mode.SIM: 1, Mode.PAPER: 3, Mode.LIVE: 1}
"""mode -> the type asked for; 3 gives a paper account delayed data where it has no live subscription."""

_BID_OR_ASK = frozenset({0, 1, 2, 3, 66, 67, 69, 70})
"""Tick types of bid and ask, their sizes and the delayed ones: only they make a quote fresh, trades do not."""

Listener = Callable[[Iterable[int]], None]
"""Called on the session thread with the conIds whose quotes have changed."""


class Market:
    """The market data of one session, on the session's loop."""

    def __init__(self, ib: IB) -> None:
        self._ib = ib
        self._instrument_by_con_id: OrderedDict[int, Instrument] = OrderedDict()
        self._ticker_by_con_id: dict[int, Ticker] = {}
        self._received_mono: dict[int, float] = {}
        self._problem: dict[int, str] = {}
        self._listeners: dict[int, tuple[frozenset[int], Listener]] = {}
        self._next_handle = 1
        self._dirty: set[int] = set()
        self._flush_at: asyncio.TimerHandle | None = None
        self._waiting: dict[int, list[asyncio.Future[None]]] = {}
        self._is_up = False
        ib.pendingTickersEvent += self._on_tickers

    @property
    def lines_used(self) -> int:
        """Market data lines held at the broker."""
        return len(self._ticker_by_con_id)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection that could bring ticks."""
        return self._is_up

    def attach(self, mode: Mode) -> None:
        """Take every subscription up again on a new connection."""
        self._is_up = True
        self._ib.reqMarketDataType(_DATA_TYPE_BY_MODE[mode])
        self._ticker_by_con_id.clear()
        self._received_mono.clear()
        for instrument in self._instrument_by_con_id.values():
            self._start(instrument)

    def detach(self) -> None:
        """Take notice that the connection is gone: every quote is as old as it is, and gets older."""
        self._is_up = False
        self._notify(self._instrument_by_con_id)

    def subscribe(self, instrument: Instrument) -> None:
        """Ask for live data, once; the oldest line that nobody watches is given back when they run out."""
        con_id = instrument.con_id
        if con_id in self._instrument_by_con_id:
            self._instrument_by_con_id.move_to_end(con_id)
            return
        self._give_back(len(self._instrument_by_con_id) + 1 - LINES_MAX)
        self._instrument_by_con_id[con_id] = instrument
        if self._is_up:
            self._start(instrument)

    def watch(self, instruments: Iterable[Instrument], listener: Listener) -> int:
        """Subscribe and hear of changes; return a handle for `unwatch`."""
        instruments = list(instruments)
        for instrument in instruments:
            self.subscribe(instrument)
        handle, self._next_handle = self._next_handle, self._next_handle + 1
        self._listeners[handle] = (frozenset(one.con_id for one in instruments), listener)
        return handle

    def unwatch(self, handle: int) -> None:
        """Stop hearing; lines that nobody else watches are given back."""
        con_ids, _ = self._listeners.pop(handle, (frozenset[int](), None))
        for con_id in con_ids - self._watched():
            self._stop(con_id)

    def quote(self, instrument: Instrument) -> Quote:
        """Return the newest quote; all None before the first tick or without a subscription."""
        ticker = self._ticker_by_con_id.get(instrument.con_id)
        if ticker is None:
            return Quote(con_id=instrument.con_id, symbol=str(instrument))
        return adapt.to_quote(
            ticker, instrument, self._received_mono.get(instrument.con_id)
        )

    async def fresh_quote(self, instrument: Instrument, wait_s: float) -> Quote:
        """Subscribe and wait for a two-sided quote; after `wait_s` return what there is."""
        self.subscribe(instrument)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            quote = self.quote(instrument)
            left = deadline - loop.time()
            is_settled = quote.bid is not None and quote.ask is not None
            if is_settled or left <= 0 or instrument.con_id in self._problem:
                return quote
            tick = loop.create_future()
            self._waiting.setdefault(instrument.con_id, []).append(tick)
            await asyncio.wait({tick}, timeout=left)

    def problem(self, con_id: int) -> str:
        """Return why the broker sends nothing for an instrument; empty where it does."""
        return self._problem.get(con_id, "")

    def note_error(self, req_id: int, code: int, text: str) -> bool:
        """Take notice of a message code that concerns a subscription; return whether it did."""
        ticker = self._ib.wrapper.reqId2Ticker.get(req_id)
        if ticker is None or ticker.contract is None:
            return False
        con_id = ticker.contract.conId
        if classify(code, has_order=False, text=text).severity is not Severity.LOW:
            self._problem[con_id] = f"code {code}: {text}"
            self._wake(con_id)
            self._notify([con_id])
        return True

    def _start(self, instrument: Instrument) -> None:
        self._problem.pop(instrument.con_id, None)
        contract = adapt.instrument_contract(instrument)
        self._ticker_by_con_id[instrument.con_id] = self._ib.reqMktData(contract)

    def _stop(self, con_id: int) -> None:
        self._instrument_by_con_id.pop(con_id, None)
        self._received_mono.pop(con_id, None)
        ticker = self._ticker_by_con_id.pop(con_id, None)
        if ticker is not None and ticker.contract is not None and self._is_up:
            self._ib.cancelMktData(ticker.contract)

    def _give_back(self, count: int) -> None:
        watched = self._watched()
        idle = [con_id for con_id in self._instrument_by_con_id if con_id not in watched]
        for con_id in idle[: max(count, 0)]:
            self._stop(con_id)

    def _watched(self) -> frozenset[int]:
        return frozenset[int]().union(*(con_ids for con_ids, _ in self._listeners.values()))

    def _on_tickers(self, tickers: Iterable[Ticker]) -> None:
        # On every tick of every line: plain loops and local names, no generator.
        now, received = time.monotonic(), self._received_mono
        for ticker in tickers:
            if ticker.contract is None:
                continue
            con_id = ticker.contract.conId
            for tick in ticker.ticks:
                if tick.tickType in _BID_OR_ASK:
                    received[con_id] = now
                    break
            self._dirty.add(con_id)
            if con_id in self._waiting:
                self._wake(con_id)
        self._schedule()

    def _wake(self, con_id: int) -> None:
        for tick in self._waiting.pop(con_id, ()):
            if not tick.done():
                tick.set_result(None)

    def _notify(self, con_ids: Iterable[int]) -> None:
        self._dirty.update(con_ids)
        self._schedule()

    def _schedule(self) -> None:
        if self._dirty and self._flush_at is None:
            self._flush_at = asyncio.get_running_loop().call_later(
                FLUSH_SECONDS, self._flush
            )

    def _flush(self) -> None:
        self._flush_at = None
        changed, self._dirty = self._dirty, set()
        for con_ids, listener in list(self._listeners.values()):
            concerned = con_ids & changed
            if not concerned:
                continue
            try:
                listener(concerned)
            except Exception:  # noqa: BLE001  see below
                # One broken view must not stop the others, nor the feed.
                _log.exception("a listener to market data failed")
