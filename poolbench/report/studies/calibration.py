"""The table of calibration: what the confidences of each variant's networks are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from poolbench.core.study import Study
from poolbench.report.number_format import NOTHING, fixed, per_cent
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import estimate
from poolbench.stats.calibration import BINS, Calibration

_MEASURES: Mapping[str, tuple[str, Callable[[Calibration], float], bool]] = {
    "nll": ("NLL", lambda found: found.nll, False),
    "brier": ("Brier score", lambda found: found.brier, False),
    "ece": ("ECE %", lambda found: found.ece, True),
    "adaptive_ece": ("adaptive ECE %", lambda found: found.adaptive_ece, True),
}


def calibration_table(
    study: Study,
    dataset: str,
    found: Mapping[str, Sequence[Calibration]],
    *,
    notes: Sequence[str] = (),
) -> Table:
    """Return a row for each variant: mean and standard deviation over its seeds.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        found: Of the variants' networks; a variant without any has an empty row.
        notes: What was left out.
    """
    return Table(
        title=f"{study.heading} · {dataset} · calibration on the test images",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="n", fields=("n",)),
            *(
                Column(title=title, fields=(f"{name}_mean", f"{name}_std"))
                for name, (title, _, _) in _MEASURES.items()
            ),
        ),
        rows=tuple(_row(variant, found.get(variant, ())) for variant in study.cells_on(dataset)),
        notes=(
            "mean ± standard deviation (ddof 1) over the n finished seeds; lower is better",
            "NLL: negative log-likelihood of the true class, in nats; Brier score: squared "
            "distance of the probabilities from the true class, 0 to 2; ECE: expected calibration "
            f"error, over {BINS} bins of equal width, and adaptive of as many images each",
            *notes,
        ),
    )


def _row(variant: str, found: Sequence[Calibration]) -> tuple[TableCell, ...]:
    cells = [text_cell(variant), TableCell(values=(len(found),), text=str(len(found)))]
    for _, measure, is_share in _MEASURES.values():
        if not found:
            cells.append(TableCell(values=(None, None), text=NOTHING))
            continue
        e = estimate([measure(each) for each in found])
        told = per_cent(e.mean, e.std) if is_share else f"{fixed(e.mean, 3)} ± {fixed(e.std, 3)}"
        if len(found) == 1 and not is_share:
            told = fixed(e.mean, 3)
        cells.append(TableCell(values=(e.mean, e.std), text=told))
    return tuple(cells)
