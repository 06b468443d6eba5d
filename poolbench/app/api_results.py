"""The Python API of results: what the commands ``robustness`` and ``report`` do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poolbench.app.api_inputs import (
    AGAIN,
    Source,
    engine_for,
    settings_from,
    study_from,
    suite_or_store,
    within,
)

if TYPE_CHECKING:
    from poolbench.report.findings import Findings


def robustness(
    source: Source = None,
    *,
    attack: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
    epsilons: Sequence[float] | float | None = None,
    sizes: Sequence[int] | int | None = None,
    store: str | Path = "runs",
    device: str | None = None,
    jobs: int | None = None,
    engine: str | None = None,
    data_root: str | Path | None = None,
    progress: bool | None = None,
) -> Findings:
    """Measure trained networks under attack or at other image sizes, as ``poolbench robustness``.

    Nothing is trained, and no measurement is repeated.

    Args:
        source: A suite as :func:`load_suite` takes it, or what it returned; a store, by its folder
            or as :func:`open_store` returned it, for every run in it, or the runs that its
            ``select`` returned; ``None`` for ``store``.
        attack: A probe, by its name in ``poolbench list probes`` or with options, such as
            ``{"name": "pgd", "steps": 20}``, or several of them; by default the suite's own.
        epsilons: Strengths of attacks, ascending, or one; pixels are in [0, 1].
        sizes: Sides of images in pixels, ascending, or one.
        store: Folder of the run store.
        device: As for :func:`train`.
        jobs: As for :func:`train`.
        engine: As for :func:`train`.
        data_root: As for :func:`train`.
        progress: As for :func:`train`.

    Returns:
        Tables and charts of these probes.

    Raises:
        BadInput: The suite, a probe or an option is invalid, or there is no probe.
        CellsFailed: Some runs are not fully measured: which, and why. Its ``findings`` are the
            tables and charts of what is measured.
        EnvironmentFault: There is no store, or device, data or disk cannot be used.
        NothingMatched: No run is finished.
    """
    from poolbench.app.failures import UNMEASURED, refuse_failures
    from poolbench.app.notebook_progress import api_progress
    from poolbench.app.probe import ask, findings, open_count, probe, stored_runs
    from poolbench.app.results import read_results
    from poolbench.report.findings import Findings
    from poolbench.suite.probes import typed_attacks
    from poolbench.suite.spelling import argument

    attacks, options = typed_attacks(attack, {"epsilons": epsilons, "sizes": sizes})
    suite, folder = suite_or_store(source, store)
    if suite is None:
        studies = within(source, stored_runs(folder, attacks, options, argument))
    else:
        studies = [ask(study_from(suite, data_root), attacks, options, argument)]
    failed: dict[str, str] = {}
    for study in studies:
        chosen = engine or engine_for(study, jobs)
        settings = settings_from(folder, device, jobs, chosen, data_root)
        with api_progress(open_count(study, folder), progress) as listen:
            failed |= probe(study, settings, listen).failed
    tables, charts = findings([read_results(study, folder) for study in studies])
    found = Findings(tuple(tables), tuple(charts))
    refuse_failures(failed, UNMEASURED, findings=found, again=AGAIN)
    return found


def report(
    source: Source = None,
    *,
    store: str | Path = "runs",
    rule: str | None = None,
    baseline: str | None = None,
    alpha: float | None = None,
    margin: float | None = None,
    target: float | None = None,
    images: bool = False,
    data_root: str | Path | None = None,
) -> Findings:
    """Return the results of a suite, or of every study in a store, as ``poolbench report`` does.

    Nothing is trained, and the store may be read-only.

    Args:
        source: As for :func:`robustness`.
        store: Folder of the run store.
        rule: ``set``, ``paper`` or ``holm``; ``None`` for the suite's.
        baseline: A variant; ``None`` for the suite's.
        alpha: Significance level, in (0, 1); ``None`` for the suite's.
        margin: Equivalence margin, in percentage points above 0; ``None`` for the suite's.
        target: Validation accuracy, in (0, 1], to show when it was reached.
        images: Whether to compare variants over seeds and test images, and image by image.
        data_root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.

    Raises:
        BadInput: The suite is invalid, or cannot be read so.
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: No run is finished.
    """
    from poolbench.app.report import charts, named_apart, tables
    from poolbench.app.results import Reading, read_results, stored_studies
    from poolbench.report.findings import Findings

    reading = Reading(
        rule=rule, baseline=baseline, alpha=alpha, margin=margin, target=target, images=images
    )
    suite, folder = suite_or_store(source, store)
    studies = (
        within(source, stored_studies(folder)) if suite is None else [study_from(suite, data_root)]
    )
    results = [read_results(study, folder, reading) for study in studies]
    return Findings(
        tuple(table for each in results for table in tables(each)),
        tuple(named_apart({each.study.id: charts(each) for each in results})),
    )
