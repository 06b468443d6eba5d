"""Tables of the ReLU networks that compute a max, or estimate one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from poolbench.core.theory import PlanSettings, RegionsSettings
from poolbench.report.table import Column, Table, text_cell
from poolbench.report.theory.cells import decimal, optional, whole
from poolbench.theory.least_error import least_error
from poolbench.theory.plan import Plan, divide_and_conquer
from poolbench.theory.regions import region_bound
from poolbench.theory.relu_network import estimator_network, max_network

_POINTS = 1000
_LARGEST_SHOWN = 40
"""Elements up to which the subpools themselves are worth a table."""


def plan_tables(settings: PlanSettings) -> list[Table]:
    """Return Theorem 4's plan: the width of each layer, and what each subpool is made of.

    The plan's ReLU network is run on random points, and its neurons are compared with the maxes.

    Args:
        settings: Which.

    Raises:
        BadInput: d is out of range.
    """
    d = settings.d
    plan = divide_and_conquer(d)
    estimator = least_error(d, (0, d - 1))
    network = estimator_network(estimator)
    x = np.random.default_rng(0).random((_POINTS, d))
    rows = []
    for index, (layer, held, relu_width, published) in enumerate(
        zip_longest(plan.layers, network.neurons(x), network.widths, settings.published)
    ):
        if layer is None:
            break
        maxes = np.stack([x[:, list(subpool)].max(1) for subpool in layer.subpools], 1)
        deviation = float(np.abs(held - maxes).max())
        rows.append(
            (
                whole(index + 1),
                whole(layer.size),
                whole(len(layer.subpools)),
                optional(published, "{:,}".format),
                whole(relu_width),
                decimal(deviation, 2),
            )
        )
    output = float(np.abs(network(x)[:, 0] - estimator(x)).max())
    table = Table(
        title=f"Subpools that give all {d} maxes of {d - 1} of {d} elements",
        columns=(
            Column(title="layer", fields=("layer",)),
            Column(title="elements each", fields=("size",)),
            Column(title="subpools", fields=("subpools",)),
            Column(title="published", fields=("published",)),
            Column(title="ReLU neurons", fields=("relu_neurons",)),
            Column(title="deviation", fields=("deviation",)),
        ),
        rows=tuple(rows),
        notes=(
            f"deviation: largest |neuron - subpool max| of the ReLU network over {_POINTS:,} "
            "uniform points",
            f"its output is the optimal estimate of orders 0,{d - 1}, error "
            f"{estimator.largest_error}, within {output:.2g}; {network.parameters:,} weights and "
            "biases that are not 0",
        ),
    )
    return [table, *(_pieces_tables(plan) if d <= _LARGEST_SHOWN else ())]


def max_network_table(n: Sequence[int]) -> Table:
    """Return Lemma 1's exact networks: widths, size, and what they make of random values.

    Args:
        n: Numbers of values.

    Raises:
        BadInput: One is out of range.
    """
    rows = []
    for count in n:
        network = max_network(count)
        x = np.random.default_rng(0).standard_normal((_POINTS, count))
        deviation = float(np.abs(network(x)[:, 0] - x.max(1)).max())
        rows.append(
            (
                whole(count),
                whole(len(network.widths)),
                text_cell(" ".join(map(str, network.widths)) or "none"),
                whole(network.parameters),
                decimal(deviation, 2),
            )
        )
    return Table(
        title="ReLU networks that compute the max of n values exactly",
        columns=(
            Column(title="n", fields=("n",)),
            Column(title="hidden layers", fields=("hidden_layers",)),
            Column(title="ReLU neurons of each", fields=("widths",), is_text=True),
            Column(title="weights", fields=("parameters",)),
            Column(title="deviation", fields=("deviation",)),
        ),
        rows=tuple(rows),
        notes=(
            "hidden layers: ceil(log2 n); max(a, b) = relu(a - b) + relu(b) - relu(-b)",
            "weights: those that are not 0",
            f"deviation: largest |output - max| over {_POINTS:,} normal points: rounding alone",
        ),
    )


def regions_table(settings: RegionsSettings) -> Table:
    """Return upper bounds on the linear regions of the max network and the plan's estimator.

    Args:
        settings: Which.

    Raises:
        BadInput: A d is out of range.
    """
    d = settings.d
    plan, exact = divide_and_conquer(d), max_network(d)
    estimator = estimator_network(least_error(d, (0, d - 1)))
    networks: list[tuple[str, Sequence[int], int | None]] = [
        ("max, by Lemma 1", exact.widths, None),
        (f"orders 0,{d - 1}, by Theorem 4", estimator.widths, None),
        ("the same, a subpool counted as one neuron", plan.widths, settings.published),
    ]
    if settings.widths:
        networks.append(("of the widths asked for", settings.widths, None))
    rows = tuple(
        (
            text_cell(what),
            text_cell(" ".join(map(str, widths)) or "none"),
            whole(region_bound(d, widths)),
            optional(published, "{:,}".format),
        )
        for what, widths, published in networks
    )
    return Table(
        title=f"Upper bounds on the linear regions of ReLU networks of {d} inputs",
        columns=(
            Column(title="network", fields=("network",), is_text=True),
            Column(title="hidden layers", fields=("widths",), is_text=True),
            Column(title="bound", fields=("bound",)),
            Column(title="published", fields=("published",)),
        ),
        rows=rows,
        notes=("bound: Serra, Tjandraatmadja and Ramalingam 2018, theorem 1",),
    )


def _pieces_tables(plan: Plan) -> list[Table]:
    tables = []
    for index in reversed(range(len(plan.layers))):
        size = plan.layers[index].size
        tables.append(
            Table(
                title=f"In subpools of {size} elements: {plan.widths[index]} different ones",
                columns=(
                    Column(title="lacks", fields=("lacks",)),
                    Column(title="subpools", fields=("subpools",), is_text=True),
                ),
                rows=tuple(
                    (
                        whole(plan.elements - 1 - row),
                        text_cell(" | ".join(" ".join(map(str, piece)) for piece in pieces)),
                    )
                    for row, pieces in enumerate(plan.pieces(index))
                ),
            )
        )
    return tables
