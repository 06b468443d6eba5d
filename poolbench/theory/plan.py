"""The subpool maxes needed for those of d - 1 elements: divide and conquer (Theorem 4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from poolbench.theory.least_error import check_dimension

LARGEST_DIMENSION = 256

Subpool = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Subpool maxes that are computed together.

    Args:
        subpools: Ascending indices of elements, all of one size, in lexicographic order.
        parents: For each subpool, the two neurons of the previous layer whose max it is; elements
            of the window for the first layer.
    """

    subpools: tuple[Subpool, ...]
    parents: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Number of elements of each subpool."""
        return len(self.subpools[0])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The layers that compute every max of d - 1 of d elements.

    Args:
        elements: d.
        layers: From pairs to subpools of d - 1; none for d = 2, whose subpools are its elements.
    """

    elements: int
    layers: tuple[Layer, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of subpool maxes in each layer."""
        return tuple(len(layer.subpools) for layer in self.layers)

    def pieces(self, layer: int) -> tuple[tuple[Subpool, ...], ...]:
        """Return the parts of each final subpool in a layer: a panel of figure 2.

        Args:
            layer: Index in ``layers``, from the first.
        """
        splits = len(self.layers) - 1 - layer
        return tuple(_split(final, splits) for final in _all_but_one(self.elements))


def divide_and_conquer(d: int) -> Plan:
    """Plan the maxes of all subpools of d - 1 elements, each as a tree of pairwise maxes.

    Every subpool is halved until pairs remain; the middle element of an odd one goes into both
    halves. Subpools that differ in one element share almost all their parts, so a layer needs fewer
    than 2 d of them.

    Args:
        d: Elements of the window, from 2 to 256.

    Raises:
        BadInput: d is out of range.

    References:
        Theorem 4 and figure 2 of "The Theoretical Expressiveness of Maxpooling": 17, 16, 12 and 10
        subpools for d = 10.
    """
    check_dimension(d, LARGEST_DIMENSION)
    subpools: tuple[Subpool, ...] = tuple(_all_but_one(d))
    layers: list[Layer] = []
    while len(subpools[0]) > 1:
        halves = [_halve(subpool) for subpool in subpools]
        below = tuple(sorted({half for pair in halves for half in pair}))
        index = {subpool: i for i, subpool in enumerate(below)}
        # The halves of a pair are elements of the window, whose index is the element itself.
        parents = tuple((index[left], index[right]) for left, right in halves)
        layers.insert(0, Layer(subpools=subpools, parents=parents))
        subpools = below
    return Plan(elements=d, layers=tuple(layers))


def _all_but_one(d: int) -> combinations[Subpool]:
    return combinations(range(d), d - 1)


def _halve(subpool: Subpool) -> tuple[Subpool, Subpool]:
    half = (len(subpool) + 1) // 2
    return subpool[:half], subpool[-half:]


def _split(subpool: Subpool, times: int) -> tuple[Subpool, ...]:
    parts: tuple[Subpool, ...] = (subpool,)
    for _ in range(times):
        parts = tuple(half for part in parts for half in _halve(part))
    return parts
