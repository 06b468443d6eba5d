"""How fast 1 - rho falls as a size grows: fitted exponents, and those of the theorems."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from poolbench.core.contraction import ContractionSettings, Observed, Sweep
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Curve, Curves
from poolbench.report.contraction.similarities import or_none, stages
from poolbench.report.number_format import NOTHING, fixed
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Rate, estimate, fit_rate


@dataclass(frozen=True, kw_only=True)
class Law:
    """An upper bound on ``1 - rho``.

    Args:
        name: The theorem.
        is_logarithmic: Whether it is a power of the logarithm of the size.
        exponent: Exponent of that power.
    """

    name: str
    is_logarithmic: bool
    exponent: float


def law_of(sweep: Sweep, data: str, pool: str) -> Law | None:
    """Return the proved law of an operator as a size grows, if there is one.

    Args:
        sweep: The size that grows.
        data: Name of the data set.
        pool: Name of the operator.

    References:
        Contraction property of pooling layer, theorems 4.1, 4.2, 4.4 and corollary 4.3. Equation
        (31), the proof of 4.4, bounds ``1 - rho`` by ``k^2 / d^2`` for kernels of side k, which
        is the theorem's ``1 / d`` for ``k = d^(1/2)``.
    """
    if pool == "max":
        name = "theorem 4.2" if sweep.over == "pool_size" else "corollary 4.3"
        return Law(name=name, is_logarithmic=True, exponent=-1)
    if pool != "average":
        return None
    if sweep.over == "pool_size":
        return Law(name="theorem 4.1", is_logarithmic=False, exponent=-1)
    if data != "gaussian":
        return None
    if sweep.kernel_sizes:
        return Law(name="theorem 4.4", is_logarithmic=False, exponent=-1)
    return Law(name="proof of theorem 4.4", is_logarithmic=False, exponent=-2)


@dataclass(frozen=True, kw_only=True)
class Series:
    """``1 - rho`` after one operator, over the sizes of a sweep.

    Args:
        network: Label of the network.
        data: Label of the source of pairs.
        pool: Label of the operator.
        sizes: Sizes, ascending.
        gaps: ``1 - rho``, the mean over pairs: one row per seed, one value per size.
        law: The proved law, if there is one.
    """

    network: str
    data: str
    pool: str
    sizes: tuple[int, ...]
    gaps: tuple[tuple[float, ...], ...]
    law: Law | None

    @property
    def rate(self) -> Rate:
        """The exponent of the size, or of its logarithm if the law is logarithmic.

        It is fitted to ``(1 - rho) / rho``, which tends to ``1 - rho``, so the exponents are the
        same. ``1 - rho`` itself cannot exceed 1, which bends its line for small pools; after
        average pooling of independent units the quotient is ``c / n`` at every n.
        """
        is_logarithmic = self.law is not None and self.law.is_logarithmic
        x = [math.log(size) if is_logarithmic else size for size in self.sizes]
        return fit_rate(x, [[gap / (1 - gap) for gap in row] for row in self.gaps])


def series_of(settings: ContractionSettings, observed: Sequence[Observed]) -> Iterator[Series]:
    """Yield a series for every network, source of pairs and operator of a sweep."""
    if settings.sweep is None:
        return
    groups: dict[tuple[str, str, str], dict[int, tuple[float, ...]]] = {}
    names = {source.label: source.source.name for source in settings.data}
    for each in observed:
        for stage in stages(each, settings):
            if each.size is not None and stage.name in settings.pools:
                key = (each.network, each.source.label, stage.name)
                groups.setdefault(key, {})[each.size] = stage.means
    for (network, data, pool), means in groups.items():
        yield Series(
            network=network,
            data=data,
            pool=pool,
            sizes=tuple(means),
            gaps=tuple(tuple(1 - m for m in row) for row in zip(*means.values(), strict=True)),
            law=law_of(settings.sweep, names[data], settings.pools[pool].name),
        )


def rates_table(experiment: Experiment[ContractionSettings], observed: Sequence[Observed]) -> Table:
    """Return a row for every series, with its exponent and the proved one."""
    columns = (
        Column(title="network", fields=("network",), is_text=True),
        Column(title="data", fields=("data",), is_text=True),
        Column(title="behind", fields=("pool",), is_text=True),
        Column(title="1 − ρ", fields=("first_gap", "last_gap")),
        Column(title="as a power of", fields=("variable",), is_text=True),
        Column(title="exponent [95 % interval]", fields=("exponent", "low", "high")),
        Column(title="R²", fields=("r_squared",)),
        Column(title="proved", fields=("law", "law_exponent"), is_text=True),
        Column(title="found", fields=("verdict",), is_text=True),
    )
    settings = experiment.settings
    symbol = "n" if settings.sweep is not None and settings.sweep.over == "pool_size" else "d"
    found = list(series_of(settings, observed))
    rows = tuple(tuple(_row(each, symbol)) for each in found)
    return Table(
        title=f"{experiment.title} · rates",
        columns=columns,
        rows=rows,
        notes=(
            f"exponent: mean over {len(settings.seeds)} seeds of the slope of log (1 − ρ)/ρ, which "
            "is 1 − ρ in the limit and does not bend where that nears 1, "
            f"{_range(found, symbol)}; the interval is Student's over the seeds alone: a curve "
            "that bends has another slope over other sizes",
            "n: elements of a pool; d: side of the images in pixels"
            + (", the kernel's side growing with it" if _grows(settings) else ""),
            "proved: an upper bound O(...), so an exponent below it agrees with the theorem, and "
            "says that the bound is not tight",
        ),
    )


def _range(found: Sequence[Series], symbol: str) -> str:
    """Return the sizes that slopes were fitted over: ``over n = 10 to 400``."""
    sizes = [size for each in found for size in each.sizes]
    return f"over {symbol} = {min(sizes):g} to {max(sizes):g}" if sizes else "over no sizes"


def rates_chart(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed], name: str
) -> Curves:
    """Return ``1 - rho`` against the size, with a line for every proved law."""
    settings = experiment.settings
    found = list(series_of(settings, observed))
    are_many = [len({each.network for each in found}) > 1, len({each.data for each in found}) > 1]
    curves = []
    for each in found:
        told = [*compress((each.network, each.data), are_many), each.pool]
        label = " · ".join(told)
        by_size = [estimate(row) for row in zip(*each.gaps, strict=True)]
        sizes = tuple(map(float, each.sizes))
        is_certain = len(each.gaps) > 1
        curves.append(
            Curve(
                label=label,
                x=sizes,
                y=tuple(e.mean for e in by_size),
                # A band that reaches 0 cannot be shown on a logarithmic axis.
                low=tuple(max(e.ci_low, e.mean / 10) for e in by_size) if is_certain else (),
                high=tuple(e.ci_high for e in by_size) if is_certain else (),
            )
        )
    # One line per law: lines differ only by a constant, which is not part of the theorem.
    bounds = {each.law: _bound(each, each.law) for each in reversed(found) if each.law is not None}
    is_pool = settings.sweep is not None and settings.sweep.over == "pool_size"
    what = "elements of a pool" if is_pool else "side of the images (px)"
    return Curves(
        name=f"{name}-rates",
        title=experiment.title,
        caption=f"Mean of 1 − ρ over {settings.pairs} pairs; band: Student's 95 % interval over "
        f"{len(settings.seeds)} seeds; dashed: what is proved, from one curve's last point.",
        x=Axis(label=what, scale="log"),
        y=Axis(label="1 − cosine similarity", scale="log"),
        curves=(*curves, *bounds.values()),
    )


def _bound(series: Series, law: Law) -> Curve:
    def shape(size: float) -> float:
        return float((math.log(size) if law.is_logarithmic else size) ** law.exponent)

    sizes = tuple(map(float, series.sizes))
    end = estimate([row[-1] for row in series.gaps]).mean
    return Curve(
        label=law.name,
        x=sizes,
        y=tuple(end * shape(size) / shape(sizes[-1]) for size in sizes),
        is_reference=True,
    )


def _row(series: Series, symbol: str) -> Iterator[TableCell]:
    rate, law = series.rate, series.law
    yield text_cell(series.network)
    yield text_cell(series.data)
    yield text_cell(series.pool)
    first, last = (estimate([row[at] for row in series.gaps]).mean for at in (0, -1))
    yield TableCell(values=(first, last), text=f"{first:.2g} → {last:.2g}")
    yield text_cell(f"log {symbol}" if law is not None and law.is_logarithmic else symbol)
    ends = (rate.ci_low, rate.ci_high)
    interval = "" if math.isnan(rate.ci_low) else f" [{fixed(ends[0], 2)}, {fixed(ends[1], 2)}]"
    shown = NOTHING if math.isnan(rate.exponent) else f"{fixed(rate.exponent, 2)}{interval}"
    values = tuple(map(or_none, (rate.exponent, *ends)))
    yield TableCell(values=values, text=shown)
    shown = NOTHING if math.isnan(rate.r_squared) else f"{rate.r_squared:.3f}"
    yield TableCell(values=(or_none(rate.r_squared),), text=shown)
    if law is None:
        yield TableCell(values=(None, None), text="")
    else:
        proved = f"{law.exponent:g} ({law.name})".replace("-", "−")
        yield TableCell(values=(law.name, law.exponent), text=proved)
    yield text_cell(_verdict(rate, law))


def _verdict(rate: Rate, law: Law | None) -> str:
    if law is None or math.isnan(rate.ci_low):
        return ""
    if rate.ci_high < law.exponent:
        return "faster than proved"
    return "as proved" if rate.ci_low <= law.exponent else "slower than proved"


def _grows(settings: ContractionSettings) -> bool:
    return settings.sweep is not None and bool(settings.sweep.kernel_sizes)
