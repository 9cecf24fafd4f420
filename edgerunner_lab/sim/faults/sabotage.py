"""Carries faults out: what the plan says is due happens to connections, messages and the account."""

import logging
from collections.abc import Callable, Iterable

from edgerunner_lab.sim.faults.aliases import Alias
from edgerunner_lab.sim.faults.fault_acts import Acts, Scene, link_of
from edgerunner_lab.sim.faults.fault_effects import Effects, Link
from edgerunner_lab.sim.faults.fault_plan import Plan
from edgerunner_lab.sim.faults.faults import Fault, What
from edgerunner_lab.sim.faults.gatekeeper import Gatekeeper, Verdict
from edgerunner_lab.sim.faults.peer import Peer
from edgerunner_lab.sim.process.schedule import Entry
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.corrections import NoExecution

_log = logging.getLogger(__name__)


class Sabotage:
    """All faults of one gateway.

    Attributes:
        plan: What is still to come.
        effects: What is in force.
    """

    def __init__(self, faults: Iterable[Fault], *, seed: int, scene: Scene) -> None:
        self.plan = Plan(faults, scene.clock.now())
        self.effects = Effects(seed)
        self._acts = Acts(scene, self.effects)
        self._gate = Gatekeeper(self.effects)
        self._clock = scene.clock
        self._schedule = scene.schedule
        self._host = scene.host
        self._desk = scene.desk
        self._alias_by_key: dict[int, Alias] = {}
        self._due: Entry | None = None

    @property
    def is_quiet(self) -> bool:
        """True when messages to clients go out as they are."""
        return not (self._alias_by_key or self.plan.is_counting) and self.effects.is_idle

    def start(self) -> None:
        """Begin with what is due at once."""
        self._run_due()

    def add(self, fault: Fault) -> None:
        """Take one more fault, from the control channel.

        Raises:
            NoExecution: it is a correction at once of an execution that does not exist.
        """
        when = fault.when
        if (when.after, when.daily, when.message, when.connect) == (None,) * 4:
            self._acts.begin(fault, None)
            self._host.settle()
        else:
            self.plan.add(fault, self._clock.now())
            self._run_due()

    def clear(self) -> None:
        """Forget what is to come and end what is in force; what has happened has happened."""
        self.plan.clear()
        self.effects.clear()
        self._acts.shown = None
        for peer in self._host.peers():
            peer.is_split = False
            peer.mangle = None
            peer.thaw()
        self._host.settle()

    def connected(self, peer: Peer) -> bool:
        """Let faults act on a new connection; return whether it is accepted."""
        for fault in self.plan.connected():
            self._attempt(fault, peer.key)
        now = self._now()
        link = Link(peer.key, None)
        if self.effects.find(What.REFUSE, link, now) is not None:
            return False
        if self._acts.shown is not None and self._desk is not None:
            own = self._desk.account.account_id
            if self._acts.shown != own:
                self._alias_by_key[peer.key] = Alias(own=own, shown=self._acts.shown)
        if not self.effects.is_idle:
            peer.mangle = self._acts.mangler(peer)
            peer.is_split = self.effects.find(What.SPLIT, link, now) is not None
        return not peer.connection.is_closed

    def forget(self, key: int) -> None:
        """Forget a connection that is gone."""
        self.effects.forget(key)
        self._gate.forget(key)
        self._alias_by_key.pop(key, None)

    def is_id_taken(self, peer: Peer) -> bool:
        """Return whether a startApi is to be told that its client id is in use."""
        active = self.effects.find(What.CLIENT_ID_IN_USE, link_of(peer), self._now())
        if active is not None:
            self.effects.hit(active)
        return active is not None

    def asked(self, peer: Peer, message: Message) -> Verdict:
        """Return what becomes of a request."""
        self._count(message.name, peer)
        if peer.connection.is_closed:
            return Verdict(reason="a fault ended it")
        if self.effects.is_idle:
            return Verdict()
        options = peer.connection.options
        return self._gate.judged(link_of(peer), message, options, self._now())

    def heard(self, peer: Peer, message: Message) -> Message:
        """Return a request as the market is to see it."""
        alias = self._alias_by_key.get(peer.key)
        return message if alias is None else alias.swapped(message)

    def is_clear(self, peer: Peer) -> bool:
        """Return whether `send` would let everything through as it is, and count nothing."""
        return (
            self.effects.is_idle
            and not self.plan.is_counting
            and peer.key not in self._alias_by_key
        )

    def send(self, peer: Peer, message: Message) -> None:
        """Send a message, or whatever faults leave of it, when they let it go."""
        alias = self._alias_by_key.get(peer.key)
        if alias is not None:
            message = alias.swapped(message)
        self._count(message.name, peer)
        if self.effects.is_idle:
            self._host.put(peer, message)
            return
        now = self._now()
        for due, each in self.effects.sent(link_of(peer), message, now):
            if due <= now:
                self._host.put(peer, each)
            else:
                self._schedule.call_after(due - now, self._later(peer, each))

    def _later(self, peer: Peer, message: Message) -> Callable[[], None]:
        def put() -> None:
            self._host.put(peer, message)
            self._host.settle()

        return put

    def _count(self, name: str, peer: Peer) -> None:
        if self.plan.is_counting:
            for fault in self.plan.named(name, peer.key, peer.client_id):
                self._attempt(fault, peer.key)

    def _run_due(self) -> None:
        for fault in self.plan.due(self._clock.now()):
            self._attempt(fault, None)
        if self._due is not None:
            self._due.cancel()
            self._due = None
        due = self.plan.next_due()
        if due is not None:
            self._due = self._schedule.call_at(due, self._run_due)
        self._host.settle()

    def _attempt(self, fault: Fault, key: int | None) -> None:
        try:
            self._acts.begin(fault, key)
        except NoExecution as error_:
            _log.warning("the fault %s does nothing: %s", fault.what, error_)

    def _now(self) -> float:
        return self._clock.now().timestamp()
