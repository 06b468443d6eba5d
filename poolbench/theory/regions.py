"""How many linear regions a ReLU network can have at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import comb

from poolbench.core.errors import BadInput


def region_bound(inputs: int, widths: Sequence[int]) -> int:
    """Return an upper bound on the linear regions of a ReLU network.

    The sum over j in J of ``prod_l C(n_l, j_l)``, where J holds the (j_1, ..., j_L) with
    ``0 <= j_l <= min(n_0, n_1 - j_1, ..., n_(l-1) - j_(l-1), n_l)``.

    Args:
        inputs: n_0, from 1.
        widths: Neurons of the hidden layers.

    Raises:
        BadInput: A number of neurons is below 1.

    References:
        Serra, Tjandraatmadja, Ramalingam 2018 (arXiv:1711.02114), theorem 1.
    """
    if min(inputs, *widths, 1) < 1:
        raise BadInput(
            f"a layer of {min(inputs, *widths)} neurons", "choose from 1: --widths 12,10"
        )
    # The minimum is all that a layer needs to know of those before it.
    regions = {inputs: 1}
    for width in widths:
        after: dict[int, int] = defaultdict(int)
        for dimension, count in regions.items():
            for j in range(min(dimension, width) + 1):
                after[min(dimension, width - j)] += count * comb(width, j)
        regions = after
    return sum(regions.values())
