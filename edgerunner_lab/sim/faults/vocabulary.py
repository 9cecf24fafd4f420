"""The message names that scripts and commands may use, read from the layout tables."""

from typing import Final

from edgerunner_lab.sim.faults.fault_script import Vocabulary
from edgerunner_lab.sim.protocol.layouts import VERSION_MAX, VERSION_MIN, Table, load_table

_SAMPLED: Final = (VERSION_MIN, 151, 176, VERSION_MAX)
"""Server versions that between them have every message: names come and go only at these."""


def load_vocabulary(*, may_pretend_live: bool = False) -> Vocabulary:
    """Return every request and reply that the tables know."""
    return Vocabulary(
        requests=_names("requests"),
        replies=_names("replies"),
        may_pretend_live=may_pretend_live,
    )


def _names(table: str) -> frozenset[str]:
    layouts = Table(load_table(table))
    return frozenset(layout.name for version in _SAMPLED for layout in layouts.at(version))
