"""The cells of a search: each trains on part of the training images and is scored on the rest."""

from __future__ import annotations

from dataclasses import replace

from poolbench.core.cell import Cell
from poolbench.core.search import SearchSpec, Trial
from poolbench.search.recipes import recipe_of


def cells_of(base: Cell, trial: Trial, spec: SearchSpec) -> tuple[Cell, ...]:
    """Return one cell for each fold of a trial, in its order.

    The images held out differ by fold, and the seed is the fold's number, so that two points are
    compared on the same images from the same start.

    Args:
        base: A cell of the variant.
        trial: The point and its folds.
        spec: The search, which says how much a fold holds out and how long it trains.
    """
    recipe = recipe_of(base.recipe, spec, trial.point)
    return tuple(
        replace(
            base,
            variant=f"{base.variant} at {trial.point}",
            data=replace(base.data, validation=spec.holdout, fold=fold, scored_on="validation"),
            recipe=recipe,
            seed=fold,
        )
        for fold in trial.folds
    )
