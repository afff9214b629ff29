"""Random streams and the two stochastic processes everything else is made of.

Ornstein-Uhlenbeck on an hourly grid, exactly discretised:
``x[k+1] = mean + (x[k] - mean)·φ + sd·√(1 - φ²)·ε``, ``φ = 2^(-1/half_life)``,
so ``sd`` is the stationary standard deviation.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of one part of the market.  Streams are independent, so changing one part moves no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def ornstein_uhlenbeck(rng: np.random.Generator, size: int, half_life: float, sd: float) -> FloatArray:
    """A zero-mean path of ``size`` hourly values; ``half_life`` in hours."""
    phi = 2.0 ** (-1.0 / half_life)
    shocks = rng.standard_normal(size) * sd
    shocks[1:] *= np.sqrt(1.0 - phi * phi)
    path = np.empty(size)
    level = 0.0
    for k, shock in enumerate(shocks.tolist()):
        level = level * phi + shock
        path[k] = level
    return path


def fat_tailed_scale(rng: np.random.Generator, size: int, degrees: float) -> FloatArray:
    """A common factor of unit mean square which turns normal shocks into Student-t ones."""
    return np.asarray(np.sqrt((degrees - 2.0) / rng.chisquare(degrees, size)))
