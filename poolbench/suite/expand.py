"""From a valid suite to its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from poolbench.core.cell import Cell, DataSpec
from poolbench.core.errors import NothingMatched
from poolbench.core.named import Named
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
        whole = {glob for glob in only if _matches(name, glob)}
        seeds = []
        for seed in suite.seeds:
            exact = {glob for glob in only if "@" in glob and _matches(f"{name}@{seed}", glob)}
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


def expand(suite: Suite, fingerprint: Callable[[Named], str]) -> tuple[Cell, ...]:
    """Return one cell for each data set, variant and seed, in the suite's order.

    Args:
        suite: The suite.
        fingerprint: Returns the checksum of a data set's content; called once for each.
    """
    specs = [_data_spec(choice, fingerprint) for choice in suite.datasets]
    return tuple(
        Cell(
            variant=variant.name,
            data=data,
            model=variant.model,
            recipe=variant.recipe,
            seed=seed,
        )
        for data in specs
        for variant in suite.variants
        for seed in suite.seeds
    )


def _data_spec(choice: DataChoice, fingerprint: Callable[[Named], str]) -> DataSpec:
    return DataSpec(
        source=choice.source,
        checksum=fingerprint(choice.source),
        limit=choice.limit,
        validation=choice.validation,
        fold=choice.fold,
        augment=choice.augment,
    )


def _matches(name: str, glob: str) -> bool:
    # A name such as `lp[p=4]` is also a glob, but one that does not match itself.
    return name == glob or fnmatchcase(name, glob)
