"""A live table with a market of its own: prices that a thread moves, without a session behind them."""

import math
import random
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

from edgerunner_lab.core.contracts import Instrument, PriceBand, SecType
from edgerunner_lab.widgets.frames import QuoteRow
from edgerunner_lab.widgets.quotes import QuotesTable

PUSH_SECONDS = 0.05


def instrument(symbol: str, con_id: int, tick: str = "0.01") -> Instrument:
    """Return a stock as the broker would resolve it."""
    return Instrument(
        con_id=con_id,
        symbol=symbol,
        sec_type=SecType.STOCK,
        exchange="SMART",
        primary_exchange="ARCA",
        currency="USD",
        local_symbol=symbol,
        trading_class=symbol,
        long_name=f"{symbol} INC",
        multiplier=Decimal(1),
        price_magnifier=1,
        price_bands=(PriceBand(low_edge=Decimal(0), increment=Decimal(tick)),),
        size_min=Decimal(1),
        size_increment=Decimal(1),
        liquid_hours=(),
        time_zone="America/New_York",
        resolved_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def row(index: int, last: float = 100.0, **changes: float) -> QuoteRow:
    """Return a row with every value known, and `changes` to it."""
    values: dict[str, float] = {
        "bid": last - 0.01,
        "ask": last + 0.01,
        "last": last,
        "close": 100.0,
        "volume": 1_234_567.0,
        "bid_size": 300.0,
        "ask_size": 200.0,
        "high": last + 1,
        "low": last - 1,
        "age_s": 0.2,
    } | changes
    flags = int(values.pop("flags", 0))
    return QuoteRow(index=index, flags=flags, **values)


def unknown(index: int, flags: int = 8) -> QuoteRow:
    """Return a row of which nothing is known."""
    names = ("bid", "ask", "last", "close", "volume", "bid_size", "ask_size", "high", "low")
    return QuoteRow(
        index=index, flags=flags, age_s=math.nan, **dict.fromkeys(names, math.nan)
    )


class MovingMarket:
    """Moves every row's price 20 times a second from a thread of its own, seeded."""

    def __init__(self, *symbols: str) -> None:
        self.table = QuotesTable(
            [instrument(symbol, 1 + i) for i, symbol in enumerate(symbols)]
        )
        self.views: list[int] = []
        self.table.on_views(self.views.append)
        self._prices = [100.0 + 40 * i for i in range(len(symbols))]
        self._random = random.Random(7)  # noqa: S311  prices, and the same ones each time
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> QuotesTable:
        """Begin, and return the table to be shown."""
        self._thread.start()
        return self.table

    def stop(self) -> None:
        """Let the prices stand."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(PUSH_SECONDS):
            for index in range(len(self._prices)):
                step = self._random.gauss(0, self._prices[index] * 2e-4)
                self._prices[index] = round(self._prices[index] + step, 2)
            rows = [
                row(index, price, close=100.0 + 40 * index)
                for index, price in enumerate(self._prices)
                if self._random.random() < 0.5
            ]
            self.table.push(rows, time.monotonic())
