"""Everything the request handlers share: the market, the account, the orders, the clients."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final, TypeAlias

from edgerunner_lab.sim.accounts.accounts import Account, Mark
from edgerunner_lab.sim.listing.combos import ComboError
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import DAY_END, NEW_YORK
from edgerunner_lab.sim.matching.credit import Credit
from edgerunner_lab.sim.matching.matching import Engine
from edgerunner_lab.sim.orders.events import Event, Kind
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.registry import Registry
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, Reply, error, text_of
from edgerunner_lab.sim.requests.bulletin_board import BulletinBoard
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.contract_queries import query_of
from edgerunner_lab.sim.requests.data_rules import DataRules
from edgerunner_lab.sim.requests.order_messages import told_messages

NO_DEFINITION: Final = "No security definition has been found for the request"

_DAY_SHIFT: Final = timedelta(hours=24 - DAY_END.hour)


class Desk:
    """The broker's books.

    Attributes:
        rules: What the owner chose about orders.
        data_rules: What the owner chose about market data.
        is_bundling: True when the ticks of a line may come as one `Burst`, for a server that takes them.
        binder: Key of the connection of client 0 that wants orders made by hand bound to it; None for nobody.
        bulletins: Those of the day.
        outbox: What order events have to tell clients, until `Exchange` sends it.
        traded: Contract ids of fills that account listeners have not been told of.
        is_changed: True when something that must survive a restart has changed.
        day: Number of the trading day that profits count from; days end at 17:00 New York.
    """

    def __init__(
        self,
        market: Market,
        account: Account,
        registry: Registry,
        rules: OrderRules | None = None,
    ) -> None:
        self.market = market
        self.rules = rules or OrderRules()
        self.data_rules = DataRules()
        self.is_bundling = False
        self.binder: int | None = None
        self.bulletins = BulletinBoard()
        self.clients: dict[int, Client] = {}
        self.outbox: list[Reply] = []
        self.traded: set[int] = set()
        self.is_changed = True
        self.day = 0
        self.adopt(account, registry)

    def adopt(self, account: Account, registry: Registry) -> None:
        """Take over an account and its orders."""
        self.account = account
        self.registry = registry
        self.credit = Credit(self.market, account, registry)
        self.engine = Engine(self.market, account, registry, self.rules)

    def choose(self, rules: OrderRules) -> None:
        """Follow other rules about orders from now on."""
        self.rules = rules
        self.engine.choose(rules)

    def move_to(self, now: float) -> bool:
        """Go to an instant; return whether a new trading day began on the way."""
        self.market.move_to(now)
        local = datetime.fromtimestamp(self.market.now, NEW_YORK)
        if local.date() != self.market.universe.today:
            self.market.universe = self.market.universe.at(local.date(), self._level_at)
        day = (local + _DAY_SHIFT).date().toordinal()
        if day <= self.day:
            return False
        is_first = self.day == 0
        self.day = day
        if is_first:
            return False
        self.account.begin_day(self._mark_when_day_began(), self.market.rate)
        return True

    def report(self, events: Iterable[Event]) -> None:
        """Put order events into messages for the clients that own the orders, and for the master client."""
        universe, now = self.market.universe, self.market.now
        for event in events:
            self.is_changed = True
            if event.execution is not None:
                self.traded.add(event.execution.con_id)
            for client in self._listeners(event):
                message = told_messages(event, universe, version=client.version, now=now)
                self.outbox.append(Reply(client.key, message))

    def warn(self) -> bool:
        """Put what the engine warns everybody of into messages; return whether there was anything."""
        notices = self.engine.liquidation.drain()
        for notice in notices:
            message = error(-1, notice.code, notice.text, self.market.now)
            self.outbox += [Reply(key, message) for key in self.clients]
        return bool(notices)

    def _listeners(self, event: Event) -> list[Client]:
        """Return who hears of an event: errors are the owner's alone."""
        ids = {event.order.client_id}
        if self.rules.master_client_id is not None and event.kind is not Kind.ERROR:
            ids.add(self.rules.master_client_id)
        found = (self.client_named(client_id) for client_id in sorted(ids))
        return [client for client in found if client is not None]

    def client_named(self, client_id: int) -> Client | None:
        """Return the connection that uses an API client id."""
        return next((c for c in self.clients.values() if c.client_id == client_id), None)

    def midnight(self) -> int:
        """Return the epoch second at which this New York date began."""
        local = datetime.fromtimestamp(self.market.now, NEW_YORK)
        return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    def instrument_in(self, fields: Fields) -> Instrument:
        """Return the one instrument a request's contract means.

        Raises:
            Refused: None or several fit.
        """
        try:
            # Two are enough to know that it is not one, where a whole chain may fit.
            found = tuple(islice(self.market.universe.matching(query_of(fields)), 2))
        except ComboError as error:
            raise Refused(200, f"{NO_DEFINITION}: {error}") from error
        if len(found) == 1:
            return found[0]
        if found:
            name = text_of(fields, "c.symbol") or text_of(fields, "c.localSymbol")
            raise Refused(
                200, f"The contract description specified for {name} is ambiguous."
            )
        raise Refused(200, NO_DEFINITION)

    def own_account(self, fields: Fields, name: str) -> str:
        """Return the account a request names, or ours where it names none.

        Raises:
            Refused: It names another one.
        """
        asked = text_of(fields, name)
        if asked and asked not in (self.account.account_id, "All"):
            raise Refused(
                321,
                f"Error validating request.-'cp' : cause - Invalid account code '{asked}',"
                f" expected {self.account.account_id}",
            )
        return self.account.account_id

    def _level_at(self, instrument: Instrument, day: date) -> Decimal:
        """Return where an instrument stood as a New York date began; strikes are listed around it."""
        midnight = datetime.combine(day, time(), NEW_YORK)
        return self.market.mark_at(instrument, int(midnight.timestamp()))

    def _mark_when_day_began(self) -> Mark:
        local = datetime.combine(
            datetime.fromordinal(self.day - 1).date(), DAY_END, NEW_YORK
        ).astimezone(UTC)
        second = int(local.timestamp())
        return lambda instrument: self.market.mark_at(instrument, second)


Handler: TypeAlias = Callable[[Desk, Client, Fields], Iterable[Message]]
"""Answers one request of one client; raises `Refused` where the broker would refuse."""


def to(client: Client, messages: Iterable[Message]) -> Iterator[Reply]:
    """Address messages to one client."""
    return (Reply(client.key, message) for message in messages)
