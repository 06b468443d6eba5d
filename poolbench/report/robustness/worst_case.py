"""The worst case of several attacks on one network."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.measurement import Measurement, Point, pack_bits, unpack_bits
from poolbench.core.named import Named

WORST = "worst of"
# Facts about the images, the same for every attack on them.
_OF_DATA = ("pixel_low", "pixel_high", "image_values")


def with_worst_case(measurements: Sequence[Measurement]) -> Sequence[Measurement]:
    """Return the measurements of one network and, for each norm of several attacks, their worst."""
    norms = dict.fromkeys(each.norm for each in measurements if each.norm)
    joined = (worst_case([m for m in measurements if m.norm == norm]) for norm in norms)
    return (*measurements, *(worst for worst in joined if worst is not None))


def worst_case(measurements: Sequence[Measurement]) -> Measurement | None:
    """Combine several attacks on one network: an image counts if it withstood all of them.

    Args:
        measurements: Of one network.

    Returns:
        A measurement at the epsilons that all attacks share; ``None`` for fewer than two attacks,
        for attacks in several norms, or if no epsilon is shared.
    """
    attacks = [m for m in measurements if m.status == "ok"]
    if len(attacks) < 2 or len({(m.axis, m.norm) for m in attacks}) > 1:
        return None
    by_epsilon = [{p.at: p for p in m.points if p.right} for m in attacks]
    shared = sorted(set.intersection(*(set(points) for points in by_epsilon)))
    if not shared:
        return None
    names = ", ".join(m.probe.name for m in attacks)
    return Measurement(
        probe=Named(name=f"{WORST} {names}", options={"epsilons": tuple(shared)}),
        network=attacks[0].network,
        status="ok",
        points=tuple(_joined([points[at] for points in by_epsilon]) for at in shared),
        facts={fact: value for m in attacks for fact, value in m.facts.items() if fact in _OF_DATA},
        axis=attacks[0].axis,
        norm=attacks[0].norm,
    )


def _joined(points: Sequence[Point]) -> Point:
    total = points[0].total
    rows = (unpack_bits(point.right, total) for point in points)
    right = [all(image) for image in zip(*rows, strict=True)]
    return Point(at=points[0].at, correct=sum(right), total=total, right=pack_bits(right))
