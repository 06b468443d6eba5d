"""Values and derivatives of operators on small matrices, as a table and a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.core.errors import BadInput
from poolbench.core.gradients import FIGURE_1, GradientsSettings, Matrix
from poolbench.core.named import Named
from poolbench.core.options import check_options
from poolbench.operators import OPERATORS
from poolbench.report.chart import Chart
from poolbench.report.operators.gradients import gradients_chart, gradients_table
from poolbench.report.table import Table

FIGURE_1_OPERATORS = ("max", "lae", "average")
TEMPERATURES = (0.25, 1.0, 4.0)


def parse_matrix(text: str) -> Matrix:
    """Read a matrix.

    Args:
        text: Numbers separated by commas, rows by semicolons.

    Raises:
        BadInput: It is not a matrix of finite numbers.
    """
    try:
        rows = tuple(tuple(float(item) for item in row.split(",")) for row in text.split(";"))
    except ValueError:
        rows = ()
    is_finite = all(math.isfinite(value) for row in rows for value in row)
    if not rows or len({len(row) for row in rows}) > 1 or not is_finite:
        raise BadInput(f"'{text}' is not a matrix", "write rows of numbers: '0.2,1.0;1.4,1.6'")
    return rows


def settings_of(
    names: Sequence[str], matrices: Sequence[Matrix], temperatures: Sequence[float]
) -> GradientsSettings:
    """Return the settings that a command line describes.

    Args:
        names: Operators; empty for those of figure 1.
        matrices: Matrices of one shape; empty for the two of figure 1.
        temperatures: Temperatures for each operator that has one; empty for 0.25, 1 and 4.

    Raises:
        BadInput: An operator is unknown, or the matrices differ in shape.
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


def gradients(settings: GradientsSettings, deviations: Sequence[str] = ()) -> tuple[Table, Chart]:
    """Return the values and derivatives of operators on matrices.

    Args:
        settings: Operators and matrices.
        deviations: What of the suite is not as in its source.

    Raises:
        BadInput: An operator cannot be built with its options.
    """
    from poolbench.probes.gradients import share_credit

    matrices = settings.matrices
    shared = [share_credit(named, matrices, _label(named)) for named in settings.operators]
    table = gradients_table(shared, matrices).with_deviations(deviations)
    return table, gradients_chart(shared, matrices)


def _label(named: Named) -> str:
    """Return an operator's name with its temperature and the options that are not at default."""
    options = OPERATORS[named.name].options
    shown = [
        f"{'t' if key == 'temperature' else key} = {_option(value)}"
        for key, value in named.options.items()
        if key == "temperature" or value != options[key].default
    ]
    return f"{named.name} ({', '.join(shown)})" if shown else named.name


def _option(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
