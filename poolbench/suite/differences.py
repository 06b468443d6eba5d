"""How a suite differs from its reference, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from poolbench.core.cell import ModelSpec
from poolbench.core.comparability import (
    PUBLISHED_DATA,
    Difference,
    FoundImages,
    Part,
    shown,
)
from poolbench.core.counted import counted
from poolbench.core.named import Named
from poolbench.suite.check import Suite
from poolbench.suite.reference import Reference
from poolbench.suite.sections import DataChoice
from poolbench.suite.variants import Variant

_PARTS: Mapping[str, Part] = {
    "model": "network",
    "pools": "pooling",
    "recipe": "recipe",
    "data": "data",
}


def differences(
    suite: Suite,
    variants: Sequence[str],
    seeds: Sequence[int],
    references: Mapping[str, Reference],
    found: Mapping[str, FoundImages],
) -> tuple[Difference, ...]:
    """Return everything that differs, data set by data set.

    Args:
        suite: The suite, with profile and overrides applied.
        variants: Its selected variants.
        seeds: Its selected seeds.
        references: What each data set is held against; none if it is as its file has it.
        found: The images of each data set on this machine.
    """
    made: list[Difference] = []
    for choice in suite.datasets:
        dataset = choice.source.name
        images, reference = found.get(dataset), references.get(dataset)
        differ = partial(Difference, dataset=dataset, variants=tuple(variants))
        if images is not None and images.official is not None and not images.is_official:
            text = _of_images(images, images.official)
            made.append(differ(part="data", text=text, reference=PUBLISHED_DATA))
        if reference is None:
            continue
        if reference.suite is None:
            text = "its file is not a valid suite without the changes"
            made.append(differ(part="suite", text=text))
            continue
        made += _of_variants(suite, choice, variants, reference.suite, reference.name)
        if text := _of_seeds(seeds, reference.suite.seeds):
            made.append(differ(part="seeds", text=text, reference=reference.name))
    return tuple(made)


def _of_variants(
    suite: Suite, choice: DataChoice, variants: Sequence[str], reference: Suite, name: str
) -> list[Difference]:
    """Return the differences of the variants' runs; equal ones are one difference."""
    theirs = _data_of(reference, choice)
    by_key: dict[str, dict[str, str]] = {}
    for variant in suite.variants:
        other = _counterpart(suite, variant, reference, choice.source.name)
        if variant.name not in variants or other is None:
            continue
        # Networks of a list pair up by their order: a changed option changes a label.
        for model, their_model in zip(variant.models.values(), other.models.values(), strict=False):
            here = _values(variant, model, choice)
            for key, text in _changes(here, _values(other, their_model, theirs)):
                by_key.setdefault(key, {})[variant.name] = text
    made = []
    for key, texts in by_key.items():
        different = set(texts.values())
        made.append(
            Difference(
                dataset=choice.source.name,
                part=_PARTS[key.partition(".")[0]],
                text=different.pop() if len(different) == 1 else f"{key} of {len(texts)} variants",
                variants=tuple(texts),
                reference=name,
            )
        )
    order = list(_PARTS.values())
    return sorted(made, key=lambda each: order.index(each.part))


def _data_of(suite: Suite, choice: DataChoice) -> DataChoice:
    named = {each.source.name: each for each in suite.datasets}
    return named.get(choice.source.name, suite.datasets[0])


def _counterpart(suite: Suite, variant: Variant, other: Suite, dataset: str) -> Variant | None:
    """Return the reference's variant of the same name, or of the same published number."""
    named = {each.name: each for each in other.variants}
    if variant.name in named:
        return named[variant.name]
    row = suite.analysis.published.get(dataset, {}).get(variant.name)
    rows = other.analysis.published.get(dataset, {})
    return next((named[name] for name, theirs in rows.items() if theirs == row), None)


def _values(variant: Variant, model: ModelSpec, choice: DataChoice) -> dict[str, Any]:
    """Return what a run's identity is made of besides its seed, by the keys of a suite."""
    recipe, weights = variant.recipe, model.weights
    return {
        "model": model.network,
        "model.weights": None if weights is None else str(weights),
        **{f"pools.{site}": pool for site, pool in model.pools.items()},
        "recipe.epochs": recipe.epochs,
        "recipe.batch_size": recipe.batch_size,
        "recipe.optimizer": recipe.optimizer,
        "recipe.schedule": recipe.schedule,
        "recipe.label_smoothing": recipe.label_smoothing,
        "recipe.pool_lr_factor": recipe.pool_lr_factor,
        "recipe.clip_norm": recipe.clip_norm,
        "recipe.rates.head": recipe.head_lr_factor,
        "recipe.rates.backbone": recipe.backbone_lr_factor,
        "recipe.freeze": recipe.frozen,
        "recipe.precision": recipe.precision,
        "data": choice.source,
        "data.augment": ", ".join(map(str, choice.augment)) or None,
        "data.limit": choice.limit,
        "data.validation": choice.validation,
        "data.fold": choice.fold,
    }


def _changes(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys that differ, each with the value here and there."""
    for key in dict.fromkeys((*here, *there)):
        ours, theirs = here.get(key), there.get(key)
        if isinstance(ours, Named) and isinstance(theirs, Named) and ours.name == theirs.name:
            options = {f"{key}.{name}": value for name, value in ours.options.items()}
            others = {f"{key}.{name}": value for name, value in theirs.options.items()}
            # A folder of pictures is told apart by its content, not by where it is.
            options.pop("data.path", None)
            others.pop("data.path", None)
            yield from _changes(options, others)
        elif ours != theirs:
            # The options of another network, optimiser, ... are its own.
            yield key, f"{key} {_shown(ours)} instead of {_shown(theirs)}"


def _shown(value: Any) -> str:
    return value.name if isinstance(value, Named) else shown(value)


def _of_images(here: FoundImages, official: tuple[int, int]) -> str:
    return (
        f"{here.train:,} training and {here.test:,} test images instead of "
        f"{official[0]:,} and {official[1]:,}"
    )


def _of_seeds(here: Sequence[int], there: Sequence[int]) -> str:
    if len(here) != len(there):
        return f"{counted(len(here), 'seed')} instead of {len(there)}"
    return "other seeds" if {*here} != {*there} else ""
