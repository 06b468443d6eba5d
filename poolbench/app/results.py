"""The results of a study in a store: read once, for all its tables, charts and pages."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from poolbench.app.pairing import as_declared
from poolbench.app.plugin_notes import notes_of_plugins
from poolbench.app.search_notes import first_steps
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged, passed_over
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched, did_you_mean
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.core.named import Named
from poolbench.core.reading import without_cycles
from poolbench.core.record import Run
from poolbench.core.study import Analysis, Rule, Study
from poolbench.data import DATASETS
from poolbench.probes import PROBES
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How to read results, where it differs from the suite; ``None`` keeps the suite's setting.

    Args:
        rule: ``set``, ``paper`` or ``holm``.
        baseline: A variant.
        alpha: Significance level of the tests, in (0, 1).
        margin: Equivalence margin, in percentage points above 0.
        target: Validation accuracy, in (0, 1], to show the first epoch that reaches it.
        images: Whether to compare variants on the test images too.
    """

    rule: str | None = None
    baseline: str | None = None
    alpha: float | None = None
    margin: float | None = None
    target: float | None = None
    images: bool | None = None

    def applied_to(self, study: Study) -> Study:
        """Return the study with the reading applied to its analysis.

        Raises:
            BadInput: The rule or baseline is unknown, or the level or margin is out of range.
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
            if not 0 < self.margin < math.inf:
                raise BadInput(f"margin is {self.margin:g}", "give percentage points above 0")
            analysis = replace(analysis, margin=self.margin)
        variants = study.whole.variants
        if self.baseline is not None and self.baseline not in variants:
            raise BadInput(
                f"baseline '{self.baseline}' is not a variant of this suite",
                did_you_mean(self.baseline, variants),
            )
        if self.baseline is not None and self.baseline != study.baseline:
            analysis = replace(analysis, is_baseline_chosen=True)
        return replace(study, analysis=analysis, baseline=self.baseline or study.baseline)


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of a study in a store.

    Args:
        study: The study, with its cells and analysis.
        store: The store with everything else: weights, checkpoints, sizes.
        runs: Finished runs by cell id, of the whole suite; the others are missing.
        measurements: Measurements of the run's weights by cell id, for runs that have any.
        damaged_runs: What is wrong with runs that count as missing, one sentence each.
        damaged_measurements: What is wrong with measurements that count as missing.
        target: Validation accuracy, to show the first epoch that reaches it; ``None`` for none.
        with_images: Whether variants are compared on the test images too.
        about_plugins: Which of the study's plug-ins are not loaded, or are another version.
    """

    study: Study
    store: Store
    runs: Mapping[str, Run]
    measurements: Mapping[str, tuple[Measurement, ...]]
    damaged_runs: tuple[str, ...]
    damaged_measurements: tuple[str, ...]
    target: float | None
    with_images: bool = False
    about_plugins: tuple[str, ...] = ()

    @property
    def damaged(self) -> tuple[str, ...]:
        """What is wrong with runs and with measurements."""
        return *self.damaged_runs, *self.damaged_measurements

    @property
    def about_newer(self) -> tuple[str, ...]:
        """What a newer version noted in the store besides, a sentence; none if nothing."""
        return passed_over(str(self.store.path), self.store.unread)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the runs as a whole, a sentence each."""
        return *self.damaged_runs, *self.about_plugins, *self.about_newer

    @property
    def whole(self) -> Results:
        """The results with every variant and seed of the suite, whichever are selected."""
        return replace(self, study=self.study.whole)

    @property
    def parts(self) -> tuple[Results, ...]:
        """The results of each network of the study alone; themselves if it has one."""
        return tuple(replace(self, study=part) for part in self.study.parts)

    def require_runs(self) -> None:
        """Check that there is at least one run.

        Raises:
            NothingMatched: No cell is finished.
        """
        if not any(cell.id in self.runs for cell in self.study.cells):
            count, title = len(self.study.cells), self.study.title
            notes = "".join(f"\n  {note}" for note in self.about_plugins)
            raise NothingMatched(
                f"none of the cells of '{title}' ({count}) is finished in {self.store.path}{notes}",
                first_steps(self.study, self.store),
            )

    def measured_by(self, probes: Collection[Named]) -> dict[str, tuple[Measurement, ...]]:
        """Return the measurements of these probes only, in their order."""
        chosen = {}
        for cell_id, found in self.measurements.items():
            by_key = {each.key: each for each in found}
            keys = [measurement_key(probe, found[0].network) for probe in probes]
            chosen[cell_id] = tuple(by_key[key] for key in keys if key in by_key)
        return chosen


@without_cycles()
def read_results(study: Study, store_path: Path, reading: Reading | None = None) -> Results:
    """Read every run of a study with its measurements.

    Args:
        study: The study; a run shared by several labels appears under each.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results; ``None`` for the study's own analysis.

    Raises:
        BadInput: The reading cannot be applied to the study.
        EnvironmentFault: There is no store, or it cannot be read.
    """
    reading = reading or Reading()
    store = Store(store_path)
    study = as_declared(reading.applied_to(study), store)
    runs: dict[str, Run] = {}
    measurements: dict[str, tuple[Measurement, ...]] = {}
    damaged_runs: list[str] = []
    damaged_measurements: list[str] = []
    for cell in study.whole.cells:
        try:
            runs[cell.id] = with_classes(store.read(cell.id))
        except FileNotFoundError:
            continue
        except Damaged as error:
            message = f"{cell}: {error}; counted as missing, `poolbench train` redoes it"
            damaged_runs.append(message)
            continue
        except EnvironmentFault as error:
            damaged_runs.append(f"{cell}: {error.message}; counted as missing: {error.hint}")
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
        with_images=bool(reading.images),
        about_plugins=notes_of_plugins(study, store, measurements),
    )


def _measurements(store: Store, cell: Cell, run: Run) -> tuple[tuple[Measurement, ...], list[str]]:
    """Return the measurements of a run's weights, and what is wrong with damaged files."""
    found, damaged = [], []
    try:
        keys = [*store.measurement_keys(cell.id)]
    except EnvironmentFault as error:
        return (), [f"{cell}: {error.message}; counted as missing: {error.hint}"]
    for key in keys:
        try:
            measurement = store.measurement(cell.id, key)
        except (Damaged, FileNotFoundError) as error:
            message = f"{cell}: {error}; counted as missing, `poolbench robustness` redoes it"
            damaged.append(message)
        except EnvironmentFault as error:
            damaged.append(f"{cell}: {error.message}; counted as missing: {error.hint}")
        else:
            # Skip measurements of replaced weights.
            if measurement.network == run.network:
                found.append(_with_axis(measurement))
    return tuple(sorted(found, key=lambda made: str(made.probe))), damaged


def with_classes(run: Run) -> Run:
    """Return a run with its number of classes, where that was not noted with it yet."""
    source = run.cell.data.source
    if run.result.classes is not None or source.name not in DATASETS:
        return run
    classes = DATASETS[source.name].classes_of(source.options)
    return replace(run, result=replace(run.result, classes=classes))


def _with_axis(measurement: Measurement) -> Measurement:
    """Return a measurement with what its probe is over, where that was not noted with it yet."""
    if measurement.axis:
        return measurement
    name, options = measurement.probe.name, measurement.probe.options
    if name in PROBES:
        return replace(measurement, axis=PROBES[name].axis, norm=PROBES[name].norm)
    # A plug-in's that is not loaded: nothing else tells what its settings were.
    return replace(measurement, axis="size_px" if "sizes" in options else "epsilon")


def stored_studies(store_path: Path) -> list[Study]:
    """Return the studies in a store, oldest first.

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
