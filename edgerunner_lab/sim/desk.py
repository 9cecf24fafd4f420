"""Everything the request handlers share: the market, the account, the orders, the clients."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from .accounts import Account, Mark
from .clients import Client
from .credit import Credit
from .events import Event, Kind
from .market import Market
from .matching import Engine
from .messages import Fields, Message
from .order_messages import told_messages
from .registry import Registry
from .replies import Refused, Reply, text_of
from .sessions import DAY_END, NEW_YORK
from .universe import Instrument, Query

_DAY_SHIFT: Final = timedelta(hours=24 - DAY_END.hour)


class Desk:
    """The broker's books.

    Attributes:
        outbox: What order events have to tell clients, until `Exchange` sends it.
        traded: Contract ids of fills that account listeners have not been told of.
        is_changed: True when something that must survive a restart has changed.
        day: Number of the trading day that profits count from; days end at 17:00 New York.
    """

    def __init__(self, market: Market, account: Account, registry: Registry) -> None:
        self.market = market
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
        self.engine = Engine(self.market, account, registry)

    def move_to(self, now: float) -> bool:
        """Go to an instant; return whether a new trading day began on the way."""
        self.market.move_to(now)
        local = datetime.fromtimestamp(self.market.now, NEW_YORK)
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
        """Put order events into messages for the clients that own the orders."""
        universe, now = self.market.universe, self.market.now
        for event in events:
            self.is_changed = True
            if event.kind is Kind.EXECUTION:
                self.traded.add(event.order.terms.con_id)
            owner = self.client_named(event.order.client_id)
            if owner is not None:
                message = told_messages(event, universe, version=owner.version, now=now)
                self.outbox.append(Reply(owner.key, message))

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
        found = self.market.universe.find(query_of(fields))
        if len(found) == 1:
            return found[0]
        if found:
            name = text_of(fields, "c.symbol") or text_of(fields, "c.localSymbol")
            raise Refused(
                200, f"The contract description specified for {name} is ambiguous."
            )
        raise Refused(200, "No security definition has been found for the request")

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

    def _mark_when_day_began(self) -> Mark:
        local = datetime.combine(
            datetime.fromordinal(self.day - 1).date(), DAY_END, NEW_YORK
        ).astimezone(UTC)
        second = int(local.timestamp())
        return lambda instrument: self.market.mark_at(instrument, second)


Handler: TypeAlias = Callable[[Desk, Client, Fields], Iterable[Message]]
"""Answers one request of one client; raises `Refused` where the broker would refuse."""


def query_of(fields: Fields) -> Query:
    """Return a request's contract as a query."""
    con_id = fields.get("c.conId")
    return Query(
        con_id=con_id if isinstance(con_id, int) and con_id > 0 else None,
        symbol=text_of(fields, "c.symbol"),
        sec_type=text_of(fields, "c.secType"),
        currency=text_of(fields, "c.currency"),
        exchange=text_of(fields, "c.exchange"),
        primary_exchange=text_of(fields, "c.primaryExchange"),
        local_symbol=text_of(fields, "c.localSymbol"),
        trading_class=text_of(fields, "c.tradingClass"),
        isin=text_of(fields, "c.secId") if text_of(fields, "c.secIdType") == "ISIN" else "",
    )


def to(client: Client, messages: Iterable[Message]) -> Iterator[Reply]:
    """Address messages to one client."""
    return (Reply(client.key, message) for message in messages)
