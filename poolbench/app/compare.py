"""Two variants, side by side."""

from __future__ import annotations

from pathlib import Path

from poolbench.app.report import Reading, apply, read_runs, stored_studies
from poolbench.core.errors import BadInput, NothingMatched, did_you_mean
from poolbench.core.study import Study
from poolbench.report.table import Table
from poolbench.store.store import Store


def compare(
    a: str, b: str | None, *, study: Study | None, store_path: Path, reading: Reading
) -> list[Table]:
    """Return one table a data set that compares candidate ``b`` with ``a``.

    Args:
        a: A variant; without ``b``, the candidate, and the suite's baseline takes its place.
        b: Another variant.
        study: Where they are from; ``None`` for the latest study of the store that has both.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results.

    Raises:
        BadInput: A name that is no variant.
        NothingMatched: No study, or no finished run, to compare.
    """
    from poolbench.report.outcomes import outcomes_of
    from poolbench.report.pairs import pair_table

    store = Store(store_path)
    if study is None:
        study = _latest_with(a, b, stored_studies(store_path))
    study = apply(study, reading)
    if b is None:
        if not study.baseline:
            raise BadInput("the suite has no baseline to compare with", "name two variants")
        a, b = study.baseline, a
    for name in (a, b):
        if name not in study.variants:
            raise BadInput(
                f"'{name}' is no variant of '{study.title}'", did_you_mean(name, study.variants)
            )
    if a == b:
        raise BadInput(f"'{a}' cannot be compared with itself", "name two variants")
    runs, _ = read_runs(study, store)
    compared = {cell.variant for cell in study.cells if cell.id in runs}
    if missing := [name for name in (a, b) if name not in compared]:
        raise NothingMatched(
            f"no finished run of {' or '.join(missing)} in {store_path}",
            f"train them: poolbench train {study.origin}",
        )
    return [
        pair_table(
            outcomes_of(study, dataset, runs).comparison,
            [(a, b)],
            metric=study.analysis.metric,
            title=f"{study.title}: {dataset}, {b} against {a}, test {study.analysis.metric}",
        )
        for dataset in study.datasets
    ]


def _latest_with(a: str, b: str | None, studies: list[Study]) -> Study:
    wanted = {a, b} - {None}
    for study in reversed(studies):
        if wanted <= set(study.variants):
            return study
    known = {variant for study in studies for variant in study.variants}
    unknown = next(iter(sorted(str(name) for name in wanted if name not in known)), a)
    raise BadInput(
        f"no study of the store has the variant '{unknown}'"
        if unknown not in known
        else f"no study of the store has both '{a}' and '{b}'",
        did_you_mean(unknown, known),
    )
