"""What a search multiplies or draws: an option of a recipe, or one minus it.

Everything is in decimals, so that a value is the same whichever way it was reached, on every
machine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
TERM = rf"(?:{NAME}|\(\s*1\s*-\s*{NAME}\s*\)|1\s*-\s*{NAME})"

ROOM_BELOW_ONE = Decimal("1e-6")
"""How near to 1 an option may come that is searched as one minus it."""
SMALLEST, LARGEST = Decimal("1e-30"), Decimal("1e30")

EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
_SIX_DIGITS = Context(prec=6, rounding=ROUND_HALF_EVEN)


def decimal_of(value: float) -> Decimal:
    """Return the decimal that a float is written as: 0.1 is one tenth, exactly."""
    return Decimal(repr(float(value)))


def rounded(quantity: Decimal) -> Decimal:
    """Return a quantity to six significant digits."""
    return _SIX_DIGITS.plus(quantity)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """``NAME`` or ``1-NAME``.

    Args:
        name: Option of an optimizer or a schedule.
        is_complement: Whether it is one minus the option.
    """

    name: str
    is_complement: bool = False

    def __str__(self) -> str:
        return f"1-{self.name}" if self.is_complement else self.name

    @property
    def limits(self) -> tuple[Decimal, Decimal]:
        """The smallest and the largest value of the quantity.

        One minus an option stays in [1e-6, 1]: the option is never negative, and never 1.
        """
        return (ROOM_BELOW_ONE, Decimal(1)) if self.is_complement else (SMALLEST, LARGEST)

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value of the option."""
        low, high = sorted(self.value_at(limit) for limit in self.limits)
        return low, high

    def of(self, value: float) -> Decimal:
        """Return the quantity of an option's value."""
        exact = decimal_of(value)
        return EXACT.subtract(Decimal(1), exact) if self.is_complement else exact

    def value_at(self, quantity: Decimal) -> float:
        """Return the option's value for a quantity: the float nearest to its decimal form."""
        return float(EXACT.subtract(Decimal(1), quantity) if self.is_complement else quantity)

    def why_not(self, quantity: Decimal) -> str:
        """Return why a quantity is not possible, as text; empty if it is."""
        low, high = self.limits
        if low <= quantity <= high:
            return ""
        value = self.value_at(quantity)
        return f"{self.name} would be {value:.6g}" if math.isfinite(value) else "out of range"


def read_quantity(text: str) -> Quantity | None:
    """Read ``NAME``, ``1-NAME`` or ``(1-NAME)``; ``None`` if it is neither."""
    if re.fullmatch(TERM, text.strip()) is None:
        return None
    compact = re.sub(r"[\s()]", "", text)
    return Quantity(name=compact.removeprefix("1-"), is_complement=compact.startswith("1-"))
