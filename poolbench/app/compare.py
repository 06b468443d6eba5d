"""Comparisons: two variants, every variant with the baseline, or two stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from poolbench.app.changes import compare_documents, is_document
from poolbench.app.gates import judge
from poolbench.app.results import Reading, Results, read_results, stored_studies
from poolbench.app.seed_values import ConditionValues, values_of
from poolbench.app.suites import command
from poolbench.core.errors import BadInput, NothingMatched, did_you_mean
from poolbench.core.gate import Gate
from poolbench.core.study import Study
from poolbench.report.studies.gates import Ruling, gate_table
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The result of a comparison.

    Args:
        tables: One per data set, and one of the gates if there are any.
        rulings: Rulings of all gates.
    """

    tables: tuple[Table, ...]
    rulings: tuple[Ruling, ...] = ()


def compare(
    a: str | None,
    b: str | None,
    *,
    study: Study | None,
    store_path: Path,
    reading: Reading,
    gates: Sequence[Gate] = (),
) -> Compared:
    """Compare what the arguments name, and apply the gates.

    Args:
        a: A variant, a store or a frozen baseline. A single variant is compared with the suite's
            baseline; ``None`` compares every variant with the baseline.
        b: Another variant, store or frozen baseline.
        study: The study of the variants; ``None`` for the latest one in the store that has them.
        store_path: The store of the variants; it may be read-only.
        reading: How to read the results.
        gates: Gates that replace the suite's; the suite's are not used if two variants are named,
            because they refer to another baseline.

    Raises:
        BadInput: A name is not a variant, store or file.
        NothingMatched: There is no study, or no finished run, to compare.
    """
    if is_document(a) or is_document(b):
        tables, rulings = compare_documents(
            a, b, study=study, store_path=store_path, reading=reading, gates=gates
        )
    else:
        if study is None:
            study = _latest_with([name for name in (a, b) if name], stored_studies(store_path))
        baseline, candidates = _names(a, b, reading.applied_to(study))
        results = read_results(study, store_path, reading)
        gates = gates or (() if b else study.gates)
        tables = _tables(results, baseline, candidates)
        rulings = _rulings(results, baseline, candidates, a, gates)
    if rulings:
        tables = [*tables, gate_table(rulings)]
    return Compared(tables=tuple(tables), rulings=tuple(rulings))


def _names(a: str | None, b: str | None, study: Study) -> tuple[str, list[str]]:
    if b is None:
        if not study.baseline:
            raise BadInput("the suite has no baseline to compare with", "name two variants")
        baseline = study.baseline
        candidates = [a] if a else [name for name in study.variants if name != baseline]
    else:
        baseline, candidates = str(a), [b]
    variants = study.whole.variants
    for name in (baseline, *candidates):
        if name not in variants:
            raise BadInput(
                f"'{name}' is not a variant of '{study.title}'", did_you_mean(name, variants)
            )
    if baseline in candidates:
        raise BadInput(f"'{baseline}' cannot be compared with itself", "name two variants")
    return baseline, candidates


def _tables(results: Results, baseline: str, candidates: Sequence[str]) -> list[Table]:
    from poolbench.report.studies.outcomes import outcomes_of
    from poolbench.report.studies.pairs import pair_table

    study, runs = results.study, results.runs
    compared = {cell.variant for cell in study.whole.cells if cell.id in runs}
    if missing := [name for name in (baseline, *candidates) if name not in compared]:
        raise NothingMatched(
            f"no finished run of {' or '.join(missing)} in {results.store.path}",
            f"train them: {command('train', study, results.store.path)}",
        )
    who = candidates[0] if len(candidates) == 1 else "every variant"
    tables = [
        pair_table(
            outcomes_of(study, dataset, runs).comparison,
            [(baseline, candidate) for candidate in candidates],
            metric=study.analysis.metric,
            title=f"{study.title}: {dataset}, {who} against {baseline}, "
            f"test {study.analysis.metric}",
        )
        for dataset in study.datasets
    ]
    return [table.with_notes((*results.damaged_runs, *results.about_plugins)) for table in tables]


def _rulings(
    results: Results,
    baseline: str,
    candidates: Sequence[str],
    named: str | None,
    gates: Sequence[Gate],
) -> list[Ruling]:
    conditions = {each.label: each for each in values_of(results.whole).conditions}

    def counterpart(candidate: ConditionValues) -> tuple[ConditionValues, str] | None:
        if candidate.variant == baseline:
            return None
        return conditions[candidate.dataset, baseline], baseline

    # A numeric bound applies to the baseline too, unless variants were named.
    judged = {*candidates} if named else {*candidates, baseline}
    chosen = [each for each in conditions.values() if each.variant in judged]
    return judge(gates, chosen, counterpart, results.study.analysis)


def _latest_with(wanted: Sequence[str], studies: list[Study]) -> Study:
    for study in reversed(studies):
        if {*wanted} <= {*study.whole.variants}:
            return study
    known = {variant for study in studies for variant in study.whole.variants}
    unknown = [name for name in sorted(wanted) if name not in known]
    raise BadInput(
        f"no study of the store has the variant '{unknown[0]}'"
        if unknown
        else f"no study of the store has both '{wanted[0]}' and '{wanted[1]}'",
        did_you_mean(unknown[0] if unknown else wanted[0], known),
    )
