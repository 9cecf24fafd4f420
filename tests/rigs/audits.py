"""Keeps books from the bytes that clients of a `Wires` were sent, and finds where they do not add up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.wire import frame
from rigs.wires import Line, Wires

REQUESTS: Final = load_requests()
REPLIES: Final = load_replies()

ZERO: Final = Decimal(0)
ENDS: Final = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})
"""Statuses that nothing may follow."""

HALF_CENT: Final = Decimal("0.005")
"""What rounding one booking to the cent may move."""


class Party:
    """One client that reads what it is sent, in its own server version."""

    def __init__(self, wires: Wires, client_id: int, version: int) -> None:
        self.client_id = client_id
        self.version = version
        self.line: Line = wires.line(client_id, version)
        # Neither the handshake nor the greeting is about orders or money.
        self._read = len(self.line.out)

    def heard(self) -> Iterator[Message]:
        """Yield what has come since the last call."""
        out = self.line.out
        while self._read < len(out):
            end = self._read + 4 + int.from_bytes(out[self._read : self._read + 4])
            payload = bytes(out[self._read + 4 : end])
            self._read = end
            yield REPLIES.decode(self.version, payload)

    def send(self, name: str, **fields: Any) -> None:
        """Send a request; `c_conId` stands for `c.conId`."""
        dotted = {
            key.replace("_", ".", 1) if key[1:2] == "_" else key: value
            for key, value in fields.items()
        }
        self.line.send(frame(REQUESTS.encode(self.version, Message(name, dotted))))

    def ask(self, name: str, **fields: Any) -> list[Message]:
        """Send a request and return what it is answered with at once; all before it must have been read."""
        self.send(name, **fields)
        return list(self.heard())


@dataclass(slots=True)
class Kept:
    """One order, as its owner knows it from openOrder, orderStatus and executionData.

    Attributes:
        place: Number in the order of queueing; None before it queues and after it has left.
        traded: Sum of its executions, legs of a combo left out.
        worth: Sum of their prices times sizes.
    """

    con_id: int
    side: int
    limit: Decimal
    total: Decimal
    is_plain: bool
    status: str = ""
    place: int | None = None
    traded: Decimal = ZERO
    worth: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What it has still to trade."""
        return self.total - self.traded

    def stands_before(self, other: "Kept") -> bool:
        """Return whether it must be filled before another one of its contract and side."""
        is_rival = (self.con_id, self.side) == (other.con_id, other.side)
        if not (is_rival and self.is_plain and other.is_plain):
            return False
        if self.status != "Submitted" or self.place is None or self.left <= 0:
            return False
        better = (self.limit - other.limit) * self.side
        return better > 0 or (
            better == 0 and (other.place is None or self.place < other.place)
        )


@dataclass(slots=True)
class Journal:
    """What one listener heard of orders; with a master client, of all of them in the order in which it happened.

    Attributes:
        orders: By permId.
        faults: What did not fit, a line each.
        unpaid: Executions whose commission has not been told.
    """

    orders: dict[int, Kept] = field(default_factory=dict[int, Kept])
    executed: dict[str, Message] = field(default_factory=dict[str, Message])
    paid: dict[str, Message] = field(default_factory=dict[str, Message])
    unpaid: set[str] = field(default_factory=set[str])
    faults: list[str] = field(default_factory=list[str])
    _places: int = 0
    _late: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    _late_fills: list[int] = field(default_factory=list[int])

    def take(self, message: Message) -> None:
        """Take in a message that nobody asked for."""
        takers = {
            "openOrder": self._opened,
            "orderStatus": self._stated,
            "executionData": self._traded,
            "commissionReport": self._charged,
        }
        if message.name in takers:
            takers[message.name](message.fields)

    def requeue(self) -> None:
        """Forget who stands before whom."""
        for kept in self.orders.values():
            kept.place = None

    def _opened(self, fields: Mapping[str, Any]) -> None:
        perm_id, limit, total = (
            fields[f"o.{name}"] for name in ("permId", "lmtPrice", "totalQuantity")
        )
        kept = self.orders.get(perm_id)
        is_plain = _is_plain(fields)
        if kept is None:
            side = 1 if fields["o.action"] == "BUY" else -1
            kept = Kept(fields["c.conId"], side, limit, total, is_plain)
            self.orders[perm_id] = kept
        if (kept.limit, kept.is_plain) != (limit, is_plain) or total > kept.total:
            kept.place = None
        kept.limit, kept.total, kept.is_plain = limit, total, is_plain

    def _stated(self, fields: Mapping[str, Any]) -> None:
        perm_id, status = fields["permId"], fields["status"]
        kept = self.orders.get(perm_id)
        if kept is None:
            self.faults.append(f"{perm_id} has a status before it has an openOrder")
            return
        if kept.status in ENDS and status != kept.status:
            self.faults.append(f"{perm_id} went from {kept.status} to {status}")
        kept.status = status
        if status != "Submitted":
            kept.place = None
        elif kept.place is None:
            self._places += 1
            kept.place = self._places
        filled, remaining = fields["filled"], fields["remaining"]
        # What a change or a group has cut below what was filled already has nothing left.
        if filled + remaining != max(kept.total, filled):
            self.faults.append(
                f"{perm_id} {status}: {filled} + {remaining} is not {kept.total}"
            )
        if status == "Filled":
            # A change that fills an order is told as done before its execution is.
            self._late.append(fields)
        else:
            self._compare(fields)

    def finish(self) -> None:
        """Look at what was told too early to be looked at; all that has come must have been taken in."""
        late, self._late = self._late, []
        for fields in late:
            self._compare(fields)
        fills, self._late_fills = self._late_fills, []
        for perm_id in fills:
            kept = self.orders[perm_id]
            if kept.traded > kept.total:
                self.faults.append(f"{perm_id} traded {kept.traded} of {kept.total}")

    def _compare(self, fields: Mapping[str, Any]) -> None:
        """Hold what a status says was filled against the executions."""
        perm_id, filled = fields["permId"], fields["filled"]
        kept = self.orders[perm_id]
        if filled != kept.traded:
            self.faults.append(f"{perm_id} says {filled} filled of {kept.traded} traded")
        if filled and abs(fields["avgFillPrice"] * filled - kept.worth) > filled / 10**7:
            self.faults.append(f"{perm_id} has average {fields['avgFillPrice']}")

    def _traded(self, fields: Mapping[str, Any]) -> None:
        exec_id, perm_id = fields["e.execId"], fields["e.permId"]
        if exec_id in self.executed:
            self.faults.append(f"{exec_id} was told twice")
        self.executed[exec_id] = Message("executionData", fields)
        if fields["c.secType"] != "BAG":
            self.unpaid.add(exec_id)
        kept = self.orders.get(perm_id)
        if kept is None:
            self.faults.append(f"{exec_id} is of an order that was never told")
            return
        if fields["c.conId"] != kept.con_id:
            return
        kept.traded += fields["e.shares"]
        kept.worth += fields["e.shares"] * fields["e.price"]
        self._late_fills.append(perm_id)
        if fields["e.cumQty"] != kept.traded:
            self.faults.append(f"{exec_id} has cumQty {fields['e.cumQty']}")
        self.faults += [
            f"{perm_id} at {kept.limit} traded before {other_id} at {other.limit}"
            for other_id, other in self.orders.items()
            if other_id != perm_id and other.stands_before(kept)
        ]

    def _charged(self, fields: Mapping[str, Any]) -> None:
        exec_id = fields["execId"]
        if exec_id not in self.unpaid:
            self.faults.append(f"{exec_id} was charged twice, or without being told")
        self.unpaid.discard(exec_id)
        self.paid[exec_id] = Message("commissionReport", fields)


def _is_plain(fields: Mapping[str, Any]) -> bool:
    """Return whether an openOrder is of a limit order that shows all of itself and can be filled in parts."""
    return (
        fields["o.orderType"] == "LMT"
        and fields["o.tif"] in ("DAY", "GTC")
        and not fields["o.allOrNone"]
        and not fields["o.minQty"]
        and not fields["o.algoStrategy"]
        and fields["o.displaySize"] in (None, 0, 2147483647)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a client is told of the account when it asks.

    Attributes:
        executions, reports: By execId.
        cash: Currency -> amount.
        positions, costs: Contract id -> units, cost of a unit.
    """

    executions: dict[str, Mapping[str, Any]]
    reports: dict[str, Mapping[str, Any]]
    cash: dict[str, Decimal]
    positions: dict[int, Decimal]
    costs: dict[int, Decimal]

    @classmethod
    def asked(cls, party: Party) -> "Statement":
        """Ask for executions, positions and cash."""
        told = party.ask("reqExecutions", reqId=901)
        held = party.ask("reqPositions")
        party.send("cancelPositions")
        rows = party.ask(
            "reqAccountUpdatesMulti",
            reqId=902,
            account="",
            modelCode="",
            ledgerAndNLV=False,
        )
        party.send("cancelAccountUpdatesMulti", reqId=902)
        ask = [message.fields for message in rows if message.name == "accountUpdateMulti"]
        positions: list[Any] = [m.fields for m in held if m.name == "position"]
        cash: list[Any] = [
            row for row in ask if row["key"] == "CashBalance" and row["currency"] != "BASE"
        ]
        return cls(
            executions=_by_id(told, "executionData", "e.execId"),
            reports=_by_id(told, "commissionReport", "execId"),
            cash={r["currency"]: Decimal(r["value"]) for r in cash},
            positions={row["c.conId"]: row["position"] for row in positions},
            costs={row["c.conId"]: row["avgCost"] for row in positions},
        )


def _by_id(messages: list[Message], name: str, key: str) -> dict[str, Mapping[str, Any]]:
    found: list[Any] = [m.fields for m in messages if m.name == name]
    by_id = {fields[key]: fields for fields in found}
    assert len(by_id) == len(found), f"{name} came twice for one execution"
    return by_id


def expected_positions(statement: Statement) -> dict[int, Decimal]:
    """Return contract id -> sum of its fills, flat ones left out."""
    held: dict[int, Decimal] = {}
    for fill in _paid_for(statement):
        held[fill["c.conId"]] = held.get(fill["c.conId"], ZERO) + _signed(fill)
    return {con_id: size for con_id, size in held.items() if size}


def expected_cash(
    statement: Statement, start: Decimal, magnifiers: Mapping[int, int]
) -> dict[str, Decimal]:
    """Return currency -> what the fills leave of `start` USD.

    A future is not paid for: what an open one cost is still there. `magnifiers` are contract id -> prices in one unit
    of the currency, 100 for those in pence.
    """
    cash = {"USD": start}

    def move(currency: str, amount: Decimal) -> None:
        cash[currency] = cash.get(currency, ZERO) + amount

    for fill in _paid_for(statement):
        con_id, currency = fill["c.conId"], fill["c.currency"]
        unit = Decimal(fill["c.multiplier"] or 1) / magnifiers[con_id]
        move(currency, -_signed(fill) * fill["e.price"] * unit)
        if fill["c.secType"] == "CASH":
            move(fill["c.symbol"], _signed(fill))
        report = statement.reports[fill["e.execId"]]
        move(report["currency"], -report["commission"])
    open_futures = {
        fill["c.conId"]: fill["c.currency"]
        for fill in _paid_for(statement)
        if fill["c.secType"] == "FUT" and fill["c.conId"] in statement.positions
    }
    for con_id, currency in open_futures.items():
        move(currency, statement.positions[con_id] * statement.costs[con_id])
    return cash


def _paid_for(statement: Statement) -> Iterator[Mapping[str, Any]]:
    """Yield the executions that change the account: a combo does so leg by leg."""
    fills = statement.executions.values()
    return (fill for fill in fills if fill["c.secType"] != "BAG")


def _signed(fill: Mapping[str, Any]) -> Decimal:
    size: Decimal = fill["e.shares"]
    return size if fill["e.side"] == "BOT" else -size


def owned_lines(messages: Iterable[Message]) -> list[tuple[int, str]]:
    """Return what messages say of orders, a line each, and the API client id of each order."""
    owner_by_execution: dict[str, int] = {}
    lines: list[tuple[int, str]] = []
    for message in messages:
        fields: Mapping[str, Any] = message.fields
        if message.name == "openOrder":
            owner = fields["o.clientId"]
            named = ("o.permId", "o.totalQuantity", "o.lmtPrice", "s.status")
        elif message.name == "orderStatus":
            owner = fields["clientId"]
            named = ("permId", "status", "filled", "remaining", "avgFillPrice")
        elif message.name == "executionData":
            owner = owner_by_execution[fields["e.execId"]] = fields["e.clientId"]
            named = ("e.execId", "e.permId", "e.shares", "e.price", "e.cumQty")
        elif message.name == "commissionReport":
            owner = owner_by_execution.get(fields["execId"], -1)
            named = ("execId", "commission", "realizedPNL")
        else:
            continue
        told = " ".join(str(fields[name]) for name in named)
        lines.append((owner, f"{message.name} {told}"))
    return lines
