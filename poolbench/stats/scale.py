"""Values as whole steps of a common unit, so that ties and bounds are exact.

An accuracy is a count of images divided by their number, and most such ratios are not floats:
``445 / 500 - 450 / 500 < -0.01`` is true in floats. In steps of 1/500 it is ``-5 < -5``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

# Two different ratios with denominators up to this differ by more than adjacent floats below 1.
_LARGEST_DENOMINATOR = 10**7
# Whole numbers up to this, their differences and halves are exact floats.
_LARGEST_STEPS = 2**51


@lru_cache(maxsize=2**14)  # a comparison reads each value several times, and few differ
def ratio_of(value: float | Fraction) -> Fraction:
    """Return the ratio that a finite float stands for: 89/100 for 0.89.

    Args:
        value: A count divided by a count, or a decimal as people write it. A float that is not
            the nearest to a ratio with denominator up to ten million is returned as it is.
    """
    ratio = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    return ratio if float(ratio) == value else Fraction(value)


class Scale:
    """The largest unit of which all of some values are whole multiples.

    Args:
        values: Values of one metric; NaN, infinities and ``None`` are skipped.

    Attributes:
        unit: The unit; 1 if floats cannot count in it, as for values that are measured rather than
            counted. Steps are then the values themselves.
    """

    def __init__(self, values: Iterable[float | None]) -> None:
        distinct = {float(v) for v in values if v is not None and math.isfinite(v)}
        ratios = [ratio_of(value) for value in distinct]
        denominator = math.lcm(*(ratio.denominator for ratio in ratios))
        largest = max((abs(ratio) for ratio in ratios), default=Fraction(0))
        self.unit = Fraction(1)
        if largest * denominator <= _LARGEST_STEPS and denominator <= _LARGEST_STEPS:
            self.unit = Fraction(1, denominator)

    def steps(self, value: float) -> float:
        """Return a value in steps; NaN and infinities stay."""
        return float(self.bound(value)) if math.isfinite(value) else value

    def value(self, steps: float) -> float:
        """Return the value of a number of steps, whole or not; NaN and infinities stay."""
        return float(Fraction(steps) * self.unit) if math.isfinite(steps) else steps

    def bound(self, value: float | Fraction) -> Fraction:
        """Return a finite bound in steps, exactly; it may lie between two steps."""
        return ratio_of(value) / self.unit
