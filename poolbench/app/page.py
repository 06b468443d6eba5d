"""A study as a page: its question, its results, and how to reproduce them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from poolbench import __version__
from poolbench.app.images import image_findings
from poolbench.app.plan import plan_of
from poolbench.app.report import (
    early_tables,
    learning_charts,
    measured_charts,
    measured_tables,
    outcome_charts,
    outcome_tables,
    overall_charts,
    overall_tables,
)
from poolbench.app.results import Results
from poolbench.app.suites import command
from poolbench.app.tune import searched, tuning_charts, tuning_tables
from poolbench.core.errors import EnvironmentFault
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.operators import OPERATORS
from poolbench.report.overall.answer import overall_answer
from poolbench.report.overall.conditions import conditions_of
from poolbench.report.page import Page, Section
from poolbench.report.studies.answer import answer
from poolbench.report.studies.differences import about_differences
from poolbench.report.studies.environments import environments_table
from poolbench.report.studies.outcomes import outcomes_of
from poolbench.report.studies.starts import about_parts


def page_of(results: Results, root: Path | None = None) -> Page:
    """Return a page of everything that a store holds of a study.

    Args:
        results: The results.
        root: Folder of data sets, for the test images that tell variants apart.

    Raises:
        NothingMatched: No cell is finished.
        BadInput: As :func:`poolbench.app.report.early_tables`.
    """
    study, runs = results.study, results.runs
    sections = (
        Section(title="In short", paragraphs=tuple(_answers(study, runs))),
        Section(title="Differences", paragraphs=tuple(_differences(study))),
        Section(title="Not as in the source", paragraphs=study.deviations),
        Section(
            title="Results",
            tables=tuple(outcome_tables(results)),
            charts=tuple(outcome_charts(results)),
        ),
        Section(
            title="Overall",
            tables=tuple(overall_tables(results)),
            charts=tuple(overall_charts(results)),
        ),
        _images(results, root),
        Section(
            title="Learning",
            tables=tuple(early_tables(results)),
            charts=tuple(learning_charts(results)),
        ),
        Section(
            title="Robustness",
            tables=tuple(measured_tables(results)),
            charts=tuple(measured_charts(results)),
        ),
        _search(results),
        _drift(results),
        Section(title="Plan", tables=tuple(plan_of(results)), is_folded=True),
        Section(title="Environment", tables=(environments_table(runs),), is_folded=True),
        Section(title="Reproduce", commands=commands(study)),
    )
    return Page(
        title=study.heading,
        question=_question(study),
        facts=tuple(_facts(study, runs)),
        sections=tuple(s for s in sections if s.paragraphs or s.tables or s.charts or s.commands),
        footer=f"poolbench {__version__}",
    )


def commands(study: Study) -> tuple[str, ...]:
    """Return the commands that train and measure a study again."""
    verbs = ("train", "robustness") if study.probes else ("train",)
    return tuple(command(verb, study) for verb in verbs)


def _question(study: Study) -> str:
    networks = dict.fromkeys(cell.network_label or cell.model.network.name for cell in study.cells)
    return (
        f"{len(study.variants)} ways of pooling in {', '.join(networks)}, on "
        f"{', '.join(study.datasets)}: which has the best {study.analysis.metric}"
        + (f", and is any better than {study.baseline}?" if study.baseline else "?")
    )


def _facts(study: Study, runs: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    recipe = study.cells[0].recipe
    finished = sum(cell.id in runs for cell in study.cells)
    yield "cells", f"{finished} of {len(study.cells)} finished"
    yield "seeds", f"{len(study.seeds)}"
    yield "epochs", str(recipe.epochs)
    yield "batch", str(recipe.batch_size)
    yield "optimiser", recipe.optimizer.name
    yield from about_parts(recipe)
    yield from _maps(study, runs)
    if study.profile:
        yield "profile", study.profile
    if study.source:
        parts = (f"{'' if k == 'paper' else f'{k} '}{v}" for k, v in study.source.items())
        yield "source", ", ".join(parts)


def _maps(study: Study, runs: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    """Yield the maps that networks pool, if all data sets and networks have the same."""
    found: dict[str, set[str]] = {}
    for cell in study.cells:
        if cell.id in runs:
            for site, maps in (runs[cell.id].result.pooled or {}).items():
                found.setdefault(site, set()).add(str(maps))
    if found and all(len(each) == 1 for each in found.values()):
        yield "maps", "; ".join(f"{site} {each.pop()}" for site, each in found.items())


def _answers(study: Study, runs: Mapping[str, Run]) -> Iterator[str]:
    for part in study.parts:
        for dataset in study.datasets:
            text = answer(outcomes_of(part, dataset, runs))
            has_one = len(study.parts) * len(study.datasets) == 1
            yield text if has_one else f"{part.condition_on(dataset)}: {text}"
    if (conditions := conditions_of(study, runs)) is not None:
        yield overall_answer(conditions)


def _differences(study: Study) -> Iterator[str]:
    for dataset in study.datasets:
        for text in about_differences(study, dataset, is_compared=True):
            yield f"{dataset}: {text}" if len(study.datasets) > 1 else text


def _images(results: Results, root: Path | None) -> Section:
    """Return the section on what the networks answer to the test images."""
    made, charts = image_findings(results, root)
    return Section(title="Test images", tables=tuple(made), charts=tuple(charts))


def _search(results: Results) -> Section:
    """Return the section on the search for recipes, empty if nothing was searched for."""
    study = results.study
    if study.search is None:
        return Section(title="Search")
    try:
        found = searched(study, results.store)
    except EnvironmentFault as error:
        # The rest of the page needs no Optuna.
        left_out = f"Left out: {error.message}; {error.hint}."
        return Section(title="Search", paragraphs=(left_out,))
    if not any(each.history for each in found):
        return Section(title="Search")
    return Section(
        title="Search",
        tables=tuple(tuning_tables(study, found)),
        charts=tuple(tuning_charts(study, found)),
    )


def _drift(results: Results) -> Section:
    """Return the section on learned pooling parameters, empty if nothing is learned."""
    title = "Learned pooling parameters"
    pools = [pool for cell in results.study.cells for pool in cell.model.pools.values()]
    # An operator that is not loaded may learn too; the table says what is unknown about it.
    learning = [p for p in pools if p.name not in OPERATORS or OPERATORS[p.name].learns]
    if not any(pool.options.get("learn") != "none" for pool in learning):
        return Section(title=title)
    # Building operators for their initial values needs torch.
    from poolbench.app.drift import drift

    made, charts = drift(results)
    if not charts:
        return Section(title=title)
    return Section(title=title, tables=tuple(made), charts=tuple(charts))
