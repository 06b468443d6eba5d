"""Weights of a run of ours: what they were trained with stands beside them."""

from __future__ import annotations

import json
from pathlib import Path

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.models import MODELS
from poolbench.store.commit import WEIGHTS, read_commit


def check_own_run(path: Path, cell: Cell, *, trained_with: str) -> None:
    """Check that weights of a run are evaluated with the operators that they were trained with.

    An operator without parameters leaves no trace in a file of weights.

    Args:
        path: The file.
        cell: The network as it is said to have been trained.
        trained_with: How messages name what tells other operators.

    Raises:
        BadInput: The run had others.
    """
    try:
        commit = read_commit(path.parent)
    except (Damaged, FileNotFoundError, EnvironmentFault):
        return  # it is no file of a run
    weights = cell.model.weights
    of_run = commit.files.get(WEIGHTS)
    if weights is None or of_run is None or of_run.sha256 != weights.sha256:
        return
    if commit.cell.model.network != cell.model.network:
        return  # the weights will not fit
    own = _own_operators(cell)
    missing = {
        site: pool
        for site, pool in commit.cell.model.pools.items()
        if cell.model.pools.get(site) != pool
        and (site in cell.model.pools or own.get(site) != {pool.name})
    }
    if missing:
        pools = ", ".join(f"{site}: {pool}" for site, pool in missing.items())
        typed = json.dumps({site: _typed(pool) for site, pool in missing.items()})
        raise BadInput(
            f"{path} is of a run that was trained with {pools}", f"add {trained_with} '{typed}'"
        )


def _own_operators(cell: Cell) -> dict[str, set[str]]:
    """Return the operators that pools of a library's network are, by group and by path."""
    if not MODELS[cell.model.network.name].finds_sites:
        return {}
    from poolbench.assembly.sites import pooled_sites

    own: dict[str, set[str]] = {}
    for site in pooled_sites(cell, None).found or ():
        for name in (site.group, site.path):
            own.setdefault(name, set()).add(site.operator)
    return own


def _typed(pool: Named) -> str | dict[str, object]:
    return {"name": pool.name, **pool.options} if pool.options else pool.name
