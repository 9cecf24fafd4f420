"""Reads the repeated groups of messages."""

from typing import Any

from edgerunner_lab.sim.protocol.messages import Message


def rows(message: Message, name: str) -> list[dict[str, Any]]:
    """Return the rows of a group as plain dictionaries."""
    found = message.fields[name]
    assert isinstance(found, tuple), message
    return [dict(row) for row in found]


def text(message: Message, name: str) -> str:
    """Return a field that is text."""
    found = message.fields[name]
    assert isinstance(found, str), message
    return found
