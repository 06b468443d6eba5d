"""From a valid suite to its cells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from poolbench.core.cell import Cell, DataSpec, ModelSpec
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.globs import matches
from poolbench.core.named import Named
from poolbench.core.weights import Weights
from poolbench.suite.check import Suite
from poolbench.suite.sections import DataChoice


def choose_seeds(suite: Suite, only: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the selected seeds of each variant.

    Args:
        suite: The suite.
        only: Globs over variants (``lae*``) or single cells (``lae@3``); empty for everything.

    Returns:
        Variant to seeds, both in the suite's order; variants without a selected seed are left out.

    Raises:
        NothingMatched: A glob matches no variant and no cell.
    """
    names = [variant.name for variant in suite.variants]
    if not only:
        return dict.fromkeys(names, tuple(suite.seeds))
    unmatched = set(only)
    wanted: dict[str, tuple[int, ...]] = {}
    for name in names:
        whole = {glob for glob in only if matches(name, glob)}
        seeds = []
        for seed in suite.seeds:
            exact = {glob for glob in only if "@" in glob and matches(f"{name}@{seed}", glob)}
            unmatched -= exact
            if whole or exact:
                seeds.append(seed)
        unmatched -= whole
        if seeds:
            wanted[name] = tuple(seeds)
    if unmatched:
        globs = ", ".join(f"'{glob}'" for glob in sorted(unmatched))
        raise NothingMatched(f"--only {globs} matches no variant", f"variants: {', '.join(names)}")
    return wanted


def expand(
    suite: Suite,
    fingerprint: Callable[[Named], str],
    find_weights: Callable[[str, Weights], Weights],
) -> tuple[Cell, ...]:
    """Return one cell for each network, data set, variant and seed, in the suite's order.

    Args:
        suite: The suite.
        fingerprint: Returns the checksum of a data set's content; called once for each.
        find_weights: Returns the weights of a network with the hash of their file.

    Raises:
        BadInput: Two variants start from the same weights under different names.
    """
    specs = [_data_spec(choice, fingerprint) for choice in suite.datasets]
    models = _with_weights(suite, find_weights)
    return tuple(
        Cell(
            variant=variant.name,
            data=data,
            model=models[network, variant.name],
            recipe=variant.recipe,
            seed=seed,
            network_label=network,
        )
        for network in suite.networks
        for data in specs
        for variant in suite.variants
        for seed in suite.seeds
    )


def _with_weights(
    suite: Suite, find_weights: Callable[[str, Weights], Weights]
) -> dict[tuple[str, str], ModelSpec]:
    """Return the network of each label and variant, with its weights looked for, the same once."""
    found: dict[str, Weights] = {}
    models: dict[tuple[str, str], ModelSpec] = {}
    same: dict[tuple[str, str, str], str] = {}
    for label, variant in itertools.product(suite.networks, suite.variants):
        model = variant.models[label]
        if model.weights is not None:
            key = f"{model.network.name} {model.weights!r}"
            if key not in found:
                found[key] = find_weights(model.network.name, model.weights)
            model = replace(model, weights=found[key])
        twin = same.setdefault((label, model.identity, variant.recipe.identity), variant.name)
        if twin != variant.name:
            raise BadInput(
                f"variants '{twin}' and '{variant.name}' start from the same weights, by different "
                "names, and describe the same training",
                "change or remove one of them",
            )
        models[label, variant.name] = model
    return models


def _data_spec(choice: DataChoice, fingerprint: Callable[[Named], str]) -> DataSpec:
    return DataSpec(
        source=choice.source,
        checksum=fingerprint(choice.source),
        limit=choice.limit,
        validation=choice.validation,
        fold=choice.fold,
        augment=choice.augment,
    )
