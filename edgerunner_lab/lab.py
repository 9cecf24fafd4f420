"""The `lab` object: the session's verbs, and what is shown live.

In a notebook `%load_ext edgerunner_lab` makes it; a script writes `lab = Lab(); lab.connect()`.
"""

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.session.session import Session

if TYPE_CHECKING:
    from edgerunner_lab.widgets.quotes import QuotesTable

DEFAULT_WATCHLIST = ("SPY", "QQQ", "AAPL", "MSFT", "GOOGL")


class Lab(Session):
    """Everything a notebook does, in Python."""

    def watch(self, *symbols: str) -> "QuotesTable":
        """Return a live table of quotes; without symbols, of the default watchlist.

        It holds its market data lines for as long as a view of it is open.
        """
        from edgerunner_lab.widgets.feed import LiveQuotes  # noqa: PLC0415  0.1 s that a session without widgets saves

        instruments: list[Instrument] = self.thread.run(
            self.verbs.resolve, *(symbols or DEFAULT_WATCHLIST)
        )
        live = LiveQuotes(self.thread, self.engine.market, instruments)
        self._views.add(live)
        return live.table

    @property
    def _views(self) -> "weakref.WeakSet[LiveView]":
        return self.__dict__.setdefault("_live_views", weakref.WeakSet())

    def close(self) -> None:
        """End the session and what it shows."""
        for view in list(self._views):
            view.close()
        super().close()


class LiveView:
    """Something live that ends with the session."""

    def close(self) -> None:
        """Stop."""


def watchlist(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return `symbols`, or the default watchlist where there are none."""
    return tuple(symbols) or DEFAULT_WATCHLIST
