"""Values and derivatives of operators on small matrices, as table and picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from poolbench.core.errors import BadInput
from poolbench.operators import OPERATORS
from poolbench.operators.create import create
from poolbench.probes.gradients import Credit, Matrix, Passage, credit_of, passage_of
from poolbench.report.chart import Chart, Matrices, Panel
from poolbench.report.table import Cell, Column, Table, words

# Figure 1 of Lowe, Trappenberg, Oore 2021 swaps 1.4 and 1.6 in the lower row. What it prints above
# them is lost; any two numbers below 1.4 tell the same story.
FIGURE_1: tuple[Matrix, Matrix] = (((0.2, 1.0), (1.4, 1.6)), ((0.2, 1.0), (1.6, 1.4)))
FIGURE_1_OPERATORS = ("max", "lae", "average")
TEMPERATURES = (0.25, 1.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    label: str
    credits: tuple[Credit, ...]
    passage: Passage | None


def parse_matrix(text: str) -> Matrix:
    """Read a matrix: numbers between commas, rows between semicolons.

    Raises:
        BadInput: It is not a matrix of finite numbers.
    """
    try:
        rows = tuple(tuple(float(item) for item in row.split(",")) for row in text.split(";"))
    except ValueError:
        rows = ()
    is_finite = all(math.isfinite(value) for row in rows for value in row)
    if not rows or len({len(row) for row in rows}) > 1 or not is_finite:
        raise BadInput(f"'{text}' is no matrix", "write rows of numbers: '0.2,1.0;1.4,1.6'")
    return rows


def gradients(
    names: Sequence[str], matrices: Sequence[Matrix], temperatures: Sequence[float]
) -> tuple[Table, Chart]:
    """Return the values and derivatives of operators on matrices.

    Args:
        names: Operators; empty for those of figure 1.
        matrices: All of one shape; empty for the two of figure 1. From the first to the last of
            several, the path of the credit is followed.
        temperatures: For operators that have one, each in turn; empty for 0.25, 1 and 4.

    Raises:
        BadInput: An unknown operator, a temperature that is not positive, or shapes that differ.
    """
    matrices = tuple(matrices) or FIGURE_1
    if len({(len(matrix), len(matrix[0])) for matrix in matrices}) > 1:
        raise BadInput("the matrices differ in shape", "give matrices of one shape")
    shown = [
        _Shown(
            label=label,
            credits=tuple(credit_of(operator, matrix) for matrix in matrices),
            passage=passage_of(operator, matrices[0], matrices[-1]) if len(matrices) > 1 else None,
        )
        for label, operator in _operators(
            names or FIGURE_1_OPERATORS, tuple(temperatures) or TEMPERATURES, matrices[0]
        )
    ]
    return _table(shown, matrices), _chart(shown, matrices)


def _operators(
    names: Sequence[str], temperatures: Sequence[float], matrix: Matrix
) -> list[tuple[str, nn.Module]]:
    shape = (len(matrix), len(matrix[0]))
    built: list[tuple[str, nn.Module]] = []
    for name in names:
        entry = OPERATORS[name]
        window = {} if "global" in entry.scopes else {"kernel_size": shape}
        chosen = temperatures if "temperature" in entry.options else (None,)
        for temperature in chosen:
            options = {} if temperature is None else {"temperature": temperature}
            label = name if temperature is None else f"{name} (t = {temperature:g})"
            # A gate or a convolution starts at random weights: always the same ones.
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(0)
                operator = create(name, channels=1, grid=shape, **window, **options)  # type: ignore[arg-type]
            built.append((label, operator))
    return built


def _table(shown: Sequence[_Shown], matrices: Sequence[Matrix]) -> Table:
    rows = []
    for item in shown:
        for matrix, credit in zip(matrices, item.credits, strict=True):
            rows.append(
                (
                    words(item.label),
                    words(_text(matrix)),
                    Cell(values=(credit.value,), text=_number(credit.value)),
                    words(_text(credit.derivatives)),
                    Cell(values=(credit.sparsity,), text=f"{100 * credit.sparsity:.0f} %"),
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
            "from first to last matrix: whether the derivatives move continuously along the "
            "straight line between them, or by how much they jump",
        ),
    )


def _passage_cell(passage: Passage | None) -> Cell:
    if passage is None:
        return Cell(values=(None, None), text="–")
    text = "continuous" if passage.is_continuous else f"jumps by {passage.largest_step:.3g}"
    return Cell(values=(passage.is_continuous, passage.largest_step), text=text)


def _chart(shown: Sequence[_Shown], matrices: Sequence[Matrix]) -> Matrices:
    names = ["X"] if len(matrices) == 1 else [f"X{place + 1}" for place in range(len(matrices))]
    # A row is tinted by one scale: the matrices in one, the derivatives on each in another.
    given = tuple(Panel(label=n, values=matrix) for n, matrix in zip(names, matrices, strict=True))
    return Matrices(
        name="gradients",
        title="Derivatives of pooling operators",
        caption="First row: the matrices. Below, for each of them: dy/dX of the operators, with "
        "their value y.",
        rows=(
            given,
            *(
                tuple(_panel(f"{item.label} of {n}", item.credits[place]) for item in shown)
                for place, n in enumerate(names)
            ),
        ),
    )


def _panel(label: str, credit: Credit) -> Panel:
    # Spaces that do not break keep the equation on one line.
    equation = f"y = {_number(credit.value)}".replace(" ", "\u00a0")
    return Panel(label=f"{label}: {equation}", values=credit.derivatives)


def _text(matrix: Matrix) -> str:
    return "; ".join(" ".join(_number(value) for value in row) for row in matrix)


def _number(value: float) -> str:
    shown = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown.replace("-", "−")
