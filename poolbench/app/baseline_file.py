"""Per-seed values of a study's conditions: from a store, or from a file frozen earlier.

A frozen baseline is one sealed JSON file, small enough to be kept beside the code it watches over;
``poolbench list schemas baseline`` prints its schema.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from poolbench import __version__
from poolbench.app.results import Results, read_results
from poolbench.app.suites import command
from poolbench.core.atomic import write_whole
from poolbench.core.cell import Cell, Named
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.gate import AREA
from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Analysis, Metric, Study, analysis_from_json
from poolbench.probes import PROBES
from poolbench.store.documents import Damaged, seal, unseal

FORMAT = 1
KIND = "poolbench baseline"
_VERSIONS = ("poolbench", "python", "torch", "numpy", "cpu", "gpu")


@dataclass(frozen=True, kw_only=True)
class SeedValues:
    """What one run gave.

    Args:
        seed: Of the run.
        run: Its id.
        status: ``ok``, ``diverged``, or ``missing`` for a cell without a result.
        values: Metric to value, fractions for shares, and ``None`` where a probe failed; a diverged
            run has no accuracy, and what was not measured is not in it.
    """

    seed: int
    run: str
    status: Literal["ok", "diverged", "missing"]
    values: Mapping[str, float | None]

    def of(self, metric: str) -> float | None:
        """Return the value: NaN when run or probe diverged, ``None`` for what is not there."""
        if metric not in self.values:
            return math.nan if self.status == "diverged" else None
        value = self.values[metric]
        return math.nan if value is None else value


@dataclass(frozen=True, kw_only=True)
class ConditionValues:
    """What the seeds of one variant on one data set gave.

    Args:
        dataset: Name of the data set.
        variant: Label in the suite.
        condition: Identity of its cells without their seeds.
        seeds: In the suite's order.
        settings: Area to the one setting of its probe that all runs were measured with.
    """

    dataset: str
    variant: str
    condition: str
    seeds: tuple[SeedValues, ...]
    settings: Mapping[str, str]

    @property
    def label(self) -> tuple[str, str]:
        """What it is found by in another store: data set and variant."""
        return self.dataset, self.variant

    def of(self, metric: str, seeds: Sequence[int]) -> list[float | None]:
        """Return a metric's values over the seeds given; ``None`` for those it lacks."""
        values = {seed.seed: seed.of(metric) for seed in self.seeds}
        return [values.get(seed) for seed in seeds]


@dataclass(frozen=True, kw_only=True)
class StudyValues:
    """What the runs of one study gave.

    Args:
        title: The study's.
        analysis: How its results are read.
        versions: Distinct software and hardware its runs were made with.
        conditions: One for each data set and variant.
    """

    title: str
    analysis: Analysis
    versions: tuple[Mapping[str, Any], ...]
    conditions: tuple[ConditionValues, ...]


def values_of(results: Results) -> StudyValues:
    """Return the values of a study's cells; of its own probes, if it names any, and else of all."""
    study, runs = results.study, results.runs
    measurements = results.measured_by(study.probes) if study.probes else results.measurements
    versions: dict[str, Mapping[str, Any]] = {}
    for run in runs.values():
        facts = {key: run.environment.get(key) for key in _VERSIONS}
        versions[str(facts)] = facts
    areas = _areas(study, runs, measurements)
    return StudyValues(
        title=study.title,
        analysis=study.analysis,
        versions=tuple(versions.values()),
        conditions=tuple(
            _condition_values(dataset, variant, cells, runs, areas.get((dataset, variant), {}))
            for dataset, variant, cells in study.conditions()
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Areas:
    """Areas under the curves of one probe on one condition: one a cell, in the suite's order."""

    probe: Named
    values: Sequence[float | None]


def _areas(
    study: Study, runs: Mapping[str, Run], measurements: Mapping[str, Sequence[Measurement]]
) -> Mapping[tuple[str, str], Mapping[str, _Areas]]:
    """Return the areas that the tables of probes print, by data set and variant, and by metric."""
    from poolbench.report.robustness.sweeps import sweeps_of

    found: dict[tuple[str, str], dict[str, list[_Areas]]] = {}
    for sweep in sweeps_of(study, runs, measurements):
        if sweep.probe.name not in PROBES:
            continue  # a worst case over several attacks, which no gate can name
        if len(sweep.possible_settings) < 2:
            continue  # one point has no area
        for variant, outcomes in sweep.outcomes.items():
            if any(outcome.measurement is not None for outcome in outcomes):
                of_condition = found.setdefault((sweep.dataset, variant), {})
                of_condition.setdefault(f"{sweep.probe.name}{AREA}", []).append(
                    _Areas(probe=sweep.probe, values=sweep.areas(variant))
                )
    # Of a probe with several settings, no area is the one that a gate means.
    return {
        condition: {metric: areas[0] for metric, areas in by_metric.items() if len(areas) == 1}
        for condition, by_metric in found.items()
    }


def _condition_values(
    dataset: str,
    variant: str,
    cells: Sequence[Cell],
    runs: Mapping[str, Run],
    areas: Mapping[str, _Areas],
) -> ConditionValues:
    return ConditionValues(
        dataset=dataset,
        variant=variant,
        condition=cells[0].condition,
        seeds=tuple(
            _seed_values(
                cell, runs.get(cell.id), {metric: a.values[at] for metric, a in areas.items()}
            )
            for at, cell in enumerate(cells)
        ),
        settings={metric: str(each.probe) for metric, each in areas.items()},
    )


def _seed_values(cell: Cell, run: Run | None, areas: Mapping[str, float | None]) -> SeedValues:
    if run is None:
        return SeedValues(seed=cell.seed, run=cell.id, status="missing", values={})
    result = run.result
    values: dict[str, float | None] = {"parameters": result.parameters}
    if result.status == "ok":
        values |= {metric: result.value(metric) for metric in get_args(Metric)}
        values |= {
            metric: None if math.isnan(area) else area
            for metric, area in areas.items()
            if area is not None
        }
    return SeedValues(seed=cell.seed, run=cell.id, status=result.status, values=values)


def write_baseline(studies: Sequence[Study], store_path: Path, target: Path) -> tuple[int, int]:
    """Write the values of studies to a file that ``poolbench compare`` takes for a baseline.

    Args:
        studies: Whose runs.
        store_path: The store's folder; it may be read-only.
        target: The file; one that is there is replaced, wholly or not at all.

    Returns:
        How many runs are in it, and how many the studies asked for.

    Raises:
        NothingMatched: Not one run is finished.
        EnvironmentFault: The store cannot be read, or the file not written.
    """
    frozen = [values_of(read_results(study, store_path)) for study in studies]
    statuses = [seed.status for seed in _all_seeds(frozen)]
    finished = len(statuses) - statuses.count("missing")
    if not finished:
        raise NothingMatched(
            f"there is no finished run to freeze in {store_path}",
            f"train them: {command('train', studies[0], store_path)}",
        )
    document = {
        "format": FORMAT,
        "kind": KIND,
        "poolbench": __version__,
        "studies": [asdict(study) for study in frozen],
    }
    try:
        write_whole(target, lambda file: file.write(seal(document)))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error
    return finished, len(statuses)


def _all_seeds(studies: Sequence[StudyValues]) -> Iterator[SeedValues]:
    return (seed for study in studies for condition in study.conditions for seed in condition.seeds)


def read_baseline(path: Path) -> list[StudyValues]:
    """Read a frozen baseline.

    Raises:
        BadInput: It is missing, damaged, of a newer version, or something else.
    """
    try:
        document = unseal(path.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "name a frozen baseline") from None
    except Damaged as error:
        hint = "restore it, or write it again with: poolbench store freeze"
        raise BadInput(f"{path} is no sound baseline: {error}", hint) from None
    if document.get("kind") != KIND or not isinstance(document.get("format"), int):
        raise BadInput(f"{path} is no frozen baseline", "write one with: poolbench store freeze")
    if document["format"] > FORMAT:
        message = f"{path} was written by a newer version: format {document['format']}"
        raise BadInput(message, "upgrade poolbench")
    return [_study_from_json(study) for study in document["studies"]]


def _study_from_json(document: Mapping[str, Any]) -> StudyValues:
    conditions = (
        {**condition, "seeds": tuple(SeedValues(**seed) for seed in condition["seeds"])}
        for condition in document["conditions"]
    )
    return StudyValues(
        title=document["title"],
        analysis=analysis_from_json(document["analysis"]),
        versions=tuple(document["versions"]),
        conditions=tuple(ConditionValues(**condition) for condition in conditions),
    )
