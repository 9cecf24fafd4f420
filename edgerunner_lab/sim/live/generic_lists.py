"""Generic tick lists as clients write them, checked against what an instrument has."""

from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.generic_ticks import GENERICS
from edgerunner_lab.sim.protocol.replies import Refused

WITHOUT_NUMBER: Final = frozenset({"mdoff"})
"""Words that stand among the numbers: leave the quote away."""


def generics_in(text: str, instrument: Instrument) -> frozenset[int]:
    """Return the numbers of a generic tick list.

    Raises:
        Refused: It holds something that the instrument does not have.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found: set[int] = set()
    for part in parts:
        word, _, __ = part.partition(":")
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else -1  # noqa: PLR2004
        generic = GENERICS.get(number)
        if generic is not None and instrument.sec_type in generic.kinds:
            found.add(number)
        elif word not in WITHOUT_NUMBER:
            raise Refused(
                321,
                f"Error validating request.-'bN' : cause - Incorrect generic tick list of {text}."
                f"  Legal ones for ({instrument.sec_type}) are: {_legal(instrument.sec_type)}",
            )
    return frozenset(found)


def _legal(sec_type: str) -> str:
    return ",".join(
        f"{number}({generic.name})"
        for number, generic in GENERICS.items()
        if sec_type in generic.kinds
    )
