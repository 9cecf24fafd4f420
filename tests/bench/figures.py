"""What a benchmark prints, and how figures are summed up."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured thing; keys that do not apply are left out of the line.

    Attributes:
        p50: Median, in `unit`.
        p99: The value below which 99 of 100 runs stay.
        ratio: This way over the other way, both measured in one run; below 1 is better than the other.
        runs: How many measurements stand behind it.
    """

    name: str
    unit: str
    p50: float | None = None
    p99: float | None = None
    ratio: float | None = None
    runs: int = 0

    def line(self) -> str:
        """Return one JSON object."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(
            {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in values.items()
            }
        )


def summed_up(name: str, unit: str, values: Sequence[float]) -> Figure:
    """Return median and 99th percentile of `values`."""
    return Figure(
        name=name,
        unit=unit,
        p50=percentile(values, 50),
        p99=percentile(values, 99),
        runs=len(values),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that is not below `percent` of all."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]
