"""Angle contraction of untrained networks, beside the accuracy they reach when trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from poolbench.app.results import read_results
from poolbench.app.study import load_study
from poolbench.app.suites import command
from poolbench.core.cell import Cell
from poolbench.core.contraction import ContractionSettings, Observed
from poolbench.core.counted import counted
from poolbench.core.errors import NothingMatched
from poolbench.core.events import Event
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Chart
from poolbench.report.contraction.charts import similarity_charts
from poolbench.report.contraction.options import option_charts
from poolbench.report.contraction.prediction import (
    Key,
    Subject,
    accuracy_table,
    as_published,
    prediction_chart,
    prediction_table,
    subjects_of,
)
from poolbench.report.contraction.rates import rates_chart, rates_table
from poolbench.report.contraction.similarities import similarity_table
from poolbench.report.studies.differences import about_differences
from poolbench.report.table import Table


def observe(
    settings: ContractionSettings,
    *,
    store: Path,
    root: Path | None,
    device: str | None,
    on_event: Callable[[Event], None],
) -> list[Observed]:
    """Measure what the store lacks and return everything: :func:`runtime.contraction.observe`."""
    from poolbench.runtime import contraction

    return contraction.observe(settings, store=store, root=root, device=device, on_event=on_event)


def report(
    experiment: Experiment[ContractionSettings],
    observed: Sequence[Observed],
    *,
    store: Path,
    root: Path | None = None,
) -> tuple[list[Table], list[Chart]]:
    """Return the tables and charts of an experiment.

    Args:
        experiment: The experiment.
        observed: Its results.
        store: Store of the trained networks, for an experiment that compares with their accuracy.
        root: Folder of data sets.

    Raises:
        NothingMatched: None of those networks is trained, and no accuracies are published.
        BadInput: The suite that trains them is invalid.
    """
    name = Path(experiment.origin).stem or "contraction"
    if experiment.settings.accuracy_of:
        return _predictions(experiment, _trained(experiment, observed, store, root), name)
    similarities = similarity_table(experiment, observed)
    tables = [similarities.with_deviations(experiment.deviations)]
    if experiment.settings.sweep is None:
        by_option = option_charts(experiment, observed, name)
        # A source that is a single pair has nothing to scatter.
        is_scattered = any(len(seed.inputs) > 1 for each in observed for seed in each.seeds)
        pictures = similarity_charts(experiment, observed, name) if is_scattered else []
        return tables, [*by_option, *pictures]
    return [*tables, rates_table(experiment, observed)], [rates_chart(experiment, observed, name)]


@dataclass(frozen=True, kw_only=True)
class _Trained:
    """Measured operators with their accuracies, and what is to be said of the training."""

    subjects: Sequence[Subject]
    is_reduced: bool
    notes: tuple[str, ...]


def _predictions(
    experiment: Experiment[ContractionSettings], trained: _Trained, name: str
) -> tuple[list[Table], list[Chart]]:
    """Return the tables and charts of trained networks, then those of the published accuracies."""
    subjects = trained.subjects
    notes, is_reduced = trained.notes, trained.is_reduced
    accuracies = accuracy_table(experiment, subjects, is_reduced=is_reduced, notes=notes)
    tables = [accuracies.with_deviations(experiment.deviations)]
    charts: list[Chart] = []
    if any(subject.accuracies for subject in subjects):
        tables.append(prediction_table(experiment, subjects))
        charts.append(prediction_chart(experiment, subjects, name))
    if published := as_published(subjects):
        printed = replace(experiment, title=f"{experiment.title} · published accuracies")
        tables.append(prediction_table(printed, published))
        charts.append(prediction_chart(printed, published, f"{name}-published"))
    return tables, charts


def _trained(
    experiment: Experiment[ContractionSettings],
    observed: Sequence[Observed],
    store: Path,
    root: Path | None,
) -> _Trained:
    """Return every measured operator with the accuracies of the networks trained with it."""
    settings = experiment.settings
    suite = Path(experiment.origin).parent / settings.accuracy_of
    study = load_study(suite, profile=experiment.profile or None, root=root)
    runs = read_results(study, store).runs
    nothing = "" if runs else f"no network of {suite} is trained in {store}"
    advice = f"train them: {command('train', study, store)}"
    if nothing and not settings.published_accuracy:
        raise NothingMatched(nothing, advice)
    accuracies: dict[Key, list[float]] = {}
    for cell in study.cells:
        key = _key(cell, settings)
        if key is not None and cell.id in runs:
            accuracies.setdefault(key, []).append(runs[cell.id].result.accuracy)
    notes = [note for dataset in study.datasets for note in about_differences(study, dataset)]
    # The numbers are the contraction suite's: what the training suite leaves out is a difference.
    limits = sorted({cell.data.limit for cell in study.cells if cell.data.limit is not None})
    notes += [f"trained on at most {counted(limit, 'image')} of each split" for limit in limits]
    return _Trained(
        subjects=subjects_of(settings, observed, accuracies),
        is_reduced=bool(limits) or any(d.is_incomparable for d in study.analysis.differences),
        notes=(f"{nothing}; {advice}",) if nothing else tuple(notes),
    )


def _key(cell: Cell, settings: ContractionSettings) -> Key | None:
    """Return the key of a trained network among the untrained ones; ``None`` if it has none."""
    head = cell.model.pools.get("head")
    for network, named in settings.networks.items():
        for source in settings.data:
            for pool, operator in settings.pools.items():
                if (named, source.source, operator) == (
                    cell.model.network,
                    cell.data.source,
                    head,
                ):
                    return network, source.label, pool
    return None
