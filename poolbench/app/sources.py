"""Stores and frozen baselines in one table: whose runs are replicates of whose, and whose are not.

Runs are compared by their condition, the hash of everything that changes a result but the seed. A
mean is taken over one condition alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from poolbench.app.baseline_file import read_baseline
from poolbench.app.results import read_results, stored_studies
from poolbench.app.seed_values import ConditionValues, SeedValues, StudyValues, values_of
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.identity_changes import identity_changes
from poolbench.core.study import Study
from poolbench.report.studies.sources import SourceRow, sources_table
from poolbench.report.table import Table

_UNTOLD = "another identity, which it does not tell: data, network, recipe or a revision"


@dataclass(frozen=True, kw_only=True)
class Source:
    """What one file or store holds.

    Args:
        name: As it was named.
        studies: Its studies, oldest first.
        notes: What is wrong with runs that count as missing, and what a newer version noted.
    """

    name: str
    studies: tuple[StudyValues, ...]
    notes: tuple[str, ...] = ()


def read_source(name: str) -> Source:
    """Read a frozen baseline or every study of a store.

    Raises:
        BadInput: The file is not a baseline.
        EnvironmentFault: The store cannot be read.
        NothingMatched: No suite was trained in the store.
    """
    path = Path(name)
    if path.suffix == ".json":
        frozen, newer = read_baseline(path)
        return Source(name=name, studies=frozen, notes=newer)
    results = [read_results(study, path) for study in stored_studies(path)]
    return Source(
        name=name,
        studies=tuple(values_of(part) for each in results for part in each.parts),
        notes=(
            *(f"{name}: {text}" for each in results for text in each.damaged),
            *dict.fromkeys(note for each in results for note in each.about_newer),
        ),
    )


def tables_of_sources(names: Sequence[str], study: Study | None) -> list[Table]:
    """Return a table for each title and data set, with the rows of every source that has it.

    Args:
        names: Stores and frozen baselines.
        study: Show only this suite's variants; ``None`` for everything that they hold.

    Raises:
        BadInput: A source is named twice, or a file is not a baseline.
        EnvironmentFault: A store cannot be read.
        NothingMatched: They hold nothing of the suite.
    """
    _refuse_one_named_twice(names)
    sources = [read_source(name) for name in names]
    titles = dict.fromkeys(each.title for source in sources for each in source.studies)
    parts = {} if study is None else {part.title: part for part in study.parts}
    tables = [
        table
        for title in titles
        if study is None or title in parts
        for table in _tables(title, sources, parts.get(title))
    ]
    if not tables:
        what = "no finished run" if study is None else f"no finished run of '{study.title}'"
        raise NothingMatched(f"{what} in {', '.join(names)}", f"they hold: {', '.join(titles)}")
    return tables


def _refuse_one_named_twice(names: Sequence[str]) -> None:
    known: dict[Path, str] = {}
    for name in names:
        path = Path(name).resolve()
        if path in known:
            told = "is named twice" if known[path] == name else f"is {known[path]}, named before"
            raise BadInput(f"{name} {told}", "name each source once")
        known[path] = name


def _tables(title: str, sources: Sequence[Source], study: Study | None) -> Iterator[Table]:
    held: dict[tuple[str, str], list[tuple[str, ConditionValues]]] = {}
    for source in sources:
        for each in _conditions(source, title):
            if any(seed.status != "missing" for seed in each.seeds):
                held.setdefault(each.label, []).append((source.name, each))
    analysis = next(each.analysis for s in sources for each in s.studies if each.title == title)
    for dataset in dict.fromkeys(dataset for dataset, _ in held):
        rows: list[SourceRow] = []
        notes: list[str] = []
        for (of, variant), found in held.items():
            if of == dataset and (study is None or variant in study.cells_on(dataset)):
                rows += _rows(found, analysis.metric)
                rows += _together(found, analysis.metric, notes)
        if rows:
            yield sources_table(
                rows,
                title=f"{title} · {dataset} · test {analysis.metric}, by source",
                metric=analysis.metric,
                notes=[*notes, *_about_sources(title, sources)],
            )


def _conditions(source: Source, title: str) -> list[ConditionValues]:
    """Return the conditions of a source; studies that share one add up their seeds."""
    found: dict[tuple[str, str, str], ConditionValues] = {}
    for study in source.studies:
        for each in study.conditions if study.title == title else ():
            key = (*each.label, each.condition)
            known = found.get(key, each)
            # A cell that one study has not trained may be finished for another.
            seeds = {seed.run: seed for seed in (*known.seeds, *each.seeds)}
            seeds |= {s.run: s for s in (*known.seeds, *each.seeds) if s.status != "missing"}
            classes = known.classes or each.classes
            found[key] = replace(known, seeds=tuple(seeds.values()), classes=classes)
    return list(found.values())


def _rows(found: Sequence[tuple[str, ConditionValues]], metric: str) -> Iterator[SourceRow]:
    first_name, first = found[0]
    for name, each in found:
        is_same = each.condition == first.condition
        yield SourceRow(
            variant=each.variant,
            source=name,
            values=[seed.of(metric) for seed in each.seeds],
            standing="first" if each is first else "comparable" if is_same else "not comparable",
            lost=each.lost(each.classes or first.classes),
            reasons=() if is_same else _reasons(each.identity, first.identity),
            first=first_name,
        )


def _reasons(here: Mapping[str, Any] | None, there: Mapping[str, Any] | None) -> tuple[str, ...]:
    if here is None or there is None:
        return (_UNTOLD,)
    return tuple(identity_changes(here, there)) or (_UNTOLD,)


def _together(
    found: Sequence[tuple[str, ConditionValues]], metric: str, notes: list[str]
) -> Iterator[SourceRow]:
    """Yield the row of all replicates, if sources add seeds to one another and none disagree."""
    groups: dict[str, list[tuple[str, ConditionValues]]] = {}
    for name, each in found:
        groups.setdefault(each.condition, []).append((name, each))
    for group in groups.values():
        runs: dict[str, tuple[str, SeedValues]] = {}
        agrees, most = True, 0
        for name, each in group:
            done = [seed for seed in each.seeds if seed.status != "missing"]
            for seed in done:
                holder, known = runs.setdefault(seed.run, (name, seed))
                if str(known.of(metric)) != str(seed.of(metric)) or known.status != seed.status:
                    agrees = False
                    notes.append(
                        f"{each.variant}, seed {seed.seed} (run {seed.run}) is not the same in "
                        f"{name} as in {holder}: no mean over both"
                    )
            most = max(most, len(done))
        if agrees and len(runs) > most:
            sample = [seed for _, seed in runs.values()]
            joined = replace(group[0][1], seeds=tuple(sample))
            classes = next((each.classes for _, each in group if each.classes), None)
            yield SourceRow(
                variant=joined.variant,
                source=" + ".join(name for name, _ in group),
                values=[seed.of(metric) for seed in sample],
                standing="together",
                lost=joined.lost(classes),
            )


def _about_sources(title: str, sources: Sequence[Source]) -> Iterator[str]:
    for source in sources:
        versions = {
            ", ".join(f"{key} {value}" for key, value in each.items() if value): None
            for study in source.studies
            if study.title == title
            for each in study.versions
        }
        if versions:
            yield f"{source.name}: {'; '.join(versions)}"
        elif all(study.title != title for study in source.studies):
            yield f"{source.name} holds nothing of it"
        yield from source.notes
