"""Per-seed values of a study's conditions, for gates and for comparisons between stores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from poolbench.app.results import Results
from poolbench.core.cell import Cell
from poolbench.core.document import Bounded, Count, Facts, Positive
from poolbench.core.gate import AREA, LEAST, Loss
from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Analysis, Metric, Study

_VERSIONS = ("poolbench", "python", "torch", "numpy", "cpu", "gpu")


@dataclass(frozen=True, kw_only=True)
class SeedValues:
    """The values of one run.

    Args:
        seed: Seed of the run.
        run: Id of the run.
        status: ``ok``, ``diverged``, or ``missing`` for a cell without a result.
        values: Value by metric, shares as fractions in [0, 1], ``None`` if the probe failed. A
            diverged run has no accuracy; what was not measured is left out.
    """

    seed: Count
    run: str
    status: Literal["ok", "diverged", "missing"]
    values: Mapping[str, Bounded | None]

    def __post_init__(self) -> None:
        for metric in get_args(Metric):
            if not 0 <= (self.values.get(metric) or 0.0) <= 1:
                raise ValueError(f"{metric} is no fraction: {self.values[metric]}")

    def of(self, metric: str) -> float | None:
        """Return a metric's value: NaN if the run or the probe diverged, ``None`` if missing."""
        if metric not in self.values:
            return math.nan if self.status == "diverged" else None
        value = self.values[metric]
        return math.nan if value is None else value


@dataclass(frozen=True, kw_only=True)
class ConditionValues:
    """The values of all seeds of one variant on one data set.

    Args:
        dataset: Name of the data set.
        variant: Label in the suite.
        condition: Identity of its cells without their seeds.
        seeds: Values of each seed, in the suite's order.
        settings: By area or lowest point, the probe with the options that all runs were measured
            with, and where an attack's area ends if that leaves out epsilons.
        classes: Number of classes of the data; ``None`` if no run tells it.
        identity: What ``condition`` is the hash of; ``None`` in baselines of older versions.
    """

    dataset: str
    variant: str
    condition: str
    seeds: tuple[SeedValues, ...]
    settings: Mapping[str, str]
    classes: Positive | None = None
    identity: Facts | None = None

    @property
    def label(self) -> tuple[str, str]:
        """Data set and variant, which identify it in another store."""
        return self.dataset, self.variant

    def of(self, metric: str, seeds: Sequence[int]) -> list[float | None]:
        """Return a metric's values for the given seeds, ``None`` where missing."""
        values = {seed.seed: seed.of(metric) for seed in self.seeds}
        return [values.get(seed) for seed in seeds]

    def lost(self, classes: int | None) -> dict[Loss, int]:
        """Return how many runs diverged, and how many collapsed if the classes are known.

        Args:
            classes: Number of classes of the data.
        """
        from poolbench.stats.collapse import collapse_level, count_collapsed

        lost: dict[Loss, int] = {"diverged": sum(s.status == "diverged" for s in self.seeds)}
        if classes is not None:
            accuracies = [seed.of("accuracy") for seed in self.seeds]
            level = collapse_level(classes)
            lost["collapsed"] = count_collapsed(accuracies, level, lower_is_better=False)
        return lost


@dataclass(frozen=True, kw_only=True)
class StudyValues:
    """The values of all runs of one study.

    Args:
        title: Title of the study.
        analysis: How to evaluate its results.
        versions: Distinct software and hardware of its runs.
        conditions: One for each data set and variant.
    """

    title: str
    analysis: Analysis
    versions: tuple[Facts, ...]
    conditions: tuple[ConditionValues, ...]


def values_of(results: Results) -> StudyValues:
    """Return the values of a study's cells, by its own probes if it has any, else by all."""
    study, runs = results.study, results.runs
    measurements = results.measured_by(study.probes) if study.probes else results.measurements
    versions: dict[str, Mapping[str, Any]] = {}
    for run in (runs[cell.id] for cell in study.cells if cell.id in runs):
        facts = {key: run.environment.get(key) for key in _VERSIONS}
        versions[str(facts)] = facts
    figures = _figures(study, runs, measurements)
    return StudyValues(
        title=study.title,
        analysis=study.analysis,
        versions=tuple(versions.values()),
        conditions=tuple(
            _condition_values(dataset, variant, cells, runs, figures.get((dataset, variant), {}))
            for dataset, variant, cells in study.conditions()
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One number of each curve of a probe on one condition, one per cell in the suite's order."""

    settings: str
    values: Sequence[float | None]


def _figures(
    study: Study, runs: Mapping[str, Run], measurements: Mapping[str, Sequence[Measurement]]
) -> Mapping[tuple[str, str], Mapping[str, _Figure]]:
    """Return areas and lowest points as probe tables show them, by (data set, variant) and metric.

    The worst case over several attacks is left out: it has no name in a gate.
    """
    from poolbench.report.robustness.sweeps import sweeps_of

    found: dict[tuple[str, str], dict[str, list[_Figure]]] = {}
    for sweep in sweeps_of(study, runs, measurements):
        if sweep.is_worst_case:
            continue
        settings = str(sweep.probe)
        if sweep.settings_beyond:
            settings += f", up to epsilon {sweep.last_epsilon:g}"
        for variant, outcomes in sweep.outcomes.items():
            if all(outcome.measurement is None for outcome in outcomes):
                continue
            of_condition = found.setdefault((sweep.dataset, variant), {})
            # A single point has no area, and no point no lowest one either.
            for suffix, values_of_seeds, fewest in (
                (AREA, sweep.areas, 2),
                (LEAST, sweep.least, 1),
            ):
                if len(sweep.area_settings) >= fewest:
                    of_condition.setdefault(f"{sweep.probe.name}{suffix}", []).append(
                        _Figure(settings=settings, values=values_of_seeds(variant))
                    )
    # A gate names a probe without its settings: with several, the number is ambiguous.
    return {
        condition: {metric: each[0] for metric, each in by_metric.items() if len(each) == 1}
        for condition, by_metric in found.items()
    }


def _condition_values(
    dataset: str,
    variant: str,
    cells: Sequence[Cell],
    runs: Mapping[str, Run],
    figures: Mapping[str, _Figure],
) -> ConditionValues:
    return ConditionValues(
        dataset=dataset,
        variant=variant,
        condition=cells[0].condition,
        seeds=tuple(
            _seed_values(
                cell,
                runs.get(cell.id),
                {metric: each.values[at] for metric, each in figures.items()},
            )
            for at, cell in enumerate(cells)
        ),
        settings={metric: each.settings for metric, each in figures.items()},
        classes=next((runs[cell.id].result.classes for cell in cells if cell.id in runs), None),
        identity=cells[0].settings,
    )


def _seed_values(cell: Cell, run: Run | None, figures: Mapping[str, float | None]) -> SeedValues:
    if run is None:
        return SeedValues(seed=cell.seed, run=cell.id, status="missing", values={})
    result = run.result
    values: dict[str, float | None] = {"parameters": result.parameters}
    if result.status == "ok":
        values |= {metric: result.value(metric) for metric in get_args(Metric)}
        values |= {
            metric: None if math.isnan(value) else value
            for metric, value in figures.items()
            if value is not None
        }
    return SeedValues(seed=cell.seed, run=cell.id, status=result.status, values=values)
