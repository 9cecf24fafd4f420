"""What clients and gateway say to each other: a name and fields, whatever the server version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, Union

from edgerunner_lab.sim.protocol.values import Scalar

Value: TypeAlias = Union[Scalar, tuple["Fields", ...]]  # noqa: UP007  X | Y needs a type, not a name to come
Fields: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Message:
    """One request or reply.

    Attributes:
        name: The layout's name, such as "reqMktData" or "tickPrice".
        fields: Field name -> value; a counted group is a tuple of such maps under its name.
    """

    name: str
    fields: Fields


class Malformed(ValueError):
    """A frame does not fit its layout.

    Attributes:
        request: The request's name, or its id where that names none.
        req_id: The id that the client would recognise, None when it was not read.
        reason: What was found, as TWS words it.
    """

    def __init__(self, request: str, req_id: int | None, reason: str) -> None:
        super().__init__(f"{request}: {reason}")
        self.request = request
        self.req_id = req_id
        self.reason = reason


class UnknownRequest(Malformed):
    """The frame carries a message id that the server version does not have."""


IDS: Final = ("reqId", "tickerId", "orderId")
"""Fields by which a client recognises the answer, in this order."""


def req_id_of(fields: Fields) -> int | None:
    """Return the request or order id among `fields`, None when there is none."""
    for name in IDS:
        value = fields.get(name)
        if isinstance(value, int):
            return value
    return None
