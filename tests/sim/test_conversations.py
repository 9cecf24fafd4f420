"""Golden conversations: what is sent and what must come back, at ten server versions."""

from pathlib import Path

import pytest
from ib_async.decoder import Decoder

from edgerunner_lab.sim.protocol.wire import split
from rigs.conversation_player import Player
from rigs.conversations import VERSIONS, Script, read
from rigs.decoding import Heard

FILES = sorted((Path(__file__).parent / "conversations").glob("*.txt"))
SCRIPTS = [read(path) for path in FILES]

IB_ASYNC_READS = range(157, 179)
"""Server versions at which ib_async can read what it is sent."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.path.stem)
def test_conversations_go_as_written(script: Script) -> None:
    """At every server version of the file, ib_async reads every frame as well."""
    for version in script.versions:
        player = Player(script, version)
        player.play()
        if version in IB_ASYNC_READS:
            for line in player.wires.lines.values():
                _read_by_ib_async(version, bytes(line.out))


def test_there_are_sixty_or_more_and_each_version_has_most_of_them() -> None:
    """A version that lost its conversations would be unwatched."""
    assert len(SCRIPTS) >= 60
    for version in VERSIONS:
        assert sum(version in script.versions for script in SCRIPTS) >= 50


def _read_by_ib_async(version: int, out: bytes) -> None:
    decoder = Decoder(Heard(), version)  # pyright: ignore[reportArgumentType]  it only calls it
    at = 4 + int.from_bytes(out[:4])
    while at < len(out):
        end = at + 4 + int.from_bytes(out[at : at + 4])
        fields = split(out[at + 4 : end])
        # Not through interpret(), which would log what is wrong and go on.
        decoder.handlers[int(fields[0])](fields)  # pyright: ignore[reportUnknownMemberType]  untyped there
        at = end
