"""A client's ladder of one side of a book, and the operations that turn it into another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgerunner_lab.sim.requests.clients import DepthRow

INSERT, UPDATE, DELETE = range(3)
"""Operations, as the broker numbers them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change of a ladder: what stands at a position, counted from the best row, which is 0."""

    position: int
    kind: int
    row: DepthRow


def operations(old: Sequence[DepthRow], new: Sequence[DepthRow]) -> Iterator[Operation]:
    """Yield what turns `old` into `new`, to be applied in this order.

    Rows are inserted and deleted at the bottom only; what moves above it is updated row by row. By the
    broker's documents an insertion moves the rows below it down, but clients are in use that overwrite
    the row instead and leave a gap after a deletion. At the bottom both readings come to the same ladder.
    """
    for position in range(len(old) - 1, len(new) - 1, -1):
        maker = old[position][1]
        yield Operation(position=position, kind=DELETE, row=(0, maker, 0))
    for position, row in enumerate(new):
        if position >= len(old):
            yield Operation(position=position, kind=INSERT, row=row)
        elif old[position] != row:
            yield Operation(position=position, kind=UPDATE, row=row)
