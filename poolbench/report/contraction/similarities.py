"""Angle contraction as a table: the similarity of pairs at each stage of a network."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from poolbench.core.contraction import ContractionSettings, Observed, arccosine_kernel
from poolbench.core.experiment import Experiment
from poolbench.report.number_format import NOTHING, fixed
from poolbench.report.table import Column, Table, TableCell, Value, text_cell
from poolbench.stats import Distance, distance_from, estimate, rank_correlation

_COLUMNS = (
    Column(title="network", fields=("network",), is_text=True),
    Column(title="data", fields=("data",), is_text=True),
    Column(title="size", fields=("size",)),
    Column(title="behind", fields=("behind",), is_text=True),
    Column(title="pairs × seeds", fields=("pairs", "seeds", "pairs_without_angle")),
    Column(title="similarity", fields=("similarity_mean", "similarity_std")),
    Column(title="5 – 95 % of pairs", fields=("similarity_5", "similarity_95")),
    Column(title="closer %", fields=("share_closer",)),
    Column(title="order kept", fields=("order_kept",)),
    Column(
        title="from kernel",
        fields=("signed_distance_from_kernel", "signed_distance_std", "distance_from_kernel"),
    ),
    Column(title="below kernel %", fields=("share_below_kernel",)),
    Column(title="published", fields=("published", "published_is_comparable")),
    Column(title="ours − published", fields=("difference_from_published",)),
)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of a network, with the similarities one stage before.

    Args:
        name: ``inputs``, ``features`` or the label of an operator.
        rows: Similarities there: one row per seed, one value per pair.
        before: Similarities one step earlier, in the same shape; empty for the inputs.
    """

    name: str
    rows: tuple[tuple[float, ...], ...]
    before: tuple[tuple[float, ...], ...]

    @property
    def values(self) -> tuple[float, ...]:
        """All similarities, seed by seed, without pairs that have no angle."""
        return tuple(value for value in chain(*self.rows) if not math.isnan(value))

    @property
    def means(self) -> tuple[float, ...]:
        """Mean similarity of each seed."""
        return tuple(_mean(row) for row in self.rows)

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Similarity before and here of every pair that has both angles."""
        both = zip(chain(*self.before), chain(*self.rows), strict=True)
        return tuple((b, a) for b, a in both if not math.isnan(b + a)) if self.before else ()

    @property
    def from_kernel(self) -> Distance:
        """Distances from the arccosine kernel of the similarities one stage before."""
        kernel = [[arccosine_kernel(value) for value in row] for row in self.before]
        return distance_from(kernel, self.rows)


def stages(observed: Observed, settings: ContractionSettings) -> Iterator[Stage]:
    """Yield the stages of a network in forward order; none if data are missing."""
    if observed.missing:
        return
    inputs = tuple(seed.inputs for seed in observed.seeds)
    features = tuple(seed.features for seed in observed.seeds)
    yield Stage(name="inputs", rows=inputs, before=())
    yield Stage(name="features", rows=features, before=inputs)
    for index, label in enumerate(settings.pools):
        pooled = tuple(seed.pooled[index] for seed in observed.seeds)
        yield Stage(name=label, rows=pooled, before=features)


def similarity_table(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed]
) -> Table:
    """Return a row for every stage of every network, on every source of pairs, at every size.

    Args:
        experiment: The experiment.
        observed: Its results.
    """
    rows = []
    for each in observed:
        size = "" if each.size is None else f"{each.size:,}"
        head = (
            text_cell(each.network),
            text_cell(each.source.label),
            TableCell(values=(each.size,), text=size),
        )
        if each.missing:
            rows.append((*head, text_cell("missing data"), *map(_blank, _COLUMNS[4:])))
        rows += [
            (*head, text_cell(stage.name), *_number_cells(stage, each))
            for stage in stages(each, experiment.settings)
        ]
    told = [at for at in range(len(_COLUMNS)) if any(row[at].text for row in rows)]
    return Table(
        title=f"{experiment.title} · cosine similarity of random pairs, untrained",
        columns=tuple(_COLUMNS[at] for at in told),
        rows=tuple(tuple(row[at] for at in told) for row in rows),
        notes=_notes(experiment, observed),
    )


def _number_cells(stage: Stage, observed: Observed) -> Iterator[TableCell]:
    values, over_seeds = stage.values, estimate(stage.means)
    asked = sum(len(row) for row in stage.rows)
    pairs, seeds = len(stage.rows[0]), len(stage.rows)
    lost = asked - len(values)
    count = f"{pairs} × {seeds}" + (f", {lost} without angle" if lost else "")
    yield TableCell(values=(pairs, seeds, lost), text=count)
    spread = "" if math.isnan(over_seeds.std) else f" ± {over_seeds.std:.4f}"
    shown = f"{similarity(over_seeds.mean)}{spread}" if values else NOTHING
    yield TableCell(values=(or_none(over_seeds.mean), or_none(over_seeds.std)), text=shown)
    if pairs > 1 and len(values) > 1:
        low, *_, high = statistics.quantiles(values, n=20, method="inclusive")
        yield TableCell(values=(low, high), text=f"{similarity(low)} – {similarity(high)}")
    else:
        yield TableCell(values=(None, None), text="")
    steps = stage.steps
    closer = _mean([float(after > before) for before, after in steps])
    yield _cell(closer, f"{100 * closer:.1f}")
    rho = rank_correlation(*zip(*steps, strict=True)).rho if len(steps) > 2 else math.nan
    yield _cell(rho, similarity(rho))
    yield from _kernel_cells(stage.from_kernel if stage.name == "features" else None)
    published = observed.source.published.get(stage.name, math.nan)
    is_comparable = not observed.source.incomparable
    if math.isnan(published):
        yield TableCell(values=(None, None), text="")
    else:
        text = similarity(published) if is_comparable else "not comparable"
        yield TableCell(values=(published, is_comparable), text=text)
    gap = over_seeds.mean - published if is_comparable else math.nan
    yield _cell(gap, fixed(gap, 4, sign="+"))


def _kernel_cells(distance: Distance | None) -> Iterator[TableCell]:
    if distance is None or not distance.n:
        yield TableCell(values=(None, None, None), text="")
        yield TableCell(values=(None,), text="")
        return
    signed = distance.signed
    spread = "" if math.isnan(signed.std) else f" ± {signed.std:.4f}"
    yield TableCell(
        values=(signed.mean, or_none(signed.std), distance.absolute),
        text=f"{fixed(signed.mean, 4, sign='+')}{spread}",
    )
    yield TableCell(values=(distance.share_below,), text=f"{100 * distance.share_below:.1f}")


def similarity(value: float) -> str:
    """Return a cosine similarity as text: four decimals, a typographic minus."""
    return NOTHING if math.isnan(value) else fixed(value, 4)


def _notes(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed]
) -> tuple[str, ...]:
    settings = experiment.settings
    duration = sum(seed.duration_s for each in observed for seed in each.seeds)
    notes = [
        "similarity: mean over pairs and seeds ± standard deviation (ddof 1) of the seeds' means; "
        "each seed draws weights and pairs",
        "closer: share of the pairs whose angle is smaller than one step before (features: than "
        "the inputs'; operators: than the features'); order kept: Spearman's correlation with the "
        "similarity one step before",
        "from kernel: mean signed distance from (sqrt(1 − ρ²) + (π − arccos ρ) ρ)/π, the arccosine "
        "kernel, which one wide layer of ReLUs makes of the inputs' ρ, ± standard deviation of the "
        "seeds' means; below kernel: share of the pairs that contract less than the kernel says",
        "batch normalisation, where there is one, subtracts the "
        + ("batch's mean" if settings.batch_norm == "batch" else "running mean, still 0"),
        f"measured in {duration:,.1f} s",
    ]
    if any(each.source.published for each in observed):
        source = ", ".join(f"{key} {value}" for key, value in experiment.source.items())
        notes.append(f"published: {source}")
    reasons = dict.fromkeys(text for each in observed for text in each.source.incomparable)
    notes += [f"not comparable with the published numbers: {reason}" for reason in reasons]
    missing = {each.source.source.name: each.missing for each in observed if each.missing}
    notes += [f"missing data: {reason}" for reason in missing.values()]
    return tuple(notes)


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not math.isnan(value)]
    return statistics.fmean(there) if there else math.nan


def or_none(number: float) -> Value:
    """Return a number for programs: ``None`` instead of NaN."""
    return None if math.isnan(number) else number


def _cell(number: float, text: str) -> TableCell:
    return TableCell(values=(or_none(number),), text="" if math.isnan(number) else text)


def _blank(column: Column) -> TableCell:
    return TableCell(values=(None,) * len(column.fields), text="")
