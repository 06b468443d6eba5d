"""Whether the networks of a study have what its recipes freeze, before training."""

from __future__ import annotations

from poolbench.core.study import Study


def check_freezes(study: Study) -> None:
    """Check what recipes freeze; builds networks without memory, and loads torch, if any do.

    Raises:
        BadInput: A path is not in its network, a network has no backbone, or nothing of it is left
            to train.
        EnvironmentFault: The network's library is not installed.
    """
    seen = set()
    for cell in study.cells:
        key = cell.model.identity, str(cell.data.source), cell.recipe.freeze
        if cell.recipe.freeze is not None and key not in seen:
            from poolbench.assembly.parts import check_freeze

            check_freeze(cell)
            seen.add(key)
