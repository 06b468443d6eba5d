"""The lattice of a coordinate search: recipes that are whole numbers of steps from its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from poolbench.core.search import Point
from poolbench.search.api import BadSearch
from poolbench.search.axes import SearchAxis
from poolbench.search.quantities import EXACT, decimal_of, rounded
from poolbench.search.recipes import short_names

Exponents = tuple[int, ...]
"""Power of the factor in each axis's own quantity, relative to the start."""


class Lattice:
    """Points ``start * factor ** n``.

    Properties: A point's values depend on its place alone, not on the way to it. Its ``steps`` are
    the powers of the factor in the axes as written: (1, 3, -3) has ``lr`` one factor above the
    start, ``lr*weight_decay`` three above and ``lr/(1-momentum)`` three below. Each list of whole
    numbers is one place.

    Numerics: Six significant digits, in the quantity that is multiplied: ``1-momentum`` is rounded,
    not ``momentum``. What is at its start keeps the start's digits.

    Args:
        axes: The axes.
        factor: Size of a step, above 1.
        start: Value of each option that the axes name, by key of the recipe.
    """

    def __init__(
        self, axes: Sequence[SearchAxis], factor: float, start: Mapping[str, float]
    ) -> None:
        self._axes = tuple(axes)
        self._factor = decimal_of(factor)
        self._keys = short_names(start)
        self._start = dict(start)
        self.origin: Exponents = (0,) * len(self._axes)

    def check(self) -> None:
        """Check that the start can be multiplied.

        Raises:
            BadSearch: It is not in [1e-30, 1e30], or one minus it is not in [1e-6, 1].
        """
        for index, axis in enumerate(self._axes):
            value = self._start[self._keys[axis.own.name]]
            if axis.own.why_not(axis.own.of(value)):
                low, high = axis.own.bounds
                is_out = axis.own.is_complement or value > 0
                where = f"from {low:g} to {high:g}" if is_out else "above 0"
                raise BadSearch(
                    f"{axis.own.name} is {value:g} at the start; a step needs it {where}",
                    f"start: {{{axis.own.name}: ...}}, or leave the axis out",
                    option="axes",
                    index=index,
                    name=axis.own.name,
                )

    def moved(self, place: Exponents, index: int, direction: int) -> Exponents:
        """Return the place one step along an axis."""
        axis, powers = self._axes[index], list(place)
        powers[index] += direction
        if axis.base is not None:
            powers[axis.base] -= axis.sign * direction
        return tuple(powers)

    def steps_at(self, place: Exponents) -> tuple[int, ...]:
        """Return the powers of the factor in the axes as written."""
        return tuple(
            power if axis.base is None else place[axis.base] + axis.sign * power
            for axis, power in zip(self._axes, place, strict=True)
        )

    def place_at(self, steps: Sequence[int]) -> Exponents:
        """Return the place with these steps: the inverse of :meth:`steps_at`."""
        return tuple(
            step if axis.base is None else axis.sign * (step - steps[axis.base])
            for axis, step in zip(self._axes, steps, strict=True)
        )

    def why_not(self, place: Exponents) -> str:
        """Return why no recipe can be at a place, as text; empty if one can."""
        pairs = zip(self._axes, self._quantities(place), strict=True)
        found = (axis.own.why_not(quantity) for axis, quantity in pairs)
        return next(filter(None, found), "")

    def point(self, place: Exponents, stage: str) -> Point:
        """Return the point at a place."""
        values = dict(self._start)
        for axis, quantity, power in zip(self._axes, self._quantities(place), place, strict=True):
            if power:
                values[self._keys[axis.own.name]] = axis.own.value_at(quantity)
        return Point(values=values, steps=self.steps_at(place), stage=stage)

    def _quantities(self, place: Exponents) -> list[Decimal]:
        made = []
        for axis, power in zip(self._axes, place, strict=True):
            start = axis.own.of(self._start[self._keys[axis.own.name]])
            scaled = EXACT.multiply(start, EXACT.power(self._factor, power))
            made.append(rounded(scaled))
        return made
