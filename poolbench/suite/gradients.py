"""The section ``gradients`` of a suite: operators, and the matrices they are differentiated on."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from poolbench.core.gradients import FIGURE_1, GradientsSettings
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import Form

Row = Annotated[tuple[float, ...], Field(min_length=1)]


class GradientsForm(Form):
    """The keys of the section."""

    operators: Any = Field(description="an operator, or a list of them")
    matrices: tuple[Annotated[tuple[Row, ...], Field(min_length=1)], ...] = Field(
        default=FIGURE_1, min_length=1, description="a list of matrices, such as [[1, 2], [3, 4]]"
    )


def read_gradients(node: Node, catalogues: Catalogues, faults: Faults) -> GradientsSettings | None:
    """Check the section.

    Args:
        node: The mapping under ``gradients``.
        catalogues: Where operators are looked up.
        faults: Where faults are collected.

    Returns:
        The settings, or ``None`` after adding at least one fault.
    """
    form = read_form(GradientsForm, node, "gradients", faults)
    listed = node.entries.get("operators")
    chooser = Chooser(faults)
    items = (listed.items if listed.is_list else (listed,)) if listed is not None else ()
    chosen = [chooser.choose(catalogues.operators, item) for item in items]
    if listed is not None and not items:
        faults.add(listed.mark, "expected at least one operator, got an empty list")
    if form is not None and "matrices" in node.entries:
        shapes = {(len(matrix), len(row)) for matrix in form.matrices for row in matrix}
        if len(shapes) > 1:
            mark = node.entries["matrices"].mark
            faults.add(
                mark, "the matrices differ in shape", "give all matrices and rows the same size"
            )
    if faults or form is None:
        return None
    return GradientsSettings(
        operators=tuple(choice.named for choice in chosen if choice is not None),
        matrices=form.matrices,
    )
