"""Dice that remember: numbers that look random and depend on nothing but their key and index.

A generator object would give the n-th number only after the n-1 before it; hashing gives any of them at once,
so a price of last March needs no walk from there to today.
"""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

MASK: Final = (1 << 64) - 1
GOLDEN: Final = 0x9E3779B97F4A7C15
"""The odd number nearest 2**64 / golden ratio: the step of the SplitMix64 sequence (Steele, Lea, Flood 2014)."""
MIX_1: Final = 0xBF58476D1CE4E5B9
MIX_2: Final = 0x94D049BB133111EB


def mix(number: int) -> int:
    """Return SplitMix64's scrambled form of a 64-bit number."""
    number = (number + GOLDEN) & MASK
    number = ((number ^ (number >> 30)) * MIX_1) & MASK
    number = ((number ^ (number >> 27)) * MIX_2) & MASK
    return number ^ (number >> 31)


def key_of(*parts: int) -> int:
    """Return one 64-bit key for a few integers, in which their order counts."""
    key = 0
    for part in parts:
        key = mix(key ^ (part & MASK))
    return key


def uniform(key: int, index: int) -> float:
    """Return the number at `index`, in (0, 1)."""
    return ((mix(key + index * GOLDEN) >> 11) + 0.5) / (1 << 53)


def uniforms(key: int, indices: Integers) -> Floats:
    """Return the numbers at `indices`, in (0, 1), shaped like them; the same ones that `uniform` gives."""
    number = indices.astype(np.uint64) * np.uint64(GOLDEN) + np.uint64(
        (key + GOLDEN) & MASK
    )
    number = (number ^ (number >> np.uint64(30))) * np.uint64(MIX_1)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(MIX_2)
    number ^= number >> np.uint64(31)
    return ((number >> np.uint64(11)).astype(np.float64) + 0.5) / float(1 << 53)


def normals(key: int, indices: Integers) -> Floats:
    """Return standard normal numbers at `indices` (Box and Muller), shaped like them."""
    radius = np.sqrt(-2.0 * np.log(uniforms(key, indices)))
    return radius * np.cos(2.0 * math.pi * uniforms(mix(key), indices))
