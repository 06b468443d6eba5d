"""How variants learn: curves over epochs, and how soon they reach an accuracy."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from poolbench.core.errors import BadInput
from poolbench.core.record import Epoch, Run
from poolbench.core.study import Study
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.number_format import NOTHING, count, probability
from poolbench.report.studies.bands import BAND, curve_over_seeds, seeds_text
from poolbench.report.studies.comparison_cells import verdict_cell
from poolbench.report.studies.differences import about_differences
from poolbench.report.studies.notes import about_bold, about_caveats, about_selection
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison, compare
from poolbench.stats.document import document

Quantity = Callable[[Epoch], float | None]


def learning_charts(study: Study, runs: Mapping[str, Run]) -> list[Chart]:
    """Return training loss and, if images were held out, validation accuracy over epochs.

    Args:
        study: The study, with its cells.
        runs: Runs by cell id; a cell without one is missing.

    Returns:
        At most two charts per data set.
    """
    charts: list[Chart] = []
    for dataset in study.datasets:
        charts += [
            *_chart(study, dataset, runs, "training loss", lambda epoch: epoch.loss),
            *_chart(study, dataset, runs, "validation accuracy", lambda e: e.validation_accuracy),
        ]
    return charts


def early_table(study: Study, dataset: str, runs: Mapping[str, Run], target: float) -> Table:
    """Return how many epochs and images each variant needs to reach a validation accuracy.

    Runs that never reach it, and runs that diverged, rank behind all others.

    Args:
        study: The study, with its cells and analysis.
        dataset: One of its data sets.
        runs: Runs by cell id; a cell without one is missing.
        target: Validation accuracy, in (0, 1].

    Raises:
        BadInput: The target is out of range, or no images were held out.
    """
    if not 0 < target <= 1:
        raise BadInput(f"the target is {target:g}", "give an accuracy in (0, 1], such as 0.9")
    shown, study = tuple(study.cells_on(dataset)), study.whole
    rows = study.cells_on(dataset)
    there = [runs[cell.id] for cells in rows.values() for cell in cells if cell.id in runs]
    if not any(epoch.validation_accuracy is not None for run in there for epoch in run.history):
        raise BadInput(
            f"no run on {dataset} has a validation accuracy",
            "hold images out: `data: {validation: 0.1}` in the suite",
        )
    epochs = {
        variant: [_epochs_to(runs.get(cell.id), target) for cell in cells]
        for variant, cells in rows.items()
    }
    comparison = compare(
        epochs,
        rule=study.analysis.rule,
        lower_is_better=True,
        baseline=study.baseline or None,
        is_baseline_chosen=study.analysis.is_baseline_chosen,
        alpha=study.analysis.alpha,
        paired=study.analysis.paired,
    )
    contrasts = {pair.b: pair for pair in comparison.contrasts}
    table_rows = []
    for variant in shown:
        cells = rows[variant]
        images = [
            _images_in(runs.get(cell.id), value)
            for cell, value in zip(cells, epochs[variant], strict=True)
        ]
        pair, is_bold = contrasts.get(variant), variant in comparison.bold
        p = pair.p_adjusted if pair is not None else None
        untested = "?" if variant in comparison.decision.untested else ""
        table_rows.append(
            (
                text_cell(variant),
                _reached_cell(epochs[variant]),
                _median_cell(epochs[variant], is_bold=is_bold, mark="*" * is_bold + untested),
                _median_cell(images),
                TableCell(values=(p,), text=probability(p) if pair is not None else ""),
                text_cell("") if pair is None else verdict_cell(pair),
            )
        )
    against = f"vs {comparison.baseline}, " if comparison.baseline else ""
    return Table(
        title=f"{study.heading} · {dataset} · epochs to {100 * target:g} % validation accuracy",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="reached", fields=("n_reached", "n")),
            Column(title="epochs", fields=("epochs_median", "epochs_least", "epochs_most")),
            Column(title="images", fields=("images_median", "images_least", "images_most")),
            Column(title=f"{against}p (Holm)", fields=("p_adjusted",)),
            Column(title="verdict", fields=("verdict",), is_text=True),
        ),
        rows=tuple(table_rows),
        notes=(
            "epochs, images: median over the seeds [least to most]; never: not within the epochs "
            "trained, which ranks behind every epoch, as does a diverged run",
            *about_selection(comparison, shown),
            *about_bold(comparison),
            *(_about_tests(comparison) if contrasts else ()),
            # A run that never reached the target has no number here, but it did not diverge.
            *about_caveats(comparison, shown, without=("diverged", "constant")),
            *about_differences(study, dataset),
        ),
        detail={"dataset": dataset, "metric": "epochs", "target": target, **document(comparison)},
    )


def _about_tests(comparison: Comparison) -> Iterator[str]:
    tests = {pair.test for pair in comparison.contrasts if pair.p is not None}
    if tests:
        size = comparison.contrasts[0].family_size
        yield f"p: {', '.join(sorted(tests))}, Holm over {size} comparisons"


def _chart(
    study: Study, dataset: str, runs: Mapping[str, Run], name: str, quantity: Quantity
) -> Iterator[Curves]:
    is_share = name == "validation accuracy"
    curves, counts, diverged = [], [], []
    for variant, cells in study.cells_on(dataset).items():
        there = [runs[cell.id] for cell in cells if cell.id in runs]
        sound = [run for run in there if run.result.status == "ok"]
        diverged += [f"{variant}: {len(there) - len(sound)}"] if len(sound) < len(there) else []
        curve = _curve(variant, sound, quantity)
        if any(map(math.isfinite, curve.y)):
            curves.append(curve)
            counts.append(len(sound))
    if curves:
        left_out = f"; left out, since they diverged: {', '.join(diverged)}" if diverged else ""
        yield Curves(
            name=f"{dataset}-{name.replace(' ', '-')}",
            title=f"{study.heading} · {dataset} · {name}",
            caption=f"{BAND}; {seeds_text(counts)} a variant{left_out}",
            x=Axis(label="epoch"),
            y=Axis(label=f"{name} (%)" if is_share else name, is_share=is_share),
            curves=tuple(curves),
        )


def _curve(variant: str, runs: Sequence[Run], quantity: Quantity) -> Curve:
    values: dict[int, list[float | None]] = {}
    for run in runs:
        for epoch in run.history:
            values.setdefault(epoch.epoch, []).append(quantity(epoch))
    epochs = sorted(values)
    return curve_over_seeds(variant, epochs, [values[epoch] for epoch in epochs])


def _epochs_to(run: Run | None, target: float) -> float | None:
    """Return the first epoch that reached the target: NaN for never, ``None`` without a run."""
    if run is None:
        return None
    if run.result.status != "ok":
        return math.nan
    reached = (epoch.epoch for epoch in run.history if (epoch.validation_accuracy or 0.0) >= target)
    return float(next(reached, math.nan))


def _images_in(run: Run | None, epochs: float | None) -> float | None:
    if run is None or epochs is None or math.isnan(epochs):
        return epochs
    timed = {timing.epoch: timing.images for timing in run.timings}
    wanted = range(1, round(epochs) + 1)
    return float(sum(timed[e] for e in wanted)) if all(e in timed for e in wanted) else None


def _reached_cell(values: Sequence[float | None]) -> TableCell:
    there = [value for value in values if value is not None]
    reached = sum(math.isfinite(value) for value in there)
    return TableCell(values=(reached, len(there)), text=f"{reached}/{len(there)}")


def _median_cell(
    values: Sequence[float | None], *, is_bold: bool = False, mark: str = ""
) -> TableCell:
    there = sorted(math.inf if math.isnan(v) else v for v in values if v is not None)
    if not there:
        return TableCell(values=(None, None, None), text=NOTHING)
    middle, least, most = statistics.median_low(there), there[0], there[-1]
    shown = [count(value) if math.isfinite(value) else "never" for value in (middle, least, most)]
    text = shown[0] if least == most else f"{shown[0]} [{shown[1]} to {shown[2]}]"
    return TableCell(values=(middle, least, most), text=text, is_bold=is_bold, mark=mark)
