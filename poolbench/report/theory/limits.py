"""LAE's limits as a table and a chart: how fast it nears the max and the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.core.smooth_maximum import Limit
from poolbench.core.theory import LimitsSettings
from poolbench.report.cells import decimal, whole
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.number_format import fixed
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import estimate, fit_rate

# Exponent of t in the distance from the limit, and where it is proved.
_PROVED = {"max": (1, "corollary 1"), "mean": (-1, "theorem 2")}


def limits_table(found: Sequence[Limit], settings: LimitsSettings) -> Table:
    """Return a row for every window size and limit, with the exponent found and the one proved.

    Args:
        found: The measured distances.
        settings: The settings of the windows.
    """
    return Table(
        title="LAE of n elements in [0, 1] as t falls to 0, and as it rises",
        columns=(
            Column(title="n", fields=("n",)),
            Column(title="tends to", fields=("limit",), is_text=True),
            Column(title="t", fields=("first_t", "last_t")),
            Column(title="distance", fields=("first_gap", "last_gap")),
            Column(title="leading term", fields=("leading_term",), is_text=True),
            Column(title="distance / leading", fields=("first_ratio", "last_ratio")),
            Column(title="exponent [95 % interval]", fields=("exponent", "low", "high")),
            Column(title="proved", fields=("law", "law_exponent"), is_text=True),
            Column(title="dLAE/dt, deviation", fields=("derivative_deviation",)),
        ),
        rows=tuple(_row(each) for each in found),
        notes=(
            f"distance: mean over {settings.samples:,} uniform windows of each of {settings.seeds} "
            "seeds, as the operator lae pools them in float64; at the first and the last t",
            "leading term: t log n below the max; variance / 2t above the mean, which is also the "
            "first term of theorem 2's series",
            "exponent: mean over the seeds of the slope of log distance on log t, Student's "
            "interval; proved: O(t) below the max (max − LAE <= t log n), O(1/t) above the mean",
            "dLAE/dt: the operator's gradient beside theorem 4, (LAE − sum of softmax(z/t) z) / t; "
            "largest difference, as a share of the largest gradient",
        ),
    )


def limits_chart(found: Sequence[Limit]) -> list[Chart]:
    """Return the distances from each limit over t, with the leading terms."""
    charts: list[Chart] = []
    for to in ("max", "mean"):
        rows = [each for each in found if each.to == to]
        if not rows:
            continue
        what = "max − LAE" if to == "max" else "LAE − mean"
        curves = [Curve(label=f"n = {each.n}", x=each.t, y=_over_seeds(each.gaps)) for each in rows]
        terms = [
            Curve(
                label=f"leading term, n = {each.n}",
                x=each.t,
                y=_over_seeds(each.leading),
                is_reference=True,
            )
            for each in rows[:: max(1, len(rows) - 1)]
        ]
        charts.append(
            Curves(
                name=f"lae-to-{to}",
                title=f"{what} of n uniform elements in [0, 1]",
                caption="Mean over windows and seeds; dashed: t log n, or half the variance by t.",
                x=Axis(label="temperature t", scale="log"),
                y=Axis(label=what, scale="log"),
                curves=(*curves, *terms),
            )
        )
    return charts


def _row(limit: Limit) -> tuple[TableCell, ...]:
    gaps, leading = _over_seeds(limit.gaps), _over_seeds(limit.leading)
    ratios = [gap / term for gap, term in zip(gaps, leading, strict=True)]
    rate = fit_rate(limit.t, limit.gaps)
    exponent, law = _PROVED[limit.to]
    is_certain = not math.isnan(rate.ci_low)
    ends = (rate.ci_low, rate.ci_high) if is_certain else (None, None)
    interval = f" [{fixed(rate.ci_low, 4)}, {fixed(rate.ci_high, 4)}]" if is_certain else ""
    return (
        whole(limit.n),
        text_cell(limit.to),
        TableCell(values=(limit.t[0], limit.t[-1]), text=f"{limit.t[0]:g} to {limit.t[-1]:g}"),
        TableCell(values=(gaps[0], gaps[-1]), text=f"{gaps[0]:.3g} to {gaps[-1]:.3g}"),
        text_cell("t log n" if limit.to == "max" else "variance / 2t"),
        TableCell(values=(ratios[0], ratios[-1]), text=f"{ratios[0]:.5f} to {ratios[-1]:.5f}"),
        TableCell(
            values=(rate.exponent, *ends),
            text=f"{fixed(rate.exponent, 4, sign='+')}{interval}",
        ),
        TableCell(values=(law, exponent), text=f"{exponent:+d} ({law})".replace("-", "−")),
        decimal(limit.derivative_deviation, 2),
    )


def _over_seeds(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(estimate(column).mean for column in zip(*rows, strict=True))
