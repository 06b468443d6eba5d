"""Between a recipe and what a search changes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from poolbench.core.cell import BACKBONE, Recipe
from poolbench.core.search import Point, SearchSpec, short_name
from poolbench.search.api import BadSearch, Search

_PARTS = ("optimizer", "schedule", "rates")


def key_of(recipe: Recipe, name: str) -> str | None:
    """Return the key of an option: ``lr`` to ``optimizer.lr``; ``None`` if it has no such number.

    An option of the optimizer hides one of the schedule with the same name, and either a rate.
    """
    for part in _PARTS:
        value = _options(recipe, part).get(name)
        if isinstance(value, float):
            return f"{part}.{name}"
    return None


def names_in(recipe: Recipe) -> tuple[str, ...]:
    """Return the names that :func:`key_of` knows: numbers that are not whole by declaration."""
    options = {key: value for part in _PARTS for key, value in _options(recipe, part).items()}
    return tuple(key for key, value in options.items() if isinstance(value, float))


def start_of(search: Search, spec: SearchSpec, recipe: Recipe) -> dict[str, float]:
    """Return where a search of a recipe starts, by key of the recipe.

    The suite's ``start`` goes before the recipe's own values.

    Raises:
        BadSearch: The recipe lacks what the search changes.
    """
    start = {}
    for name, (option, index) in search.names.items():
        key = key_of(recipe, name)
        if key is None:
            raise BadSearch(
                f"no option '{name}' in {_shown(recipe)}",
                f"known: {', '.join(names_in(recipe))}",
                option=option,
                index=index,
            )
        own: float = _options(recipe, key.partition(".")[0])[name]
        start[key] = spec.start.get(name, own)
    return start


def with_values(recipe: Recipe, values: Mapping[str, float]) -> Recipe:
    """Return a recipe with the values of a point, by key of the recipe."""
    changed = {part: dict(_options(recipe, part)) for part in _PARTS}
    for key, value in values.items():
        part, _, name = key.partition(".")
        changed[part][name] = value
    return replace(
        recipe,
        optimizer=replace(recipe.optimizer, options=changed["optimizer"]),
        schedule=replace(recipe.schedule, options=changed["schedule"]),
        **{f"{part}_lr_factor": factor for part, factor in changed["rates"].items()},
    )


def recipe_of(recipe: Recipe, spec: SearchSpec, point: Point) -> Recipe:
    """Return the recipe that a trial of a point trains with.

    Args:
        recipe: The variant's own.
        spec: Gives the epochs of a trial.
        point: The values to try.
    """
    return replace(with_values(recipe, point.values), epochs=spec.epochs or recipe.epochs)


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """Return the key of each name: ``{"lr": "optimizer.lr"}``."""
    return {short_name(key): key for key in keys}


def _options(recipe: Recipe, part: str) -> Mapping[str, Any]:
    if part != "rates":
        return (recipe.optimizer if part == "optimizer" else recipe.schedule).options
    rates = {"head": recipe.head_lr_factor, "backbone": recipe.backbone_lr_factor}
    if recipe.freeze == BACKBONE:  # nothing is trained at its rate
        del rates["backbone"]
    return rates


def _shown(recipe: Recipe) -> str:
    return f"{recipe.optimizer.name} or {recipe.schedule.name}"
