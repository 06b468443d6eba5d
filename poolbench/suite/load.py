"""Loading a suite: from a path to a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from poolbench.core.comparability import FoundImages
from poolbench.core.experiment import kind_of
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.core.weights import Weights
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.check import check
from poolbench.suite.differences import differences
from poolbench.suite.document import Override, read_document
from poolbench.suite.expand import choose_seeds, expand
from poolbench.suite.experiment import refuse
from poolbench.suite.faults import Faults
from poolbench.suite.given import Given
from poolbench.suite.reference import Shipped, references


def load(
    path: Path | Given,
    *,
    catalogues: Catalogues,
    fingerprint: Callable[[Named], str],
    find_weights: Callable[[str, Weights], Weights] = lambda _, weights: weights,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    only: Sequence[str] = (),
    limit: int | None = None,
    count: Callable[[Named], FoundImages | None] = lambda _: None,
    shipped: Shipped = dict,
) -> Study:
    """Read, check and expand a suite file.

    Args:
        path: The suite: its file, or what was given instead of one.
        catalogues: The names it may use.
        fingerprint: Returns the checksum of a data set's content; called once for each data set,
            after everything else has been checked.
        find_weights: Returns the weights of a network with the hash of their file.
        profile: Name of one of its profiles, laid over it.
        overrides: ``recipe.epochs=5`` each, laid over the profile in this order.
        only: Globs over variants (``lae*``) or single cells (``lae@3``); empty for everything.
        limit: Most images of each split of each data set, at least 1; overrides the suite's.
        count: Returns the images of a data set on this machine; ``None`` if they are not known.
        shipped: Returns the files of the built-in suites by name, to recognise their published
            numbers.

    Returns:
        The study.

    Raises:
        BadInput: The suite is invalid; the message lists every fault with its position.
        NothingMatched: A glob of ``only`` selects nothing.
    """
    faults = Faults()
    laid = [Override(typed=f"--set {text}", text=text) for text in overrides]
    if limit is not None:
        laid.append(Override(typed=f"--limit {limit}", text=f"data.limit={limit}"))
    document = read_document(path, profile, laid, faults)
    if kind := kind_of(document.entries):
        refuse(kind, path)
    suite = check(document, catalogues, faults)
    wanted = choose_seeds(suite, only)
    cells = expand(suite, fingerprint, find_weights)
    selected = {(name, seed) for name, seeds in wanted.items() for seed in seeds}
    kept = {seed for _, seed in selected}
    counts = {each.source.name: count(each.source) for each in suite.datasets}
    found = {dataset: images for dataset, images in counts.items() if images is not None}
    held_against = references(
        path,
        suite,
        profile=profile,
        is_changed=profile is not None or bool(laid),
        catalogues=catalogues,
        shipped=shipped,
    )
    names = tuple(variant.name for variant in suite.variants)
    differs = differences(suite, names, tuple(suite.seeds), held_against, found)
    return Study(
        title=suite.form.title or path.stem,
        origin="" if isinstance(path, Given) else str(path),
        variants=tuple(wanted),
        datasets=tuple(choice.source.name for choice in suite.datasets),
        seeds=tuple(seed for seed in suite.seeds if seed in kept),
        cells=tuple(cell for cell in cells if (cell.variant, cell.seed) in selected),
        whole_cells=cells if only else (),
        probes=suite.probes,
        analysis=replace(suite.analysis, differences=differs),
        gates=suite.gates,
        search=suite.search,
        execution=suite.execution,
        source=suite.form.source,
        deviations=suite.form.deviations or (),
        profile=profile or "",
        baseline=suite.form.baseline,
        arguments=arguments_of(profile, overrides, only, limit),
        found=found,
    )


def arguments_of(
    profile: str | None, overrides: Sequence[str], only: Sequence[str], limit: int | None
) -> tuple[str, ...]:
    """Return how a suite was changed as it is typed, for ``Study.arguments``."""
    return (
        *(("--profile", profile) if profile is not None else ()),
        *(word for text in overrides for word in ("--set", text)),
        *(word for glob in only for word in ("--only", glob)),
        *(("--limit", str(limit)) if limit is not None else ()),
    )
