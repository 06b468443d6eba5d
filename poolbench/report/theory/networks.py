"""Tables of the ReLU networks that compute or estimate a max."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.report.cells import decimal, optional, whole
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.theory.plan import Plan
from poolbench.theory.regions import BoundedNetwork
from poolbench.theory.trial import TRIAL_POINTS, MaxTrial, PlanTrial

_LARGEST_SHOWN = 40
"""Largest number of elements with tables of the subpools themselves."""


def plan_tables(trial: PlanTrial, published: Sequence[int]) -> list[Table]:
    """Return the tables of Theorem 4's plan: the layers, and the parts of each subpool.

    Args:
        trial: The plan and the deviations of its network.
        published: Published number of subpools in each layer, from pairs on; empty for none.
    """
    plan, estimator = trial.plan, trial.estimator
    d = plan.elements
    source = dict(enumerate(published))
    layers = zip(plan.layers, trial.network.widths, trial.deviations, strict=True)
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
        rows=tuple(
            (
                whole(index + 1),
                whole(layer.size),
                whole(len(layer.subpools)),
                optional(source.get(index), "{:,}".format),
                whole(relu_width),
                decimal(deviation, 2),
            )
            for index, (layer, relu_width, deviation) in enumerate(layers)
        ),
        notes=(
            f"deviation: largest |neuron - subpool max| of the ReLU network over {TRIAL_POINTS:,} "
            "uniform points",
            f"its output is the optimal estimate of orders 0,{d - 1}, error "
            f"{estimator.largest_error}, within {trial.output_deviation:.2g}; "
            f"{trial.network.parameters:,} nonzero weights and biases",
        ),
    )
    return [table, *(_pieces_tables(plan) if d <= _LARGEST_SHOWN else ())]


def max_network_table(trials: Sequence[MaxTrial]) -> Table:
    """Return the table of Lemma 1's exact networks: widths, weights, and largest deviation.

    Args:
        trials: One for each number of values.
    """
    return Table(
        title="ReLU networks that compute the max of n values exactly",
        columns=(
            Column(title="n", fields=("n",)),
            Column(title="hidden layers", fields=("hidden_layers",)),
            Column(title="ReLU neurons in each", fields=("widths",), is_text=True),
            Column(title="weights", fields=("parameters",)),
            Column(title="deviation", fields=("deviation",)),
        ),
        rows=tuple(
            (
                whole(trial.network.inputs),
                whole(len(trial.network.widths)),
                _widths(trial.network.widths),
                whole(trial.network.parameters),
                decimal(trial.deviation, 2),
            )
            for trial in trials
        ),
        notes=(
            "hidden layers: ceil(log2 n); max(a, b) = relu(a - b) + relu(b) - relu(-b)",
            "weights: nonzero weights and biases",
            f"deviation: largest |output - max| over {TRIAL_POINTS:,} normal points, due to "
            "rounding alone",
        ),
    )


def regions_table(d: int, networks: Sequence[BoundedNetwork]) -> Table:
    """Return the table of upper bounds on the linear regions of networks.

    Args:
        d: Number of their inputs.
        networks: The networks with their bounds.
    """
    return Table(
        title=f"Upper bounds on the linear regions of ReLU networks with {d} inputs",
        columns=(
            Column(title="network", fields=("network",), is_text=True),
            Column(title="hidden layers", fields=("widths",), is_text=True),
            Column(title="bound", fields=("bound",)),
            Column(title="published", fields=("published",)),
        ),
        rows=tuple(
            (
                text_cell(network.name),
                _widths(network.widths),
                whole(network.bound),
                optional(network.published, "{:,}".format),
            )
            for network in networks
        ),
        notes=(
            "bound: Serra, Tjandraatmadja and Ramalingam 2018, theorem 1",
            *(
                [
                    "published: counts fewer combinations of inactive neurons than theorem 1 "
                    "allows, so it is smaller than the bound of the same widths"
                ]
                if any(network.published is not None for network in networks)
                else []
            ),
        ),
    )


def _widths(widths: Sequence[int]) -> TableCell:
    return text_cell(" ".join(map(str, widths)) or "none")


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
