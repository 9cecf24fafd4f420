"""Whatever bytes come: no crash, no hang, no memory without bound, and the other clients are served."""

import random
import tracemalloc
from decimal import Decimal
from typing import Any, Final

import pytest

from edgerunner_lab.sim.protocol.codec import load_requests
from edgerunner_lab.sim.protocol.layouts import Block, Field, Group, Kind, Table, load_table
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.wire import frame
from rigs.wires import Line, Wires

FRAMES: Final = 50_000
VERSIONS: Final = (151, 157, 163, 166, 170, 176, 178, 187, 193, 200)
A_ROUND: Final = 1_000
"""Frames after which a client is replaced, so that what it has subscribed to does not grow for ever."""

MEMORY_MAX: Final = 120_000_000
"""Bytes that the whole run may hold at its end beyond its beginning: caches of price paths, mostly."""

TEXTS: Final = (
    "", "SPY", "AAPL", "STK", "OPT", "FUT", "CASH", "BAG", "SMART", "USD", "EUR", "MKT", "LMT", "STP", "TRAIL",
    "BUY", "SELL", "DAY", "GTC", "IOC", "GTD", "20261218", "1 D", "1 min", "TRADES", "MIDPOINT", "BidAsk", "Last",
    "DU1000001", "All", "DU9", "20261123 16:00:00", "233,236", "\u00e9\u4e2d", "x" * 300, "-1", "1e309", "nan",
    "Infinity", "C", "P", "690", "\x01", "STK.US", "MOST_ACTIVE", "SCHEDULE",
)  # fmt: skip
NUMBERS: Final = (0, 1, 2, 3, 5, 9, 10, 100, -1, 756733, 265598, 2**31 - 1, 2**63)

Parts = Any


def filled(parts: Parts, dice: random.Random) -> Fields:
    """Return values for the fields of a layout, right ones more often than wrong ones."""
    values: dict[str, Value] = {}
    for part in parts:
        match part:
            case Field():
                values[part.name] = _value(part, dice)
            case Group():
                values[part.name] = tuple(
                    filled(part.parts, dice) for _ in range(dice.choice((0, 0, 1, 2)))
                )
            case Block():
                values |= filled(part.parts, dice)
            case _:
                raise TypeError(part)
    return values


def _value(field: Field, dice: random.Random) -> Value:
    if field.kind is Kind.BOOL:
        return dice.random() < 0.5
    if field.kind is Kind.TEXT:
        return dice.choice(TEXTS)
    number = dice.choice(NUMBERS)
    return number if field.kind in (Kind.INTEGER, Kind.LONG) else Decimal(number)


def mangled(payload: bytes, dice: random.Random) -> bytes:
    """Return a frame of `payload`, or of something that was once one."""
    damage = dice.randrange(16)
    if damage == 0 and payload:
        at = dice.randrange(len(payload))
        payload = payload[:at] + bytes([dice.randrange(256)]) + payload[at + 1 :]
    elif damage == 1:
        payload = payload[: dice.randrange(len(payload) + 1)]
    elif damage == 2:
        payload += dice.randbytes(dice.randrange(20))
    elif damage == 3:
        fields = payload.split(b"\0")
        dice.shuffle(fields)
        payload = b"\0".join(fields)
    elif damage == 4:
        payload = dice.randbytes(dice.randrange(200))
    return frame(payload)


@pytest.fixture(scope="module")
def layouts() -> dict[int, list[Any]]:
    """Every request layout of every version that is tried."""
    table = Table(load_table("requests"))
    return {version: table.at(version) for version in VERSIONS}


@pytest.mark.timeout(240)
def test_fifty_thousand_frames_of_any_kind_harm_nobody(
    layouts: dict[int, list[Any]],
) -> None:
    """Random and mutated requests of all versions; a bystander asks the time throughout and is answered."""
    dice = random.Random(20261123)  # noqa: S311  reproducible, not secret
    codec = load_requests()
    wires = Wires()
    bystander = wires.line(1)
    tracemalloc.start()
    line: Line | None = None
    for number in range(FRAMES):
        if line is None or line.closed or number % A_ROUND == 0:
            if line is not None and not line.closed:
                wires.exchange.detach(line.key)
                line.closed = "replaced"
            version = dice.choice(VERSIONS)
            line = wires.line(1000 + number, version)
        layout = dice.choice(layouts[line.connection.version])
        try:
            payload = codec.encode(
                line.connection.version,
                Message(layout.name, filled(layout.parts, dice)),
            )
        except (TypeError, ValueError, OverflowError):
            payload = f"{layout.id}\0".encode() + dice.randbytes(30)
        line.send(mangled(payload, dice))
        line.out.clear()
        if number % 500 == 0:
            wires.wait(0.25)
            assert answers_the_time(bystander), f"frame {number}, {layout.name}"
            bystander.out.clear()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Most of them can be read, so that what is behind the codec is tried as well.
    assert wires.requests > FRAMES / 2
    assert held < MEMORY_MAX
    assert answers_the_time(bystander)


def answers_the_time(line: Line) -> bool:
    """Return whether a client that asks the time is told it."""
    return b"49\0001\0" in line.send(frame(b"49\0001\0"))


@pytest.mark.parametrize(
    "hello",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"API\0\xff\xff\xff\xff",
        b"API\0" + frame(b"v1..50"),
        b"API\0" + frame(b"v" + b"9" * 2000),
        b"\0" * 64,
        b"API\0" + frame(b""),
    ],
)
def test_what_is_no_greeting_ends_that_connection_alone(hello: bytes) -> None:
    """It is hung up on with a reason; the client that was there before goes on."""
    wires = Wires()
    bystander = wires.line(1)
    stranger = wires.line(2)
    stranger.connection = type(stranger.connection)(stranger.connection._dialects)  # pyright: ignore[reportPrivateUsage]  # a fresh one

    stranger.send(hello)

    assert stranger.closed
    assert answers_the_time(bystander)


def test_bytes_one_by_one_mean_the_same_as_all_at_once() -> None:
    """The stream has no packets."""
    data = b"API\0" + frame(b"v100..178") + frame(b"71\0002\0009\0\0") + frame(b"49\0001\0")
    outputs: list[bytes] = []
    for size in (1, 7, len(data)):
        wires = Wires()
        line = wires.line(1)
        line.connection = type(line.connection)(line.connection._dialects)  # pyright: ignore[reportPrivateUsage]  # a fresh one
        wires.exchange.detach(line.key)
        line.out.clear()
        for at in range(0, len(data), size):
            line.send(data[at : at + size])
        outputs.append(bytes(line.out))

    assert outputs[0] == outputs[1] == outputs[2]
    assert b"49\0001\0" in outputs[0]
