"""The cells of a comparison, shared by the tables of results and of probes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from poolbench.report.number_format import NOTHING, fixed, level_of, per_cent, points, probability
from poolbench.report.table import Column, TableCell
from poolbench.stats import Comparison, Estimate, Pair, Verdict
from poolbench.stats.shift import Interval

SIGNS: Mapping[Verdict, str] = {
    "better": "▲", "worse": "▼", "equivalent": "≈", "too few seeds": "?", "no test possible": "?"
}  # fmt: skip


def count_cell(comparison: Comparison, variant: str) -> TableCell:
    """Return the number of seeds, with marks if some diverged (†) or are missing (‡)."""
    return counted_cell(comparison.estimates[variant])


def counted_cell(e: Estimate) -> TableCell:
    """Return the number of seeds of an estimate, with the same marks."""
    signs = ("†" if e.n_diverged else "") + ("‡" if e.n_missing else "")
    text = f"{e.n}/{e.n_asked}{signs}" if signs else str(e.n)
    return TableCell(values=(e.n, e.n_diverged, e.n_missing), text=text)


def verdict_cell(pair: Pair) -> TableCell:
    """Return the verdict on a candidate, qualified where its mean does not support its ranks."""
    qualified = f"{pair.verdict} by rank, not in mean" if pair.is_by_rank_only else pair.verdict
    return TableCell(values=(pair.verdict,), text=qualified, mark=SIGNS.get(pair.verdict, ""))


def ranked_cell(comparison: Comparison, variant: str) -> TableCell:
    """Return mean and standard deviation, in bold if in the best set."""
    e, is_bold = comparison.estimates[variant], variant in comparison.bold
    mark = ("*" if is_bold else "") + ("?" if variant in comparison.decision.untested else "")
    text = per_cent(e.mean, e.std)
    return TableCell(values=(e.mean, e.std, is_bold), text=text, is_bold=is_bold, mark=mark)


def contrast_columns(comparison: Comparison) -> tuple[Column, ...]:
    """Return the columns of :func:`contrast_cells`."""
    level = level_of(comparison.alpha)
    return (
        Column(
            title=f"vs {comparison.baseline}, points [{level} % interval]",
            fields=("shift", "shift_low", "shift_high"),
        ),
        superiority_column(f"P(beats {comparison.baseline}) [{level} %]"),
        Column(title="p (Holm)", fields=("p_adjusted",)),
        Column(title="verdict", fields=("verdict",), is_text=True),
    )


def contrast_cells(comparison: Comparison, variant: str) -> tuple[TableCell, ...]:
    """Return a variant's shift against the baseline, its p and the verdict."""
    pair = next((pair for pair in comparison.contrasts if pair.b == variant), None)
    if pair is None:
        nothing = TableCell(values=(None,), text="")
        none = TableCell(values=(None, None, None), text="")
        return replace(none, text="baseline"), none, nothing, nothing
    low, high = pair.shift_ci or (None, None)
    return (
        TableCell(values=(pair.shift, low, high), text=points(pair.shift, pair.shift_ci)),
        superiority_cell(pair.superiority, pair.superiority_ci),
        TableCell(values=(pair.p_adjusted,), text=probability(pair.p_adjusted)),
        verdict_cell(pair),
    )


def superiority_column(title: str) -> Column:
    """Return the column of :func:`superiority_cell`."""
    return Column(title=title, fields=("superiority", "superiority_low", "superiority_high"))


def superiority_cell(superiority: float, interval: Interval | None) -> TableCell:
    """Return the probability that a run of the candidate beats one of the baseline."""
    low, high = interval or (None, None)
    if math.isnan(superiority):
        return TableCell(values=(None, low, high), text=NOTHING)
    text = fixed(superiority, 2)
    if interval is not None:
        text += f" [{fixed(interval[0], 2)}, {fixed(interval[1], 2)}]"
    return TableCell(values=(superiority, low, high), text=text)


ABOUT_SUPERIORITY = (
    "P(beats ...): probability that a run is better than one of the other variant, ties counting "
    "half: 0.50 is no difference; its interval is Newcombe's, of independent runs"
)
