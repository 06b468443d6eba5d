from __future__ import annotations

from dataclasses import replace

import pytest

from poolbench.report.chart import Samples, Scatter
from poolbench.report.studies.outcome_charts import outcome_charts
from poolbench.stats import estimate
from tests.report.examples import TOTAL, finished


def test_every_finished_seed_is_a_dot_beside_mean_and_interval() -> None:
    study, runs = finished({"average": [180, 182, None, "-"], "max": [190, 190, 191, 192]})
    seeds, *_ = outcome_charts(study, runs)
    assert isinstance(seeds, Samples)
    average, best = seeds.samples
    assert average.values == (180 / TOTAL, 182 / TOTAL)
    e = estimate([count / TOTAL for count in (190, 190, 191, 192)])
    assert best.mean == pytest.approx(e.mean)
    assert best.interval == pytest.approx((e.ci_low, e.ci_high))
    assert (average.mean, best.values) == (181 / TOTAL, (0.95, 0.95, 0.955, 0.96))


def test_cost_is_shown_where_it_differs() -> None:
    study, runs = finished({"average": [180, 182, None], "max": [190, 192, "-"]})
    assert [chart.name for chart in outcome_charts(study, runs)] == ["digits-seeds", "digits-time"]
    for cell in study.cells[3:5]:
        run = runs[cell.id]
        runs[cell.id] = replace(run, result=replace(run.result, parameters=20_000))
    _, size, time = outcome_charts(study, runs)
    assert isinstance(size, Scatter)
    assert isinstance(time, Scatter)
    assert [cloud.x for cloud in size.clouds] == [(12_345,), (20_000,)]
    # The seeds 0 and 1 took one and two seconds for their epoch; seed 2, diverged, three.
    assert time.clouds[0].x == pytest.approx((1.5,))
    assert time.clouds[0].x_spread == pytest.approx((0.5**0.5,))
    assert time.clouds[1].y == pytest.approx((191 / TOTAL,))


def test_a_study_without_a_result_has_no_picture() -> None:
    study, _ = finished({"average": [180, 182]})
    assert outcome_charts(study, {}) == []


def test_a_seed_alone_has_no_interval_and_a_variant_without_one_no_mean() -> None:
    study, runs = finished({"average": [180, "-"], "max": [None, "-"], "lae": [190, 191]})
    seeds, *_ = outcome_charts(study, runs)
    assert isinstance(seeds, Samples)
    one, none, two = seeds.samples
    assert (one.mean, one.interval) == (180 / TOTAL, None)
    assert (none.values, none.mean, none.interval) == ((), None, None)
    *_, time = outcome_charts(study, runs)
    assert isinstance(time, Scatter)
    assert [(cloud.label, len(cloud.x_spread), len(cloud.y_spread)) for cloud in time.clouds] == [
        ("average", 0, 0), ("lae", 1, 1),
    ]  # fmt: skip
    assert two.interval is not None
    assert seeds.y.is_share
    assert seeds.caption.split("; ")[-3:] == [
        "n = 0 to 2 seeds a variant",
        "average: 0 diverged, 1 missing",
        "max: 1 diverged, 1 missing",
    ]


def test_a_run_without_timings_is_in_no_chart_of_time() -> None:
    study, runs = finished({"average": [180, 182], "max": [190, 192]})
    for cell in study.cells[:2]:
        runs[cell.id] = replace(runs[cell.id], timings=())
    *_, time = outcome_charts(study, runs)
    assert isinstance(time, Scatter)
    assert [cloud.label for cloud in time.clouds] == ["max"]
    assert time.caption == (
        "mean ± standard deviation over the seeds, n = 2 seeds a variant; "
        "time: on the machines that ran it"
    )
    assert (time.y.is_share, time.x.label) == (True, "training time (s an epoch)")
    silent = {cell_id: replace(run, timings=()) for cell_id, run in runs.items()}
    assert [chart.name for chart in outcome_charts(study, silent)] == ["digits-seeds"]
