"""Accuracy against the option that variants differ in."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from poolbench.app.study import load_study
from poolbench.app.suites import find
from poolbench.core.cell import Cell, ModelSpec
from poolbench.core.named import Named
from poolbench.core.record import Result, Run
from poolbench.core.study import Analysis, Study
from poolbench.report.chart import Curve, Curves
from poolbench.report.studies.by_option import option_charts
from tests.cells import a_cell, a_study

TEMPERATURES = (1, 4, 16, 64)


def a_sweep(**more: Any) -> Study:
    """Return a study of lae over temperatures, fixed and learned, beside average and max."""
    pools = {"average": Named(name="average", options={}), "max": Named(name="max", options={})}
    for learn in ("none", "layer"):
        for t in TEMPERATURES:
            options = {"temperature": float(t), "learn": learn}
            pools[f"t{t}-{learn}"] = Named(name="lae", options=options)
    return study_of(pools, **more)


def study_of(pools: dict[str, Named], **more: Any) -> Study:
    cells = tuple(
        a_cell(
            name, seed, model=ModelSpec(network=Named(name="wrn", options={}), pools={"head": p})
        )
        for name, p in pools.items()
        for seed in range(2)
    )
    return replace(a_study(), variants=tuple(pools), cells=cells, baseline="", **more)


def a_run(cell: Cell, correct: int, status: str = "ok") -> Run:
    result = Result(
        status=status,
        correct=correct,
        total=100,
        test_loss=1.0,
        parameters=7,
        epochs=2,  # type: ignore[arg-type]
    )
    return Run(
        cell=cell,
        result=result,
        network="0" * 64,
        history=(),
        timings=(),
        environment={},
        size_bytes=1_000_000,
    )


def runs_of(study: Study) -> dict[str, Run]:
    """Return accuracies of 50 % + seed * 2 % + log2(t) %."""
    runs = {}
    for cell in study.cells:
        t = cell.model.pools["head"].options.get("temperature", 1.0)
        runs[cell.id] = a_run(cell, 50 + 2 * cell.seed + int(math.log2(t)))
    return runs


def curves_of(study: Study, runs: dict[str, Run]) -> dict[str, Curve]:
    (chart,) = option_charts(study, runs)
    assert isinstance(chart, Curves)
    return {curve.label: curve for curve in chart.curves}


def test_variants_that_differ_in_temperature_alone_make_a_line_over_log2() -> None:
    study = a_sweep()
    (chart,) = option_charts(study, runs_of(study))
    assert isinstance(chart, Curves)
    assert (chart.x.label, chart.x.scale, chart.y.is_share) == ("temperature (head)", "log2", True)
    assert chart.name == "digits-by-temperature"
    curve = curves_of(study, runs_of(study))["learn layer"]
    assert curve.x == (1.0, 4.0, 16.0, 64.0)
    assert curve.y == pytest.approx((0.51, 0.53, 0.55, 0.57))
    # Two seeds 2 points apart: standard deviation sqrt(2), standard error 1.
    assert curve.low == pytest.approx((0.50, 0.52, 0.54, 0.56))


def test_variants_without_the_option_are_level_references() -> None:
    study = a_sweep()
    curves = curves_of(study, runs_of(study))
    assert list(curves) == ["learn none", "learn layer", "average", "max"]
    assert [curve.is_reference for curve in curves.values()] == [False, False, True, True]
    assert (curves["average"].x, curves["average"].y) == ((1.0, 64.0), (0.51, 0.51))


def test_a_missing_variant_is_a_gap_and_an_error_rate_falls() -> None:
    study = a_sweep(analysis=Analysis(metric="error"))
    runs = runs_of(study)
    for cell in study.cells:
        if cell.variant in ("t4-none", "max"):
            del runs[cell.id]
    curves = curves_of(study, runs)
    assert math.isnan(curves["learn none"].y[1])
    assert curves["learn none"].y[2] == pytest.approx(0.45)
    assert "max" not in curves
    (chart,) = option_charts(study, runs)
    assert chart.caption.split("; ")[-1] == "n = 2 seeds a variant"
    assert option_charts(study, {}) == []


def test_an_error_is_the_share_of_images_that_the_table_counts() -> None:
    study = a_sweep(analysis=Analysis(metric="error"))
    runs = {cell.id: a_run(cell, 90) for cell in study.cells}
    # 1 - 0.9 is another float.
    assert curves_of(study, runs)["learn none"].y == pytest.approx([0.1] * 4, rel=0, abs=0)


def test_two_options_moved_at_once_make_no_line() -> None:
    # A line over temperature would hide that p moves too.
    assert option_charts(a_study(), {}) == []
    pools = {
        f"v{t}": Named(name="lae", options={"temperature": float(t), "learn": str(t)})
        for t in TEMPERATURES
    }
    assert option_charts(study_of(pools), {}) == []


def test_a_single_line_has_the_name_of_its_operator() -> None:
    pools = {f"p{p}": Named(name="gem", options={"p": float(p)}) for p in (1, 2, 3)}
    study = study_of(pools)
    assert list(curves_of(study, runs_of(study))) == ["gem"]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((1, 2, 3), "linear"),
        ((1, 2, 19), "linear"),
        ((1, 2, 20), "log"),
        ((0.1, 1, 10), "log"),
        ((0.25, 1, 16), "log2"),
        ((0, 1, 64), "linear"),
        ((-1, 1, 64), "linear"),
    ],
)
def test_only_a_wide_range_of_positive_values_is_logarithmic(
    values: tuple[float, ...], scale: str
) -> None:
    pools = {f"a{a}": Named(name="mixed", options={"alpha": float(a)}) for a in values}
    study = study_of(pools)
    (chart,) = option_charts(study, {cell.id: a_run(cell, 50) for cell in study.cells})
    assert isinstance(chart, Curves)
    assert chart.x.scale == scale


def recipes(changes: dict[str, dict[str, Any]]) -> Study:
    """Return a study of max with these changes of its recipe, by variant."""
    max_ = a_cell()
    cells = tuple(
        a_cell(name, recipe=replace(max_.recipe, **changed), model=max_.model)
        for name, changed in changes.items()
    )
    return replace(a_study(), variants=tuple(changes), seeds=(0,), cells=cells, baseline="")


def test_options_of_the_recipe_and_the_model_make_lines_too() -> None:
    def sgd(**options: float) -> dict[str, Any]:
        return {"optimizer": Named(name="sgd", options=options)}

    rates = (0.1, 0.2, 0.3)
    study = recipes(
        {f"{lr} {m}": sgd(lr=lr, momentum=m) for m in (0.0, 0.9) for lr in reversed(rates)}
    )
    runs = {cell.id: a_run(cell, 50) for cell in study.cells}
    (chart,) = option_charts(study, runs)
    assert isinstance(chart, Curves)
    assert (chart.name, chart.x.label) == ("digits-by-lr", "lr (optimizer)")
    # What the operators have in common tells no lines apart, so the recipes have to.
    assert [(curve.label, curve.x) for curve in chart.curves] == [
        ("momentum 0.0", rates), ("momentum 0.9", rates),
    ]  # fmt: skip
    study = recipes({f"b{size}": {"batch_size": size} for size in (32, 64, 96)})
    (chart,) = option_charts(study, {cell.id: a_run(cell, 50) for cell in study.cells})
    assert isinstance(chart, Curves)
    assert (chart.name, chart.x.label) == ("digits-by-batch-size", "batch size")


def test_what_tells_the_operators_apart_is_enough_to_name_their_lines() -> None:
    # Their learning rates differ too.
    cells = tuple(
        a_cell(
            f"{learn} {t}",
            model=ModelSpec(
                network=Named(name="wrn", options={}),
                # A suite may name an operator's options in any order.
                pools={"head": Named(name="lae", options=dict(options[:: 1 if t > 1 else -1]))},
            ),
            recipe=replace(a_cell().recipe, optimizer=Named(name="sgd", options={"lr": lr})),
        )
        for learn, lr in (("none", 0.1), ("layer", 0.2))
        for t in TEMPERATURES
        for options in [[("temperature", t), ("learn", learn), ("also", 1)]]
    )
    variants = tuple(cell.variant for cell in cells)
    study = replace(a_study(), variants=variants, seeds=(0,), cells=cells, baseline="")
    curves = curves_of(study, {cell.id: a_run(cell, 50) for cell in cells})
    assert {label: curve.x for label, curve in curves.items()} == {
        "learn none": TEMPERATURES, "learn layer": TEMPERATURES,
    }  # fmt: skip


def test_the_option_that_most_variants_differ_in_is_drawn_and_two_make_no_line() -> None:
    temperatures = {f"t{t}": {"temperature": float(t)} for t in TEMPERATURES}
    exponents = {f"p{p}": {"p": float(p)} for p in (1, 2, 3)}
    pools = {
        name: Named(name="gem" if "p" in options else "lae", options=options)
        for name, options in (exponents | temperatures).items()
    }
    study = study_of(pools)
    (chart,) = option_charts(study, runs_of(study))
    assert chart.name == "digits-by-temperature"
    two = study_of({name: pools[name] for name in ("p1", "p2")})
    assert option_charts(two, {cell.id: a_run(cell, 50) for cell in two.cells}) == []


def test_the_suite_of_figure_7_is_a_curve_for_each_precision_over_temperatures() -> None:
    study = load_study(find("lae/fig7-precision-cifar10"))
    curves = curves_of(study, runs_of(study))
    assert list(curves) == [
        *(f"dtype {dtype}, formula textbook" for dtype in ("float16", "float32", "float64")),
        "dtype float16, formula stable",
        "average",
    ]
    assert all(
        curve.x == (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
        for curve in curves.values()
        if not curve.is_reference
    )
