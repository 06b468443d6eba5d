"""Results as pictures: every seed of every variant, and accuracy against cost."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping

from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.chart import Axis, Chart, Cloud, Sample, Samples, Scatter
from poolbench.report.studies.bands import seeds_text
from poolbench.report.studies.outcomes import Outcomes, outcomes_of
from poolbench.stats import estimate

# Networks that differ less in size count as equal in cost.
NOTICEABLE = 1.01


def outcome_charts(study: Study, runs: Mapping[str, Run]) -> list[Chart]:
    """Return a dot for every seed, and accuracy against parameters and against time.

    Args:
        study: The study, with its cells and metric.
        runs: Runs by cell id; a cell without one is missing.

    Returns:
        At most three charts per data set: variants of equal size need no chart of sizes.
    """
    charts: list[Chart] = []
    for dataset in study.datasets:
        outcomes = outcomes_of(study, dataset, runs)
        if not any(outcomes.comparison.estimates[name].n for name in outcomes.shown):
            continue
        title = f"{study.heading} · {dataset} · test {outcomes.metric}"
        charts.append(_seeds(outcomes, dataset, title))
        charts += _costs(outcomes, dataset, title)
    return charts


def _seeds(outcomes: Outcomes, dataset: str, title: str) -> Samples:
    comparison = outcomes.comparison
    estimates = {name: comparison.estimates[name] for name in outcomes.shown}
    lost = [
        f"{name}: {e.n_diverged} diverged, {e.n_missing} missing"
        for name, e in estimates.items()
        if e.n < e.n_asked
    ]
    return Samples(
        name=f"{dataset}-seeds",
        title=title,
        caption="; ".join(
            [
                "a dot a seed; diamond: mean; bar: 95 % interval of the mean (Student's t)",
                f"{seeds_text(e.n for e in estimates.values())} a variant",
                *lost,
            ]
        ),
        x=Axis(label=""),
        y=Axis(label=f"test {outcomes.metric} (%)", is_share=True),
        samples=tuple(
            Sample(
                label=name,
                values=tuple(
                    v for v in comparison.values[name] if v is not None and math.isfinite(v)
                ),
                mean=e.mean if e.n else None,
                interval=(e.ci_low, e.ci_high) if e.n > 1 else None,
            )
            for name, e in estimates.items()
        ),
    )


def _costs(outcomes: Outcomes, dataset: str, title: str) -> Iterator[Scatter]:
    there = [run for name in outcomes.shown for run in outcomes.runs[name]]
    sizes = {run.result.parameters for run in there}
    if max(sizes) > NOTICEABLE * min(sizes):
        yield _scatter(
            outcomes,
            f"{dataset}-parameters",
            f"{title} against size",
            "parameters",
            lambda run: run.result.parameters,
        )
    if any(run.timings for run in there):
        yield _scatter(
            outcomes,
            f"{dataset}-time",
            f"{title} against time",
            "training time (s an epoch)",
            _seconds_an_epoch,
            "; time: on the machines that ran it",
        )


def _scatter(
    outcomes: Outcomes,
    name: str,
    title: str,
    label: str,
    cost: Callable[[Run], float],
    remark: str = "",
) -> Scatter:
    clouds = []
    for variant in outcomes.shown:
        runs = outcomes.runs[variant]
        e = outcomes.comparison.estimates[variant]
        spent_by = [cost(run) for run in runs if run.result.status == "ok"]
        costs = [value for value in spent_by if not math.isnan(value)]
        if costs:
            spent = estimate(costs)
            clouds.append(
                Cloud(
                    label=variant,
                    x=(spent.mean,),
                    y=(e.mean,),
                    x_spread=_spread(spent.std),
                    y_spread=_spread(e.std),
                )
            )
    counts = [outcomes.comparison.estimates[cloud.label].n for cloud in clouds]
    return Scatter(
        name=name,
        title=title,
        caption=f"mean ± standard deviation over the seeds, {seeds_text(counts)} a variant{remark}",
        x=Axis(label=label),
        y=Axis(label=f"test {outcomes.metric} (%)", is_share=True),
        clouds=tuple(clouds),
    )


def _spread(std: float) -> tuple[float, ...]:
    return () if math.isnan(std) else (std,)


def _seconds_an_epoch(run: Run) -> float:
    # The median, because the first epoch includes warm-up.
    return statistics.median(t.duration_s for t in run.timings) if run.timings else math.nan
