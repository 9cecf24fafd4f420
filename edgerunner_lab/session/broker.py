# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportPrivateUsage=false
# ib_async leaves most of its types open; what leaves this module is typed.
# ruff: noqa: N802, N803  ib_async spells its callbacks in camelCase, and they are overridden here
"""ib_async's `IB` with its raw callbacks tapped, its frames cut by us, and the firewall at its socket.

Everything here leans on ib_async 2.1's internals, and nothing outside this module does.
What an order *is* never comes from its `Trade` objects: ib_async guesses (RISK P1, P2), so the raw messages are passed on.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from ib_async import IB, Contract, Execution, Order
from ib_async import OrderState as IbOrderState
from ib_async.client import Client
from ib_async.connection import Connection
from ib_async.decoder import Decoder
from ib_async.objects import CommissionReport, IBDefaults
from ib_async.wrapper import Wrapper

from edgerunner_lab.core.errors import FirewallBreach
from edgerunner_lab.session.feed import Framer, FrameTooLong, bound_reads
from edgerunner_lab.session.firewall import HEAD_FIELDS, Firewall, check_unready
from edgerunner_lab.session.pacing import PacedSender

_log = logging.getLogger(__name__)

# Without a handler Python prints a library's warnings into whichever cell runs; who wants them configures logging.
logging.getLogger("ib_async").addHandler(logging.NullHandler())
logging.getLogger("edgerunner_lab").addHandler(logging.NullHandler())

_EVIDENCE_IDS = frozenset({3, 4, 5, 7, 9, 11, 15, 53, 55, 59, 61, 62, 94, 101})
"""Messages whose loss would make the picture of orders or positions wrong (RISK §4, last rows)."""


class Listener(Protocol):
    """Who hears what the broker says, in the order in which it was said."""

    def broker_error(self, req_id: int, code: int, text: str) -> None:
        """Hear a message code; `req_id` is an order id, a request id, or −1."""
        ...

    def open_order(self, contract: Contract, order: Order, state: IbOrderState) -> None:
        """Hear that an order is (or was just) open."""
        ...

    def order_status(self, status: "RawStatus") -> None:
        """Hear an order's status."""
        ...

    def execution(self, contract: Contract, execution: Execution) -> None:
        """Hear an execution, live or as the answer to a request, possibly again."""
        ...

    def commission(self, report: CommissionReport) -> None:
        """Hear the cost of an execution."""
        ...

    def completed_order(
        self, contract: Contract, order: Order, state: IbOrderState
    ) -> None:
        """Hear that an order has ended."""
        ...

    def frame_withheld(self, order_id: int, reason: str) -> None:
        """Hear that a queued order frame was stopped before the socket; nothing was sent."""
        ...

    def frame_written(self, order_id: int) -> None:
        """Hear that an order frame was given to the socket."""
        ...

    def evidence_lost(self, message_id: int) -> None:
        """Hear that a message about orders or positions could not be read."""
        ...


class RawStatus:
    """An orderStatus message, field by field."""

    __slots__ = (
        "average_price",
        "client_id",
        "filled",
        "order_id",
        "perm_id",
        "remaining",
        "status",
        "why_held",
    )

    def __init__(self, *fields: Any) -> None:
        (
            self.order_id,
            self.status,
            self.filled,
            self.remaining,
            self.average_price,
            self.perm_id,
            _parent_id,
            _last_price,
            self.client_id,
            self.why_held,
            *_market_cap,
        ) = fields


class TappedWrapper(Wrapper):
    """Passes each raw message on before ib_async draws its own conclusions."""

    listener: Listener

    def openOrder(
        self, orderId: int, contract: Contract, order: Order, orderState: IbOrderState
    ) -> None:
        """Pass on, then as ib_async."""
        if not order.whatIf:
            self.listener.open_order(contract, order, orderState)
        super().openOrder(orderId, contract, order, orderState)

    def orderStatus(self, *fields: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decoder passes them by position
        """Pass on, then as ib_async."""
        self.listener.order_status(RawStatus(*fields))
        super().orderStatus(*fields)

    def execDetails(self, reqId: int, contract: Contract, execution: Execution) -> None:
        """Pass on, then as ib_async."""
        self.listener.execution(contract, execution)
        super().execDetails(reqId, contract, execution)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        """Pass on, then as ib_async."""
        self.listener.commission(commissionReport)
        super().commissionReport(commissionReport)

    def completedOrder(
        self, contract: Contract, order: Order, orderState: IbOrderState
    ) -> None:
        """Pass on, then as ib_async, unless nobody asked: ib_async then raises (its issue 128)."""
        self.listener.completed_order(contract, order, orderState)
        if "completedOrders" in self._results:
            super().completedOrder(contract, order, orderState)

    def error(
        self,
        reqId: int,
        errorCode: int,
        errorString: str,
        advancedOrderRejectJson: str = "",
    ) -> None:
        """Pass on, then as ib_async."""
        self.listener.broker_error(reqId, errorCode, errorString)
        super().error(reqId, errorCode, errorString, advancedOrderRejectJson)


class CheckedDecoder(Decoder):
    """Says so when a message about orders or positions cannot be read; ib_async only logs it (RISK P8)."""

    def interpret(self, fields: list[str]) -> None:
        """Decode and dispatch one message."""
        message_id = int(fields[0]) if fields and fields[0].isdigit() else -1
        handler = self.handlers.get(message_id)
        if handler is None:
            _log.warning("a message with the unknown id %r was ignored", fields[:1])
            return
        try:
            handler(fields)
        except Exception:  # noqa: BLE001  see below
            # Whatever a peer sends must not end the connection; what it may have told us is asked for again.
            _log.exception("message %d could not be read", message_id)
            if message_id in _EVIDENCE_IDS:
                self.wrapper.listener.evidence_lost(message_id)  # type: ignore[attr-defined]  # the wrapper is ours


class GuardedConnection(Connection):
    """The socket, with the firewall in front of it."""

    firewall: Firewall | None = None
    listener: Listener

    def sendMsg(self, msg: bytes) -> None:
        """Write `msg` if the firewall lets it pass; before there is one only the handshake passes."""
        loop = asyncio.get_event_loop()
        if self.firewall is not None:
            self.firewall.check(msg, loop.time())
        else:
            check_unready(msg)
        super().sendMsg(msg)
        if msg[4:6] == b"3\0":
            self.listener.frame_written(int(msg[6 : msg.index(b"\0", 6)]))


class PacedClient(Client):
    """ib_async's client with our framing, our pacing and our connection."""

    conn: GuardedConnection

    def __init__(self, wrapper: TappedWrapper, listener: Listener) -> None:
        super().__init__(wrapper)
        self._listener = listener
        self.decoder = CheckedDecoder(wrapper, 0)
        self.conn = GuardedConnection()
        self.conn.listener = listener
        self.conn.hasData += self._onSocketHasData
        self.conn.disconnected += self._onSocketDisconnected
        self._framer = Framer()
        self._sender: PacedSender | None = None

    @property
    def queued(self) -> int:
        """Frames that wait for a token."""
        return self._sender.queued if self._sender is not None else 0

    @property
    def room(self) -> int:
        """How many orders would leave at once."""
        return self._sender.room if self._sender is not None else 0

    def drop_queued_orders(self) -> list[int]:
        """Take order frames that wait for a token out of the queue; return their order ids."""
        dropped = self._sender.drop_orders() if self._sender is not None else []
        return [int(message.split("\0", 2)[1]) for message in dropped]

    def take_back(self, order_id: int) -> bool:
        """Take one order's frame out of the queue; return whether it was still there."""
        return self._sender is not None and self._sender.take_back(order_id)

    def reset(self) -> None:
        """Forget the connection."""
        super().reset()
        # ib_async's own __init__ calls this before ours has made them.
        sender: PacedSender | None = getattr(self, "_sender", None)
        if sender is not None:
            sender.clear()
            self._sender = None
        framer: Framer | None = getattr(self, "_framer", None)
        if framer is not None:
            framer.reset()

    def sendMsg(self, msg: str) -> None:
        """Send through the lanes."""
        if self._sender is None:
            loop = asyncio.get_running_loop()
            self._sender = PacedSender(
                write=self._write, call_at=loop.call_at, now=loop.time
            )
            bound_reads(self.conn.transport)
        self._sender.send(msg)

    def _write(self, message: str) -> None:
        try:
            self.conn.sendMsg(self._prefix(message.encode()))
        except FirewallBreach as breach:
            order_id = message.split("\0", 2)[1]
            self._listener.frame_withheld(
                int(order_id) if order_id.isdigit() else -1, str(breach)
            )

    def _onSocketHasData(self, data: bytes) -> None:
        if not self._apiReady:
            # The handshake keeps ib_async's own path; it is short, and it snoops for the accounts.
            super()._onSocketHasData(data)
            if self._apiReady and self._data:
                rest, self._data = self._data, b""
                self._interpret(rest)
            return
        self._interpret(data)

    def _interpret(self, data: bytes) -> None:
        try:
            payloads = self._framer.frames(data)
        except FrameTooLong as error:
            _log.error("%s, the connection is dropped", error)
            self.conn.disconnect()
            return
        wrapper = self.wrapper
        wrapper.tcpDataArrived()
        self._numBytesRecv += len(data)
        self._numMsgRecv += len(payloads)
        interpret = self.decoder.interpret
        for payload in payloads:
            fields = payload.split("\0")
            fields.pop()
            interpret(fields)
        wrapper.tcpDataProcessed()


class BrokerIB(IB):
    """The session's `IB`; user code sees it only through the facade."""

    client: PacedClient

    def __init__(self, listener: Listener) -> None:
        # IB.__init__ would build a plain wrapper and client, whose decoder binds its handlers at once.
        self._createEvents()
        self.wrapper = TappedWrapper(self, defaults=IBDefaults())
        self.wrapper.listener = listener
        self.client = PacedClient(self.wrapper, listener)
        self.errorEvent += self._onError
        self.client.apiEnd += self.disconnectedEvent
        self._logger = logging.getLogger("ib_async.ib")
        self.RequestTimeout = 0
        self.RaiseRequestErrors = True

    def __del__(self) -> None:
        """Do nothing: the session ends its connections, on its own thread."""


EXTRAS = ("trailStopPrice", "trailingPercent")
"""What some orders have behind the fields that all of them share."""

_SENTINEL = 77.25
"""A number that no plain order has anywhere."""


def neutral_tail(server_version: int) -> tuple[str, ...]:
    """Return fields 35 and up of a plain order as ib_async encodes it for `server_version`."""
    plain = Order(account="", tif="DAY")
    return encoded(server_version, 1, Contract(), plain)[HEAD_FIELDS:]


def extra_positions(server_version: int) -> dict[str, int]:
    """Return where each of `EXTRAS` stands, counted from field 35, at `server_version`."""
    plain = neutral_tail(server_version)
    positions: dict[str, int] = {}
    for name in EXTRAS:
        order = Order(account="", tif="DAY")
        setattr(order, name, _SENTINEL)
        found = encoded(server_version, 1, Contract(), order)[HEAD_FIELDS:]
        assert len(found) == len(plain), "these fields are always there"
        (positions[name],) = (
            position for position, text in enumerate(found) if text != plain[position]
        )
    return positions


def encoded(
    server_version: int, order_id: int, contract: Contract, order: Order
) -> tuple[str, ...]:
    """Return the fields of an order's frame as ib_async encodes it; nothing is sent."""
    frames: list[str] = []
    client = _capturing_client(server_version, frames.append)
    client.placeOrder(order_id, contract, order)
    return tuple(frames[0].split("\0")[:-1])


def _capturing_client(server_version: int, sink: Callable[[str], None]) -> Client:
    """Make a client that encodes for `server_version` and gives what it would send to `sink`."""

    class Capturing(Client):
        def sendMsg(self, msg: str) -> None:
            sink(msg)

        def isConnected(self) -> bool:
            return True

    client = Capturing(wrapper=object())
    client._serverVersion = server_version  # noqa: SLF001  there is no other way
    return client
