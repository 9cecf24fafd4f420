"""What can be asked of a running gateway from outside, command by command; the socket is `control`'s business."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from edgerunner_lab.sim.exchange import Exchange
from edgerunner_lab.sim.faults.fault_script import Vocabulary, fault_of
from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.process.clock import Clock
from edgerunner_lab.sim.protocol.codec import load_requests
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.bulletin_board import TEXT_CHARACTERS_MAX
from edgerunner_lab.sim.requests.bulletins import publish
from edgerunner_lab.sim.requests.manual_orders import place_by_hand
from edgerunner_lab.sim.server.hand_orders import order_fields
from edgerunner_lab.sim.server.levers import levers_of
from edgerunner_lab.sim.server.server import Server

LIMIT_MAX: Final = 10_000
"""Most requests that one answer holds."""

PRICE_MAX: Final = Decimal(10) ** 9

_NAME_CHARACTERS_MAX: Final = 100


class NotDone(ValueError):
    """A command cannot be carried out; the text is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that can be asked.

    Attributes:
        takes: Name of a field -> what it is, for the documentation; those ending in "?" may be left out.
    """

    takes: Mapping[str, str]
    meaning: str


COMMANDS: Final[Mapping[str, Command]] = {
    "time": Command(takes={}, meaning="The gateway's time and speed."),
    "step": Command(
        takes={"seconds": "gateway seconds, 0 to 604800"},
        meaning="Let a standing clock (--speed 0) go on; the answer comes when everything on the way has happened.",
    ),
    "price": Command(
        takes={"symbol": "such as SPY", "price": "a unit, in its currency; text or number"},
        meaning="Move an instrument's price there; it goes on from there.",
    ),
    "regime": Command(
        takes={"name": "one of " + ", ".join(Regime), "symbol?": "only this instrument"},
        meaning="Change how prices move.",
    ),
    "bulletin": Command(
        takes={
            "text": "one line",
            "exchange?": "where it comes from, such as NYSE; nowhere unless told",
        },
        meaning="Publish a bulletin to everybody who asked for them.",
    ),
    "fault": Command(
        takes={"fault": "a table as in a fault script"},
        meaning="Add a fault; without `when` it happens at once.",
    ),
    "clear": Command(takes={}, meaning="End all faults and forget those to come."),
    "drop": Command(
        takes={"client?": "API client id; left out: everybody"},
        meaning="Close connections, as the fault of that name does.",
    ),
    "order": Command(
        takes={
            "fields": "those of placeOrder, such as `o.action`; numbers with a fraction as text"
        },
        meaning="Place an order as if typed into the broker's own window.",
    ),
    "state": Command(
        takes={}, meaning="Port, time, connections, requests read, and faults."
    ),
    "received": Command(
        takes={
            "since?": "number of the last request already seen, 0 unless told",
            "limit?": f"most requests in the answer, {LIMIT_MAX} unless told",
        },
        meaning="The requests read so far, oldest first; the last ten thousand are kept.",
    ),
    "end": Command(takes={}, meaning="End the gateway, as SIGTERM does."),
}
"""Name -> what it takes and does."""


class Commands:
    """Carries commands out on one server."""

    def __init__(
        self, server: Server, clock: Clock, market: Exchange, vocabulary: Vocabulary
    ) -> None:
        self._server = server
        self._clock = clock
        self._levers = levers_of(market)
        self._desk = market.desk
        self._requests = load_requests()
        self._vocabulary = vocabulary
        self._acts: Mapping[
            str, Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]
        ] = {
            "time": self._time,
            "step": self._step,
            "price": self._price,
            "regime": self._regime,
            "bulletin": self._bulletin,
            "fault": self._fault,
            "clear": self._clear,
            "drop": self._drop,
            "order": self._order,
            "state": self._state,
            "received": self._received,
            "end": self._end,
        }

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one line: `ok` with what was asked for, or an `error` of one line."""
        try:
            return {"ok": True, **await self._done(line)}
        except (Refused, ValueError) as no:
            return {"ok": False, "error": " ".join(str(no).split())}

    async def _done(self, line: bytes) -> dict[str, Any]:
        try:
            found: Any = json.loads(line)
        except ValueError as error:
            raise NotDone(f"the line is not JSON: {error}") from None
        table = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        name = table.get("do")
        if not isinstance(name, str) or name not in COMMANDS:
            raise NotDone(
                f"the command was {str(name)[:_NAME_CHARACTERS_MAX]!r}, expected"
                f' {{"do": name}} with one of {", ".join(COMMANDS)}'
            )
        _check(name, table)
        return await self._acts[name](table)

    async def _time(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"now": self._clock.now().isoformat(), "speed": self._clock.speed}

    async def _step(self, table: Mapping[str, Any]) -> dict[str, Any]:
        await self._server.schedule.step(_number(table, "seconds"))
        self._server.pull()
        return await self._time(table)

    async def _price(self, table: Mapping[str, Any]) -> dict[str, Any]:
        price = _price(table["price"])
        self._server.pull()
        self._levers.move_price(_text(table, "symbol"), price)
        self._server.pull()
        return {}

    async def _regime(self, table: Mapping[str, Any]) -> dict[str, Any]:
        symbol = None if table.get("symbol") is None else _text(table, "symbol")
        self._server.pull()
        self._levers.set_regime(_text(table, "name"), symbol)
        self._server.pull()
        return {}

    async def _bulletin(self, table: Mapping[str, Any]) -> dict[str, Any]:
        exchange = "" if table.get("exchange") is None else _text(table, "exchange")
        text = _text(table, "text", TEXT_CHARACTERS_MAX)
        self._server.pull()
        bulletin = publish(self._desk, text, exchange=exchange)
        self._server.pull()
        return {"number": bulletin.number}

    async def _fault(self, table: Mapping[str, Any]) -> dict[str, Any]:
        self._server.board.sabotage.add(fault_of(table["fault"], self._vocabulary))
        return {}

    async def _clear(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._server.board.sabotage.clear()
        return {}

    async def _drop(self, table: Mapping[str, Any]) -> dict[str, Any]:
        fault = {"what": "drop"}
        if table.get("client") is not None:
            fault["client"] = table["client"]
        return await self._fault({"fault": fault})

    async def _order(self, table: Mapping[str, Any]) -> dict[str, Any]:
        given = table["fields"]
        if not isinstance(given, dict):
            raise NotDone(f"fields was {given!r:.60}, expected an object")
        fields = order_fields(cast("dict[str, Any]", given), self._requests)
        self._server.pull()
        order = place_by_hand(self._desk, fields)
        self._server.pull()
        return {"perm_id": order.perm_id, "status": str(order.status.value)}

    async def _state(self, table: Mapping[str, Any]) -> dict[str, Any]:
        sabotage = self._server.board.sabotage
        return {
            **await self._time(table),
            "port": self._server.port,
            "connections_made": sabotage.plan.connections,
            "clients": [
                {
                    "connection": peer.key,
                    "client": peer.client_id,
                    "version": peer.connection.version,
                }
                for peer in self._server.board.peers()
            ],
            "received": self._server.board.received.count,
            "faults_to_come": [fault.what.value for fault in sabotage.plan.waiting],
            "faults_in_force": [fault.what.value for fault in sabotage.effects.in_force],
        }

    async def _received(self, table: Mapping[str, Any]) -> dict[str, Any]:
        since = int(_number(table, "since", 0))
        limit = min(LIMIT_MAX, int(_number(table, "limit", LIMIT_MAX)))
        received = self._server.board.received
        return {"requests": list(received.since(since, limit)), "count": received.count}

    async def _end(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._server.end()
        return {}


def _check(name: str, table: Mapping[str, Any]) -> None:
    takes = COMMANDS[name].takes
    known = {field.rstrip("?") for field in takes}
    for field in table:
        if field not in known | {"do"}:
            expected = ", ".join(sorted(known)) or "nothing more"
            raise NotDone(f"{name} does not take {field!r}, expected {expected}")
    for field, meaning in takes.items():
        if not field.endswith("?") and field not in table:
            raise NotDone(f"{name} needs {field!r}: {meaning}")


def _number(table: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotDone(f"{name} was {value!r}, expected a number")
    return value


def _text(table: Mapping[str, Any], name: str, most: int = _NAME_CHARACTERS_MAX) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise NotDone(
            f"{name} was {value!r:.80}, expected a text of 1 to {most} characters"
        )
    return value


def _price(value: Any) -> Decimal:
    try:
        price = None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        price = None
    if price is None or not 0 < price <= PRICE_MAX:
        raise NotDone(f"price was {value!r}, expected a number above 0")
    return price
