"""The whole market and broker behind one socket server: messages and the time in, messages out. Does no I/O."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim import snapshots
from edgerunner_lab.sim.accounts.accounts import Account
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Universe
from edgerunner_lab.sim.live import market_data
from edgerunner_lab.sim.live.ticker import Ticker
from edgerunner_lab.sim.market.market import NO_RECORDINGS, Market
from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.market.recorded import Recording
from edgerunner_lab.sim.market.sessions import Hours
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.registry import Registry
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, Reply, error, request_of
from edgerunner_lab.sim.requests import (
    account_requests,
    bulletins,
    contract_requests,
    histogram,
    historical_ticks,
    history,
    news,
    order_requests,
    scanner,
    user_requests,
)
from edgerunner_lab.sim.requests.bar_lines import grown, live_bars
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.data_rules import DataRules
from edgerunner_lab.sim.requests.desk import Desk, Handler, to
from edgerunner_lab.sim.requests.refusals import unserved

__all__ = ["ClientIdInUse", "Exchange", "Hours", "Reply"]

WAKE_SECONDS_MIN: Final = 0.01
"""Quotes that change more often are told in batches of this length."""

SETTLEMENT_SECONDS: Final = 60.0
"""How often held positions are looked at without anyone connected."""

FARMS: Final = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
"""Notices that follow a start."""


class ClientIdInUse(Exception):
    """Another connection has this API client id; the broker answers 326 and closes."""


class Exchange:
    """One simulated market with one account.

    Attributes:
        dirty: True when `snapshot` would differ since the owner last cleared it.
    """

    def __init__(  # noqa: PLR0913  all by keyword, and each a choice of whoever starts a gateway
        self,
        universe: Universe,
        *,
        seed: int,
        cash: Decimal,
        hours: Hours,
        now: datetime,
        account: str = "DU1000001",
        ticks_per_second: int = 4,
        rules: OrderRules | None = None,
        data_rules: DataRules | None = None,
        recordings: Mapping[int, Recording] = NO_RECORDINGS,
    ) -> None:
        self.seed = seed
        market = Market(
            universe,
            seed=seed,
            hours=hours,
            steps=ticks_per_second,
            recordings=recordings,
        )
        registry = Registry.opened(int(now.timestamp()))
        self._desk = Desk(market, Account.opened(account, cash), registry, rules)
        self._desk.data_rules = data_rules or DataRules()
        self._desk.move_to(now.timestamp())
        self._ticker = Ticker(self._desk)
        self._refreshed = self._desk.market.second

    @property
    def desk(self) -> Desk:
        """The broker's books, for what is done to them by hand."""
        return self._desk

    @property
    def dirty(self) -> bool:
        """True when something that must survive a restart has changed."""
        return self._desk.is_changed

    @dirty.setter
    def dirty(self, value: bool) -> None:
        self._desk.is_changed = value

    def attach(
        self, client: int, client_id: int, version: int, now: datetime
    ) -> list[Reply]:
        """Admit a client that has sent startApi; return what it is greeted with.

        Raises:
            ClientIdInUse: Another connection has the id.
        """
        self._desk.move_to(now.timestamp())
        if self._desk.client_named(client_id) is not None:
            raise ClientIdInUse(f"client id {client_id} is already in use")
        known = Client(key=client, client_id=client_id, version=version)
        self._desk.clients[client] = known
        account = self._desk.account.account_id
        greeting = [
            Message("managedAccounts", {"accountsList": account}),
            Message(
                "nextValidId", {"orderId": self._desk.registry.next_order_id(client_id)}
            ),
            *(error(-1, code, text, self._desk.market.now) for code, text in FARMS),
        ]
        return list(to(known, greeting))

    def detach(self, client: int) -> None:
        """Forget a connection and what it listened to; its orders live on."""
        self._desk.clients.pop(client, None)

    def handle(self, client: int, message: Message, now: datetime) -> list[Reply]:
        """Answer one request; whatever it holds, there is an answer and no exception."""
        known = self._desk.clients.get(client)
        if known is None:
            return []
        replies = self.advance(now)
        handler = HANDLERS.get(message.name) or unserved(message.name)
        try:
            answer = list(handler(self._desk, known, message.fields))
        except Refused as refused:
            request = request_of(message.fields)
            answer = [error(request, refused.code, refused.text, self._desk.market.now)]
        replies += to(known, answer)
        self._ticker.watch(known)
        return replies + self._outgoing()

    def advance(self, now: datetime) -> list[Reply]:
        """Let time pass; return everything that the clients must be told of it."""
        desk = self._desk
        if desk.move_to(now.timestamp()):
            desk.is_changed = True
            self._refreshed = 0
        desk.report(desk.engine.advance())
        if desk.warn():
            self._refreshed = 0
        replies = self._outgoing()
        replies += self._ticker.moved()
        for client in desk.clients.values():
            if client.wants_seconds:
                replies += to(client, _secondly(desk, client))
        if desk.market.second - self._refreshed >= account_requests.REFRESH_SECONDS:
            self._refreshed = desk.market.second
            for client in desk.clients.values():
                replies += to(client, account_requests.refreshed(desk, client))
        return replies

    def set_regime(self, name: str, symbol: str | None = None) -> None:
        """Change how prices go, of one instrument or of all; `advance` before and after tells it.

        Raises:
            ValueError: There is no such regime or instrument; the text is one line.
        """
        if name not in set(Regime):
            raise ValueError(
                f"regime {name!r} was found, expected one of {', '.join(Regime)}"
            )
        named = None if symbol is None else self._named(symbol)
        bulletins.change_regime(self._desk, Regime(name), named)

    def move_price(self, symbol: str, price: Decimal) -> None:
        """Have an instrument's price go on from `price`.

        Raises:
            ValueError: There is no such instrument, or it cannot have such a price; the text is one line.
        """
        self._desk.market.move_price(self._named(symbol), price)
        self._desk.is_changed = True

    def _named(self, symbol: str) -> Instrument:
        found = self._desk.market.universe.named(symbol)
        if found is None:
            raise ValueError(
                f"symbol {symbol!r} was found, expected a listed one such as SPY"
            )
        return found

    def next_due(self) -> datetime | None:
        """Return when `advance` has something to do next; None if nobody waits for anything."""
        desk = self._desk
        clients = desk.clients.values()
        market = desk.market
        waits: list[float] = []
        if desk.engine.working_instruments() or any(c.wants_quotes for c in clients):
            step = (market.step + 1) / market.steps
            waits.append(max(step, market.now + WAKE_SECONDS_MIN))
        if any(c.wants_seconds for c in clients):
            waits.append(market.second + 1.0)
        if self._desk.account.positions:
            # Options and futures that end are settled although nobody listens.
            waits.append(market.second + SETTLEMENT_SECONDS)
        if (due := desk.engine.liquidation.due) is not None:
            waits.append(max(float(due), market.now + WAKE_SECONDS_MIN))
        if any(c.wants_account for c in clients):
            waits.append(self._refreshed + float(account_requests.REFRESH_SECONDS))
        if not waits:
            return None
        # Rounded up, since a hair before the step would do nothing and be asked for again.
        return datetime.fromtimestamp(min(waits) + 1e-6, UTC)

    def snapshot(self) -> dict[str, Any]:
        """Return the account, its orders and all counters as JSON can hold them."""
        return snapshots.taken(self._desk, self.seed)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take over what `snapshot` returned earlier.

        Raises:
            ValueError: The snapshot is of another schema, seed or recording, or names instruments that are not listed.
        """
        snapshots.take_over(self._desk, self.seed, snapshot)

    def _outgoing(self) -> list[Reply]:
        """Return what order events told, followed by what fills changed in the account."""
        desk = self._desk
        replies, desk.outbox = desk.outbox, []
        if desk.traded:
            con_ids, desk.traded = desk.traded, set()
            for client in desk.clients.values():
                replies += to(client, account_requests.traded(desk, client, con_ids))
        return replies


def _secondly(desk: Desk, client: Client) -> Iterator[Message]:
    for line in client.histories.values():
        yield from grown(desk, client, line)
    for line in client.live_bars.values():
        yield from live_bars(desk, line)
    yield from scanner.refreshed(desk, client)
    for line in client.profits.values():
        if line.second != desk.market.second:
            line.second = desk.market.second
            yield from account_requests.profit_changes(desk, line)


def _current_time(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    yield Message("currentTime", {"time": int(desk.market.now)})


def _current_millis(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    yield Message("currentTimeInMillis", {"timeInMillis": int(desk.market.now * 1000)})


HANDLERS: Final[Mapping[str, Handler]] = {
    **account_requests.HANDLERS,
    **bulletins.HANDLERS,
    **contract_requests.HANDLERS,
    **histogram.HANDLERS,
    **historical_ticks.HANDLERS,
    **history.HANDLERS,
    **market_data.HANDLERS,
    **news.HANDLERS,
    **order_requests.HANDLERS,
    **scanner.HANDLERS,
    **user_requests.HANDLERS,
    "reqCurrentTime": _current_time,
    "reqCurrentTimeInMillis": _current_millis,
}
"""Request -> answer; what is not here is refused or silent, see `refusals`."""
