"""What the published numbers of an experiment were calculated with, as for a suite that trains.

See :mod:`poolbench.suite.reference`. Fewer pairs or other seeds leave a mean comparable here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from poolbench.core.contraction import ContractionSettings, PairSource
from poolbench.core.named import Named
from poolbench.core.theory import PlanSettings, RegionsSettings, TheorySettings

S = TypeVar("S", PlanSettings, RegionsSettings)


def _hold_contraction(ours: ContractionSettings, theirs: ContractionSettings) -> Any:
    """Name what differs at every source of pairs that has the reference's published numbers."""
    return replace(ours, data=tuple(_hold_pairs(source, ours, theirs) for source in ours.data))


def _hold_pairs(
    source: PairSource, ours: ContractionSettings, theirs: ContractionSettings
) -> PairSource:
    other = next((each for each in theirs.data if each.published == source.published), None)
    if other is None or not source.published or source.incomparable:
        return source
    pairs = (
        ("model", _names(ours.networks), _names(theirs.networks)),
        ("batch_norm", ours.batch_norm, theirs.batch_norm),
        ("data", source.source, other.source),
        ("centred", source.is_centred, other.is_centred),
        ("shift", source.shift, other.shift),
    )
    reasons = [f"{key} {here} instead of {there}" for key, here, there in pairs if here != there]
    return replace(source, incomparable=tuple(reasons))


def _names(networks: Mapping[str, Named]) -> str:
    return ", ".join(map(str, networks.values()))


def _hold_theory(ours: TheorySettings, theirs: TheorySettings) -> Any:
    """Leave out the published numbers that are about another d."""
    return replace(
        ours,
        plan=_of_same_size(ours.plan, theirs.plan),
        regions=_of_same_size(ours.regions, theirs.regions),
    )


def _of_same_size(ours: S | None, theirs: S | None) -> S | None:
    if ours is None or theirs is None or ours.published != theirs.published:
        return ours
    if ours.d == theirs.d:
        return ours
    return replace(ours, published=type(ours)(d=ours.d).published)


HOLDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "contraction": _hold_contraction,
    "theory": _hold_theory,
}
"""By kind: returns settings, held against those that the same published numbers belong to."""
