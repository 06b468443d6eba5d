"""Pairs beside the arccosine kernel: on which side they lie, in the table and in the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poolbench.core.contraction import Observed, PairSource, Similarities, arccosine_kernel
from poolbench.report.chart import Grid, Scatter
from poolbench.report.contraction.charts import similarity_charts
from poolbench.report.contraction.similarities import similarity_table
from tests.report.test_contraction import experiment, named

INPUTS = (-0.5, 0.0, 0.5, 0.9)


def shifted(label: str, *gaps: tuple[float, ...]) -> Observed:
    """Return a source whose features lie so far above the kernel: one row of gaps per seed."""
    seeds = tuple(
        Similarities(
            inputs=INPUTS,
            features=tuple(arccosine_kernel(x) + gap for x, gap in zip(INPUTS, row, strict=True)),
            pooled=((0.6, 0.7, 0.8, 0.9),),
            duration_s=1.0,
        )
        for row in gaps
    )
    source = PairSource(label=label, source=named("gaussian"))
    return Observed(network="net", source=source, size=None, seeds=seeds)


ABOVE = shifted("noise", (0.01, 0.02, -0.01, 0.02), (0.01, 0.01, 0.01, 0.03))
BELOW = shifted("noise(+2)", (-0.01, -0.02, -0.03, 0.02), (-0.04, -0.04, -0.04, -0.04))


def test_the_side_of_the_kernel_is_in_the_table() -> None:
    table = similarity_table(experiment("max"), [ABOVE, BELOW])
    above, below = (row for row in table.records if row["behind"] == "features")
    assert above["signed_distance_from_kernel"] == pytest.approx(0.0125)
    assert above["share_below_kernel"] == 1 / 8
    assert below["signed_distance_from_kernel"] == pytest.approx(-0.025)
    assert below["signed_distance_std"] == pytest.approx(0.03 / 2**0.5)
    assert below["distance_from_kernel"] == pytest.approx(0.03)
    assert below["share_below_kernel"] == 7 / 8
    texts = {cell.text for row in table.rows for cell in row}
    assert {"+0.0125 ± 0.0035", "−0.0250 ± 0.0212", "12.5", "87.5"} <= texts
    others = [row for row in table.records if row["behind"] != "features"]
    assert {row["signed_distance_from_kernel"] for row in others} == {None}


def panels(grid: Grid) -> list[Scatter]:
    return [chart for chart in grid.charts if isinstance(chart, Scatter)]


def test_several_sources_get_a_panel_each_beside_the_kernel() -> None:
    together, apart = similarity_charts(experiment("max"), [ABOVE, BELOW], "fig")
    assert [len(panel.clouds) for panel in panels(together)] == [2, 2]
    assert (apart.name, apart.is_shared) == ("fig-net-features", True)
    assert [panel.title.replace("\N{NO-BREAK SPACE}", " ") for panel in panels(apart)] == [
        "noise · +0.013 · 12 % below",
        "noise(+2) · −0.025 · 88 % below",
    ]
    first, second = panels(apart)
    # Dots are the pairs of the first seed; all panels have the same axes and legend.
    assert first.clouds[0].y[2] == pytest.approx(arccosine_kernel(0.5) - 0.01)
    assert (first.x, first.y) == (second.x, second.y)
    assert first.y.limits is not None
    assert first.y.limits[0] < min(second.clouds[0].y)
    assert {panel.clouds[0].label for panel in (first, second)} == {"a pair"}
    assert {panel.references[0].label for panel in (first, second)} == {"arccosine kernel"}


def test_more_sources_than_a_panel_shows_apart_get_one_each_at_every_stage() -> None:
    five = [replace(ABOVE, source=replace(ABOVE.source, label=f"s{at}")) for at in range(5)]
    grids = similarity_charts(experiment("max"), five, "fig")
    assert [grid.name for grid in grids] == ["fig-net-features", "fig-net-max"]
    assert all(len(panel.clouds) == 1 for grid in grids for panel in panels(grid))
    assert [panel.title for panel in panels(grids[1])] == [f"s{at}" for at in range(5)]
    assert panels(grids[1])[0].references[0].label == "no change"
    (alone,) = similarity_charts(experiment("max"), five[:1], "fig")
    assert alone.name == "fig-net"
