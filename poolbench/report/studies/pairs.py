"""The table of `poolbench compare`: one row per pair of variants."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from poolbench.core.counted import counted
from poolbench.report.number_format import level_of, per_cent, points, probability, ratio
from poolbench.report.studies.comparison_cells import (
    ABOUT_SUPERIORITY,
    superiority_cell,
    superiority_column,
    verdict_cell,
)
from poolbench.report.studies.notes import about_caveats
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison
from poolbench.stats.document import document


def pair_table(
    comparison: Comparison,
    pairs: Sequence[tuple[str, str]],
    *,
    metric: str = "accuracy",
    title: str = "",
) -> Table:
    """Compare candidates with their baselines.

    Args:
        comparison: The comparison; values are fractions.
        pairs: Names, ``(baseline, candidate)``.
        metric: The metric of the values.
        title: Title, one line; by default made from the metric.

    Returns:
        A row for each pair: both means, shift, p, effect and verdict, with the caveats that apply.

    Raises:
        BadInput: A variant is unknown, or compared with itself.
    """
    named = {name for pair in pairs for name in pair}
    level = level_of(comparison.alpha)
    return Table(
        title=title or f"test {metric}",
        columns=(
            Column(title="candidate", fields=("candidate",), is_text=True),
            Column(title="baseline", fields=("baseline",), is_text=True),
            Column(title="n", fields=("n_candidate", "n_baseline")),
            Column(title=f"candidate {metric} %", fields=("candidate_mean", "candidate_std")),
            Column(title=f"baseline {metric} %", fields=("baseline_mean", "baseline_std")),
            Column(
                title=f"points [{level} % interval]", fields=("shift", "shift_low", "shift_high")
            ),
            superiority_column(f"P(beats baseline) [{level} %]"),
            Column(title="p", fields=("p",)),
            Column(title="p (Holm)", fields=("p_adjusted",)),
            Column(title="smallest p", fields=("smallest_p",)),
            Column(title="Cliff's delta", fields=("cliffs_delta",)),
            Column(title="verdict", fields=("verdict",), is_text=True),
        ),
        rows=tuple(_row(comparison, a, b) for a, b in pairs),
        notes=(
            f"points: Hodges-Lehmann shift, candidate − baseline; "
            f"{'lower' if comparison.lower_is_better else 'higher'} {metric} is better; "
            f"alpha = {comparison.alpha:g}",
            *(_family_note(comparison, a, b) for a, b in pairs),
            f"{ABOUT_SUPERIORITY}; Cliff's delta: P(candidate larger) − P(smaller)",
            *about_caveats(comparison, named),
        ),
        detail={"metric": metric, **document(comparison)},
    )


def planned_tables(
    comparison: Comparison, shown: Collection[str], *, metric: str, title: str
) -> list[Table]:
    """Return the table of the planned pairs of which a variant is shown; none without any.

    Args:
        comparison: The comparison.
        shown: The variants to show.
        metric: The metric of the values.
        title: Title, one line.
    """
    pairs = [(pair.a, pair.b) for pair in comparison.planned]
    chosen = [pair for pair in pairs if pair[0] in shown or pair[1] in shown]
    return [pair_table(comparison, chosen, metric=metric, title=title)] if chosen else []


def _family_note(comparison: Comparison, a: str, b: str) -> str:
    pair = comparison.pair(a, b)
    if pair.p is None:
        return f"{b} against {a}: no test is possible"
    family = "every pair of variants, since this one was picked after the results were there"
    if comparison.is_declared(a, b):
        contrasts = f"every contrast with the baseline '{comparison.baseline}'"
        parts = [contrasts] if comparison.baseline else []
        parts += ["every planned pair"] if comparison.planned else []
        family = " and ".join(parts)
    return (
        f"{b} against {a}: p by {pair.test}; Holm over "
        f"{counted(pair.family_size, 'comparison')}, {family}"
    )


def _row(comparison: Comparison, a: str, b: str) -> tuple[TableCell, ...]:
    pair = comparison.pair(a, b)
    baseline, candidate = comparison.estimates[a], comparison.estimates[b]
    low, high = pair.shift_ci or (None, None)
    return (
        text_cell(b),
        text_cell(a),
        TableCell(values=(pair.n_b, pair.n_a), text=f"{pair.n_b} vs {pair.n_a}"),
        TableCell(
            values=(candidate.mean, candidate.std), text=per_cent(candidate.mean, candidate.std)
        ),
        TableCell(values=(baseline.mean, baseline.std), text=per_cent(baseline.mean, baseline.std)),
        TableCell(values=(pair.shift, low, high), text=points(pair.shift, pair.shift_ci)),
        superiority_cell(pair.superiority, pair.superiority_ci),
        TableCell(values=(pair.p,), text=probability(pair.p)),
        TableCell(values=(pair.p_adjusted,), text=probability(pair.p_adjusted)),
        TableCell(values=(pair.smallest_p,), text=probability(pair.smallest_p)),
        TableCell(values=(pair.cliffs_delta,), text=ratio(pair.cliffs_delta)),
        verdict_cell(pair),
    )
