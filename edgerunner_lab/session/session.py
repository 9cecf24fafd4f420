"""The user's verbs, blocking: each runs on the session's thread while the caller waits.

Works in a cell, in queued cells, and in a plain script; nothing patches the caller's event loop.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Unpack

from ib_async import Contract

from edgerunner_lab.core.errors import LedgerError, UsageError
from edgerunner_lab.core.facts import (
    AccountSnapshot,
    Bar,
    Fill,
    OrderUpdate,
    Position,
    Quote,
)
from edgerunner_lab.core.intents import OrderIntent, Side, Source
from edgerunner_lab.ledger import owners
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.ledger.unusable import UnusableLedger
from edgerunner_lab.session.engine import Engine
from edgerunner_lab.session.facade import IBFacade
from edgerunner_lab.session.limits_file import LimitsInForce
from edgerunner_lab.session.loop import SessionThread
from edgerunner_lab.session.settings import load_settings, preferred_client_id
from edgerunner_lab.session.verbs.all import Verbs
from edgerunner_lab.session.verbs.arguments import How, NewTerms, Number, Where, Which
from edgerunner_lab.session.verbs.surroundings import Surroundings
from edgerunner_lab.session.wall_clock import utc_now
from edgerunner_lab.tables import reports, stories
from edgerunner_lab.tables.table import Table

_log = logging.getLogger(__name__)

AWAITABLE = (
    "connect", "disconnect", "status", "quote", "search", "bars", "order", "buy", "sell", "basket", "modify", "cancel", "orders",
    "fills", "positions", "account", "risk", "set_risk", "close_position", "flatten", "why", "blotter", "resolve_order",
    "halt", "resume",
)  # fmt: skip
"""The verbs that `lab.aio` has too."""


class Session:
    """One connection's verbs. Prices are per unit in the contract's currency; sizes are positive."""

    def __init__(
        self,
        *,
        paths: Paths | None = None,
        notebook: str = "",
        source: Callable[[str], Source] | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Make a session; it is not connected yet.

        Args:
            paths: Where settings, ledger and gateway live; the user's own directories unless given.
            notebook: The notebook's path; it decides which client id is tried first.
            source: Says where an order comes from, given how it was phrased ("magic", "python"); called on
                the caller's thread.
            on_change: Called on the session's thread after the connection or an order has changed.
        """
        self._paths = paths or Paths.default()
        settings = load_settings(self._paths.config / "settings.toml")
        ledger = _open_ledger(self._paths, notebook)
        self._notebook = notebook
        self._source = source
        self._limits = LimitsInForce(self._paths.config)
        self._ledger = ledger
        self._thread = SessionThread()
        self._engine = self._thread.run(
            lambda: Engine(
                ledger=ledger,
                limits=self._limits,
                clock=utc_now,
                on_change=on_change or (lambda: None),
            )
        )
        self._thread.run(self._engine.start)
        self._verbs = Verbs(
            self._engine,
            Surroundings(
                paths=self._paths,
                settings=settings,
                limits=self._limits,
                client_id=preferred_client_id(notebook),
                clock=utc_now,
            ),
        )
        self.ib = IBFacade(
            self._engine.ib, self._thread, self._place_for_ib, self._engine.alone
        )
        self.aio = AwaitableVerbs(self)

    def close(self) -> None:
        """Disconnect and end the session's thread; working orders stay at the broker."""
        if self._thread.is_alive:
            self._thread.run(self._engine.stop)
            self._thread.stop()
        self._ledger.close()

    @property
    def thread(self) -> SessionThread:
        """The session's thread, for what is shown live."""
        return self._thread

    @property
    def engine(self) -> Engine:
        """The session's machinery, for what is shown live; use it on its own thread only."""
        return self._engine

    @property
    def verbs(self) -> Verbs:
        """The verbs as coroutines of the session's loop."""
        return self._verbs

    def status_now(self) -> reports.Status:
        """Return how the session stands, without asking anyone; on the session's thread only."""
        return self._verbs.status_now()

    def known_symbols(self) -> list[str]:
        """Return the symbols resolved so far, for completion."""
        return [str(instrument) for instrument in self._engine.instruments.known]

    def source(self, kind: str) -> Source:
        """Return where an order that is phrased now comes from; on the caller's thread."""
        if self._source is not None:
            return self._source(kind)
        return Source(kind=kind, notebook=self._notebook, kernel_pid=os.getpid())

    # Connection.

    def connect(
        self, profile: str = "sim", **where: Unpack[Where]
    ) -> Table[reports.Status]:
        """Connect to `sim`, `paper`, `paper-gateway`, `live` or `live-gateway`, and stay connected.

        Args:
            profile: Live accounts are observed only: everything that could trade is refused.
            where: See `Where`.
        """
        return self._thread.run(self._verbs.connect, profile, **where)

    def start_connecting(self, profile: str) -> None:
        """Connect in the background; verbs wait for it, and failures show in `status()`."""
        self._thread.run(self._verbs.start_connecting, profile)

    def disconnect(self) -> Table[reports.Status]:
        """Disconnect and stop reconnecting; working orders stay at the broker."""
        return self._thread.run(self._verbs.disconnect)

    def status(self) -> Table[reports.Status]:
        """Say how the session stands."""
        return self._thread.run(self._verbs.status)

    # Market.

    def quote(self, *symbols: str) -> Table[Quote]:
        """Return the market in each symbol: `lab.quote("SPY").bid`."""
        return self._thread.run(self._verbs.quote, *symbols)

    def search(self, pattern: str) -> Table[reports.SymbolMatch]:
        """Return instruments whose symbol or name begins with `pattern`; at most 16."""
        return self._thread.run(self._verbs.search, pattern)

    def bars(
        self, symbol: str, duration: str = "30d", size: str = "1h", **which: Unpack[Which]
    ) -> Table[Bar]:
        """Return historical bars up to now, oldest first: `lab.bars("SPY", "5d", "5m").df`.

        Args:
            symbol: As the order language names it.
            duration: A number and s, m, h, d, w, mo or y.
            size: 1s 5s 10s 15s 30s 1m … 1h … 1d 1w 1mo.
            which: See `Which`.
        """
        return self._thread.run(self._verbs.bars, symbol, duration, size, **which)

    # Orders.

    def order(self, text: str) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send one order in the order language, through the guard: `lab.order("buy 10 SPY lmt 500")`."""
        return self._thread.run(self._verbs.order, text, source=self.source("python"))

    def magic_order(self, text: str) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send what `%order` was given; the same road, with the cell as its source."""
        return self._thread.run(self._verbs.order, text, source=self.source("magic"))

    def buy(
        self, symbol: str, quantity: Number, **how: Unpack[How]
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Buy: `lab.buy("SPY", 10, limit=500)`.

        Args:
            symbol: As the order language names it.
            quantity: Shares or contracts, positive.
            how: See `How`.
        """
        source = self.source("python")
        return self._thread.run(
            self._verbs.trade, Side.BUY, symbol, quantity, source=source, **how
        )

    def sell(
        self, symbol: str, quantity: Number, **how: Unpack[How]
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Sell; as `buy`."""
        source = self.source("python")
        return self._thread.run(
            self._verbs.trade, Side.SELL, symbol, quantity, source=source, **how
        )

    def modify(
        self, what: str, *, preview: bool = False, **terms: Unpack[NewTerms]
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Change a working order, by reference or name: `lab.modify("probe", limit="500.10")`."""
        return self._thread.run(
            self._verbs.modify,
            what,
            source=self.source("python"),
            preview=preview,
            **terms,
        )

    def basket(
        self, text: str, *, preview: bool = False, again: bool = False
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send several orders, one a line, all of them or none: `lab.basket(lines)`."""
        return self._thread.run(
            self._verbs.basket,
            text,
            source=self.source("python"),
            preview=preview,
            again=again,
        )

    def magic_basket(
        self, text: str, *, preview: bool = False, again: bool = False
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send what `%%basket` was given; the same road, with the cell as its source."""
        return self._thread.run(
            self._verbs.basket,
            text,
            source=self.source("magic"),
            preview=preview,
            again=again,
        )

    def cancel(self, what: str) -> Table[OrderUpdate]:
        """Cancel working orders: one by reference or name, all of a symbol, or `"all"`."""
        return self._thread.run(self._verbs.cancel, what)

    def orders(self) -> Table[OrderUpdate]:
        """Return every order of the last day that is known."""
        return self._thread.run(self._verbs.orders)

    def fills(self) -> Table[Fill]:
        """Return the executions of the last day, oldest first."""
        return self._thread.run(self._verbs.fills)

    # Account and risk.

    def positions(self) -> Table[Position]:
        """Return what the account holds."""
        return self._thread.run(self._verbs.positions)

    def account(self) -> Table[AccountSnapshot]:
        """Return the account's figures: `lab.account().net_liquidation`."""
        return self._thread.run(self._verbs.account)

    def risk(self) -> Table[reports.LimitRow]:
        """Return the limits in force, and where each came from."""
        return self._thread.run(self._verbs.risk)

    def set_risk(self, name: str, value: Number) -> Table[reports.LimitRow]:
        """Change one limit for this session: `lab.set_risk("max_order_qty.STK", 50)`."""
        return self._thread.run(self._verbs.set_risk, name, str(value))

    def close_position(self, symbol: str) -> Table[reports.Closing]:
        """Close one position, and tell whether it is proven flat: `lab.close_position("SPY").is_flat`."""
        return self._thread.run(
            self._verbs.close_position, symbol, source=self.source("python")
        )

    def flatten(self, reason: str = "") -> Table[reports.Closing]:
        """Cancel, close every position, and tell what is proven flat; only exits are let through until `resume`."""
        return self._thread.run(
            self._verbs.flatten, source=self.source("python"), reason=reason
        )

    def why(self, ref: str = "") -> Table[stories.Line]:
        """Return the whole story of one order, denied ones included; without a reference, of the last one."""
        return self._thread.run(self._verbs.why, ref)

    def blotter(self) -> Table[reports.BlotterRow]:
        """Return every order of the last day, of every notebook, refused ones too; what still works comes first."""
        return self._thread.run(self._verbs.blotter)

    def resolve_order(self, what: str) -> Table[OrderUpdate]:
        """Ask the broker what became of an order whose outcome is unknown; return it as it then is."""
        return self._thread.run(self._verbs.resolve_order, what)

    def begin_halt(self, *, everything: bool = False) -> None:
        """Begin a halt and return at once, from any thread; what it came to is in the log and in `%status`."""
        reason = "asked for by the front end"
        self._thread.soon(
            lambda: self._engine.in_background(
                self._verbs.halt(reason, everything=everything, by="halt_button")
            )
        )

    def halt(self, reason: str = "", *, everything: bool = False) -> Table[OrderUpdate]:
        """Stop trading and cancel this session's working orders; holds until `resume`, restarts included.

        With `everything` the broker cancels every order of the account, those of TWS and other programs too.
        """
        return self._thread.run(self._verbs.halt, reason, everything=everything)

    def resume(self, *, reason: str) -> Table[reports.Status]:
        """Lift a halt."""
        return self._thread.run(self._verbs.resume, reason=reason)

    def __repr__(self) -> str:
        """Return a line, not the state: a session is not data."""
        return f"<lab: {self._engine.gateway.state.value}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled or copied: a session belongs to its process."""
        raise UsageError(
            "a session cannot be pickled or copied; pass data, and trade from its own kernel"
        )

    def _place_for_ib(self, intent: OrderIntent, contract: Contract) -> tuple[int, int]:
        (instrument,) = self._thread.run(self._verbs.resolve_specs, intent.contract)
        given = (contract.conId, contract.localSymbol, contract.tradingClass)
        found = (instrument.con_id, instrument.local_symbol, instrument.trading_class)
        if any(asked and asked != got for asked, got in zip(given, found, strict=True)):
            raise UsageError(
                f"contract {given} was given, but {intent.contract} is {found} at the broker; nothing was sent"
            )
        sent = self._thread.run(self._verbs.send, intent, source=self.source("lab.ib"))
        update = sent[0]
        assert isinstance(update, OrderUpdate), (
            "an intent from lab.ib never asks for a preview"
        )
        return update.client_id, update.order_id


class AwaitableVerbs:
    """`lab.aio`: the same verbs, awaitable on the caller's own loop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., "asyncio.Future[Any]"]:
        if name not in AWAITABLE:
            raise AttributeError(
                f"lab.aio has no {name!r}, expected one of {', '.join(AWAITABLE)}"
            )
        session = self._session

        def call(*args: Any, **kwargs: Any) -> "asyncio.Future[Any]":
            if name in (
                "order",
                "buy",
                "sell",
                "basket",
                "modify",
                "close_position",
                "flatten",
            ):
                kwargs["source"] = session.source("python")
            if name in ("buy", "sell"):
                return session.thread.future(
                    session.verbs.trade, Side(name.upper()), *args, **kwargs
                )
            return session.thread.future(getattr(session.verbs, name), *args, **kwargs)

        return call

    def __dir__(self) -> list[str]:
        return list(AWAITABLE)


def _open_ledger(paths: Paths, notebook: str) -> Ledger | UnusableLedger:
    """Open the ledger; where it cannot be opened the session still watches and cancels, and sends nothing new."""
    try:
        return Ledger.open(paths.ledger, clock=utc_now, owner=owners.this_process(notebook))
    except LedgerError as error:
        _log.error("the ledger cannot be used: %s", error)
        return UnusableLedger(error)
