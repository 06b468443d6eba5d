"""Comparisons: two variants, every variant with the baseline, or two stores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from poolbench.app.changes import compare_documents, is_document
from poolbench.app.gates import Case, judge
from poolbench.app.images import pair_on_images
from poolbench.app.results import Reading, Results, read_results, stored_studies
from poolbench.app.seed_values import ConditionValues, values_of
from poolbench.app.suites import command
from poolbench.core.errors import BadInput, NothingMatched, did_you_mean
from poolbench.core.gate import Gate
from poolbench.core.pairs import declared_pairs
from poolbench.core.study import Study
from poolbench.report.chart import Chart
from poolbench.report.studies.gates import Ruling, gate_table
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The result of a comparison.

    Args:
        tables: One or several per data set, and one of the gates if there are any.
        rulings: Rulings of all gates.
        told: What was not judged, a line each.
        charts: Of two variants, the test images that tell them apart, one per data set.
    """

    tables: tuple[Table, ...]
    rulings: tuple[Ruling, ...] = ()
    told: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()


def compare(
    a: str | None,
    b: str | None,
    *,
    study: Study | None,
    store_path: Path,
    reading: Reading,
    gates: Sequence[Gate] = (),
    familywise: bool = False,
    root: Path | None = None,
) -> Compared:
    """Compare what the arguments name, and apply the gates.

    Args:
        a: A variant, a store or a frozen baseline. A single variant is compared with the suite's
            baseline; ``None`` compares every pair that the suite declares: with the baseline, and
            those of ``analysis.planned``.
        b: Another variant, store or frozen baseline.
        study: The study of the variants; ``None`` for the latest one in the store that has them.
        store_path: The store of the variants; it may be read-only.
        reading: How to read the results.
        gates: Gates that replace the suite's; the suite's are not used if two variants are named,
            because they refer to another baseline.
        familywise: Whether the level of the gates holds for all rulings together.
        root: Folder of data sets, for the test images that tell two variants apart.

    Raises:
        BadInput: A name is not a variant, store or file.
        NothingMatched: There is no study, or no finished run, to compare.
    """
    told: tuple[str, ...] = ()
    charts: list[Chart] = []
    if is_document(a) or is_document(b):
        tables, rulings = compare_documents(
            a,
            b,
            study=study,
            store_path=store_path,
            reading=reading,
            gates=gates,
            familywise=familywise,
        )
    else:
        if study is None:
            study = _latest_with([name for name in (a, b) if name], stored_studies(store_path))
        pairs = _pairs(a, b, reading.applied_to(study))
        results = read_results(study, store_path, reading)
        gates = gates or (() if b else study.gates)
        hidden = [] if a else _hidden(gates, study)
        gates = [gate for gate in gates if gate not in hidden]
        told = tuple(f"not judged, --only hides its variants: '{g.text}', {g.only}" for g in hidden)
        if not pairs and not gates:
            hint = "select another variant with --only"
            raise BadInput("the baseline alone is nothing to compare", hint)
        tables = _tables(results, pairs, is_named=a is not None)
        if a is not None:
            (pair,) = pairs
            for part in results.parts:
                for dataset in part.study.datasets:
                    more, pictures = pair_on_images(part, dataset, pair, root)
                    tables += more
                    charts += pictures
        # A numeric bound applies to the baseline too, unless variants were named.
        judged = {candidate for _, candidate in pairs} if a else {*study.variants}
        baseline = str(a) if b else results.study.baseline
        cases = [_case(part, baseline, judged, gates) for part in results.parts]
        rulings = judge(cases, familywise=familywise)
    if rulings:
        tables = [*tables, gate_table(rulings, familywise=familywise)]
    return Compared(tables=tuple(tables), rulings=tuple(rulings), told=told, charts=tuple(charts))


def _pairs(a: str | None, b: str | None, study: Study) -> list[tuple[str, str]]:
    """Return the pairs to compare, ``(baseline, candidate)``: as named, or as declared."""
    if a is None:
        declared = declared_pairs(study.whole.variants, study.baseline, study.analysis.planned)
        if not declared:
            hint = "name two variants, or give the suite a `baseline` or `analysis.planned`"
            raise BadInput("the suite declares no comparison", hint)
        return [pair for pair in declared if {*pair} & ({*study.variants} - {study.baseline})]
    if b is None and not study.baseline:
        raise BadInput("the suite has no baseline to compare with", "name two variants")
    pair = (study.baseline, a) if b is None else (a, b)
    for name in pair:
        if name not in study.whole.variants:
            hint = did_you_mean(name, study.whole.variants)
            raise BadInput(f"'{name}' is not a variant of '{study.title}'", hint)
    if pair[0] == pair[1]:
        raise BadInput(f"'{pair[0]}' cannot be compared with itself", "name two variants")
    return [pair]


def _tables(results: Results, pairs: Sequence[tuple[str, str]], *, is_named: bool) -> list[Table]:
    from poolbench.report.studies.outcomes import outcomes_of
    from poolbench.report.studies.pairs import pair_table
    from poolbench.report.studies.power import about_power

    study, runs = results.study, results.runs
    if not pairs:
        return []
    compared = {cell.variant for cell in study.whole.cells if cell.id in runs}
    names = dict.fromkeys(name for pair in pairs for name in pair)
    if missing := [name for name in names if name not in compared]:
        raise NothingMatched(
            f"no finished run of {' or '.join(missing)} in {results.store.path}",
            f"train them: {command('train', study, results.store.path)}",
        )
    baseline, candidate = pairs[0]
    who = candidate if is_named or len(names) == 2 else "every variant"
    what = (
        "declared pairs" if study.analysis.planned and not is_named else f"{who} against {baseline}"
    )
    tables = []
    for part in study.parts:
        for dataset in part.datasets:
            outcomes = outcomes_of(part, dataset, runs)
            table = pair_table(
                outcomes.comparison,
                pairs,
                metric=study.analysis.metric,
                title=f"{part.heading}: {dataset}, {what}, test {study.analysis.metric}",
            )
            tables.append(table.with_notes(about_power(outcomes, study.whole.seeds)))
    return [table.with_notes(results.notes) for table in tables]


def _case(results: Results, baseline: str, judged: Collection[str], gates: Sequence[Gate]) -> Case:
    """Return what the gates judge of one network."""
    conditions = {each.label: each for each in values_of(results.whole).conditions}

    def counterpart(candidate: ConditionValues) -> tuple[ConditionValues, str] | None:
        if not baseline or candidate.variant == baseline:
            return None
        return conditions[candidate.dataset, baseline], baseline

    return Case(
        gates=gates,
        candidates=[each for each in conditions.values() if each.variant in judged],
        counterpart=counterpart,
        analysis=results.study.analysis,
        network=results.study.network,
    )


def _hidden(gates: Sequence[Gate], study: Study) -> list[Gate]:
    """Return the gates all of whose variants ``--only`` hides."""
    return [
        gate
        for gate in gates
        if not any(fnmatchcase(name, gate.only) for name in study.variants)
        and any(fnmatchcase(name, gate.only) for name in study.whole.variants)
    ]


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
