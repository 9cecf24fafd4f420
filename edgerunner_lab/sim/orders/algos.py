"""Algorithms that slice an order over time: what part of it may have been worked by a given second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.replies import Refused, text_of
from edgerunner_lab.sim.protocol.stamps import parse_stamp

SLICES_MAX: Final = 60
"""Slices an order is cut into at most; a long schedule has longer pauses."""

ADAPTIVE_SECONDS: Final[Mapping[str, int]] = {"Urgent": 3, "Normal": 15, "Patient": 60}
"""Adaptive priority -> seconds over which the order is spread; plausible waits, the broker publishes none."""

PARAMETERS_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Algo:
    """A strategy as the client asked for it.

    Attributes:
        parameters: (tag, value), in the client's order.
        start, end: Epoch seconds; None where the client leaves them to the strategy.
    """

    strategy: str
    parameters: tuple[tuple[str, str], ...] = ()
    start: int | None = None
    end: int | None = None

    @property
    def allows_past_end(self) -> bool:
        """True when what is left at the end may still trade."""
        tags = {tag: value.lower() for tag, value in self.parameters}
        return tags.get("allowPastEndTime", "1") in ("1", "true")


def _evenly(share: Decimal) -> Decimal:
    return share


def _with_volume(share: Decimal) -> Decimal:
    """Return the share of a U-shaped day's volume that has traded after `share` of its time.

    The integral of 0.5 + 6 (x - 1/2)^2, which is one over the whole day.
    """
    half = Decimal("0.5")
    return share * half + 2 * ((share - half) ** 3 + half**3)


CURVES: Final[Mapping[str, Callable[[Decimal], Decimal]]] = {
    "Adaptive": _evenly,
    "Twap": _evenly,
    "Vwap": _with_volume,
}
"""strategy -> share of the order that may have traded after a share of the time."""


def algo_in(fields: Fields, zone: str, today: str) -> Algo | None:
    """Return the strategy an order names, None where it names none; times without a date are of `today`, YYYYMMDD.

    Raises:
        Refused: 439 for an unknown one, 441 for a parameter that cannot be read.
    """
    strategy = text_of(fields, "o.algoStrategy")
    if not strategy:
        return None
    if strategy not in CURVES:
        raise Refused(
            439,
            "The order processing failed. Algorithm definition not found:"
            f" '{strategy}', expected one of {', '.join(sorted(CURVES))}.",
        )
    listed = fields.get("algoParams")
    rows = listed if isinstance(listed, tuple) else ()
    if len(rows) > PARAMETERS_MAX:
        raise Refused(
            441,
            f"Algo attributes validation failed: {len(rows)} parameters were found,"
            f" expected at most {PARAMETERS_MAX}",
        )
    parameters = tuple((text_of(row, "tag"), text_of(row, "value")) for row in rows)
    tags = dict(parameters)
    priority = tags.get("adaptivePriority", "Normal")
    if strategy == "Adaptive" and priority not in ADAPTIVE_SECONDS:
        raise Refused(
            441,
            f"Algo attributes validation failed: adaptivePriority was '{priority}',"
            f" expected {', '.join(ADAPTIVE_SECONDS)}",
        )
    start, end = (_time(tags, tag, zone, today) for tag in ("startTime", "endTime"))
    if start is not None and end is not None and end <= start:
        raise Refused(
            441, "Algo attributes validation failed: endTime is not after startTime"
        )
    return Algo(strategy=strategy, parameters=parameters, start=start, end=end)


def _time(tags: Mapping[str, str], tag: str, zone: str, today: str) -> int | None:
    text = tags.get(tag, "")
    if not text:
        return None
    try:
        return int(parse_stamp(f"{today} {text}" if ":" in text[:3] else text, zone))
    except ValueError:
        raise Refused(
            441,
            f"Algo attributes validation failed: {tag} was '{text}',"
            " expected yyyymmdd hh:mm:ss and a time zone",
        ) from None


def span_of(algo: Algo, began: int, closes: int) -> tuple[int, int]:
    """Return the seconds a strategy works between, for an order sent at `began` in a session that ends at `closes`."""
    start = max(began, algo.start or began)
    if algo.strategy == "Adaptive":
        priority = dict(algo.parameters).get("adaptivePriority", "Normal")
        return start, start + ADAPTIVE_SECONDS[priority]
    end = algo.end if algo.end is not None else closes
    return start, max(start + 1, end)


def due(
    algo: Algo, quantity: Decimal, step: Decimal, span: tuple[int, int], second: int
) -> Decimal:
    """Return the size that may have traded by `second`: whole multiples of `step`, all of it from the end on."""
    start, end = span
    if second < start:
        return Decimal(0)
    if second >= end:
        return quantity
    slices = min(SLICES_MAX, end - start)
    # The first slice goes at once, and a slice lasts until the next one is due.
    passed = ((second - start) * slices // (end - start)) + 1
    share = CURVES[algo.strategy](Decimal(min(passed, slices)) / slices)
    return (quantity * share / step).to_integral_value(ROUND_DOWN) * step
