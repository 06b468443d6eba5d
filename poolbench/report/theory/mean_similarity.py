"""The mean similarity of theorem 4.4: a ratio of means beside a mean of ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.report.cells import whole
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.number_format import fixed
from poolbench.report.table import Column, Table, TableCell
from poolbench.stats import estimate, fit_rate
from poolbench.theory.mean_similarity import MeanSimilarity

_FEWEST = 3


def mean_similarity_table(found: Sequence[MeanSimilarity]) -> Table:
    """Return a row for every size, and the exponents of both means as the images grow.

    Args:
        found: The means at each size.
    """
    pairs = len(found[0].similarities)
    return Table(
        title="Similarity of average-pooled Gaussian images: ratio of means, mean of ratios",
        columns=(
            Column(title="d", fields=("image_size",)),
            Column(title="k", fields=("kernel_size",)),
            Column(title="1 − C, ratio of means", fields=("gap_of_ratio",)),
            Column(title="1 − mean of ρ", fields=("gap_of_mean", "rho_std")),
            Column(title="C − mean of ρ", fields=("difference",)),
            Column(title="at most", fields=("bound",)),
            Column(title="C as printed", fields=("printed",)),
        ),
        rows=tuple(_row(each) for each in found),
        notes=(
            f"{pairs} pairs of d × d images of normal pixels, zeros around them; C and ρ are exact "
            "means over infinitely many normal filters of k × k, with a ReLU; ± standard deviation "
            "(ddof 1) over the pairs",
            "at most: bound of 1 − C by the proof of theorem 4.4 with every patch counted, "
            "b / (1 + b) with b = (2k − 1)² k² / (d² w), w the mean product of independent patches",
            "C as printed: lower bound of equation (31), which no C can meet: it leaves more "
            "patches out of the denominator than are dependent",
            *_exponents(found),
        ),
    )


def mean_similarity_chart(found: Sequence[MeanSimilarity]) -> list[Chart]:
    """Return both means and the bound over the side of the images; none at a single size."""
    rising = sorted(found, key=lambda each: each.image_size)
    x = tuple(float(each.image_size) for each in rising)
    if len(set(x)) < 2 or len(set(x)) < len(x):
        return []
    rho = [estimate(each.similarities).mean for each in rising]
    return [
        Curves(
            name="mean-similarity",
            title="Average-pooled Gaussian images: what both means leave to 1",
            caption=f"{len(rising[0].similarities)} pairs at each side; dashed: at most, by the "
            "proof of theorem 4.4 with every patch counted.",
            x=Axis(label="side of the images (px)", scale="log"),
            y=Axis(label="1 − similarity", scale="log"),
            curves=(
                Curve(
                    label="ratio of means, C", x=x, y=tuple(1 - m.ratio_of_means for m in rising)
                ),
                Curve(label="mean of ratios, ρ", x=x, y=tuple(1 - mean for mean in rho)),
                Curve(
                    label="at most",
                    x=x,
                    y=tuple(1 - each.bound for each in rising),
                    is_reference=True,
                ),
            ),
        )
    ]


def _row(each: MeanSimilarity) -> tuple[TableCell, ...]:
    rho = estimate(each.similarities)
    spread = "" if math.isnan(rho.std) else f" ± {rho.std:.2g}"
    difference = each.ratio_of_means - rho.mean
    return (
        whole(each.image_size),
        whole(each.kernel_size),
        TableCell(values=(1 - each.ratio_of_means,), text=f"{1 - each.ratio_of_means:.5f}"),
        TableCell(
            values=(1 - rho.mean, None if math.isnan(rho.std) else rho.std),
            text=f"{1 - rho.mean:.5f}{spread}",
        ),
        TableCell(values=(difference,), text=fixed(difference, 5, sign="+")),
        TableCell(values=(1 - each.bound,), text=f"{1 - each.bound:.5f}"),
        TableCell(values=(each.printed,), text=f"{each.printed:.4f}"),
    )


def _exponents(found: Sequence[MeanSimilarity]) -> list[str]:
    if len(found) < _FEWEST:
        return []
    sizes = [each.image_size for each in found]
    gaps = {
        "1 − C": [1 - each.ratio_of_means for each in found],
        "1 − mean of ρ": [1 - estimate(each.similarities).mean for each in found],
        "the bound": [1 - each.bound for each in found],
    }
    told = (f"{name} as d^{fit_rate(sizes, [row]).exponent:.2f}" for name, row in gaps.items())
    return [f"as the images grow: {', '.join(told)}".replace("-", "−")]
