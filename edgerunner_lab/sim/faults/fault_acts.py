"""What each kind of fault does when it begins: to connections, to the account, or to what is in force."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from edgerunner_lab.sim.faults.fault_effects import Effects, Link
from edgerunner_lab.sim.faults.faults import NOTICES, REJECTIONS, Fault, What
from edgerunner_lab.sim.faults.gatekeeper import COMPETING
from edgerunner_lab.sim.faults.peer import Peer
from edgerunner_lab.sim.process.clock import Clock
from edgerunner_lab.sim.process.schedule import Schedule
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply, error
from edgerunner_lab.sim.requests.corrections import (
    NoExecution,
    bust,
    correct,
    forget_lines,
    told_lines,
)
from edgerunner_lab.sim.requests.desk import Desk

RESET_SECONDS: Final = 60.0
"""How long a nightly reset lasts unless told."""

LOST, RESTORED_WITHOUT_DATA, RESTORED = 1100, 1101, 1102

_log = logging.getLogger(__name__)


class Host(Protocol):
    """What faults need of the server."""

    def peers(self) -> list[Peer]:
        """Return the connections, oldest first."""
        ...

    def put(self, peer: Peer, message: Message) -> None:
        """Send a message as it is."""
        ...

    def deliver(self, replies: Iterable[Reply]) -> None:
        """Send what the market has to say."""
        ...

    def settle(self) -> None:
        """Write what has gathered."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where faults happen; `desk` is None for a market that has no inside."""

    host: Host
    clock: Clock
    schedule: Schedule
    desk: Desk | None


class Acts:
    """Begins faults.

    Attributes:
        shown: Account number that new connections are told; None for the account's own.
    """

    def __init__(self, scene: Scene, effects: Effects) -> None:
        self.shown: str | None = None
        self._effects = effects
        self._host = scene.host
        self._clock = scene.clock
        self._schedule = scene.schedule
        self._desk = scene.desk
        self._acts: Mapping[What, Callable[[Fault, int | None], None]] = {
            What.DROP: self._drop,
            What.RESET: self._reset,
            What.HALF_OPEN: self._half_open,
            What.SPLIT: self._split,
            What.CORRECT: self._correct,
            What.BUST: self._correct,
            What.NOTICE: self._notice,
            What.OUTAGE: self._outage,
            What.COMPETING_SESSION: self._compete,
            What.NIGHTLY_RESET: self._nightly_reset,
            What.ACCOUNT: self._rename,
        }

    def begin(self, fault: Fault, key: int | None) -> None:
        """Let a fault begin, on one connection or on all that it names.

        Raises:
            NoExecution: it corrects an execution that does not exist.
        """
        _log.info("fault %s begins", fault.what)
        self._acts.get(fault.what, self._enforce)(fault, key)

    def mangler(self, peer: Peer) -> Callable[[str, bytes], tuple[bytes, bool]]:
        """Return what faults do to a connection's frames."""
        return lambda name, data: self._effects.framed(
            link_of(peer), name, data, self._now()
        )

    def _enforce(self, fault: Fault, key: int | None) -> None:
        self._effects.begin(fault, key, self._now())
        for peer in self._hit(fault, key):
            peer.mangle = self.mangler(peer)

    def _hit(self, fault: Fault, key: int | None) -> list[Peer]:
        """Return the connections that a fault is about."""
        return [
            peer
            for peer in self._host.peers()
            if key in (None, peer.key) and fault.client in (None, peer.client_id)
        ]

    def _drop(self, fault: Fault, key: int | None) -> None:
        for peer in self._hit(fault, key):
            peer.finish("a fault drops it")

    def _reset(self, fault: Fault, key: int | None) -> None:
        for peer in self._hit(fault, key):
            peer.flush()
            peer.reset_after(fault.bytes)

    def _half_open(self, fault: Fault, key: int | None) -> None:
        peers = self._hit(fault, key)
        for peer in peers:
            peer.freeze()
            if fault.lasting is not None:
                self._schedule.call_after(fault.lasting, peer.thaw)

    def _split(self, fault: Fault, key: int | None) -> None:
        self._enforce(fault, key)
        for peer in self._hit(fault, key):
            peer.is_split = True
        if fault.lasting is not None:
            self._schedule.call_after(fault.lasting, self._unsplit)

    def _unsplit(self) -> None:
        for peer in self._host.peers():
            split = self._effects.find(What.SPLIT, link_of(peer), self._now())
            peer.is_split = split is not None

    def _notice(self, fault: Fault, key: int | None) -> None:
        text = fault.text or NOTICES.get(fault.code, "A notice of a fault script.")
        for peer in self._hit(fault, key):
            if peer.client_id is not None:
                self._host.put(peer, error(-1, fault.code, text, self._now()))

    def _outage(self, fault: Fault, key: int | None) -> None:
        self._notice(replace(fault, code=LOST), key)
        self._enforce(fault, key)
        assert fault.lasting is not None
        lasting = fault.lasting

        def restore() -> None:
            if fault.data_lost and self._desk is not None:
                self._host.deliver(forget_lines(self._desk))
            code = RESTORED_WITHOUT_DATA if fault.data_lost else RESTORED
            self._notice(replace(fault, code=code, text=""), key)
            self._host.settle()

        self._schedule.call_after(lasting, restore)

    def _compete(self, fault: Fault, key: int | None) -> None:
        words = error(-1, COMPETING, REJECTIONS[COMPETING], self._now())
        for peer in self._hit(fault, key):
            if self._desk is not None:
                for reply in told_lines(self._desk, peer.key, words):
                    self._host.put(peer, reply.message)
        self._enforce(fault, key)

    def _correct(self, fault: Fault, _: int | None) -> None:
        if self._desk is None:
            raise NoExecution("this market has no executions")
        if fault.what is What.BUST:
            replies = bust(self._desk, fault.exec_id)
        else:
            replies = correct(
                self._desk, fault.exec_id, price=fault.price, shares=fault.shares
            )
        self._host.deliver(replies)

    def _nightly_reset(self, fault: Fault, key: int | None) -> None:
        self._notice(replace(fault, code=LOST), key)
        self._drop(fault, key)
        lasting = RESET_SECONDS if fault.lasting is None else fault.lasting
        refusal = replace(fault, what=What.REFUSE, lasting=lasting)
        self._effects.begin(refusal, None, self._now())

    def _rename(self, fault: Fault, _: int | None) -> None:
        self.shown = fault.name

    def _now(self) -> float:
        return self._clock.now().timestamp()


def link_of(peer: Peer) -> Link:
    """Return what effects know a connection by."""
    return Link(peer.key, peer.client_id)
