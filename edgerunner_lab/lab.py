"""The `lab` object: the session's verbs, and what is shown live.

In a notebook `%load_ext edgerunner_lab` makes it; a script writes `lab = Lab(); lab.connect()`.
"""

from typing import TYPE_CHECKING, Any

from edgerunner_lab.core.watchlists import DEFAULT_WATCHLIST
from edgerunner_lab.session.session import Session

if TYPE_CHECKING:
    from edgerunner_lab.widgets.feed import LiveQuotes
    from edgerunner_lab.widgets.quotes import QuotesTable


class Lab(Session):
    """Everything a notebook does, in Python."""

    def __init__(self, **surroundings: Any) -> None:
        """Make a desk; it is not connected yet. `surroundings` are those of `Session`."""
        super().__init__(**surroundings)
        self._live: list[LiveQuotes] = []

    def watch(self, *symbols: str) -> "QuotesTable":
        """Return a live table of quotes; without symbols, of the default watchlist.

        It holds its market data lines for as long as a view of it is open.
        """
        from edgerunner_lab.widgets.feed import LiveQuotes  # noqa: PLC0415  0.1 s that a session without widgets saves

        instruments = self.thread.run(self.verbs.resolve, *(symbols or DEFAULT_WATCHLIST))
        live = LiveQuotes(self.thread, self.engine.market, instruments)
        self._live.append(live)
        return live.table

    def close(self) -> None:
        """End what is shown live, and the session."""
        for live in self._live:
            live.close()
        super().close()
