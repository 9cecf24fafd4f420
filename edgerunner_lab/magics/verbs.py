"""The verbs that magics call: what `lab` offers, as far as magics need it."""

from collections.abc import Iterable
from typing import Protocol

from edgerunner_lab.tables.reports import LimitRow
from edgerunner_lab.tables.table import Table


class Verbs(Protocol):
    """The user's object `lab`; every verb blocks until it has its value, and that value shows itself.

    While a verb blocks, KeyboardInterrupt passes through it to the cell.
    """

    def connect(
        self,
        profile: str = "sim",
        /,
        *,
        host: str | None = None,
        port: int | None = None,
        account: str | None = None,
        client_id: int | None = None,
    ) -> object:
        """Connect, or connect elsewhere."""
        ...

    def disconnect(self) -> object:
        """End the connection; working orders stay at the broker."""
        ...

    def status(self) -> object:
        """Tell how the session stands."""
        ...

    def quote(self, *symbols: str) -> object:
        """Return the market now."""
        ...

    def watch(self, *symbols: str) -> object:
        """Return a live table; without symbols, of the default watchlist."""
        ...

    def search(self, pattern: str, /) -> object:
        """Find instruments by name."""
        ...

    def bars(
        self, symbol: str, duration: str, size: str, /, *, rth: bool, what: str | None
    ) -> object:
        """Return history."""
        ...

    def magic_order(self, text: str, /) -> object:
        """Send one order through the guard, or preview it; the journal keeps the cell it came from."""
        ...

    def magic_basket(
        self, text: str, /, *, preview: bool = False, again: bool = False
    ) -> object:
        """Send several orders, one a line, all of them or none; the journal keeps the cell they came from."""
        ...

    def cancel(self, what: str, /) -> object:
        """Cancel working orders: one by reference, those in a symbol, or "all"."""
        ...

    def orders(self) -> object:
        """Return today's orders."""
        ...

    def fills(self) -> object:
        """Return today's executions."""
        ...

    def positions(self) -> object:
        """Return what is held."""
        ...

    def account(self) -> object:
        """Return the account's figures."""
        ...

    def risk(self) -> Table[LimitRow]:
        """Return the limits that hold, at once and without asking the broker."""
        ...

    def set_risk(self, name: str, value: str, /) -> object:
        """Set one limit."""
        ...

    def why(self, ref: str = "", /) -> object:
        """Return the story of one order."""
        ...

    def blotter(self) -> object:
        """Return every order of the last day, refused ones too."""
        ...

    def resolve_order(self, what: str, /) -> object:
        """Ask the broker what became of an order whose outcome is unknown."""
        ...

    def modify(self, what: str, /, *, preview: bool = False, **terms: str) -> object:
        """Change a working order; `terms` are quantity, limit, stop and tif, as typed."""
        ...

    def close_position(self, symbol: str, /) -> object:
        """Close one position."""
        ...

    def flatten(self, reason: str = "", /) -> object:
        """Close every position; only exits are let through afterwards."""
        ...

    def halt(self, reason: str = "", /, *, everything: bool = False) -> object:
        """Stop trading and cancel working orders, those of other programs too where everything is meant."""
        ...

    def resume(self, *, reason: str) -> object:
        """Let trading go on after a halt."""
        ...

    def known_symbols(self) -> Iterable[str]:
        """Return symbols seen in this session, at once and without asking the broker."""
        ...
