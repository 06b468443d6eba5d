"""An interval that an option of a recipe is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from poolbench.search.quantities import Quantity, decimal_of, rounded


@dataclass(frozen=True, kw_only=True)
class Span:
    """An interval that a quantity is drawn from.

    Args:
        quantity: An option, or one minus it.
        low: Least value of the quantity.
        high: Greatest value.
        is_log: Whether its logarithm is uniform.
    """

    quantity: Quantity
    low: Decimal
    high: Decimal
    is_log: bool

    def at(self, share: float) -> float:
        """Return the option's value at a share of the interval: 0 for low, 1 for high."""
        low, high = float(self.low), float(self.high)
        if self.is_log:
            drawn = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            drawn = low + share * (high - low)
        return self.value_of(drawn)

    def value_of(self, drawn: float) -> float:
        """Return the option's value for a drawn quantity: six digits, inside the interval."""
        return self.quantity.value_at(min(max(rounded(decimal_of(drawn)), self.low), self.high))

    def position(self, value: float) -> float:
        """Return where an option's value is: the quantity, or its natural logarithm."""
        quantity = float(self.quantity.of(value))
        return math.log(quantity) if self.is_log else quantity

    def mean(self, values: Sequence[float]) -> float:
        """Return the mean of an option's values: geometric in the quantity if it is logarithmic."""
        mean = math.fsum(map(self.position, values)) / len(values)
        return self.value_of(math.exp(mean) if self.is_log else mean)

    def around(self, values: Sequence[float]) -> Span:
        """Return the interval from the least to the greatest of an option's values."""
        quantities = [self.quantity.of(value) for value in values]
        return Span(
            quantity=self.quantity, low=min(quantities), high=max(quantities), is_log=self.is_log
        )
