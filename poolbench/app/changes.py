"""Comparing two stores, or a store with a frozen baseline: every condition then and now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from poolbench.app.baseline_file import read_baseline
from poolbench.app.gates import Case, judge
from poolbench.app.results import Reading, read_results, stored_studies
from poolbench.app.seed_values import ConditionValues, StudyValues, values_of
from poolbench.core.document import Unread, passed_over
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.gate import Gate
from poolbench.core.study import Study
from poolbench.report.studies.gates import Ruling
from poolbench.report.table import Table
from poolbench.store.store import Store


def is_document(named: str | None) -> bool:
    """Whether an argument names a store or a frozen baseline rather than a variant."""
    return named is not None and (named.endswith(".json") or Store.is_at(Path(named)))


def compare_documents(
    a: str | None,
    b: str | None,
    *,
    study: Study | None,
    store_path: Path,
    reading: Reading,
    gates: Sequence[Gate],
    familywise: bool = False,
) -> tuple[list[Table], list[Ruling]]:
    """Compare the conditions that two documents share, and apply the gates to them.

    Args:
        a: The earlier results: a store, or a frozen baseline.
        b: The current results; ``None`` for the store of ``--store``. A frozen baseline always
            counts as earlier than a store.
        study: Compare only this suite; ``None`` for every study that both have.
        store_path: The store of ``--store``.
        reading: How to read the results.
        gates: Gates that replace those of the suite.
        familywise: Whether the level of the gates holds for all rulings together.

    Returns:
        One table per study and data set, and the rulings.

    Raises:
        BadInput: An argument is neither a store nor a frozen baseline.
        NothingMatched: They share no condition, or nothing in the suite is trained now.
    """
    first, second = Path(str(a)), store_path if b is None else Path(b)
    if second.suffix == ".json":
        first, second = second, first
    if second.suffix == ".json":
        raise BadInput("two frozen baselines cannot be compared", "compare one with a store")
    tables: list[Table] = []
    cases: list[Case] = []
    if first.suffix == ".json":
        frozen, newer = read_baseline(first)
        asked = [] if study is None else [part.title for part in study.parts]
        earlier = {each.title: each for each in frozen if not asked or each.title in asked}
    else:
        earlier, newer = _stored(first, study)
    # Judge the suite in its present form: a gate must not pass on runs of an earlier form.
    studies = _studies(second, None) if study is None else [study]
    read = [read_results(each, second, reading) for each in studies]
    if study is not None:
        read[0].require_runs()
    for results in (part for each in read for part in each.parts):
        current, now = results.study, values_of(results.whole)
        then = earlier.get(current.title)
        shared = _shared(then, now)
        shown = {(dataset, variant) for dataset, variant, _ in current.conditions()}
        if then is None or not any(each.label in shown for each in shared):
            continue
        counterparts = {each.label: each for each in then.conditions}
        about_newer = dict.fromkeys((*newer, *results.about_newer))
        notes = [*_notes(then, now, counterparts), *results.damaged, *about_newer]
        title = f"{second} against {first}"
        tables += _tables(current, shared, shown, counterparts, title, notes)
        cases.append(
            Case(
                gates=gates or current.gates,
                candidates=[each for each in shared if each.label in shown],
                counterpart=lambda each, known=counterparts: (known[each.label], "then"),  # type: ignore[misc]
                analysis=current.analysis,
                network=current.network,
            )
        )
    if not tables:
        raise NothingMatched(
            f"{first} and {second} share no variant of one suite on one data set",
            f"{first} holds: {', '.join(earlier) or 'nothing of it'}; "
            f"{second} holds: {', '.join(each.title for each in studies) or 'nothing of it'}",
        )
    return tables, judge(cases, familywise=familywise)


def _stored(path: Path, study: Study | None) -> tuple[dict[str, StudyValues], tuple[str, ...]]:
    """Return the values of a store by title, and what a newer version noted besides."""
    unread = Unread()
    values: dict[str, StudyValues] = {}
    for each in _studies(path, study):
        results = read_results(each, path)
        values |= {part.study.title: values_of(part.whole) for part in results.parts}
        unread |= results.store.unread
    return values, passed_over(str(path), unread)


def _studies(path: Path, study: Study | None) -> list[Study]:
    """Return the latest study of each title, or the one asked for if it was trained here."""
    if study is not None and any(Store(path).has_result(cell.id) for cell in study.cells):
        return [study]
    # A new revision of a component changes the ids of cells, but not the title.
    latest = {each.title: each for each in stored_studies(path)}
    return [each for title, each in latest.items() if study is None or title == study.title]


def _shared(then: StudyValues | None, now: StudyValues) -> list[ConditionValues]:
    labels = {each.label for each in then.conditions} if then else set()
    return [each for each in now.conditions if each.label in labels]


def _tables(
    study: Study,
    shared: Sequence[ConditionValues],
    shown: Collection[tuple[str, str]],
    counterparts: Mapping[tuple[str, str], ConditionValues],
    title: str,
    notes: Sequence[str],
) -> Iterator[Table]:
    from poolbench.report.studies.changes import changes_table

    analysis = study.analysis
    for dataset in dict.fromkeys(each.dataset for each in shared if each.label in shown):
        values, lost = {}, {}
        for now in (each for each in shared if each.dataset == dataset):
            then = counterparts[now.label]
            seeds = sorted({seed.seed for each in (then, now) for seed in each.seeds})
            metric = analysis.metric
            values[now.variant] = then.of(metric, seeds), now.of(metric, seeds)
            classes = now.classes or then.classes
            lost[now.variant] = then.lost(classes), now.lost(classes)
        yield changes_table(
            values,
            shown={variant for data, variant in shown if data == dataset},
            title=f"{study.title}: {dataset}, {title}, test {analysis.metric}",
            metric=analysis.metric,
            lower_is_better=analysis.lower_is_better,
            alpha=analysis.alpha,
            paired=analysis.paired,
            margin=analysis.margin_share,
            lost=lost,
            notes=notes,
        )


def _notes(
    then: StudyValues,
    now: StudyValues,
    counterparts: Mapping[tuple[str, str], ConditionValues],
) -> Iterator[str]:
    current = {each.label: each for each in now.conditions}
    for reason, labels in (
        ("then, but not now", counterparts.keys() - current.keys()),
        ("now, but not then", current.keys() - counterparts.keys()),
    ):
        if labels:
            names = ", ".join(f"{variant} on {dataset}" for dataset, variant in sorted(labels))
            yield f"not compared: {names} ({reason})"
    both = [(counterparts[label], each) for label, each in current.items() if label in counterparts]
    if changed := [b.variant for a, b in both if a.condition != b.condition]:
        yield (
            f"trained under another identity than then (data, network, recipe or the revision of a "
            f"component): {', '.join(dict.fromkeys(changed))}"
        )
    if same := [b.variant for a, b in both if a.seeds == b.seeds]:
        yield f"the same runs with the same values as then: {', '.join(dict.fromkeys(same))}"
    for when, versions in (("then", then.versions), ("now", now.versions)):
        if then.versions != now.versions:
            shown = (", ".join(f"{k} {v}" for k, v in each.items() if v) for each in versions)
            yield f"{when}: {'; '.join(shown)}"
