from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.record import Epoch, Run, Timing
from poolbench.core.study import Study
from poolbench.report.chart import Curves
from poolbench.report.studies.learning import early_table, learning_charts
from tests.report.examples import finished


def learned(
    rows: Mapping[str, Sequence[Sequence[float | None]]],
) -> tuple[Study, dict[str, Run]]:
    """Return runs with these validation accuracies, by variant, seed and epoch."""
    study, runs = finished({variant: [150] * len(row) for variant, row in rows.items()})
    for cell in study.cells:
        values = rows[cell.variant][cell.seed]
        history = tuple(
            Epoch(epoch=k, loss=1 / k, lr=0.1, validation_accuracy=value, pooling={})
            for k, value in enumerate(values, 1)
        )
        timings = tuple(Timing(epoch=k, duration_s=1.0, images=100) for k in range(1, 5))
        runs[cell.id] = replace(runs[cell.id], history=history, timings=timings)
    return study, runs


def diverge(runs: dict[str, Run], cell_id: str) -> None:
    run = runs[cell_id]
    runs[cell_id] = replace(run, result=replace(run.result, status="diverged", correct=0))


SLOW = [[0.1, 0.2, 0.5 if s < 2 else 0.3, 0.5] for s in range(6)]
FAST = [[0.1, 0.6, 0.5, 0.5 + s / 100] for s in range(6)]


def test_epochs_and_images_count_to_the_first_time_the_target_is_reached() -> None:
    study, runs = learned({"average": SLOW, "max": FAST})
    table = early_table(study, "digits", runs, 0.5)
    slow, fast = table.records
    assert (slow["epochs_median"], slow["images_median"]) == (4, 400)
    assert (fast["epochs_median"], fast["images_median"]) == (2, 200)
    assert [cells[1].text for cells in table.rows] == ["6/6", "6/6"]
    assert [cells[2].is_bold for cells in table.rows] == [False, True]
    assert fast["verdict"] == "better"


def test_a_run_that_never_reached_it_ranks_behind_and_is_counted() -> None:
    study, runs = learned({"average": SLOW, "max": [*FAST[:5], [0.1] * 4]})
    diverge(runs, study.cells[6].id)
    table = early_table(study, "digits", runs, 0.55)
    slow, fast = table.rows
    assert [cell.text for cell in slow[1:4]] == ["0/6", "never", "never"]
    assert [cell.text for cell in fast[1:4]] == ["4/6", "2 [2 to never]", "200 [200 to never]"]
    assert not any("diverged;" in note for note in table.notes)


def test_a_target_without_a_meaning_is_refused() -> None:
    study, runs = learned({"average": SLOW})
    with pytest.raises(BadInput, match="the target is 90"):
        early_table(study, "digits", runs, 90)
    study, runs = learned({"average": [[None, None]]})
    with pytest.raises(BadInput, match="has a validation accuracy") as caught:
        early_table(study, "digits", runs, 0.9)
    assert "validation: 0.1" in caught.value.hint


def test_learning_curves_are_means_of_the_sound_runs_with_their_standard_error() -> None:
    study, runs = learned({"average": [[0.2, 0.4], [0.4, 0.8], [0.0, 0.0]]})
    diverge(runs, study.cells[2].id)
    loss, accuracy = learning_charts(study, runs)
    assert isinstance(loss, Curves)
    assert isinstance(accuracy, Curves)
    (curve,) = accuracy.curves
    assert curve.x == (1, 2)
    assert curve.y == pytest.approx((0.3, 0.6))
    assert curve.high == pytest.approx((0.4, 0.8))
    assert "n = 2 seeds a variant; left out, since they diverged: average: 1" in accuracy.caption
    assert loss.curves[0].y == pytest.approx((1.0, 0.5))
    assert (loss.y.is_share, accuracy.y.is_share) == (False, True)


def test_without_a_validation_split_there_is_the_loss_alone() -> None:
    study, runs = learned({"average": [[None, None]]})
    (chart,) = learning_charts(study, runs)
    assert chart.name == "digits-training-loss"
    assert learning_charts(study, {}) == []
    assert isinstance(chart, Curves)
    assert not math.isnan(chart.curves[0].y[0])


def test_rule_level_and_baseline_of_early_epochs_are_those_of_the_study() -> None:
    study, runs = learned({"average": SLOW, "max": FAST})
    analysis = replace(study.analysis, rule="paper", alpha=0.001)
    table = early_table(replace(study, analysis=analysis, baseline="max"), "digits", runs, 0.5)
    asked = {"rule": "paper", "alpha": 0.001, "lower_is_better": True, "baseline": "max"}
    assert {key: table.detail[key] for key in asked} == asked
    assert (table.detail["target"], table.detail["metric"]) == (0.5, "epochs")
    # Six against six reach 2 / 924, which is more than 0.001.
    assert [cells[2].mark for cells in table.rows] == ["*?", "*?"]
    assert [record["verdict"] for record in table.records] == ["too few seeds", ""]
    assert table.columns[4].title == "vs max, p (Holm)"
    alone = early_table(replace(study, baseline=""), "digits", runs, 0.5)
    assert [record["p_adjusted"] for record in alone.records] == [None, None]
    assert alone.columns[4].title == "p (Holm)"
    assert [cells[2].mark for cells in alone.rows] == ["", "*"]


def test_a_target_is_above_nothing_and_may_be_everything() -> None:
    study, runs = learned({"average": [[0.1, 1.0, 0.5]] * 2})
    with pytest.raises(BadInput, match="the target is 0"):
        early_table(study, "digits", runs, 0.0)
    table = early_table(study, "digits", runs, 1.0)
    assert table.records[0]["epochs_median"] == 2
    assert table.title.endswith("epochs to 100 % validation accuracy")


def test_one_run_with_held_out_images_is_enough_and_an_epoch_without_is_no_zero() -> None:
    study, runs = learned({"average": [[None, None], [None, 0.9]]})
    del runs[study.cells[0].id]
    table = early_table(study, "digits", runs, 0.8)
    assert [cell.text for cell in table.rows[0][1:4]] == ["1/1", "2", "200"]
