"""Values and derivatives of operators on small matrices, as table and picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from poolbench.core.cell import Named
from poolbench.core.errors import BadInput
from poolbench.core.gradients import FIGURE_1, GradientsSettings, Matrix
from poolbench.core.options import check_options
from poolbench.operators import OPERATORS
from poolbench.operators.create import build
from poolbench.probes.gradients import Credit, Passage, credit_of, passage_of
from poolbench.report.chart import Chart, Matrices, Panel
from poolbench.report.table import Column, Table, TableCell, text_cell

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


def settings_of(
    names: Sequence[str], matrices: Sequence[Matrix], temperatures: Sequence[float]
) -> GradientsSettings:
    """Return what is asked for on the command line.

    Args:
        names: Operators; empty for those of figure 1.
        matrices: Empty for the two of figure 1.
        temperatures: For operators that have one, each in turn; empty for 0.25, 1 and 4.

    Raises:
        BadInput: An unknown operator, or matrices of several shapes.
    """
    if len({(len(matrix), len(matrix[0])) for matrix in matrices}) > 1:
        raise BadInput("the matrices differ in shape", "give matrices of one shape")
    operators = []
    for name in names or FIGURE_1_OPERATORS:
        declared = OPERATORS[name].options.get("temperature")
        taken = (
            [{}]
            if declared is None
            else [
                check_options(name, {"temperature": declared}, {"temperature": t})
                for t in temperatures or TEMPERATURES
            ]
        )
        operators += [Named(name=name, options=options) for options in taken]
    return GradientsSettings(operators=tuple(operators), matrices=tuple(matrices) or FIGURE_1)


def gradients(settings: GradientsSettings) -> tuple[Table, Chart]:
    """Return the values and derivatives of operators on matrices.

    Raises:
        BadInput: An operator that cannot be built so.
    """
    matrices = settings.matrices
    shown = []
    for named in settings.operators:
        operator = _build(named, matrices[0])
        passage = passage_of(operator, matrices[0], matrices[-1]) if len(matrices) > 1 else None
        credits_ = tuple(credit_of(operator, matrix) for matrix in matrices)
        shown.append(_Shown(label=_label(named), credits=credits_, passage=passage))
    return _table(shown, matrices), _chart(shown, matrices)


def _build(named: Named, matrix: Matrix) -> nn.Module:
    shape = (len(matrix), len(matrix[0]))
    kernel_size = None if "global" in OPERATORS[named.name].scopes else shape
    # A gate or a convolution starts at random weights: always the same ones.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return build(named.name, channels=1, grid=shape, kernel_size=kernel_size, **named.options)


def _label(named: Named) -> str:
    """Return a name with the options that are not as the catalogue has them, and temperatures."""
    options = OPERATORS[named.name].options
    shown = [
        f"{'t' if key == 'temperature' else key} = {_option(value)}"
        for key, value in named.options.items()
        if key == "temperature" or value != options[key].default
    ]
    return f"{named.name} ({', '.join(shown)})" if shown else named.name


def _option(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(shown: Sequence[_Shown], matrices: Sequence[Matrix]) -> Table:
    rows = []
    for item in shown:
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
            "from first to last matrix: whether the derivatives move continuously along the "
            "straight line between them, or by how much they jump",
        ),
    )


def _passage_cell(passage: Passage | None) -> TableCell:
    if passage is None:
        return TableCell(values=(None, None), text="–")
    text = "continuous" if passage.is_continuous else f"jumps by {passage.largest_step:.3g}"
    return TableCell(values=(passage.is_continuous, passage.largest_step), text=text)


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
