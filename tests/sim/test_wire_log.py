"""The log of the wire: what a line holds, who may read it, and what a full disk does."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner_lab.sim.faults.wire_log import IN, OUT, WireLog
from edgerunner_lab.sim.protocol.messages import Message

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def test_a_line_holds_what_was_said_and_by_whom(tmp_path: Path) -> None:
    """Decimals as their text, unset numbers as null, groups as lists; a second run appends."""
    path = tmp_path / "wire.jsonl"
    fields = {
        "price": Decimal("1E+2"),
        "unset": 1.7976931348623157e308,
        "nothing": float("nan"),
        "size": 2,
        "legs": ({"ratio": Decimal("0.5")},),
    }
    for direction in (IN, OUT):
        log = WireLog(path)
        log.note(direction, 4, Message("some", fields), client_id=None, now=NOON)
        log.close()
    first, second = [json.loads(line) for line in path.read_text().splitlines()]

    assert first == {
        "at": "2026-11-23T17:00:00+00:00",
        "direction": "in",
        "connection": 4,
        "client": None,
        "name": "some",
        "fields": {
            "price": "100",
            "unset": None,
            "nothing": None,
            "size": 2,
            "legs": [{"ratio": "0.5"}],
        },
    }
    assert second == {**first, "direction": "out"}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_log_that_cannot_be_written_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """With one warning; the gateway goes on."""
    log = WireLog(Path("/dev/full"))
    for _ in range(3):
        log.note(IN, 1, Message("some", {}), client_id=1, now=NOON)
        log.flush()
    log.close()

    assert caplog.messages == ["/dev/full is given up: No space left on device"]
