"""What each kind of fault takes and does: the one table behind scripts, commands and documentation."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from edgerunner_lab.sim.faults.faults import What

LASTING_SECONDS_MAX: Final = 7 * 86_400.0
TIMES_MAX: Final = 1_000_000
BYTES_MAX: Final = 1 << 30


class Kind(enum.Enum):
    """What a parameter holds."""

    NUMBER = "a number"
    WHOLE = "a whole number"
    MONEY = "a number or a text with one"
    TEXT = "a text"
    NAMES = "a list of message names"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a fault's line may say.

    Attributes:
        lowest, highest: Bounds of a number.
        meaning: For the documentation: what it is, its unit, and its default.
    """

    kind: Kind
    meaning: str
    lowest: float = 0.0
    highest: float = 0.0


PARAMETERS: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "lasting": Parameter(
            kind=Kind.NUMBER,
            highest=LASTING_SECONDS_MAX,
            meaning="gateway seconds until it is over; left out: until the end",
        ),
        "seconds": Parameter(
            kind=Kind.NUMBER,
            highest=LASTING_SECONDS_MAX,
            meaning="gateway seconds of waiting, 1 unless told",
        ),
        "times": Parameter(
            kind=Kind.WHOLE,
            lowest=1,
            highest=TIMES_MAX,
            meaning="how many messages it hits; left out: 1, or all while `lasting`",
        ),
        "bytes": Parameter(
            kind=Kind.WHOLE,
            highest=BYTES_MAX,
            meaning="bytes that still get through, 0 unless told",
        ),
        "messages": Parameter(
            kind=Kind.NAMES, meaning="only messages of these names; left out: all"
        ),
        "request": Parameter(
            kind=Kind.TEXT, meaning="name of the request, such as reqHistoricalData"
        ),
        "code": Parameter(
            kind=Kind.WHOLE,
            lowest=1,
            highest=99_999,
            meaning="the broker's message code",
        ),
        "text": Parameter(
            kind=Kind.TEXT, meaning="the broker's words; left out: those of the code"
        ),
        "rate": Parameter(
            kind=Kind.WHOLE,
            lowest=1,
            highest=TIMES_MAX,
            meaning="messages allowed: 50 a second, or 60 histories in ten minutes",
        ),
        "price": Parameter(
            kind=Kind.MONEY,
            highest=1e9,
            meaning="corrected price of a unit; left out: as it was",
        ),
        "shares": Parameter(
            kind=Kind.MONEY,
            highest=1e9,
            meaning="corrected size; left out: as it was",
        ),
        "exec_id": Parameter(kind=Kind.TEXT, meaning="the execution; left out: the latest"),
        "name": Parameter(
            kind=Kind.TEXT, meaning="account number from the next connection on"
        ),
        "data_lost": Parameter(
            kind=Kind.FLAG,
            meaning="true: 1101 and the lines are gone; false (unless told): 1102",
        ),
    }
)
"""Name of a parameter -> what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one kind of fault takes, and what it does, for the documentation."""

    meaning: str
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


SHAPES: Final[Mapping[What, Shape]] = MappingProxyType(
    {
        What.DROP: Shape(meaning="The connection is closed; what was sent before arrives."),
        What.RESET: Shape(
            meaning="The connection is reset (RST) after so many more bytes to the client.",
            takes=("bytes",),
        ),
        What.REFUSE: Shape(
            meaning="New connections are reset as soon as they are made.",
            takes=("lasting",),
        ),
        What.HALF_OPEN: Shape(
            meaning="Nothing is read and nothing is written, and the socket stays open;"
            " afterwards what has waited goes through.",
            takes=("lasting",),
        ),
        What.DELAY: Shape(
            meaning="Messages to the client wait.",
            takes=("seconds", "lasting", "messages", "times"),
        ),
        What.SLOW_ACKNOWLEDGEMENTS: Shape(
            meaning="A delay of openOrder, orderStatus and errMsg alone.",
            takes=("seconds", "lasting", "times"),
        ),
        What.SPLIT: Shape(meaning="Everything goes out byte by byte.", takes=("lasting",)),
        What.GARBLE: Shape(
            meaning="One byte of the message is flipped; which one follows from the seed.",
            takes=("times", "messages", "lasting"),
        ),
        What.TRUNCATE: Shape(
            meaning="The message is cut after so many bytes and the connection is closed.",
            takes=("bytes", "messages"),
        ),
        What.LOSE: Shape(
            meaning="Messages to the client are lost.",
            takes=("times", "messages", "lasting"),
        ),
        What.DUPLICATE: Shape(
            meaning="Messages to the client come twice.",
            takes=("times", "messages", "lasting"),
        ),
        What.REORDER: Shape(
            meaning="A message changes places with the one after it.",
            takes=("times", "messages", "lasting"),
        ),
        What.CORRECT: Shape(
            meaning="An execution is reported again with the next correction number (.02)"
            " and booked anew.",
            takes=("exec_id", "price", "shares"),
        ),
        What.BUST: Shape(
            meaning="An execution is corrected to no shares, and cash and position go back.",
            takes=("exec_id",),
        ),
        What.NOTICE: Shape(
            meaning="A system notice goes to the clients: 1100, 2103, 2105, 2110 ...",
            takes=("text",),
            needs=("code",),
        ),
        What.OUTAGE: Shape(
            meaning="1100 and silence of the market; at its end 1102, or 1101 and no lines.",
            takes=("data_lost",),
            needs=("lasting",),
        ),
        What.COMPETING_SESSION: Shape(
            meaning="10197 for every market-data line, and no ticks until it is over.",
            takes=("lasting",),
        ),
        What.REJECT: Shape(
            meaning="Requests of one name are refused with a code, such as 162 or 354.",
            takes=("times", "text", "lasting"),
            needs=("request", "code"),
        ),
        What.PACING: Shape(
            meaning="More messages a second than allowed are answered by 100, the third time"
            " by a disconnect; clients with +PACEAPI are only slowed down.",
            takes=("rate", "lasting"),
        ),
        What.HISTORY_PACING: Shape(
            meaning="More histories in ten minutes than allowed, or the same one twice in 15 s,"
            " are answered by 162.",
            takes=("rate", "lasting"),
        ),
        What.CLIENT_ID_IN_USE: Shape(
            meaning="startApi is answered by 326 and a disconnect.",
            takes=("times", "lasting"),
        ),
        What.NIGHTLY_RESET: Shape(
            meaning="1100, every connection closed, and new ones refused until it is over.",
            takes=("lasting",),
        ),
        What.ACCOUNT: Shape(
            meaning="Whoever connects from now on finds the same account under another number.",
            needs=("name",),
        ),
    }
)
"""What a fault takes and does."""
