"""What a session connects to, what it has when it is connected, and in which words it says so."""

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.session.firewall import Firewall


class ConnectionState(enum.StrEnum):
    """Where the connection stands, in the words shown to the user."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    BROKER_LOST = "broker unreachable"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to connect to.

    Attributes:
        account: In full; None binds the only account there is.
        find_port: Finds or starts the embedded gateway at every try; None where `port` is fixed.
        is_fixed_client_id: Another id than this one would not do: working orders belong to it.
    """

    profile: str
    host: str
    port: int
    account: str | None
    client_id: int
    timeout_s: float
    find_port: Callable[[], Awaitable[int]] | None = None
    is_fixed_client_id: bool = False

    @property
    def is_live_profile(self) -> bool:
        """Whether the user asked for a live account."""
        return self.profile.startswith("live")


@dataclass(slots=True, kw_only=True)
class Link:
    """One established connection; replaced as a whole by the next.

    Attributes:
        generation: Counts connections of this session from 1; permits and snapshots name theirs.
        missing: Parts of a complete picture that are not there; empty means ready.
        heartbeat_mono: Monotonic seconds of the last answer to a heartbeat.
        clock_skew_s: Our wall clock less the broker's at the last heartbeat; None before the first.
        extra_positions: Where in an order's frame what only some orders have stands, see `broker.extra_positions`.
    """

    generation: int
    host: str
    port: int
    client_id: int
    account: str
    accounts: tuple[str, ...]
    mode: Mode
    server_version: int
    firewall: Firewall
    connected_mono: float
    heartbeat_mono: float
    latency_s: float | None = None
    clock_skew_s: float | None = None
    extra_positions: Mapping[str, int] = field(default_factory=dict[str, int])
    missing: set[str] = field(default_factory=set[str])
