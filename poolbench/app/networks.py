"""Whether the networks of a study can be built as it says, and what to know of them before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from poolbench.app.freezes import check_freezes
from poolbench.app.pooled_maps import about_pooled_maps, check_sites
from poolbench.app.starts import about_starts, check_starts
from poolbench.core.errors import BadInput
from poolbench.core.study import Study


def check_networks(study: Study, root: Path | None) -> None:
    """Check sites, frozen paths and weights, where networks have to be built to know them.

    Args:
        study: The study.
        root: The data root.

    Raises:
        BadInput: Sites or frozen paths are not in their networks: all of these are told at once; or
            weights are not of their network.
        EnvironmentFault: A library or a file is missing, or a file has changed.
    """
    check_parts(study)
    check_starts(study, root)


def check_parts(study: Study) -> None:
    """Check sites and frozen paths, where networks have to be built to know them.

    Raises:
        BadInput: Some are not in their networks: all of these are told at once.
        EnvironmentFault: A library is missing.
    """
    faults: dict[tuple[str, str], list[str]] = {}
    for check in (check_sites, check_freezes):
        for cell, fault in check(study):
            variants = faults.setdefault((fault.message, fault.hint), [])
            if cell.variant not in variants:
                variants.append(cell.variant)
    if faults:
        raise _together(faults, study)


def _together(faults: Mapping[tuple[str, str], Sequence[str]], study: Study) -> BadInput:
    """Return one error for all faults, with the variants of each unless all have it."""
    told = [
        (f"{message}{'' if len(variants) == len(study.variants) else _of(variants)}", hint)
        for (message, hint), variants in faults.items()
    ]
    *others, (message, hint) = told
    lines = [f"{text}\n  {advice}" if advice else text for text, advice in others]
    return BadInput("\n".join((*lines, message)), hint)


def _of(variants: Sequence[str]) -> str:
    return f" ({'variant' if len(variants) == 1 else 'variants'} {', '.join(variants)})"


def about_networks(
    study: Study, dataset: str, root: Path | None, *, every: bool = False
) -> Iterator[str]:
    """Say what of the networks on a data set does not start from their weights, and what they pool.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        root: The data root.
        every: See :func:`poolbench.app.pooled_maps.about_pooled_maps`.

    Raises:
        As :func:`check_networks`, but for frozen paths.
    """
    yield from about_starts(study, dataset, root)
    yield from about_pooled_maps(study, dataset, every=every)
