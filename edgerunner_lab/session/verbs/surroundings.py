"""What a session finds around it, and what every group of verbs holds of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.engine import Engine
from edgerunner_lab.session.limits_file import LimitsInForce
from edgerunner_lab.session.settings import SessionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a session finds around it.

    Attributes:
        client_id: The one to try first.
        clock: Wall clock, aware UTC.
    """

    paths: Paths
    settings: SessionSettings
    limits: LimitsInForce
    client_id: int
    clock: Callable[[], datetime]


class VerbGroup:
    """Verbs on one subject; each is a coroutine of the session's loop."""

    def __init__(self, engine: Engine, surroundings: Surroundings) -> None:
        self._engine = engine
        self._paths = surroundings.paths
        self._settings = surroundings.settings
        self._limits = surroundings.limits
        self._client_id = surroundings.client_id
        self._clock = surroundings.clock
