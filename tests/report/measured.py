"""Measurements with made-up outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from poolbench.core.measurement import Measurement, MeasurementStatus, Point, pack_bits
from poolbench.core.named import Named
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.probes import PROBES
from tests.report.examples import finished

TOTAL = 200
EPSILONS = (0.0, 1 / 255, 4 / 255)
SIZES = (16.0, 32.0, 64.0)


def a_point(at: float, correct: int | None, *, first: int = 0, reason: str = "") -> Point:
    """Return a point at which the images from ``first`` on, ``correct`` many, are right."""
    if correct is None:
        return Point(at=at, correct=None, total=TOTAL, reason=reason or "too small")
    right = pack_bits(first <= image < first + correct for image in range(TOTAL))
    return Point(at=at, correct=correct, total=TOTAL, right=right)


def a_measurement(
    name: str,
    counts: Sequence[int | None],
    *,
    status: MeasurementStatus = "ok",
    first: int = 0,
    **facts: float,
) -> Measurement:
    """Return a probe's measurement over the sizes for ``zoom``, else over the epsilons."""
    option, settings = ("sizes", SIZES) if name == "zoom" else ("epsilons", EPSILONS)
    points = zip(settings, counts, strict=True) if status == "ok" else ()
    return Measurement(
        probe=Named(name=name, options={option: settings}),
        network="c0ffee",
        status=status,
        points=tuple(a_point(at, correct, first=first) for at, correct in points),
        facts=facts,
        reason="" if status == "ok" else "the network answered NaN",
        axis=PROBES[name].axis,
        norm=PROBES[name].norm,
    )


def measured(
    rows: Mapping[str, Sequence[Sequence[Measurement]]], **analysis: object
) -> tuple[Study, dict[str, Run], dict[str, Sequence[Measurement]]]:
    """Return a study whose every run has the measurements given, by variant and seed."""
    study, runs = finished({variant: [150] * len(row) for variant, row in rows.items()}, **analysis)
    found = {cell.id: rows[cell.variant][cell.seed] for cell in study.cells}
    return study, runs, found


def diverged(run: Run) -> Run:
    """Return the run as one whose loss stopped being finite."""
    return replace(run, result=replace(run.result, status="diverged", correct=0))
