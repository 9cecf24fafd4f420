"""Between the sockets and the market: requests in, replies out, past the faults and into the log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.exchange import ClientIdInUse
from edgerunner_lab.sim.faults.fault_acts import Scene
from edgerunner_lab.sim.faults.faults import Fault
from edgerunner_lab.sim.faults.peer import Peer
from edgerunner_lab.sim.faults.received import Received
from edgerunner_lab.sim.faults.sabotage import Sabotage
from edgerunner_lab.sim.faults.wire_log import IN, OUT, WireLog
from edgerunner_lab.sim.live.bursts import Burst
from edgerunner_lab.sim.process.clock import Clock
from edgerunner_lab.sim.process.schedule import Schedule
from edgerunner_lab.sim.process.state import StateFile
from edgerunner_lab.sim.protocol.connection import Answer, Closed, Event, Requested, Started
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply, error, request_of
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.venue import Market, attempted

CLIENT_ID_IN_USE: Final = 326
"""Broker code of a startApi with an id that another connection has."""

ID_TAKEN: Final = (
    "Unable to connect as the client id is already in use. Retry with a unique client id."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a gateway may have besides a market and a port.

    Attributes:
        desk: The inside of the market, which faults such as busts and lost lines reach into.
        faults: What goes wrong.
        seed: What the faults' dice follow from.
        log: Where every message is noted.
    """

    state: StateFile | None = None
    desk: Desk | None = None
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    log: WireLog | None = None


class Switchboard:
    """The conversations of all clients with one market.

    Attributes:
        sabotage: The faults.
        received: The requests read so far.
    """

    def __init__(
        self,
        exchange: Market,
        clock: Clock,
        schedule: Schedule,
        extras: Extras,
        settle: Callable[[], None],
    ) -> None:
        self.received = Received()
        scene = Scene(host=self, clock=clock, schedule=schedule, desk=extras.desk)
        self.sabotage = Sabotage(extras.faults, seed=extras.seed, scene=scene)
        self._exchange = exchange
        if extras.desk is not None:
            extras.desk.is_bundling = True
        self._clock = clock
        self._schedule = schedule
        self._log = extras.log
        self._settle = settle
        self._peers: dict[int, Peer] = {}
        self._touched: set[Peer] = set()

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self._peers)

    def add(self, peer: Peer) -> None:
        """Take in a connection."""
        self._peers[peer.key] = peer

    def forget(self, peer: Peer) -> None:
        """Forget a connection whose socket is gone."""
        del self._peers[peer.key]
        self._touched.discard(peer)
        self.sabotage.forget(peer.key)
        attempted("detach", lambda: self._exchange.detach(peer.key))

    def flush(self) -> None:
        """Write what has gathered since the last time."""
        if self._log is not None:
            # First, so that who has read an answer finds it in the log.
            self._log.flush()
        touched, self._touched = self._touched, set()
        for peer in touched:
            peer.flush()

    def settle(self) -> None:
        """Write what has gathered, and set the market's next time."""
        self._settle()

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()

    def peers(self) -> list[Peer]:
        """Return the connections, oldest first."""
        return list(self._peers.values())

    def put(self, peer: Peer, message: Message) -> None:
        """Send a message as it is."""
        if self._log is not None and not peer.connection.is_closed:
            self._note(OUT, peer, message)
        peer.send(message)
        self._touched.add(peer)

    def deliver(self, replies: Iterable[Reply]) -> None:
        """Send what the market has to say, past the faults."""
        # A fault begins with a message only where one waits for it, so one look serves for all.
        send = self.put if self.sabotage.is_quiet else self.sabotage.send
        for reply in replies:
            peer = self._peers.get(reply.client)
            if peer is None:
                continue
            if isinstance(reply, Burst):
                self._burst(peer, reply)
            else:
                send(peer, reply.message)

    def _burst(self, peer: Peer, burst: Burst) -> None:
        """Send ticks in one piece, or one by one where a fault, the log or a full socket looks at each."""
        is_plain = self._log is None and self.sabotage.is_clear(peer)
        if is_plain and peer.send_frames(burst.frames()):
            self._touched.add(peer)
            return
        for message in burst.messages():
            self.sabotage.send(peer, message)

    def act(self, peer: Peer, event: Event) -> None:
        """Do what a client's bytes mean."""
        self._touched.add(peer)
        match event:
            case Answer(data, message):
                if message is not None and self._log is not None:
                    self._note(OUT, peer, message)
                peer.answer(data, message)
            case Started(client_id):
                self._start_client(peer, client_id)
            case Requested(message):
                self._ask(peer, message)
            case Closed(reason):
                peer.finish(reason)

    def _start_client(self, peer: Peer, client_id: int) -> None:
        now = self._clock.now()
        version = peer.connection.version
        peer.started(client_id)
        self._noted(peer, Message("startApi", {"clientId": client_id}))
        verdict = self.sabotage.asked(peer, Message("startApi", {"clientId": client_id}))
        if verdict.reason:
            return
        if self.sabotage.is_id_taken(peer):
            self._turn_away(peer, client_id)
            return
        try:
            greeting = attempted(
                "startApi",
                lambda: self._exchange.attach(peer.key, client_id, version, now),
            )
        except ClientIdInUse:
            self._turn_away(peer, client_id)
            return
        if greeting is None:
            peer.fail("startApi", -1)
            peer.finish("startApi failed")
        else:
            self.deliver(greeting)

    def _turn_away(self, peer: Peer, client_id: int) -> None:
        now = self._clock.now().timestamp()
        self.put(peer, error(-1, CLIENT_ID_IN_USE, ID_TAKEN, now))
        peer.finish(f"client id {client_id} is in use")

    def _ask(self, peer: Peer, message: Message) -> None:
        """Have a request judged by the faults, then answered by the market."""
        self._noted(peer, message)
        verdict = self.sabotage.asked(peer, message)
        if verdict.refusal is not None:
            self.sabotage.send(peer, verdict.refusal)
        elif verdict.wait:

            def later() -> None:
                self._request(peer, message)
                self._settle()

            self._schedule.call_after(verdict.wait, later)
        elif not verdict.reason:
            self._request(peer, message)
        if verdict.reason:
            peer.finish(verdict.reason)

    def _request(self, peer: Peer, message: Message) -> None:
        now = self._clock.now()
        heard = self.sabotage.heard(peer, message)
        replies = attempted(
            message.name, lambda: self._exchange.handle(peer.key, heard, now)
        )
        if replies is None:
            peer.fail(message.name, request_of(message.fields))
        else:
            self.deliver(replies)

    def _noted(self, peer: Peer, message: Message) -> None:
        now = self._clock.now()
        self.received.add(message, connection=peer.key, client=peer.client_id, now=now)
        if self._log is not None:
            self._note(IN, peer, message)

    def _note(self, direction: str, peer: Peer, message: Message) -> None:
        assert self._log is not None
        self._log.note(
            direction, peer.key, message, client_id=peer.client_id, now=self._clock.now()
        )
