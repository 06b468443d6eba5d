"""The suites of the theory, and the tables and charts made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.experiment import load_experiment
from poolbench.app.theory import (
    calculate,
    optimal_error_settings,
    plan_settings,
    regions_settings,
)
from poolbench.core.errors import BadInput
from poolbench.core.theory import (
    LimitsSettings,
    MeanSimilaritySettings,
    OptimalErrorSettings,
    SmoothMaximumSettings,
    TheoremsSettings,
    TheorySettings,
)
from poolbench.report.chart import Curves, Scatter, Surface
from poolbench.report.charts.picture import write_all
from poolbench.theory.least_error import sets_of_orders

Load = Callable[[str], TheorySettings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(section: str) -> TheorySettings:
        path = tmp_path / "suite.yaml"
        path.write_text(f"schema: 1\ntheory: {section}\n")
        settings: TheorySettings = load_experiment("theory", str(path)).settings
        return settings

    return read


def test_the_shipped_suite_has_every_row_of_appendix_d() -> None:
    settings = load_experiment("theory", "maxpool/appendix-d").settings.optimal_error
    rows = {(d, orders) for d in (2, 3, 4) for orders in sets_of_orders(d)}
    assert rows == {key for key in settings.published if key[0] < 9}
    assert len(rows) == 22
    assert settings.published[4, (0, 3)] == 0.125


def test_every_published_number_of_the_shipped_suites_is_found() -> None:
    settings = load_experiment("theory", "maxpool/appendix-d").settings
    records = calculate(settings, with_charts=False).tables[0].records
    assert len(records) == 22
    assert [record["difference"] for record in records] == [0.0] * 22
    plan = calculate(TheorySettings(plan=plan_settings(10)), with_charts=False).tables[0].records
    assert [r["subpools"] for r in plan] == [r["published"] for r in plan] == [17, 16, 12, 10]
    assert all(record["deviation"] < 1e-15 for record in plan)


@pytest.mark.parametrize(
    "name",
    ["maxpool/appendix-d", "maxpool/fig2-plan", "maxpool/theorems", "lse/fig1-surface",
     "lae/theorems", "contraction/mean-similarity"],
)  # fmt: skip
def test_every_shipped_suite_gives_tables(name: str) -> None:
    profile = None if name == "maxpool/fig2-plan" else "smoke"
    experiment = load_experiment("theory", name, profile=profile)
    findings = calculate(experiment.settings, with_charts=False)
    assert findings.tables
    assert all(table.rows for table in findings.tables)


def test_rounded_decimals_are_met_within_their_rounding() -> None:
    orders = ((0, 8), tuple(range(9)))
    settings = TheorySettings(optimal_error=optimal_error_settings((9,), orders))
    records = calculate(settings, with_charts=False).tables[0].records
    assert [record["error_fraction"] for record in records] == ["1/18", "1/512"]
    assert records[1]["orders"] == "0,1,2,3,4,5,6,7,8"
    assert [record["published"] for record in records] == [0.0556, 0.002]
    assert all(0 < abs(float(str(record["difference"]))) < 5e-5 for record in records)


def test_a_command_about_another_d_has_nothing_published() -> None:
    assert plan_settings(9).published == ()
    assert regions_settings(10, ()).published is None
    assert regions_settings(9, ()).published == 819_906_560


def test_a_single_set_of_orders_shows_its_estimator() -> None:
    settings = TheorySettings(optimal_error=OptimalErrorSettings(d=(4,), orders=((0, 3),)))
    errors, coefficients, vertices = calculate(settings, with_charts=False).tables
    assert errors.records[0]["published"] is None
    assert [r["coefficient_fraction"] for r in coefficients.records] == ["1/8", "1"]
    assert [r["error"] for r in vertices.records] == [0.125, -0.125, 0.125, 0.125, 0.125]


def test_arithmetic_without_the_shift_overflows_where_the_operator_does_not() -> None:
    settings = SmoothMaximumSettings(t=(1.0,), n=(2,), samples=3)
    errors, ranges = calculate(TheorySettings(lse=settings), with_charts=False).tables
    assert errors.records[0]["lse_largest"] == pytest.approx(errors.records[0]["lse_bound"])
    by_case = {(r["dtype"], r["x"]): r for r in ranges.records}
    assert by_case["float32", 100.0]["textbook"] == float("inf")
    assert by_case["float32", -1000.0]["textbook"] == float("-inf")
    assert by_case["float64", 100.0]["textbook_error"] < 1e-10  # type: ignore[operator]
    for (dtype, x), record in by_case.items():
        digits = {"float16": 2**-11, "float32": 2**-23, "float64": 2**-51}[dtype]
        assert record["operator_error"] <= digits * max(1.0, abs(x)), (dtype, x)


def test_the_charts_hold_what_the_tables_say(tmp_path: Path) -> None:
    settings = TheorySettings(
        optimal_error=OptimalErrorSettings(d=(2, 3, 4)),
        lse=SmoothMaximumSettings(t=(0.1, 10.0), n=(1, 2, 4), samples=2),
    )
    findings = calculate(settings, with_charts=True)
    charts = {chart.name: chart for chart in findings.charts}
    cost = charts["least-error-d4"]
    assert isinstance(cost, Scatter)
    assert sum(len(cloud.x) for cloud in cost.clouds) == 14
    assert min(y for cloud in cost.clouds for y in cloud.y) == 1 / 16
    assert cost.references[0].x == (4.0, 6.0, 8.0, 10.0, 14.0)
    assert cost.references[0].y == (1 / 8, 1 / 8, 1 / 10, 1 / 14, 1 / 16)
    over_d = charts["least-error-over-d"]
    assert isinstance(over_d, Curves)
    assert over_d.curves[1].y == (1 / 4, 1 / 6, 1 / 8)
    surface = charts["lse-minus-max"]
    assert isinstance(surface, Surface)
    assert max(map(max, surface.z_values)) == pytest.approx(0.6931471805599453)
    excess = charts["lse-error-surface"]
    assert isinstance(excess, Surface)
    assert excess.y_values == (2, 3, 4)
    assert excess.z_values[0][0] == pytest.approx(0.1 * math.log(2))
    assert excess.z_values[2][-1] == pytest.approx(10 * math.log(4))
    assert [curve.label for curve in charts["lae-error"].curves] == ["n = 2", "n = 4"]  # type: ignore[attr-defined]
    paths = write_all(findings.charts, tmp_path / "figures")
    assert {path.suffix for path in paths} == {".png", ".svg"}
    assert all(path.stat().st_size > 5000 for path in paths)
    assert len(paths) == 2 * len(charts) == 14


def test_a_suite_says_everything_a_command_can(load: Load) -> None:
    settings = load("{optimal-error: {d: [5], orders: [[0, 4]]}, lse: {t: [1], n: [3]}}")
    assert settings.optimal_error == OptimalErrorSettings(d=(5,), orders=((0, 4),))
    assert settings.lse == SmoothMaximumSettings(t=(1.0,), n=(3,))
    assert settings.plan is settings.regions is None
    given = "mean-similarity: {image_sizes: [9], kernel_sizes: [5]}, limits: {seeds: 2, n: [3]}"
    settings = load(f"{{{given}, theorems: {{d: [4], numbers: [6, 1]}}}}")
    assert settings.mean_similarity == MeanSimilaritySettings(image_sizes=(9,), kernel_sizes=(5,))
    assert settings.limits == LimitsSettings(seeds=2, n=(3,))
    assert settings.theorems == TheoremsSettings(d=(4,), numbers=(6, 1))
    titles = [table.title for table in calculate(settings, with_charts=False).tables]
    assert [title.split(" · ")[0] for title in titles[-2:]] == [
        "Theorem 1",
        "Theorem 6 and lemma 7",
    ]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{}", "expected at least one subject"),
        ("{plan: }", "expected at least one subject"),
        ("{plann: {d: 4}}", "2:10: unknown key 'plann' in theory"),
        ("{plan: {d: 1}}", "plan.d: expected whole number >= 2, got 1"),
        ("{plan: {}}", "plan.d is missing"),
        ("{optimal-error: {d: []}}", "optimal-error.d: expected a list of whole numbers >= 2"),
        ("{optimal-error: {d: [3], published: {three: {}}}}", "expected d2, d3, ..., got 'three'"),
        (
            '{optimal-error: {d: [3], published: {d3: {"0;1": 0.5}}}}',
            "expected orders such as \"0,3\", got '0;1'",
        ),
        (
            '{optimal-error: {d: [3], published: {d3: {"0": 2}}}}',
            "expected a number from 0 to 1, such as 1/8, got 2",
        ),
        ("{lse: {t: [0]}}", "lse.t: expected a list of numbers > 0, got 0"),
        ("{theorems: {numbers: [2]}}", "theorems.numbers: expected a list of theorems: 1, 3, 5, 6"),
        ("{theorems: {d: [1]}}", "theorems.d: expected a list of whole numbers >= 2"),
        ("{limits: {low: [1, 2]}}", "limits.low: expected a list of at least three numbers > 0"),
        ("{limits: {n: [1]}}", "limits.n: expected a list of whole numbers >= 2"),
        (
            "{mean-similarity: {pairs: 0}}",
            "mean-similarity.pairs: expected whole number >= 1, got 0",
        ),
        ("{regions: {d: 3, published: 0}}", "regions.published: expected whole number >= 1, got 0"),
    ],
)
def test_a_suite_that_cannot_be_meant_is_told_where(section: str, message: str, load: Load) -> None:
    with pytest.raises(BadInput) as refused:
        load(section)
    assert message in refused.value.message


def test_what_a_theorem_says_is_drawn_too() -> None:
    settings = TheorySettings(
        mean_similarity=MeanSimilaritySettings(image_sizes=(5, 9), pairs=2),
        theorems=TheoremsSettings(d=(3, 4), numbers=(6,)),
    )
    drawn = {chart.name: chart for chart in calculate(settings, with_charts=True).charts}
    means, lemma = drawn["mean-similarity"], drawn["lemma-7"]
    assert isinstance(means, Curves)
    assert [curve.x for curve in means.curves] == [(5, 9)] * 3
    assert means.curves[2].y[1] > means.curves[0].y[1]
    assert isinstance(lemma, Curves)
    # Orders 0, 1, 2 of four elements: 7/6 at three ones, 5/6 at four.
    assert lemma.curves[0].y[3:] == pytest.approx((7 / 6, 5 / 6))
    single = TheorySettings(
        mean_similarity=MeanSimilaritySettings(image_sizes=(5,), pairs=2),
        theorems=TheoremsSettings(d=(2,)),
    )
    assert calculate(single, with_charts=True).charts == ()
