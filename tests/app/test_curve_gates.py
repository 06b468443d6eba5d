"""Gates on a curve: its area and its lowest point are those of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.app.gates import Case, judge
from poolbench.app.results import Results
from poolbench.app.seed_values import StudyValues, values_of
from poolbench.core.gate import read_gate
from poolbench.core.measurement import Measurement
from poolbench.report.robustness.tables import robustness_tables
from poolbench.store.store import Store
from tests.report.measured import TOTAL, a_measurement, a_point, measured
from tests.report.test_end_of_area import attacked

SEEDS = range(5)


def valued(
    path: Path, rows: Mapping[str, Sequence[Sequence[Measurement]]]
) -> tuple[StudyValues, list[dict[str, object]]]:
    """Return the values that gates see, and the rows of the first table of areas."""
    study, runs, found = measured(rows)
    results = Results(
        study=study,
        store=Store.create(path),
        runs=runs,
        measurements={cell_id: tuple(row) for cell_id, row in found.items()},
        damaged_runs=(),
        damaged_measurements=(),
        target=None,
    )
    return values_of(results), robustness_tables(study, runs, found)[0].records


def cropped(*counts: int) -> Measurement:
    """Return a crop's measurement at as many sizes as there are counts."""
    made = a_measurement("zoom", (1, 1, 1))
    points = tuple(a_point(16.0 * 2**at, count) for at, count in enumerate(counts))
    return replace(made, probe=replace(made.probe, name="crop"), points=points)


@pytest.mark.parametrize("metric", ["area", "least"])
def test_a_gate_decides_on_the_number_of_the_table_up_to_the_last_epsilon(
    metric: str, tmp_path: Path
) -> None:
    grid = (0.0, 0.25, 0.5, 1.0)
    rows = {
        "max": [[attacked("fgsm", (190, 100 + s, 60 + s, 0), grid)] for s in SEEDS],
        "conv": [[attacked("fgsm", (190, 90 + s, 40 + s, 180), grid)] for s in SEEDS],
    }
    values, printed = valued(tmp_path, rows)
    gate = read_gate(f"fgsm.{metric} < 25%", probes=["fgsm"])
    rulings = judge(
        [
            Case(
                gates=[gate],
                candidates=values.conditions,
                counterpart=lambda _: None,
                analysis=values.analysis,
            )
        ]
    )
    for row, ruling in zip(printed, rulings, strict=True):
        assert ruling.judgement.value == row[f"{metric}_mean"]
    assert [r.judgement.outcome for r in rulings] == (
        ["passes", "passes"] if metric == "area" else ["passes", "fails"]
    )


def test_the_lowest_point_of_a_crop_has_a_gate_even_where_one_size_has_no_area(
    tmp_path: Path,
) -> None:
    values, printed = valued(tmp_path / "a", {"max": [[cropped(90 + s)] for s in SEEDS]})
    assert printed[0]["least_mean"] == 92 / TOTAL
    area, least = (read_gate(f"crop.{of} < 50%", probes=["crop"]) for of in ("area", "least"))
    rulings = judge(
        [
            Case(
                gates=[area, least],
                candidates=values.conditions,
                counterpart=lambda _: None,
                analysis=values.analysis,
            )
        ]
    )
    assert [r.judgement.outcome for r in rulings] == ["undecided", "fails"]
    assert "no crop.area: not measured" in rulings[0].judgement.reason


def test_a_baseline_frozen_over_other_epsilons_or_without_lowest_points_is_not_compared(
    tmp_path: Path,
) -> None:
    rows = {"max": [[attacked("fgsm", (190, 100, 60 + s, 0), (0, 0.25, 0.5, 1))] for s in SEEDS]}
    values, _ = valued(tmp_path, rows)
    (now,) = values.conditions
    # As an earlier version froze it: the area over all epsilons, and no lowest point.
    probe = now.settings["fgsm.area"].split(", up to")[0]
    then = replace(now, settings={"fgsm.area": probe})
    assert now.settings["fgsm.area"] == f"{probe}, up to epsilon 0.5"
    reasons = {}
    for metric in ("fgsm.area", "fgsm.least"):
        gate = read_gate(f"{metric} < baseline", probes=["fgsm"])
        (ruling,) = judge(
            [
                Case(
                    gates=[gate],
                    candidates=[now],
                    counterpart=lambda _: (then, "then"),
                    analysis=values.analysis,
                )
            ]
        )
        assert ruling.judgement.outcome == "undecided"
        reasons[metric] = ruling.judgement.reason
    assert reasons == {
        "fgsm.area": "measured with other settings than then",
        "fgsm.least": "then has no fgsm.least, or several",
    }
