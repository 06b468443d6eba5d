"""What seeds can show: how many a gap needs, and the smallest gap that those of a table show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poolbench.core.counted import counted
from poolbench.core.pairs import declared_pairs
from poolbench.core.study import Study
from poolbench.report.number_format import per_cent
from poolbench.report.studies.outcomes import Outcomes
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison
from poolbench.stats.pooled import pooled_spread
from poolbench.stats.power import LIMIT, Claim, Design, Power, power_of, seeds_for, smallest_gap

PLANNED_STUDIES, SHOWN_STUDIES, SETTLED_STUDIES = 2_000, 400, 200
_LARGEST_TABLE = 10_000  # runs: above, a simulation would take longer than reading them


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The spread over seeds that a plan reckons with.

    Args:
        std: Standard deviation of a variant's accuracy over seeds, a fraction above 0.
        images: Number of test images.
        correlation: Of two variants over shared seeds, in [0, 1).
        notes: Where the numbers come from, a sentence each.
    """

    std: float
    images: int
    correlation: float = 0.0
    notes: tuple[str, ...] = ()


def seeds_table(study: Study, dataset: str, gap: float, noise: Noise) -> Table:
    """Return how many seeds show a gap, a row for each of the questions that the suite asks.

    Args:
        study: The study to plan, of two variants or more.
        dataset: One of ``study.datasets``.
        gap: A fraction of the test images, in (0, 1].
        noise: The spread over seeds.
    """
    whole = study.whole
    seeds = min(len(cells) for cells in whole.cells_on(dataset).values())
    names, pairs = tuple(whole.cells_on(dataset)), _declared(whole)
    claims: tuple[Claim, ...] = ("better", "best") if pairs else ("best",)
    rows = []
    for claim in claims:
        design = _design(
            claim,
            names,
            pairs,
            rule=whole.analysis.rule,
            alpha=whole.analysis.alpha,
            paired=whole.analysis.paired,
            std_images=noise.std * noise.images,
            correlation=noise.correlation,
        )
        found = seeds_for(design, gap * noise.images, studies=PLANNED_STUDIES)
        now = power_of(design, gap * noise.images, seeds, studies=PLANNED_STUDIES)
        rows.append(
            (
                text_cell(_claim_text(claim, whole.baseline, gap)),
                _seeds_cell(found.seeds),
                _power_cell(found.power),
                _power_cell(now),
            )
        )
    return Table(
        title=f"{study.heading}: {dataset}, seeds for a gap of {per_cent(gap)} points",
        columns=(
            Column(title="what is to be shown", fields=("claim",), is_text=True),
            Column(title="seeds for 80 % power", fields=("seeds",)),
            Column(title="power there % [95 %]", fields=("power", "power_low", "power_high")),
            Column(
                title=f"with {counted(seeds, 'seed')} % [95 %]",
                fields=("power_now", "power_now_low", "power_now_high"),
            ),
        ),
        rows=tuple(rows),
        notes=(
            *noise.notes,
            f"each figure is the share of {PLANNED_STUDIES:,} simulated studies that the suite's "
            f"own tests decide ({_tests(whole)}), with its Monte Carlo interval; errors are normal "
            f"in counts of {noise.images:,} test images, rounded to whole ones",
            "the spread over seeds holds the binomial noise of the test images already: nothing is "
            "added for it",
            *_about_the_limit([row[1] for row in rows]),
        ),
    )


def about_power(outcomes: Outcomes, seeds: Sequence[int]) -> Iterator[str]:
    """Say the smallest gap that a table's seeds show, and how many would settle what is undecided.

    Nothing is said of runs on test sets of several sizes, or that do not vary.

    Args:
        outcomes: The comparison and its runs.
        seeds: The suite's seeds.
    """
    comparison = outcomes.comparison
    totals = {run.result.total for runs in outcomes.runs.values() for run in runs}
    images = totals.pop() if len(totals) == 1 else None
    spread = pooled_spread(comparison.values)
    n = min(e.n + e.n_diverged for e in comparison.estimates.values())
    if images is None or spread is None or spread.std == 0 or len(comparison.values) < 2 or n < 2:
        return
    if n > LIMIT or n * len(comparison.values) > _LARGEST_TABLE:
        yield "the smallest gap that these seeds show is not simulated for a table of this size"
        return
    is_shared = comparison.paired and spread.correlation > 0
    names = tuple(comparison.values)
    pairs = comparison.declared if not comparison.is_baseline_chosen else ()
    claim: Claim = "better" if pairs else "best"
    design = _design(
        claim,
        names,
        pairs,
        rule=comparison.rule,
        alpha=comparison.alpha,
        paired=comparison.paired,
        std_images=_rounded(spread.std * images),
        correlation=min(0.99, round(spread.correlation, 2)) if is_shared else 0.0,
    )
    what = (
        f"called better than {comparison.baseline or 'its counterpart'}"
        if pairs
        else "alone in bold, ahead of equals"
    )
    found = smallest_gap(design, n, studies=SHOWN_STUDIES)
    where = (
        f"at the observed spread of {per_cent(spread.std)} points (pooled over "
        f"{counted(spread.variants, 'variant')}, {counted(spread.runs, 'run')})"
    )
    if found is None:
        yield f"no gap is {what} with 80 % power by {n} seeds, however large"
    else:
        low, high = found.power.interval
        yield (
            f"smallest gap {what} with 80 % power by {n} seeds: {per_cent(found.images / images)} "
            f"points, {where}; simulated, {SHOWN_STUDIES} studies, power "
            f"{100 * low:.0f} to {100 * high:.0f} %"
        )
    if pairs:
        yield from _about_undecided(comparison, design, images, seeds)


def _about_undecided(
    comparison: Comparison, design: Design, images: int, seeds: Sequence[int]
) -> Iterator[str]:
    """Say how many seeds would settle the undecided pair that is nearest to a decision."""
    open_ = [
        pair
        for pair in comparison.family
        if pair.verdict in ("undecided", "too few seeds") and math.isfinite(pair.shift)
    ]
    if not open_:
        return
    pair = max(open_, key=lambda each: abs(each.shift))
    name, shift = f"{pair.b} against {pair.a}", abs(pair.shift)
    which = " (of the undecided, the one with the largest shift)" if len(open_) > 1 else ""
    if not shift:
        yield f"{name}{which} shows no shift that more seeds could settle"
        return
    found = seeds_for(design, _rounded(shift * images), studies=SETTLED_STUDIES)
    if found.seeds is None:
        yield (
            f"{name}{which}: a gap of {per_cent(shift)} points, as seen, cannot reach 80 % power "
            f"with up to {LIMIT} seeds"
        )
        return
    needed = max(found.seeds, len(seeds) + 1)
    yield (
        f"{name}{which}: {needed} seeds would settle it with 80 % power, if the gap is the "
        f"{per_cent(shift)} points seen; a gap seen in few seeds is uncertain itself. "
        f"`train` with `{_asking_for(needed, seeds)}` adds them"
    )


def _asking_for(count: int, seeds: Sequence[int]) -> str:
    """Return the option that asks for more seeds and keeps those there are."""
    if tuple(seeds) == tuple(range(len(seeds))):
        return f"--set seeds={count}"
    if tuple(seeds) == tuple(range(seeds[0], seeds[0] + len(seeds))):
        return f"--set 'seeds={{count: {count}, start: {seeds[0]}}}'"
    more = (seed for seed in range(max(seeds) + 1, max(seeds) + 1 + count - len(seeds)))
    return f"--set 'seeds=[{', '.join(map(str, (*seeds, *more)))}]'"


def _design(
    claim: Claim,
    names: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    rule: str,
    alpha: float,
    paired: bool,
    std_images: float,
    correlation: float,
) -> Design:
    index = {name: position for position, name in enumerate(names)}
    return Design(
        claim=claim,
        variants=len(names),
        rule=rule,
        declared=tuple((index[a], index[b]) for a, b in pairs),
        alpha=alpha,
        paired=paired,
        std_images=std_images,
        correlation=correlation if paired else 0.0,
    )


def _declared(study: Study) -> tuple[tuple[str, str], ...]:
    return declared_pairs(study.variants, study.baseline, study.analysis.planned)


def _claim_text(claim: Claim, baseline: str, gap: float) -> str:
    if claim == "better":
        against = f"than {baseline}" if baseline else "of a planned pair"
        return f"a variant {per_cent(gap)} points better {against} is called better"
    return f"a variant {per_cent(gap)} points ahead of all others is alone in bold"


def _tests(study: Study) -> str:
    pairs, analysis = len(_declared(study)), study.analysis
    test = "Wilcoxon signed-rank" if analysis.paired else "Mann-Whitney U"
    family = f"{test} and Holm over {counted(pairs, 'comparison')}; " if pairs else ""
    return f"{family}rule '{analysis.rule}', alpha = {analysis.alpha:g}"


def _seeds_cell(seeds: int | None) -> TableCell:
    text = f"none up to {LIMIT}" if seeds is None else str(seeds)
    return TableCell(values=(seeds,), text=text)


def _about_the_limit(cells: Sequence[TableCell]) -> Iterator[str]:
    if any(cell.values[0] is None for cell in cells):
        yield (
            f"none up to {LIMIT}: cannot reach 80 % power below {LIMIT} seeds; the power beside it "
            f"is that of {LIMIT}"
        )


def _power_cell(power: Power) -> TableCell:
    low, high = power.interval
    text = f"{100 * power.share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    return TableCell(values=(power.share, low, high), text=text)


def _rounded(value: float) -> float:
    """Return a number to three digits, so that nearly equal tables share their simulations."""
    return float(f"{value:.3g}")
