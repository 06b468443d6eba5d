"""A bound on the number of linear regions of a ReLU network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from poolbench.core.errors import BadInput
from poolbench.core.theory import RegionsSettings
from poolbench.theory.least_error import least_error
from poolbench.theory.plan import divide_and_conquer
from poolbench.theory.relu_network import estimator_network, max_network


@dataclass(frozen=True, kw_only=True)
class BoundedNetwork:
    """A network with an upper bound on its linear regions.

    Args:
        name: Description of what it computes.
        widths: Neurons of its hidden layers.
        bound: See :func:`region_bound`.
        published: Published bound; ``None`` if there is none.
    """

    name: str
    widths: tuple[int, ...]
    bound: int
    published: int | None = None


def region_bound(inputs: int, widths: Sequence[int]) -> int:
    """Return an upper bound on the linear regions of a ReLU network.

    The sum over j in J of ``prod_l C(n_l, j_l)``, where J holds the (j_1, ..., j_L) with
    ``0 <= j_l <= min(n_0, n_1 - j_1, ..., n_(l-1) - j_(l-1), n_l)``.

    Args:
        inputs: n_0, at least 1.
        widths: Neurons of each hidden layer, at least 1.

    Raises:
        BadInput: A layer has no neurons.

    References:
        Serra, Tjandraatmadja, Ramalingam 2018 (arXiv:1711.02114), theorem 1.
    """
    if min(inputs, *widths, 1) < 1:
        raise BadInput(
            f"a layer of {min(inputs, *widths)} neurons", "choose from 1: --widths 12,10"
        )
    # A layer depends on those before it only through the minimum.
    regions = {inputs: 1}
    for width in widths:
        after: dict[int, int] = defaultdict(int)
        for dimension, count in regions.items():
            for j in range(min(dimension, width) + 1):
                after[min(dimension, width - j)] += count * comb(width, j)
        regions = after
    return sum(regions.values())


def all_orders_widths(d: int) -> tuple[int, ...]:
    """Return the layers that make every subpool of 1 to d - 1 of d elements, pair by pair.

    Layer l has one neuron for each subpool of at most 2^l elements: a larger one is the max of two
    of the layer before, and a smaller one, which the sum needs too, is passed on.

    Args:
        d: Elements of the window, at least 2.
    """
    widths, reach = [], 1
    while reach < d - 1:
        reach = min(2 * reach, d - 1)
        widths.append(sum(comb(d, size) for size in range(1, reach + 1)))
    return tuple(widths)


def bounded_networks(settings: RegionsSettings) -> tuple[BoundedNetwork, ...]:
    """Bound the linear regions of the max network and of the estimators of two and of all orders.

    Args:
        settings: The d, and widths of another network to bound.

    Raises:
        BadInput: d is out of range, or a width is below 1.
    """
    d = settings.d
    plan, exact = divide_and_conquer(d), max_network(d)
    estimator = estimator_network(least_error(d, (0, d - 1)))
    networks: list[tuple[str, tuple[int, ...], int | None]] = [
        ("max, by Lemma 1", exact.widths, None),
        (f"orders 0,{d - 1}, by Theorem 4", estimator.widths, None),
        ("the same, a subpool counted as one neuron", plan.widths, settings.published),
        (f"orders 0 to {d - 1}, a subpool counted as one neuron", all_orders_widths(d), None),
    ]
    if settings.widths:
        networks.append(("of the given widths", settings.widths, None))
    return tuple(
        BoundedNetwork(name=name, widths=widths, bound=region_bound(d, widths), published=published)
        for name, widths, published in networks
    )
