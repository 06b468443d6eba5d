"""A number is calculated once: what a gate decides on is what the table prints."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from poolbench.app.baseline_file import read_baseline, write_baseline
from poolbench.app.gates import Case, judge
from poolbench.app.results import Results
from poolbench.app.seed_values import values_of
from poolbench.core.gate import read_gate
from poolbench.core.measurement import Measurement
from poolbench.core.record import Result
from poolbench.report.robustness.tables import robustness_tables
from poolbench.report.studies.gates import Ruling
from poolbench.store.store import Store
from tests.app.stores import a_store, probed
from tests.report.measured import TOTAL, a_measurement, diverged, measured

Rows = dict[str, list[list[Measurement]]]


def a_row(generator: random.Random, name: str, possible: Sequence[bool]) -> list[Measurement]:
    """Return what was measured on one run: mostly a curve, now and then a failure or nothing."""
    kind = generator.choice(["curve"] * 6 + ["failed", "nothing"])
    if kind == "nothing":
        return []
    if kind == "failed":
        return [a_measurement(name, (), status="failed")]
    counts = [generator.randrange(TOTAL + 1) if able else None for able in possible]
    return [a_measurement(name, counts)]


def printed_and_judged(
    path: Path, rows: Rows, lost: int, name: str
) -> tuple[list[dict[str, object]], list[Ruling]]:
    """Return the rows of the table of areas, and the rulings of a gate on the same area."""
    study, runs, found = measured(rows)
    runs = {cell.id: diverged(run) if cell.seed == lost else run
            for (cell, run) in zip(study.cells, runs.values(), strict=True)}  # fmt: skip
    results = Results(
        study=study,
        store=Store.create(path),
        runs=runs,
        measurements={cell_id: tuple(row) for cell_id, row in found.items() if row},
        damaged_runs=(),
        damaged_measurements=(),
        target=None,
    )
    table = robustness_tables(study, runs, found)[0]
    (gate,) = (read_gate(f"{name}.area < 50%", probes=[name]),)
    rulings = judge(
        [
            Case(
                gates=[gate],
                candidates=values_of(results).conditions,
                counterpart=lambda _: None,
                analysis=study.analysis,
            )
        ]
    )
    return [dict(zip(table.fields, row_values(row), strict=True)) for row in table.rows], rulings


def row_values(row: Sequence[object]) -> list[object]:
    return [value for cell in row for value in cell.values]  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", range(40))
def test_the_area_of_a_gate_is_that_of_the_table_with_its_n(case: int, tmp_path: Path) -> None:
    generator = random.Random(case)
    name = generator.choice(["zoom", "fgsm"])
    # Settings that no variant, one variant, or every variant can be put to.
    somebody = [generator.random() < 0.7 for _ in range(3)]
    possible = {
        variant: [able and generator.random() < 0.9 for able in somebody]
        for variant in ("max", "lae")
    }
    rows = {
        variant: [a_row(generator, name, able) for _ in range(5)]
        for variant, able in possible.items()
    }
    lost = generator.choice([-1, 2])
    printed, rulings = printed_and_judged(tmp_path, rows, lost, name)
    assert [ruling.variant for ruling in rulings] == [row["variant"] for row in printed]
    for row, ruling in zip(printed, rulings, strict=True):
        judged = ruling.judgement
        assert judged.value == pytest.approx(row["area_mean"], nan_ok=True, rel=0, abs=0)
        assert judged.n == row["n"] + row["n_diverged"]  # type: ignore[operator]


def test_a_setting_that_nobody_can_be_put_to_is_in_no_area(tmp_path: Path) -> None:
    # As sizes above the training size, to which no image can be cropped.
    rows = {
        "max": [[a_measurement("zoom", (100, 200, None))], [a_measurement("zoom", (0, 100, None))]],
        "lae": [[a_measurement("zoom", (200, 200, None))], [a_measurement("zoom", (0, 0, None))]],
    }
    printed, rulings = printed_and_judged(tmp_path, rows, -1, "zoom")
    assert [(r.judgement.value, r.judgement.n) for r in rulings] == [(0.5, 2), (0.5, 2)]
    assert [row["area_mean"] for row in printed] == [0.5, 0.5]


def test_a_baseline_is_frozen_with_the_areas_of_the_table(tmp_path: Path) -> None:
    study = a_store(tmp_path / "runs", {"average": [150, 151], "max": [150, 152]})
    heights = {"average": [100, 102], "max": [50, None]}
    probed(tmp_path / "runs", study, heights, beyond=0.5)
    write_baseline([study], tmp_path / "runs", tmp_path / "then.json")
    (then,), _ = read_baseline(tmp_path / "then.json")
    areas = [each.of("fgsm.area", [0, 1]) for each in then.conditions]
    assert areas == [[0.5, 0.51], [0.25, pytest.approx(float("nan"), nan_ok=True)]]


def test_accuracy_and_error_are_one_division_of_counts() -> None:
    result = Result(status="ok", correct=180, total=200, test_loss=0.1, parameters=1, epochs=1)
    assert result.value("accuracy") == result.accuracy == 0.9
    assert result.value("error") == 0.1
    assert 1 - result.accuracy != 0.1
