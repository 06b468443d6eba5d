"""What a store holds of a study: read once, for every table, chart and page made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from poolbench.app.suites import command
from poolbench.core.cell import Cell, Named
from poolbench.core.errors import BadInput, NothingMatched, did_you_mean
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.core.record import Run
from poolbench.core.study import Analysis, Rule, Study
from poolbench.store.documents import Damaged
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the user wants results read, where it differs from the suite; ``None`` keeps it.

    Args:
        rule: ``set``, ``paper`` or ``holm``.
        baseline: A variant.
        alpha: Level of the tests, in (0, 1).
        margin: Equivalence margin, in percentage points.
        target: Validation accuracy, in (0, 1], whose first epoch is asked for too.
    """

    rule: str | None = None
    baseline: str | None = None
    alpha: float | None = None
    margin: float | None = None
    target: float | None = None

    def applied_to(self, study: Study) -> Study:
        """Return the study with the reading in place of its own analysis.

        Raises:
            BadInput: An unknown rule or baseline, or a level or margin out of range.
        """
        analysis: Analysis = study.analysis
        if self.rule is not None:
            rules = get_args(Rule)
            if self.rule not in rules:
                raise BadInput(f"unknown rule '{self.rule}'", did_you_mean(self.rule, rules))
            analysis = replace(analysis, rule=self.rule)  # type: ignore[arg-type]
        if self.alpha is not None:
            if not 0 < self.alpha < 1:
                raise BadInput(f"alpha is {self.alpha:g}", "give a level in (0, 1), such as 0.05")
            analysis = replace(analysis, alpha=self.alpha)
        if self.margin is not None:
            if not self.margin > 0:
                raise BadInput(f"margin is {self.margin:g}", "give percentage points above 0")
            analysis = replace(analysis, margin=self.margin)
        if self.baseline is not None and self.baseline not in study.variants:
            raise BadInput(
                f"baseline '{self.baseline}' is no variant of this suite",
                did_you_mean(self.baseline, study.variants),
            )
        return replace(study, analysis=analysis, baseline=self.baseline or study.baseline)


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a store holds of a study.

    Args:
        study: Which cells there should be, and how they are to be read.
        store: Where the rest is: weights, checkpoints, sizes.
        runs: Cell id to finished run; the others are missing.
        measurements: Cell id to what probes found on its weights, for runs that have any.
        damaged_runs: What is wrong with runs that count as missing, one sentence each.
        damaged_measurements: The same of measurements.
        target: Validation accuracy whose first epoch is asked for; ``None`` for none.
    """

    study: Study
    store: Store
    runs: Mapping[str, Run]
    measurements: Mapping[str, tuple[Measurement, ...]]
    damaged_runs: tuple[str, ...]
    damaged_measurements: tuple[str, ...]
    target: float | None

    @property
    def damaged(self) -> tuple[str, ...]:
        """What is wrong with runs and with measurements."""
        return *self.damaged_runs, *self.damaged_measurements

    def require_runs(self) -> None:
        """Refuse to go on with nothing.

        Raises:
            NothingMatched: Not one cell is finished.
        """
        if not self.runs:
            count, title = len(self.study.cells), self.study.title
            raise NothingMatched(
                f"none of the {count} cells of '{title}' is finished in {self.store.path}",
                f"train them: {command('train', self.study, self.store.path)}",
            )

    def measured_by(self, probes: Collection[Named]) -> dict[str, tuple[Measurement, ...]]:
        """Return of the measurements only what these probes found, in their order."""
        chosen = {}
        for cell_id, found in self.measurements.items():
            by_key = {each.key: each for each in found}
            keys = [measurement_key(probe, found[0].network) for probe in probes]
            chosen[cell_id] = tuple(by_key[key] for key in keys if key in by_key)
        return chosen


def read_results(study: Study, store_path: Path, reading: Reading | None = None) -> Results:
    """Read every run of a study, and all that was measured on it.

    Args:
        study: Its cells are looked for; a run is there under every label it goes by.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results; as the study says without one.

    Raises:
        BadInput: The reading cannot be applied to the study.
        EnvironmentFault: There is no store, or it cannot be read.
    """
    reading = reading or Reading()
    study, store = reading.applied_to(study), Store(store_path)
    runs: dict[str, Run] = {}
    measurements: dict[str, tuple[Measurement, ...]] = {}
    damaged_runs: list[str] = []
    damaged_measurements: list[str] = []
    for cell in study.cells:
        try:
            runs[cell.id] = store.read(cell.id)
        except FileNotFoundError:
            continue
        except Damaged as error:
            words = f"{cell}: {error}; counted as missing, `poolbench train` redoes it"
            damaged_runs.append(words)
            continue
        found, damaged = _measurements(store, cell, runs[cell.id])
        damaged_measurements += damaged
        if found:
            measurements[cell.id] = found
    return Results(
        study=study,
        store=store,
        runs=runs,
        measurements=measurements,
        damaged_runs=tuple(damaged_runs),
        damaged_measurements=tuple(damaged_measurements),
        target=reading.target,
    )


def _measurements(store: Store, cell: Cell, run: Run) -> tuple[tuple[Measurement, ...], list[str]]:
    """Return what was found on a run's weights, and what is wrong with damaged files."""
    found, damaged = [], []
    for key in store.measurement_keys(cell.id):
        try:
            measurement = store.measurement(cell.id, key)
        except Damaged as error:
            words = f"{cell}: {error}; counted as missing, `poolbench robustness` redoes it"
            damaged.append(words)
        else:
            # Weights that were replaced have other findings.
            if measurement.network == run.network:
                found.append(measurement)
    return tuple(sorted(found, key=lambda made: str(made.probe))), damaged


def stored_studies(store_path: Path) -> list[Study]:
    """Return the studies a store remembers, oldest first.

    Raises:
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: There is no study in it.
    """
    studies = list(Store(store_path).studies())
    if not studies:
        raise NothingMatched(
            f"no suite was trained in the store {store_path}", "train one: poolbench train smoke"
        )
    return studies
