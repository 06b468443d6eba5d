"""ReLU networks of pairwise maxes: ``max(a, b) = relu(a - b) + relu(b) - relu(-b)``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator
from poolbench.theory.plan import divide_and_conquer

if TYPE_CHECKING:
    from torch import nn

Array = NDArray[np.float64]
Pairs = tuple[tuple[int, int], ...]
LARGEST_MAXIMUM = 1024


@dataclass(frozen=True, kw_only=True)
class ReluNetwork:
    """A network whose layers are maxes of pairs from the previous layer.

    Args:
        inputs: Width of the input.
        layers: For each layer, the pairs; a pair of a neuron with itself passes it on.
        readout: ``(outputs, width of the last layer)``.
        intercept: ``(outputs,)``.
    """

    inputs: int
    layers: tuple[Pairs, ...]
    readout: Array
    intercept: Array

    @cached_property
    def affine_maps(self) -> tuple[tuple[Array, Array], ...]:
        """Weight and bias before each ReLU layer, and after the last one.

        Combining the ReLUs of one pair and splitting the next pair are both linear, so one matrix
        does both.
        """
        maps: list[tuple[Array, Array]] = []
        assemble = np.eye(self.inputs)
        for pairs in self.layers:
            weight = _take_apart(pairs, len(assemble)) @ assemble
            maps.append((weight, np.zeros(len(weight))))
            assemble = _together(pairs)
        return (*maps, (self.readout @ assemble, self.intercept))

    @property
    def widths(self) -> tuple[int, ...]:
        """ReLU neurons of each hidden layer: 3 for a max, 2 for a value that is passed on."""
        return tuple(len(weight) for weight, _ in self.affine_maps[:-1])

    @property
    def parameters(self) -> int:
        """Number of weights and biases that are not 0."""
        return sum(int(np.count_nonzero(part)) for pair in self.affine_maps for part in pair)

    def __call__(self, x: Array) -> Array:
        """Run the network.

        Args:
            x: ``(n, inputs)``.

        Returns:
            ``(n, outputs)``, float64, within one rounding per layer.
        """
        *hidden, (weight, bias) = self.affine_maps
        for before, shift in hidden:
            x = np.maximum(x @ before.T + shift, 0.0)
        return x @ weight.T + bias

    def neurons(self, x: Array) -> tuple[Array, ...]:
        """Return the maxes of each layer, computed from its ReLU neurons.

        Args:
            x: ``(n, inputs)``.

        Returns:
            ``(n, pairs)`` for each layer.
        """
        values = []
        for (before, shift), pairs in zip(self.affine_maps, self.layers, strict=False):
            x = np.maximum(x @ before.T + shift, 0.0)
            values.append(x @ _together(pairs).T)
        return tuple(values)

    def to_module(self) -> nn.Sequential:
        """Return it as torch's ``Linear``, ``ReLU``, ..., ``Linear``, in float64."""
        import torch
        from torch import nn

        parts: list[nn.Module] = []
        for weight, bias in self.affine_maps:
            linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight))
                linear.bias.copy_(torch.from_numpy(bias))
            parts += [linear, nn.ReLU()]
        return nn.Sequential(*parts[:-1])


def max_network(n: int) -> ReluNetwork:
    """Build the network that computes the max of n values in ceil(log2 n) hidden layers.

    Neighbours are paired; the last of an odd number is passed on.

    Args:
        n: Number of values, from 1 to 1024.

    Raises:
        BadInput: n is out of range.

    References:
        Lemma 1 of "The Theoretical Expressiveness of Maxpooling".
    """
    if not 1 <= n <= LARGEST_MAXIMUM:
        raise BadInput(f"n is {n}", f"choose from 1 to {LARGEST_MAXIMUM} values: --n 9")
    layers, width = [], n
    while width > 1:
        layers.append(tuple((i, min(i + 1, width - 1)) for i in range(0, width, 2)))
        width = len(layers[-1])
    return ReluNetwork(inputs=n, layers=tuple(layers), readout=np.eye(1), intercept=np.zeros(1))


def estimator_network(estimator: Estimator) -> ReluNetwork:
    """Build the network of an estimator from the subpools of d - 1 elements, by Theorem 4's plan.

    Args:
        estimator: An estimator with the orders d - 1, or 0 and d - 1.

    Raises:
        BadInput: It has other orders, or more elements than a plan can have.
    """
    d = estimator.elements
    coefficients = dict(zip(estimator.orders, estimator.coefficients, strict=True))
    intercept = float(coefficients.pop(0, 0))
    if set(coefficients) != {d - 1}:
        raise BadInput(
            f"orders are {list(estimator.orders)}: the plan is for subpools of {d - 1} elements",
            f"choose --orders 0,{d - 1}",
        )
    plan = divide_and_conquer(d)
    return ReluNetwork(
        inputs=d,
        layers=tuple(layer.parents for layer in plan.layers),
        readout=np.full((1, d), float(coefficients[d - 1]) / d),
        intercept=np.array([intercept]),
    )


def _take_apart(pairs: Pairs, width: int) -> Array:
    """Return the linear map from the values of a layer to the ReLU neurons of its pairs."""
    rows: list[Array] = []
    for a, b in pairs:
        left, right = np.eye(1, width, a), np.eye(1, width, b)
        rows += [right, -right] if a == b else [left - right, right, -right]
    return np.concatenate(rows)


def _together(pairs: Pairs) -> Array:
    """Return the linear map from the ReLU neurons of the pairs to the maxes."""
    signs = [(1.0, -1.0) if a == b else (1.0, 1.0, -1.0) for a, b in pairs]
    owner = np.repeat(np.arange(len(pairs)), [len(part) for part in signs])
    return np.eye(len(pairs))[:, owner] * np.concatenate(signs)
