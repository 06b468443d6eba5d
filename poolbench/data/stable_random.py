"""Random integers that are the same on every platform and with every release of NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from poolbench.core.streams import derive


class StableRandom:
    """A named stream of integers.

    NumPy guarantees the raw 64-bit words of its bit generators for ever, but not the results of
    ``Generator.integers`` or ``permutation``; so these are computed here.

    Args:
        names: Purpose of the stream: ``StableRandom("digits", "split")``.
    """

    def __init__(self, *names: str | int) -> None:
        self._words = np.random.PCG64(derive(0, *names))

    def integers(self, below: int, *shape: int) -> NDArray[np.int64]:
        """Return integers in ``[0, below)``.

        Numerics: The upper 32 bits of a word, scaled: no value is more likely than another by
        more than a factor ``1 + below / 2**32``.
        """
        words = self._words.random_raw(math.prod(shape)).reshape(shape)
        upper = words >> np.uint64(32)
        return ((upper * np.uint64(below)) >> np.uint64(32)).astype(np.int64)

    def permutation(self, count: int) -> NDArray[np.int64]:
        """Return ``0 .. count - 1`` in random order."""
        return np.argsort(self._words.random_raw(count), kind="stable").astype(np.int64)
