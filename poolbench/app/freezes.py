"""Whether the networks of a study have what its recipes freeze, before training."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput
from poolbench.core.study import Study


def check_freezes(study: Study) -> Iterator[tuple[Cell, BadInput]]:
    """Yield what is wrong with what recipes freeze; loads torch, and builds networks, if any do.

    A path is not in its network, a network has no backbone, or nothing of it is left to train.

    Raises:
        EnvironmentFault: The network's library is not installed.
    """
    seen = set()
    for cell in study.cells:
        key = cell.model.identity, str(cell.data.source), cell.recipe.freeze
        if cell.recipe.freeze is not None and key not in seen:
            from poolbench.assembly.parts import check_freeze

            seen.add(key)
            try:
                check_freeze(cell)
            except BadInput as fault:
                yield cell, fault
