"""Which pools of a found network a variant's sites stand for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from poolbench.core.counted import quoted
from poolbench.core.errors import BadInput, closest
from poolbench.models.found_pools import FoundPool

_MOST_LISTED = 12


def claimed(
    label: str, found: Sequence[FoundPool], sites: Collection[str]
) -> list[tuple[FoundPool, str]]:
    """Return the pools that get an operator, each with the site that it is of.

    Args:
        label: Name of the network, for messages.
        found: Its pools.
        sites: Groups and paths.

    Returns:
        Pairs in the order of ``found``.

    Raises:
        BadInput: A site is not in the network or no operator can stand there, or two of them
            mean the same pool.
    """
    owners: dict[str, str] = {}
    unknown: list[str] = []
    for site in sites:
        of_site = [pool for pool in found if pool.group == site] or [
            pool for pool in found if pool.path == site
        ]
        if not of_site:
            unknown.append(site)
        for pool in of_site:
            if pool.refusal:
                raise BadInput(f"{label}: {pool.path} {pool.refusal}", _others(pool, found))
            if pool.path in owners:
                raise BadInput(
                    f"{label}: {pool.path} is chosen twice, by '{owners[pool.path]}' and '{site}'",
                    "leave one of them out",
                )
            owners[pool.path] = site
    if unknown:
        raise BadInput(
            f"{label} has no {quoted('site', unknown)}{_why(found)}", _hint(unknown[0], found)
        )
    return [(pool, owners[pool.path]) for pool in found if pool.path in owners]


def _usable(found: Sequence[FoundPool]) -> list[FoundPool]:
    return [pool for pool in found if not pool.refusal]


def _why(found: Sequence[FoundPool]) -> str:
    return "" if _usable(found) else ": nothing in it pools maps of shape (N, C, H, W)"


def _hint(site: str, found: Sequence[FoundPool]) -> str:
    usable = _usable(found)
    if not usable:
        return "choose another network"
    names = [*dict.fromkeys(pool.group for pool in usable), *(pool.path for pool in usable)]
    near = closest(site, names)
    listed = ", ".join(names[:_MOST_LISTED]) + (", ..." if len(names) > _MOST_LISTED else "")
    return f"did you mean '{near}'? known: {listed}" if near else f"known: {listed}"


def _others(refused: FoundPool, found: Sequence[FoundPool]) -> str:
    return _hint("", [pool for pool in found if pool.group != refused.group])
