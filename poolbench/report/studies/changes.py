"""The table that compares two stores: every condition then and now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from poolbench.core.counted import counted
from poolbench.core.gate import Loss
from poolbench.report.number_format import level_of, per_cent, points, probability
from poolbench.report.studies.comparison_cells import verdict_cell
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Estimate, Pair, estimate
from poolbench.stats.pairwise import compare_pairs

Values = Sequence[float | None]


def changes_table(
    values: Mapping[str, tuple[Values, Values]],
    *,
    title: str,
    metric: str,
    lower_is_better: bool,
    alpha: float,
    paired: bool,
    margin: float | None = None,
    shown: Collection[str] | None = None,
    lost: Mapping[str, tuple[Mapping[Loss, int], Mapping[Loss, int]]] | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Compare each variant now with itself then.

    Args:
        values: By variant, its values then and now; NaN = diverged, ``None`` = missing.
        title: Title, one line.
        metric: The metric of the values, which are fractions.
        lower_is_better: Whether smaller values are better.
        alpha: Significance level of the family of all variants, in (0, 1).
        paired: Whether values at the same index share a seed as a block.
        margin: Equivalence margin as a fraction; ``None`` for no test.
        shown: The variants to show; ``None`` for all. All are of the family.
        lost: By variant, how many runs were lost then and now, in each way.
        notes: Further notes.
    """
    samples = {
        f"{when} {variant}": sample
        for variant, both in values.items()
        for when, sample in zip(("then", "now"), both, strict=True)
    }
    pairs = compare_pairs(
        [(f"then {variant}", f"now {variant}") for variant in values],
        samples,
        lower_is_better=lower_is_better,
        alpha=alpha,
        paired=paired,
        margin=margin,
    )
    tested = [pair for pair in pairs if pair.p is not None]
    return Table(
        title=title,
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="n", fields=("n_now", "n_then")),
            Column(title=f"{metric} % then", fields=("then_mean", "then_std")),
            Column(title=f"{metric} % now", fields=("now_mean", "now_std")),
            Column(
                title=f"points [{level_of(alpha)} % interval]",
                fields=("shift", "shift_low", "shift_high"),
            ),
            Column(title="p (Holm)", fields=("p_adjusted",)),
            Column(title="smallest p", fields=("smallest_p",)),
            Column(title="verdict", fields=("verdict",), is_text=True),
        ),
        rows=tuple(
            _row(variant, estimate(then), estimate(now), pair)
            for (variant, (then, now)), pair in zip(values.items(), pairs, strict=True)
            if shown is None or variant in shown
        ),
        notes=(
            f"points: Hodges-Lehmann shift, now − then; {'lower' if lower_is_better else 'higher'} "
            f"{metric} is better; alpha = {alpha:g}",
            f"p by {tested[0].test}; Holm over {counted(len(pairs), 'comparison')}, one per variant"
            if tested
            else "no test of these runs is possible",
            *_about_lost(lost or {}, shown),
            *notes,
        ),
    )


def _about_lost(
    lost: Mapping[str, tuple[Mapping[Loss, int], Mapping[Loss, int]]],
    shown: Collection[str] | None,
) -> Iterator[str]:
    meanings = {
        "diverged": "they rank last and are left out of the mean",
        "collapsed": "the mean mixes two kinds of run",
    }
    for variant, both in lost.items():
        for when, counts in zip(("then", "now"), both, strict=True):
            for loss, count in counts.items():
                if count and (shown is None or variant in shown):
                    yield f"{variant}: {counted(count, 'run')} {loss} {when}; {meanings[loss]}"


def _row(variant: str, then: Estimate, now: Estimate, pair: Pair) -> tuple[TableCell, ...]:
    low, high = pair.shift_ci or (None, None)
    return (
        text_cell(variant),
        TableCell(values=(pair.n_b, pair.n_a), text=f"{pair.n_b} vs {pair.n_a}"),
        TableCell(values=(then.mean, then.std), text=per_cent(then.mean, then.std)),
        TableCell(values=(now.mean, now.std), text=per_cent(now.mean, now.std)),
        TableCell(values=(pair.shift, low, high), text=points(pair.shift, pair.shift_ci)),
        TableCell(values=(pair.p_adjusted,), text=probability(pair.p_adjusted)),
        TableCell(values=(pair.smallest_p,), text=probability(pair.smallest_p)),
        verdict_cell(pair),
    )
