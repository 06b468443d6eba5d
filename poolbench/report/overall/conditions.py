"""A study's conditions, each a network and a data set, taken together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.studies.outcomes import Outcomes, outcomes_of
from poolbench.stats.overall import Overall, overall


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a study's conditions show together.

    Args:
        heading: Heading of the study.
        metric: The metric of the values.
        overall: The statistics.
        shown: The variants to show, in the suite's order: fewer than all with ``--only``.
        collapsed: Conditions with collapsed runs.
        are_related: Whether some conditions have their data set in common, under other networks.
    """

    heading: str
    metric: str
    overall: Overall
    shown: tuple[str, ...]
    collapsed: tuple[str, ...]
    are_related: bool


def conditions_of(study: Study, runs: Mapping[str, Run]) -> Conditions | None:
    """Take the conditions of a study together.

    Args:
        study: The study, with its cells and analysis.
        runs: Runs by cell id; a cell without one is missing.

    Returns:
        What they show; ``None`` if there is one condition, or one variant.

    Raises:
        BadInput: As :func:`poolbench.report.studies.outcomes.outcomes_of`.
    """
    parts = [(part, dataset) for part in study.parts for dataset in part.datasets]
    if len(parts) < 2 or len(study.whole.variants) < 2:
        return None
    found = {
        part.condition_on(dataset): outcomes_of(part, dataset, runs) for part, dataset in parts
    }
    return Conditions(
        heading=study.heading,
        metric=study.analysis.metric,
        overall=overall(
            {name: outcomes.comparison for name, outcomes in found.items()},
            {name: reason for name, each in found.items() if (reason := _unlike(each))},
        ),
        shown=study.variants,
        collapsed=tuple(
            name for name, each in found.items() if any(each.comparison.collapsed.values())
        ),
        are_related=len(study.networks) > 1,
    )


def _unlike(outcomes: Outcomes) -> str:
    """Return why the runs of a condition are not of one test set; empty if they are."""
    every = [run.result for runs in outcomes.runs.values() for run in runs]
    sizes = sorted({result.total for result in every if result.status == "ok"})
    if len(sizes) < 2:
        return ""
    return f"test sets of {sizes[0]:,} to {sizes[-1]:,} images"
