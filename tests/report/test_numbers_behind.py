"""The numbers behind a chart, as tables."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from poolbench.report.chart import Axis, Chart, Cloud, Curve, Curves, Grid, Scatter
from poolbench.report.charts.numbers import numbers_behind
from tests.report.charted import FOREST, MATRICES, PARALLELS, RANK_LINE, SAMPLES, SURFACE

CURVES = Curves(
    name="curves",
    title="Sizes",
    x=Axis(label="epsilon"),
    y=Axis(label="accuracy (%)", is_share=True),
    curves=(
        Curve(label="max", x=(1.0, 2.0), y=(0.5, math.nan), low=(0.25, 0.0), high=(0.75, 1.0)),
        Curve(label="theory", x=(1.0,), y=(0.125,), is_reference=True),
    ),
)
SCATTER = Scatter(
    name="scatter",
    title="Costs",
    x=Axis(label="accuracy (%)", is_share=True),
    y=Axis(label="accuracy (%)", is_share=True),
    clouds=(Cloud(label="max", x=(0.5,), y=(0.75123449,), x_spread=(0.1,)),),
    references=(Curve(label="identity", x=(0.0, 1.0), y=(0.0, 1.0)),),
)


def texts(chart: Chart) -> list[tuple[str, ...]]:
    (table,) = numbers_behind(chart)
    assert table.title == chart.title
    return [tuple(cell.text for cell in row) for row in table.rows]


def test_a_curve_has_a_row_a_point_with_its_band_if_there_is_one() -> None:
    assert texts(CURVES) == [
        ("max", "1", "50", "25", "75"),
        ("max", "2", "–", "0", "100"),
        ("theory", "1", "12.5", "–", "–"),
    ]
    (table,) = numbers_behind(CURVES)
    assert table.fields == ("curve", "epsilon", "accuracy", "band from", "to")
    assert list(table.records[0].values()) == ["max", 1.0, 0.5, 0.25, 0.75]
    assert [column.is_text for column in table.columns] == [True, False, False, False, False]


def test_points_are_followed_by_their_reference_and_one_label_twice_stays_two_columns() -> None:
    assert texts(SCATTER) == [
        ("max", "50", "75.1234"),
        ("identity", "0", "0"),
        ("identity", "100", "100"),
    ]
    (table,) = numbers_behind(SCATTER)
    assert [column.title for column in table.columns] == [
        "points", "accuracy (%)", "accuracy (%) (2)",
    ]  # fmt: skip


def test_samples_surfaces_and_matrices_have_a_row_for_every_value() -> None:
    assert [label for label, _ in texts(SAMPLES)] == ["1"] * 92 + ["4"]
    assert texts(SAMPLES)[-1] == ("4", "4")
    shares = replace(SAMPLES, y=Axis(label="accuracy (%)", is_share=True))
    assert texts(shares)[-1] == ("4", "400")
    assert texts(SURFACE) == [
        ("2", "0.5", "0.3"), ("4", "0.5", "0.7"), ("8", "0.5", "1"),
        ("2", "1", "0.7"), ("4", "1", "–"), ("8", "1", "2.1"),
    ]  # fmt: skip
    assert texts(MATRICES)[:5] == [
        ("input", "1", "1", "1.4"), ("input", "1", "2", "1.6"),
        ("input", "2", "1", "0.2"), ("input", "2", "2", "−0.3"),
        ("max", "1", "1", "1.6"),
    ]  # fmt: skip


def test_lines_over_parallel_axes_are_numbered_and_have_a_column_an_axis() -> None:
    (table,) = numbers_behind(PARALLELS)
    assert table.fields == ("line", "learning rate", "epochs", "accuracy")
    assert texts(PARALLELS) == [
        ("1", "0.1", "5", "50"),
        ("2", "0.0001", "5", "90"),
        ("3", "0.1", "5", "–"),
        ("4", "0.1", "5", "60"),
    ]


def test_a_forest_has_a_row_a_bar_and_a_rank_line_one_a_name() -> None:
    (table,) = numbers_behind(FOREST)
    assert table.fields == ("group", "row", "accuracy (points)", "from", "to")
    assert [row[2:] for row in texts(FOREST)] == [
        ("2", "−1", "5"), ("−3", "–", "–"), ("–", "–", "1"),
    ]  # fmt: skip
    assert [row[1] for row in texts(RANK_LINE)] == ["2.5", "1.25", "2.25"]


def test_a_grid_has_the_tables_of_its_charts_and_an_unknown_kind_none() -> None:
    grid = Grid(name="g", title="both", charts=(CURVES, SURFACE))
    assert [table.title for table in numbers_behind(grid)] == ["Sizes", SURFACE.title]
    with pytest.raises(TypeError, match="Axis"):
        numbers_behind(Axis(label="x"))  # type: ignore[arg-type]
