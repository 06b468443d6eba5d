"""How many seeds a suite needs for a gap, before it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from poolbench.app.results import Results, read_results
from poolbench.app.suites import command
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.study import Study
from poolbench.report.number_format import fixed, per_cent
from poolbench.report.studies.outcomes import outcomes_of
from poolbench.report.studies.power import Noise, seeds_table
from poolbench.report.table import Table
from poolbench.stats.pooled import PooledSpread, pooled_spread
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A gap to be shown, and the spread over seeds to reckon with.

    Args:
        size: A fraction of the test images, in (0, 1].
        std: Standard deviation of accuracy over seeds, a fraction; ``None`` to estimate it from
            the suite's runs in the store.
    """

    size: float
    std: float | None


def seeds_tables(study: Study, store_path: Path, gap: Gap) -> list[Table]:
    """Return for each network and data set how many seeds show the gap with 80 % power.

    Args:
        study: The study; all variants of its suite count.
        store_path: Folder of the run store, which need not exist if the spread is given.
        gap: The gap and the spread.

    Raises:
        BadInput: There is nothing to compare, the number of test images is not known, or the
            stored runs do not vary.
        NothingMatched: The spread is to be estimated, and no variant has two finished runs.
        EnvironmentFault: The store cannot be read.
    """
    if len(study.whole.variants) < 2:
        raise BadInput(
            f"'{study.title}' has one variant, and a gap is between two",
            "add a variant to the suite, or leave out --gap",
        )
    results = read_results(study, store_path) if Store.is_at(store_path) else None
    return [
        seeds_table(part, dataset, gap.size, _noise(part, dataset, gap, results, store_path))
        for part in study.parts
        for dataset in study.datasets
    ]


def _noise(
    study: Study, dataset: str, gap: Gap, results: Results | None, store_path: Path
) -> Noise:
    images = _test_images(study, dataset, results)
    if gap.std is not None:
        paired = (
            ("nothing is known of the correlation of shared seeds: pairing is taken to gain none",)
            if study.analysis.paired
            else ()
        )
        note = f"spread over seeds: {per_cent(gap.std)} points, as given"
        return Noise(std=gap.std, images=images, notes=(note, *paired))
    values = {} if results is None else outcomes_of(study, dataset, results.runs).comparison.values
    spread = pooled_spread(values)
    if spread is None:
        raise NothingMatched(
            f"--pilot: no variant of '{study.title}' has two finished runs on {dataset} in "
            f"{store_path}",
            f"train a few seeds: {command('train', study, store_path)} --set seeds=3; or give the "
            "spread: --sd 0.3pp",
        )
    if not spread.std:
        raise BadInput(
            f"--pilot: the {counted(spread.runs, 'run')} on {dataset} do not vary over seeds",
            "is the seed applied? give the spread: --sd 0.3pp",
        )
    return _of_pilot(spread, images, store_path, is_paired=study.analysis.paired)


def _of_pilot(spread: PooledSpread, images: int, store_path: Path, *, is_paired: bool) -> Noise:
    notes = [
        f"spread over seeds: {per_cent(spread.std)} points, estimated from "
        f"{counted(spread.runs, 'finished run')} of {counted(spread.variants, 'variant')} in "
        f"{store_path}; its 95 % interval is [{per_cent(spread.low)}, {per_cent(spread.high)}], "
        "and seeds needed grow with its square"
    ]
    correlation = spread.correlation
    if is_paired and math.isnan(correlation):
        notes.append("too few seeds are shared to estimate their correlation: it is taken as 0")
    elif is_paired:
        taken = "" if correlation >= 0 else "; it is taken as 0"
        notes.append(f"correlation over shared seeds: {fixed(correlation, 2)}, estimated{taken}")
    known = 0.0 if math.isnan(correlation) else min(max(correlation, 0.0), 0.99)
    return Noise(std=spread.std, images=images, correlation=known, notes=tuple(notes))


def _test_images(study: Study, dataset: str, results: Results | None) -> int:
    cells = [cell for cell in study.whole.cells if cell.data.source.name == dataset]
    if results is not None:
        totals = [results.runs[c.id].result.total for c in cells if c.id in results.runs]
        if totals:
            return min(totals)
    found, limit = study.found.get(dataset), cells[0].data.limit
    if found is None:
        raise BadInput(
            f"the number of test images of {dataset} is not known here",
            "give the folder of the data sets with --data-root, or train a seed first",
        )
    return found.test if limit is None else min(limit, found.test)
