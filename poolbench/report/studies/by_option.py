"""Results against an option that the variants differ in: accuracy against t0 by precision.

A suite does not ask for it: the option is found in the variants themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from poolbench.core.cell import Cell
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.chart import Axis, Chart, Curves, Scale
from poolbench.report.studies.bands import BAND, curve_over_seeds, seeds_text

_LEAST_POINTS = 3
# On a linear axis, a range this wide would hide its lower end.
_WIDE = 20

Options = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Line:
    """Variants that differ in one option alone: ``variants`` maps its values to variants."""

    rest: Options
    variants: Mapping[float, str]


def option_charts(study: Study, runs: Mapping[str, Run]) -> list[Chart]:
    """Return the metric against an option for each data set, if three variants differ in it.

    Variants without the option, such as average pooling without a temperature, are level lines.

    Args:
        study: The study.
        runs: Runs by cell id; a cell without one is missing.

    Returns:
        Charts with distinct names; none for a data set without runs.
    """
    options = {variant: dict(_options(cells[0])) for _, variant, cells in study.conditions()}
    found = _longest_lines(options)
    if found is None:
        return []
    name, lines = found
    trained = {dataset for dataset, _, cells in study.conditions() for c in cells if c.id in runs}
    return [
        _chart(study, dataset, runs, options, name, lines)
        for dataset in study.datasets
        if dataset in trained
    ]


def _options(cell: Cell) -> Iterator[tuple[str, Any]]:
    """Yield every option of a variant: ``pools.head.temperature``, ``recipe.optimizer.lr``, ..."""
    yield "model", cell.model.network.name
    for key, value in cell.model.network.options.items():
        yield f"model.{key}", value
    for site, pool in cell.model.pools.items():
        yield f"pools.{site}", pool.name
        for key, value in pool.options.items():
            yield f"pools.{site}.{key}", value
    for part in ("optimizer", "schedule"):
        named = getattr(cell.recipe, part)
        yield f"recipe.{part}", named.name
        for key, value in named.options.items():
            yield f"recipe.{part}.{key}", value
    for key in ("epochs", "batch_size", "label_smoothing", "pool_lr_factor", "clip_norm"):
        yield f"recipe.{key}", getattr(cell.recipe, key)
    yield "recipe.rates.head", cell.recipe.head_lr_factor
    yield "recipe.rates.backbone", cell.recipe.backbone_lr_factor
    yield "recipe.freeze", cell.recipe.frozen


def _longest_lines(options: Mapping[str, Options]) -> tuple[str, list[_Line]] | None:
    """Return the only option that most variants differ in, and the lines they make."""
    names = dict.fromkeys(name for own in options.values() for name in own)
    found = [(name, _lines(name, options)) for name in names]
    name, lines = max(found, key=lambda pair: sum(len(line.variants) for line in pair[1]))
    return (name, lines) if lines else None


def _lines(name: str, options: Mapping[str, Options]) -> list[_Line]:
    groups: dict[str, tuple[Options, dict[float, str]]] = {}
    for variant, own in options.items():
        value = own.get(name)
        if not isinstance(value, int | float):  # of true and false there are too few
            continue
        rest = {key: other for key, other in own.items() if key != name}
        _, variants = groups.setdefault(repr(sorted(rest.items())), (rest, {}))
        variants[float(value)] = variant
    return [
        _Line(rest=rest, variants=dict(sorted(variants.items())))
        for rest, variants in groups.values()
        if len(variants) >= _LEAST_POINTS
    ]


def _chart(
    study: Study,
    dataset: str,
    runs: Mapping[str, Run],
    options: Mapping[str, Options],
    name: str,
    lines: Sequence[_Line],
) -> Chart:
    metric = study.analysis.metric
    results = {
        variant: [runs[c.id].result.value(metric) if c.id in runs else None for c in cells]
        for variant, cells in study.cells_on(dataset).items()
    }
    counts = [sum(value is not None for value in row) for row in results.values()]
    values = sorted({value for line in lines for value in line.variants})
    curves = [
        curve_over_seeds(
            label, list(line.variants), [results[variant] for variant in line.variants.values()]
        )
        for label, line in zip(_labels(name, lines), lines, strict=True)
    ]
    ends = [values[0], values[-1]]
    for variant in (variant for variant, own in options.items() if name not in own):
        curve = curve_over_seeds(variant, ends, [results[variant]] * 2)
        if not math.isnan(curve.y[0]):
            curves.append(replace(curve, is_reference=True))
    site, _, option = name.removeprefix("pools.").removeprefix("recipe.").rpartition(".")
    words = option.replace("_", " ")
    return Curves(
        name=f"{dataset}-by-{option.replace('_', '-')}",
        title=f"{study.heading} · {dataset}",
        caption=f"{BAND}; {seeds_text(filter(None, counts))} a variant",
        x=Axis(
            label=f"{words} ({site})" if site else words,
            scale=_scale(values),
        ),
        y=Axis(label=f"test {metric} (%)", is_share=True),
        curves=tuple(curves),
    )


def _labels(name: str, lines: Sequence[_Line]) -> list[str]:
    """Return what distinguishes the lines: their operators' options, or others if necessary."""
    for prefix in ("pools.", ""):
        keys = dict.fromkeys(key for line in lines for key in line.rest if key.startswith(prefix))
        differing = [key for key in keys if len({repr(line.rest.get(key)) for line in lines}) > 1]
        labels = [
            ", ".join(f"{key.rpartition('.')[2]} {line.rest.get(key, '–')}" for key in differing)
            for line in lines
        ]
        if len(set(labels)) == len(lines):
            break
    # A single line is named after the component with the option.
    owner = name.rpartition(".")[0]
    return [
        label or str(line.rest.get(owner, name)) for label, line in zip(labels, lines, strict=True)
    ]


def _scale(values: Sequence[float]) -> Scale:
    if values[0] <= 0 or values[-1] / values[0] < _WIDE:
        return "linear"
    return "log2" if all(math.log2(value).is_integer() for value in values) else "log"
