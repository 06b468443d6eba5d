"""ReLU networks that compute or estimate a max, compared with it on random points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poolbench.theory.estimator import Estimator
from poolbench.theory.least_error import least_error
from poolbench.theory.plan import Plan, divide_and_conquer
from poolbench.theory.relu_network import ReluNetwork, estimator_network, max_network

TRIAL_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class PlanTrial:
    """Theorem 4's plan as a ReLU network, on uniform points of the unit cube.

    Args:
        plan: The subpools of each layer.
        estimator: The optimal estimator of orders 0 and d - 1, which the network computes.
        network: The network of the plan.
        deviations: Largest |neuron - subpool max| of each layer.
        output_deviation: Largest |output - estimate|.
    """

    plan: Plan
    estimator: Estimator
    network: ReluNetwork
    deviations: tuple[float, ...]
    output_deviation: float


@dataclass(frozen=True, kw_only=True)
class MaxTrial:
    """Lemma 1's network on normal points.

    Args:
        network: The network, which computes the max of its inputs exactly.
        deviation: Largest |output - max|, due to rounding alone.
    """

    network: ReluNetwork
    deviation: float


def try_plan(d: int) -> PlanTrial:
    """Run the plan's network on random points and compare its neurons with the maxes.

    Args:
        d: Elements of the window, from 2 to 256.

    Raises:
        BadInput: d is out of range.
    """
    plan = divide_and_conquer(d)
    estimator = least_error(d, (0, d - 1))
    network = estimator_network(estimator)
    x = np.random.default_rng(0).random((TRIAL_POINTS, d))
    deviations = []
    for layer, held in zip(plan.layers, network.neurons(x), strict=True):
        maxes = np.stack([x[:, list(subpool)].max(1) for subpool in layer.subpools], 1)
        deviations.append(float(np.abs(held - maxes).max()))
    return PlanTrial(
        plan=plan,
        estimator=estimator,
        network=network,
        deviations=tuple(deviations),
        output_deviation=float(np.abs(network(x)[:, 0] - estimator(x)).max()),
    )


def try_max_network(n: int) -> MaxTrial:
    """Run the exact network for n values on random points.

    Args:
        n: Number of values, from 1 to 1024.

    Raises:
        BadInput: n is out of range.
    """
    network = max_network(n)
    x = np.random.default_rng(0).standard_normal((TRIAL_POINTS, n))
    return MaxTrial(network=network, deviation=float(np.abs(network(x)[:, 0] - x.max(1)).max()))
