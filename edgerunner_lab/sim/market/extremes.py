"""Fitting the seconds of an hour's minutes between each minute's low and high, so that they touch both."""

import numpy as np

from edgerunner_lab.sim.market.noise import Floats, Integers
from edgerunner_lab.sim.market.shapes import MINUTE


def squeeze(path: Floats, inner: Integers, limit: Integers, *, upward: bool) -> Floats:
    """Stretch or shrink what lies beyond `inner` so that it just reaches `limit`."""
    extreme = path.max(axis=1, keepdims=True) if upward else path.min(axis=1, keepdims=True)
    beyond = extreme - inner
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(beyond == 0, 0.0, (limit - inner) / beyond)
    outside = path > inner if upward else path < inner
    return np.where(outside, inner + (path - inner) * factor, path)


def touch(bid: Integers, high: Integers, low: Integers) -> tuple[Integers, Integers]:
    """Make every minute reach its high and low at a second within it; return those seconds of the hour."""
    row = np.arange(MINUTE)
    top: Integers = bid[:, 1:-1].argmax(axis=1) + 1
    bottom: Integers = bid[:, 1:-1].argmin(axis=1) + 1
    bottom[bottom == top] = top[bottom == top] % (MINUTE - 1) + 1
    bid[row, top], bid[row, bottom] = high[:, 0], low[:, 0]
    return row * MINUTE + top, row * MINUTE + bottom
