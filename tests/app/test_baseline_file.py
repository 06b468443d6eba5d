"""The values that are frozen: those of the counts, worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from poolbench.app.baseline_file import read_baseline, write_baseline
from poolbench.app.results import Results
from poolbench.app.seed_values import SeedValues, values_of
from poolbench.core.errors import BadInput
from poolbench.core.measurement import Measurement
from poolbench.store.store import Store
from tests.app.stores import a_store
from tests.documents import sealed
from tests.report.measured import a_measurement, diverged, measured


def seeds_of(path: Path, rows: list[list[Measurement]], *, diverges: bool) -> list[SeedValues]:
    """Return the frozen values of one variant whose seeds have these measurements."""
    study, runs, found = measured({"max": rows})
    if diverges:
        runs = {cell_id: diverged(run) for cell_id, run in runs.items()}
    results = Results(
        study=study,
        store=Store.create(path),
        runs=runs,
        measurements={cell_id: tuple(row) for cell_id, row in found.items()},
        damaged_runs=(),
        damaged_measurements=(),
        target=None,
    )
    (condition,) = values_of(results).conditions
    return list(condition.seeds)


@pytest.mark.parametrize(
    ("name", "counts", "area", "least"),
    [
        # Sizes 16, 32, 64 are equally far apart as logarithms: (0 + 1) / 2 and (1 + 1) / 2, by 2.
        ("zoom", (0, 200, 200), 0.75, 0.0),
        # Epsilons 0, 1, 4 are not: 1 * (1 + 0.5) / 2 and 3 * (0.5 + 0.1) / 2, by 4.
        ("fgsm", (200, 100, 20), 0.4125, 0.1),
    ],
)
def test_areas_are_over_the_logarithm_of_sizes_and_over_epsilons_as_they_are(
    name: str, counts: tuple[int, ...], area: float, least: float, tmp_path: Path
) -> None:
    (seed,) = seeds_of(tmp_path, [[a_measurement(name, counts)]], diverges=False)
    assert seed.values == {
        "parameters": 12_345,
        "accuracy": 0.75,
        "error": 0.25,
        f"{name}.area": pytest.approx(area),
        f"{name}.least": pytest.approx(least),
    }


def test_an_area_that_failed_is_no_number_and_one_with_a_gap_is_not_there(tmp_path: Path) -> None:
    failed = a_measurement("zoom", (), status="failed")
    gap = a_measurement("zoom", (None, 180, 170))
    whole = a_measurement("zoom", (190, 180, 170))
    first, second, _ = seeds_of(tmp_path, [[failed], [gap], [whole]], diverges=False)
    assert first.values["zoom.area"] is None
    assert math.isnan(first.of("zoom.area") or 0)
    for metric in ("zoom.area", "zoom.least"):
        assert metric not in second.values
        assert second.of(metric) is None


def test_a_worst_case_of_attacks_is_no_metric_that_a_gate_could_name(tmp_path: Path) -> None:
    attacks = [a_measurement("fgsm", (200, 100, 0)), a_measurement("pgd", (150, 100, 10))]
    (seed,) = seeds_of(tmp_path, [attacks], diverges=False)
    assert {metric for metric in seed.values if "." in metric} == {
        "fgsm.area", "fgsm.least", "pgd.area", "pgd.least",
    }  # fmt: skip


@pytest.mark.parametrize("value", [-0.1, 1.1, 1e308, "0.5", True, [0.5]])
@pytest.mark.parametrize("metric", ["accuracy", "error"])
def test_a_baseline_whose_shares_are_none_is_damaged(
    metric: str, value: object, tmp_path: Path
) -> None:
    study = a_store(tmp_path / "runs", {"average": [180, 181]})
    write_baseline([study], tmp_path / "runs", tmp_path / "b.json")
    document = json.loads((tmp_path / "b.json").read_bytes())
    document["studies"][0]["conditions"][0]["seeds"][1]["values"][metric] = value
    (tmp_path / "b.json").write_bytes(sealed(document))
    with pytest.raises(BadInput, match=r"b\.json is a damaged baseline: .*seeds\[1\]") as caught:
        read_baseline(tmp_path / "b.json")
    assert "store freeze" in caught.value.hint


def test_a_diverged_run_has_parameters_and_no_accuracy(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, [[]], diverges=True)
    assert seed.values == {"parameters": 12_345}
    assert math.isnan(seed.of("accuracy") or 0)
