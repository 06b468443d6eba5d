"""Derivatives of operators on small matrices, as a table and a chart."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.gradients import Credit, Matrix, Passage, SharedCredit
from poolbench.report.chart import Matrices, Panel
from poolbench.report.table import Column, Table, TableCell, text_cell


def gradients_table(shared: Sequence[SharedCredit], matrices: Sequence[Matrix]) -> Table:
    """Return the table of values and derivatives, a row for each operator on each matrix.

    Args:
        shared: Results of each operator.
        matrices: The matrices that were pooled.
    """
    rows = []
    for item in shared:
        for matrix, credit in zip(matrices, item.credits, strict=True):
            rows.append(
                (
                    text_cell(item.label),
                    text_cell(_text(matrix)),
                    TableCell(values=(credit.value,), text=_number(credit.value)),
                    text_cell(_text(credit.derivatives)),
                    TableCell(values=(credit.sparsity,), text=f"{100 * credit.sparsity:.0f} %"),
                    _passage_cell(item.passage),
                )
            )
    return Table(
        title="values and derivatives of pooling operators",
        columns=(
            Column(title="operator", fields=("operator",), is_text=True),
            Column(title="matrix X", fields=("matrix",), is_text=True),
            Column(title="y = pool(X)", fields=("value",)),
            Column(title="dy/dX", fields=("derivatives",), is_text=True),
            Column(title="without credit", fields=("sparsity",)),
            Column(
                title="from first to last matrix",
                fields=("is_continuous", "largest_step"),
                is_text=True,
            ),
        ),
        rows=tuple(rows),
        notes=(
            "without credit: elements whose derivative is exactly 0",
            "from first to last matrix: whether the derivatives change continuously along the "
            "straight line between them, or by how much they jump",
        ),
    )


def _passage_cell(passage: Passage | None) -> TableCell:
    if passage is None:
        return TableCell(values=(None, None), text="–")
    text = "continuous" if passage.is_continuous else f"jumps by {passage.largest_step:.3g}"
    return TableCell(values=(passage.is_continuous, passage.largest_step), text=text)


def gradients_chart(shared: Sequence[SharedCredit], matrices: Sequence[Matrix]) -> Matrices:
    """Return the chart of the matrices, and below them the operators' derivatives on each.

    Args:
        shared: Results of each operator.
        matrices: The matrices that were pooled.
    """
    names = ["X"] if len(matrices) == 1 else [f"X{index + 1}" for index in range(len(matrices))]
    # Each row has one colour scale: the matrices one, the derivatives on each matrix another.
    given = tuple(Panel(label=n, values=matrix) for n, matrix in zip(names, matrices, strict=True))
    return Matrices(
        name="gradients",
        title="Derivatives of pooling operators",
        caption="First row: the matrices. Below, for each matrix: dy/dX of the operators, with "
        "their value y.",
        rows=(
            given,
            *(
                tuple(_panel(f"{item.label} of {n}", item.credits[index]) for item in shared)
                for index, n in enumerate(names)
            ),
        ),
    )


def _panel(label: str, credit: Credit) -> Panel:
    # Non-breaking spaces keep the equation on one line.
    equation = f"y = {_number(credit.value)}".replace(" ", "\u00a0")
    return Panel(label=f"{label}: {equation}", values=credit.derivatives)


def _text(matrix: Matrix) -> str:
    return "; ".join(" ".join(_number(value) for value in row) for row in matrix)


def _number(value: float) -> str:
    shown = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown.replace("-", "−")
