"""The user's verbs as coroutines on the session's loop; `session.py` makes them blocking, `lab.aio` awaitable."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Unpack

from edgerunner_lab import __version__
from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import ContractSpec, Instrument
from edgerunner_lab.core.errors import (
    EdgerunnerError,
    LedgerError,
    NoData,
    NotConnected,
    OrderDenied,
    UsageError,
)
from edgerunner_lab.core.facts import (
    AccountSnapshot,
    Bar,
    Fill,
    OrderUpdate,
    Position,
    Quote,
)
from edgerunner_lab.core.grammar import parse, parse_contract, require_supported
from edgerunner_lab.core.intents import (
    OrderIntent,
    OrderType,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.limits import Limits, describe
from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session import adapt, embedded, layouts, reports
from edgerunner_lab.session.arguments import How, Number, Where, Which
from edgerunner_lab.session.engine import Engine, is_working
from edgerunner_lab.session.gateway import Target
from edgerunner_lab.session.limits_file import LimitsInForce
from edgerunner_lab.session.orders import Judgement
from edgerunner_lab.session.settings import DEFAULT_PORTS, SessionSettings, check_profile
from edgerunner_lab.session.tables import Table
from edgerunner_lab.session.tracking import OUR_PREFIX

QUOTE_SECONDS = 4.0
"""How long a first quote may take: TWS answers a new line within 1–2 s."""

ORDERS_SHOWN_FOR = timedelta(hours=24)
"""Ended orders and fills older than this are in the journal, not in `%orders`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a session finds around it.

    Attributes:
        client_id: The one to try first.
        clock: Wall clock, aware UTC.
    """

    paths: Paths
    settings: SessionSettings
    limits: LimitsInForce
    client_id: int
    clock: Callable[[], datetime]


class Verbs:
    """What a user can ask for."""

    def __init__(self, engine: Engine, surroundings: Surroundings) -> None:
        self._engine = engine
        self._paths = surroundings.paths
        self._settings = surroundings.settings
        self._limits = surroundings.limits
        self._client_id = surroundings.client_id
        self._clock = surroundings.clock

    # Connection.

    async def connect(
        self, profile: str = "sim", **where: Unpack[Where]
    ) -> Table[reports.Status]:
        """Connect, and stay connected until `disconnect`.

        Args:
            profile: sim, paper, paper-gateway, live or live-gateway.
            where: See `Where`.

        Raises:
            ConnectFailed: why, and what to do.
        """
        host, port = where.get("host"), where.get("port")
        account, client_id = where.get("account"), where.get("client_id")
        chosen = check_profile(profile)
        if self._settings.sim_only and chosen != "sim":
            raise UsageError(
                f"profile {chosen} was asked for, but this machine is limited to the embedded gateway"
            )
        is_embedded = chosen == "sim" and host is None and port is None
        if chosen == "sim" and host not in (None, "127.0.0.1", "localhost"):
            raise UsageError(
                f"host {host} was asked for, but an embedded gateway runs on this machine only"
            )
        await self._engine.gateway.connect(
            Target(
                profile=chosen,
                host="127.0.0.1" if chosen == "sim" else host or self._settings.host,
                port=port
                or (self._settings.port if chosen != "sim" else None)
                or DEFAULT_PORTS[chosen],
                account=account or (self._settings.account if chosen != "sim" else None),
                client_id=client_id or self._settings.client_id or self._client_id,
                timeout_s=self._settings.connect_timeout_s,
                find_port=self._embedded_port if is_embedded else None,
            )
        )
        return await self.status()

    def start_connecting(self, profile: str) -> None:
        """Connect in the background unless somebody has asked for a connection already; failures show in `status`."""
        if not self._engine.gateway.was_asked:
            self._engine.in_background(self.connect(profile))

    async def disconnect(self) -> Table[reports.Status]:
        """Disconnect and stop reconnecting; working orders stay at the broker."""
        await self._engine.gateway.disconnect()
        return await self.status()

    async def status(self) -> Table[reports.Status]:
        """Say how the session stands."""
        return reports.status(self.status_now())

    def status_now(self) -> reports.Status:
        """Return how the session stands, without asking anyone."""
        gateway, tracker = self._engine.gateway, self._engine.tracker
        link = gateway.link
        open_orders = tracker.open_orders
        status = reports.Status(
            version=__version__,
            state=gateway.state.value,
            detail=self._engine.ledger_trouble or gateway.detail,
            latch=self._engine.latch_words,
            uptime=gateway.uptime.share(asyncio.get_running_loop().time()),
            working_orders=sum(1 for update in open_orders if is_working(update)),
            unresolved_orders=sum(
                1 for update in open_orders if update.state is OrderState.UNKNOWN
            ),
        )
        if link is None:
            return status
        loop = asyncio.get_running_loop()
        return replace(
            status,
            mode=link.mode,
            account=link.account,
            host=link.host,
            port=link.port,
            client_id=link.client_id,
            server_version=link.server_version,
            connected_since=self._clock()
            - timedelta(seconds=loop.time() - link.connected_mono),
            latency_ms=round(link.latency_s * 1000, 2)
            if link.latency_s is not None
            else None,
            market_data=f"{self._engine.market.lines_used} lines",
        )

    # Market.

    async def quote(self, *symbols: str) -> Table[Quote]:
        """Return the market in each symbol, waiting up to 4 s for a first quote.

        Raises:
            UsageError: no symbol was given.
            ContractNotFound: a symbol is not known.
            NoData: the broker sends nothing for it; says why.
        """
        instruments = await self.resolve(*symbols)
        wait = self._engine.market.fresh_quote
        quotes = await asyncio.gather(
            *(wait(instrument, QUOTE_SECONDS) for instrument in instruments)
        )
        for quote in quotes:
            if quote.received_mono is None and (
                problem := self._engine.market.problem(quote.con_id)
            ):
                raise NoData(f"{quote.symbol}: {problem}")
        return layouts.quotes(quotes, now_mono=asyncio.get_running_loop().time())

    async def resolve(self, *symbols: str) -> list[Instrument]:
        """Return the instrument of each symbol, as the order language names them."""
        if not symbols:
            raise UsageError("no symbol was given, expected at least one, e.g. SPY")
        return await self.resolve_specs(*(parse_contract(symbol) for symbol in symbols))

    async def resolve_specs(self, *specs: ContractSpec) -> list[Instrument]:
        """Return the instrument of each specification."""
        await self._engine.linked()
        resolve = self._engine.instruments.resolve
        return list(await asyncio.gather(*(resolve(spec) for spec in specs)))

    async def search(self, pattern: str) -> Table[reports.SymbolMatch]:
        """Return instruments whose symbol or name begins with `pattern`; at most 16."""
        if not pattern.strip():
            raise UsageError(
                "nothing to search for, expected the beginning of a symbol or name, e.g. apple"
            )
        await self._engine.linked()
        return reports.matches(
            await self._engine.instruments.search(pattern.strip()), pattern=pattern.strip()
        )

    async def bars(
        self, symbol: str, duration: str = "30d", size: str = "1h", **which: Unpack[Which]
    ) -> Table[Bar]:
        """Return historical bars up to now, oldest first.

        Args:
            symbol: As the order language names it.
            duration: How far back: a number and s, m, h, d, w, mo or y.
            size: Of each bar: 1s 5s … 1m … 1h … 1d 1w 1mo.
            which: See `Which`.
        """
        rth, what = which.get("rth", True), which.get("what")
        (instrument,) = await self.resolve(symbol)
        found = await self._engine.history.bars(
            instrument, duration, size, is_rth=rth, what=what
        )
        return layouts.bars(
            found,
            title=f"{instrument} {duration} of {size}",
            zone=adapt.zone_of(instrument.time_zone),
        )

    # Orders.

    async def order(
        self, text: str, *, source: Source
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send one order in the order language; see `%order?`.

        Raises:
            OrderSyntaxError, NotSupported, OrderDenied: nothing was sent.
            OutcomeUnknown: something was, and the broker has not answered.
        """
        return await self.send(parse(text), source=source)

    async def send(
        self, intent: OrderIntent, *, source: Source
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send, or with `intent.preview` only judge, one order."""
        require_supported(intent)
        engine = self._engine
        await engine.linked()
        instrument = await engine.instruments.resolve(intent.contract)
        quote = await engine.market.fresh_quote(instrument, QUOTE_SECONDS)
        order = engine.orders.propose(
            intent, instrument, quote, engine.position(instrument), source
        )
        judgement = await engine.judgement(order, None)
        if not intent.preview:
            return layouts.orders([await engine.orders.send(judgement)])
        return reports.preview(await self._previewed(judgement))

    async def trade(
        self,
        side: Side,
        symbol: str,
        quantity: Number,
        *,
        source: Source,
        **how: Unpack[How],
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send one order given in parts."""
        limit_price, stop_price = (
            _number(how.get("limit"), "limit"),
            _number(how.get("stop"), "stop"),
        )
        order_type = {
            (False, False): OrderType.MARKET,
            (True, False): OrderType.LIMIT,
            (False, True): OrderType.STOP,
            (True, True): OrderType.STOP_LIMIT,
        }[(limit_price is not None, stop_price is not None)]
        size = _number(quantity, "quantity")
        if size is None:
            raise UsageError(
                "quantity None was found, expected a positive number; nothing was sent"
            )
        intent = OrderIntent(
            side=side,
            size=Units(quantity=size),
            contract=parse_contract(symbol),
            order_type=order_type,
            limit_price=limit_price,
            stop_price=stop_price,
            tif=_tif(how.get("tif")),
            outside_rth=how.get("outside_rth", False),
            again=how.get("again", False),
            preview=how.get("preview", False),
            ref=how.get("ref"),
        )
        # Through the text and back: the language's own checks hold for both ways of saying it, and a name such as
        # "a --again" says nothing that was not meant.
        if parse(str(intent)) != intent:
            raise UsageError(
                f"ref {how.get('ref')!r} was found, expected a name of at most 12 letters, digits, _ . or -; nothing was sent"
            )
        return await self.send(intent, source=source)

    async def cancel(self, what: str) -> Table[OrderUpdate]:
        """Cancel working orders: one by its reference or name, all of a symbol, or `all` of this session.

        Raises:
            UsageError: nothing fits, or the order belongs to another client id.
            NotConnected: the cancel could not be sent.
        """
        chosen = self._chosen(what.strip())
        await self._note("CANCEL_INTENT", {"what": what, "orders": str(len(chosen))})
        return layouts.orders(await self._engine.orders.cancel_and_wait(chosen))

    async def orders(self) -> Table[OrderUpdate]:
        """Return every order of the last day that is known, newest last, other clients' open ones included."""
        if self._engine.gateway.link is not None:
            await self._engine.reconciler.open_orders()
        since = self._clock() - ORDERS_SHOWN_FOR
        return layouts.orders(
            update
            for update in self._engine.tracker.orders
            if update.state.is_open or update.updated_at >= since
        )

    async def fills(self) -> Table[Fill]:
        """Return the executions of the last day, oldest first."""
        since = self._clock() - ORDERS_SHOWN_FOR
        return layouts.fills(
            fill for fill in self._engine.tracker.fills if fill.time >= since
        )

    # Account.

    async def positions(self) -> Table[Position]:
        """Return what the account holds, by symbol."""
        await self._engine.linked()
        return layouts.positions(self._engine.portfolio.positions())

    async def account(self) -> Table[AccountSnapshot]:
        """Return the account's figures as the broker has them."""
        await self._engine.linked()
        return layouts.account([self._engine.portfolio.account()])

    # Risk.

    async def risk(self) -> Table[reports.LimitRow]:
        """Return the limits in force, and where each came from."""
        return self._limit_table(self._limits(self._mode()))

    async def set_risk(self, name: str, value: str) -> Table[reports.LimitRow]:
        """Change one limit for this session; tightening holds at once."""
        mode = self._mode()
        before = {row.name: row.value for row in describe(self._limits(mode))}
        changed = self._limits.change(mode, name, str(value))
        await self._note(
            "LIMIT_CHANGED",
            {"name": name, "from": str(before.get(name, "")), "to": str(value)},
        )
        return self._limit_table(changed)

    async def halt(self, reason: str = "") -> Table[OrderUpdate]:
        """Stop trading: latch first, then cancel this session's working orders; only `resume` lifts it.

        Raises:
            EdgerunnerError: UNCONFIRMED, with the number of orders whose end is not proven; the latch holds.
        """
        trouble = ""
        # The latch's first half holds at once; writing it and cancelling go on side by side.
        latching = asyncio.ensure_future(
            self._engine.set_latch(
                LatchState.HALTED, by="user", reason=reason or "halted by hand"
            )
        )
        await asyncio.sleep(0)
        self._engine.drop_queued_orders()
        own, others = self._own_working(), self._of_other_client_ids()
        failure: EdgerunnerError | None = None
        try:
            await self._engine.orders.cancel_and_wait(own)
        except (NotConnected, UsageError) as error:
            failure = error
        try:
            await latching
        except LedgerError as error:
            trouble = f"; the halt is NOT durable and holds in this notebook only ({error})"
        ended = [self._engine.tracker.order(update.order_ref) or update for update in own]
        doubtful = [update for update in (*ended, *others) if update.state.is_open]
        if doubtful or failure is not None:
            why = f", {failure}" if failure is not None else ""
            refs = ", ".join(update.order_ref for update in doubtful)
            raise EdgerunnerError(
                f"HALTED, but UNCONFIRMED: {len(doubtful)} orders may still work ({refs}){why}{trouble}; "
                "look at %orders and at TWS"
            )
        if trouble:
            raise EdgerunnerError(f"HALTED, {len(ended)} working orders cancelled{trouble}")
        return layouts.orders(
            ended, title="HALTED, cancelled orders", empty="HALTED; no working orders"
        )

    async def resume(self, *, reason: str) -> Table[reports.Status]:
        """Lift a halt; `reason` is written to the journal."""
        if not reason.strip():
            raise UsageError(
                'a reason was not given, expected words, e.g. %resume --reason "checked positions"'
            )
        await self._engine.set_latch(LatchState.ACTIVE, by="user", reason=reason.strip())
        return await self.status()

    # Inside.

    async def _embedded_port(self) -> int:
        gateway = await embedded.ensure(
            self._paths,
            seed=self._settings.sim_seed,
            idle_exit_s=self._settings.sim_idle_exit_s,
        )
        return gateway.port

    async def _previewed(self, judgement: Judgement) -> reports.Preview:
        order = judgement.order
        blank = reports.Preview(
            text=str(order.intent),
            symbol=str(order.instrument),
            side=order.side,
            quantity=order.quantity,
            reference_price=None,
            notional=None,
            currency=self._engine.portfolio.currency,
            commission=None,
            margin=None,
            verdict="would be denied",
        )
        try:
            approved = await self._engine.orders.preview(judgement)
        except OrderDenied as denied:
            checks = tuple(str(denial) for denial in denied.denials)
            return replace(blank, checks=checks, nearest=denied.nearest or "")
        return replace(
            blank,
            reference_price=approved.reference_price,
            notional=approved.notional,
            verdict="would be sent",
            checks=tuple(str(check) for check in approved.checks)
            + tuple(approved.warnings),
        )

    def _chosen(self, what: str) -> list[OrderUpdate]:
        working = self._engine.tracker.open_orders
        if what.lower() == "all":
            return self._own_working()
        by_ref = [update for update in working if what in (update.order_ref, update.name)]
        by_symbol = [
            update
            for update in self._own_working()
            if update.symbol.upper() == what.upper()
        ]
        chosen = by_ref or by_symbol
        if not chosen:
            known = (
                ", ".join(f"{update.order_ref} ({update.symbol})" for update in working)
                or "there is none"
            )
            raise UsageError(
                f"no working order {what!r} was found, expected a reference, a symbol or all: {known}"
            )
        return chosen

    def _own_working(self) -> list[OrderUpdate]:
        link = self._engine.gateway.link
        client_id = link.client_id if link is not None else self._engine.tracker.client_id
        return [
            update
            for update in self._engine.tracker.open_orders
            if update.client_id == client_id
        ]

    def _of_other_client_ids(self) -> list[OrderUpdate]:
        """Return open orders of ours that this connection cannot cancel: another client id placed them."""
        own = {update.order_ref for update in self._own_working()}
        return [
            update
            for update in self._engine.tracker.open_orders
            if update.order_ref.startswith(OUR_PREFIX) and update.order_ref not in own
        ]

    def _mode(self) -> Mode:
        link = self._engine.gateway.link
        return link.mode if link is not None else Mode.SIM

    def _limit_table(self, limits: Limits) -> Table[reports.LimitRow]:
        return reports.limits(
            reports.LimitRow(
                name=row.name, value=row.value, unit=row.unit, origin=row.origin
            )
            for row in describe(limits)
        )

    async def _note(self, kind: str, facts: dict[str, str]) -> None:
        await self._engine.note(kind, facts)


def _number(value: Number | None, name: str) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise UsageError(
            f"{name} {value!r} was found, expected a positive number; nothing was sent"
        )
    return number


def _tif(text: str | None) -> TimeInForce | None:
    if text is None:
        return None
    if text.upper() not in set(TimeInForce):
        raise UsageError(
            f"tif {text!r} was found, expected one of {' '.join(TimeInForce)}; nothing was sent"
        )
    return TimeInForce(text.upper())
