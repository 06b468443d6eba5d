from __future__ import annotations

import itertools
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.report.chart import (
    Axis,
    Chart,
    Cloud,
    Curve,
    Curves,
    Grid,
    Panel,
    Sample,
    Samples,
    Scale,
    Scatter,
    Surface,
)
from poolbench.report.charts import picture
from poolbench.report.charts.axes import Side, apply, number, settle
from poolbench.report.charts.curves import NAME_HEIGHT, spread
from poolbench.report.charts.figure import figure_of
from poolbench.report.charts.matrices import GAP, HEADING, extent
from poolbench.report.charts.style import DARK, LIGHT, Theme, drawn_in, looks, shown
from tests.report.charted import (
    CURVES,
    EVERY,
    GRID,
    HOSTILE_NAMES,
    MATRICES,
    PARALLELS,
    SAMPLES,
    SCATTER,
    SURFACE,
    SYMLOG,
)


def drawn(chart: Chart, *, is_laid_out: bool = False) -> list[Axes]:
    """Return the axes of a picture; what stands where around them is known once it is laid out."""
    with drawn_in(LIGHT):
        figure = figure_of(chart, theme=LIGHT, has_caption=True)
        if is_laid_out:
            figure.draw_without_rendering()
    return figure.axes


def words_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("chart", EVERY, ids=lambda chart: chart.name)
def test_every_kind_is_drawn_in_every_format_with_the_same_bytes_each_time(
    chart: Chart, tmp_path: Path
) -> None:
    first = picture.write_all([chart], tmp_path / "a", kinds=picture.KINDS)
    with mpl.rc_context({"font.size": 20, "axes.linewidth": 9, "svg.hashsalt": "user"}):
        again = picture.write_all([chart], tmp_path / "b", kinds=picture.KINDS)
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert [path.name for path in first] == [f"{chart.name}{suffix}" for suffix in starts]
    for path, other in zip(first, again, strict=True):
        content = path.read_bytes()
        assert content.startswith(starts[path.suffix])
        assert content == other.read_bytes()
        assert b"matplotlib.org" not in content


@pytest.mark.parametrize("chart", EVERY, ids=lambda chart: chart.name)
def test_an_inlined_picture_is_sound_and_shares_no_name_with_another(chart: Chart) -> None:
    pictures = [picture.svg(chart), picture.svg(replace(chart, title="another"))]
    names = []
    for text in pictures:
        root = ElementTree.fromstring(text)  # noqa: S314  (our own)
        assert root.tag.endswith("svg")
        assert not any(element.tag.endswith("script") for element in root.iter())
        own = {element.get("id") for element in root.iter()} - {None}
        used = set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", text))
        assert used <= own
        names.append(own)
    assert not names[0] & names[1]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_picture_brings_its_own_ground(theme: Theme) -> None:
    text = picture.svg(SYMLOG, is_dark=theme is DARK)
    first_fill = re.search(r"fill: (#\w+)", text[text.index("<g ") :])
    assert first_fill is not None
    assert first_fill.group(1) == theme.ground
    assert theme.ink in text


def test_names_are_shown_as_they_were_written() -> None:
    (axes,) = drawn(CURVES)
    names = [" ".join(text.split()) for text in words_of(axes)]
    assert r"$\frac{1}{" in names
    assert "<script>x</script> --> $a_1$" in names
    assert r"a\x1b[31m\u202eb" in names
    # What get_text() returns could still be typeset as a formula.
    assert not any(text.get_parse_math() for text in axes.texts)
    assert "\\u4e2d “q”" in names  # a letter the font lacks
    assert shown("é α ⁻¹ ≤") == "é α ⁻¹ ≤"


def test_drawing_changes_no_setting_and_needs_no_pyplot() -> None:
    before = dict(mpl.rcParams)
    picture.svg(CURVES)
    assert dict(mpl.rcParams) == before
    code = (
        "import sys; import poolbench.report.chart, poolbench.report.charts;"
        "assert not {'matplotlib', 'numpy', 'scipy'} & set(sys.modules);"
        "from tests.report.charted import GRID;"
        "from poolbench.report.charts.picture import svg; svg(GRID);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_curves_are_named_at_their_ends_and_marks_have_words() -> None:
    (axes,) = drawn(CURVES)
    assert "theory" in words_of(axes)
    assert "training size" in words_of(axes)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["16", "24", "32", "48"]
    assert any(list(line.get_xdata()) == [32, 32] for line in axes.lines)
    ticks = dict(zip(axes.get_yticks(), axes.get_yticklabels(), strict=True))
    assert ticks[0.8].get_text() == "80"
    assert axes.get_legend() is None
    assert len(axes.collections) == len(HOSTILE_NAMES)  # a band each, none for the reference


def test_a_curve_is_named_at_the_height_of_its_last_number_and_its_band_spans_its_edges() -> None:
    rows = {"falls": (0.9, 0.1), "rises": (0.1, 0.9), "breaks": (0.5, math.nan)}
    curves = [Curve(label=label, x=(0.0, 1.0), y=y) for label, y in rows.items()]
    curves[1] = replace(curves[1], low=(0.0, 0.7), high=(0.2, 1.0))
    y = Axis(label="share", limits=(0.0, 1.0))
    (axes,) = drawn(replace(SYMLOG, x=Axis(label="x"), y=y, curves=tuple(curves)))
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights == pytest.approx({"falls": 0.1, "rises": 0.9, "breaks": 0.5})
    (band,) = axes.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert corners == {(0.0, 0.0), (1.0, 0.7), (1.0, 1.0), (0.0, 0.2)}


def test_names_of_two_lines_have_room_for_both() -> None:
    curves = [Curve(label=f"{name * 15} {name * 15}", x=(0.0, 1.0), y=(0.5, 0.5)) for name in "ab"]
    (axes,) = drawn(replace(SYMLOG, x=Axis(label="x"), y=Axis(label="y"), curves=tuple(curves)))
    assert all(word.count("\n") == 1 for word in words_of(axes))
    first, second = (text.get_position()[1] for text in axes.texts)
    assert abs(second - first) >= 2 * NAME_HEIGHT - 1e-9


def test_a_picture_of_curves_without_a_number_has_no_names() -> None:
    nothing = (Curve(label="max", x=(0.0, 1.0), y=(math.nan, math.nan)),)
    (axes,) = drawn(replace(SYMLOG, y=Axis(label="share"), curves=nothing))
    assert not axes.texts


@pytest.mark.parametrize("curves", [1, 20, 45], ids=["names", "legend", "tall-legend"])
def test_a_caption_stands_below_the_picture_and_makes_it_taller_by_its_lines(curves: int) -> None:
    labelled = tuple(replace(SYMLOG.curves[0], label=f"v{k}") for k in range(curves))
    chart = replace(SYMLOG, curves=labelled)
    with drawn_in(LIGHT):
        bare, told, long = (
            figure_of(replace(chart, caption=caption), theme=LIGHT, has_caption=has_caption)
            for caption, has_caption in (("mean", False), ("mean", True), ("mean " * 40, True))
        )
    assert (bare.get_supxlabel(), told.get_supxlabel()) == ("", "mean")
    lines = long.get_supxlabel().split("\n")
    assert len(lines) > 1
    first, second = (figure.get_figheight() - bare.get_figheight() for figure in (told, long))
    assert second == pytest.approx(len(lines) * first)
    assert first > 0


def test_names_never_lie_on_one_another_and_stay_in_order() -> None:
    places = spread([0.9, 0.5, 0.5, 0.51, 0.99], [0.1, 0.1, 0.2, 0.1, 0.1])
    heights = [0.1, 0.1, 0.2, 0.1, 0.1]
    order = sorted(range(5), key=places.__getitem__)
    assert order == [1, 2, 3, 0, 4]
    for low, high in itertools.pairwise(order):
        assert places[high] - places[low] >= (heights[low] + heights[high]) / 2 - 1e-9
    assert min(places) >= 0.05 - 1e-9
    assert max(places) <= 0.95 + 1e-9
    assert spread([0.2, 0.7], [0.1, 0.1]) == pytest.approx([0.2, 0.7])


def test_a_label_looks_the_same_in_every_chart_of_a_grid() -> None:
    first, second, *_ = drawn(GRID)
    drawn_as = [
        {tuple(line.get_ydata()): (line.get_color(), line.get_marker()) for line in axes.lines}
        for axes in (first, second)
    ]
    for curve in CURVES.curves[1:]:
        assert [look for y, look in drawn_as[0].items() if str(y) == str(curve.y)] == [
            look for y, look in drawn_as[1].items() if str(y) == str(curve.y)
        ]
    assert first.get_ylim() == second.get_ylim()
    figure = first.get_figure()
    assert figure is not None
    (legend,) = figure.legends
    assert len(legend.get_texts()) == len(CURVES.curves)


def test_charts_of_a_grid_keep_their_own_ranges_when_asked() -> None:
    low = replace(SYMLOG, curves=(Curve(label="max", x=(0.0, 0.5), y=(1e-4, 2e-4)),))
    shared, own = (
        drawn(Grid(name="g", title="g", charts=(SYMLOG, low), is_shared=is_shared))
        for is_shared in (True, False)
    )
    assert shared[0].get_ylim() == shared[1].get_ylim()
    assert own[0].get_ylim() != own[1].get_ylim()
    assert shared[0].get_xlim() == shared[1].get_xlim()
    assert own[0].get_xlim() != own[1].get_xlim()


def test_zero_has_a_place_on_the_axis_of_epsilon() -> None:
    (axes,) = drawn(SYMLOG)
    places = axes.transScale.transform([(e, 0.5) for e in (0, 1 / 255, 8 / 255)])[:, 0]
    gaps = places[1:] - places[:-1]
    assert 0.2 < gaps[0] / gaps[1] < 2
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "8"]


def test_words_along_an_axis_never_touch() -> None:
    ticks = tuple((k / 100, f"{k}/255") for k in range(100))
    axis = replace(SYMLOG.x, scale="linear", ticks=ticks)
    curve = Curve(label="max", x=(0.0, 0.99), y=(0.5, 0.6))
    (axes,) = drawn(
        Curves(name="n", title="t", x=axis, y=SYMLOG.y, curves=(curve,)), is_laid_out=True
    )
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) > 3
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert axes.get_xticklabels()[-1].get_text() == "99/255"


def test_many_curves_move_into_a_legend() -> None:
    curves = tuple(Curve(label=f"v{k}", x=(1.0, 2.0), y=(k, k)) for k in range(20))
    (axes,) = drawn(replace(CURVES, curves=curves, y=replace(CURVES.y, is_share=False)))
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [f"v{k}" for k in range(20)]


def test_a_legend_longer_than_the_picture_makes_it_taller() -> None:
    curves = tuple(Curve(label=f"v{k}", x=(1.0, 2.0), y=(k, k)) for k in range(45))
    chart = replace(CURVES, curves=curves, y=replace(CURVES.y, is_share=False))
    (axes,) = drawn(chart, is_laid_out=True)
    legend = axes.get_legend()
    assert legend is not None
    whole, plot = axes.figure.bbox, axes.get_window_extent()
    assert whole.containsy(legend.get_window_extent().y0)
    assert plot.height > 0.7 * whole.height
    assert plot.width > 0.4 * whole.width


def test_labels_are_told_apart_without_colour() -> None:
    known = looks([f"v{k}" for k in range(45)], LIGHT)
    assert len({(str(look.dashes), look.marker) for look in known.values()}) == 45
    neighbours = list(known.values())[:5]
    assert len({str(look.dashes) for look in neighbours}) == 5
    assert len({look.colour for look in neighbours}) == 5


def test_samples_of_one_label_stand_side_by_side_with_mean_and_start() -> None:
    (axes,) = drawn(SAMPLES)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "4", "none"]
    dark, light = (
        next(line for line in axes.lines if len(line.get_xdata()) == count) for count in (2, 90)
    )
    assert max(dark.get_xdata()) < 0 < min(light.get_xdata())
    assert any(list(line.get_ydata()) == [3, 5] for line in axes.lines)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "before training", "layer", "channel",
    ]  # fmt: skip
    assert len(axes.collections) == 1  # two values have no density


def dots_of(axes: Axes) -> list[list[tuple[float, float]]]:
    """Return the places of each sample's dots."""
    lines = [
        line for line in axes.lines if (line.get_marker(), line.get_linestyle()) == ("o", "None")
    ]
    return [list(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in lines]


def line_at(axes: Axes, *heights: float) -> list[float]:
    """Return where along x a line of these heights stands."""
    (line,) = (line for line in axes.lines if tuple(line.get_ydata()) == heights)
    return list(line.get_xdata())


PAIR = (
    Sample(label="a", values=(2.0, 1.0, math.nan), mean=1.5, interval=(1.25, 1.75)),
    Sample(label="a", values=(3.0,), is_dark=True),
    Sample(label="b", values=tuple(map(float, range(1, 31))), start=0.5),
)


def test_samples_have_labels_along_both_axes_and_only_what_they_were_given() -> None:
    (axes,) = drawn(SAMPLES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("at the start", "temperature")
    assert axes.get_yscale() == "log"
    values = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    bare = Samples(
        name="s",
        title="s",
        x=Axis(label="x"),
        y=Axis(label="y"),
        samples=(Sample(label="a", values=values),),
    )
    (axes,) = drawn(bare)
    assert axes.get_legend() is None  # no start, no series
    assert not axes.collections  # no density
    (dots, *others) = axes.lines
    assert sorted(np.asarray(dots.get_ydata())) == list(values)
    assert not others


def test_curves_of_a_grid_are_named_in_its_legend_and_long_ones_have_few_markers() -> None:
    panels = drawn(GRID)
    (legend,) = panels[0].get_figure(root=True).legends  # type: ignore[union-attr]
    names = [" ".join(text.get_text().split()) for text in legend.get_texts()]
    assert len(names) == len(CURVES.curves)
    written = {" ".join(text.split()) for axes in panels for text in words_of(axes)}
    assert not written & set(names)
    xs = tuple(float(k) for k in range(60))
    curves = tuple(Curve(label=str(k), x=xs, y=xs) for k in range(4))
    (axes,) = drawn(
        Curves(name="c", title="c", x=Axis(label="x"), y=Axis(label="y"), curves=curves)
    )
    lines = [line for line in axes.lines if np.size(line.get_xdata()) == 60]
    # Those of the next curve begin a place further on.
    assert [line.get_markevery() for line in lines] == [(0, 3), (1, 3), (2, 3), (0, 3)]


def test_dots_stay_in_the_room_of_their_sample_with_its_mean_beside_them() -> None:
    (axes,) = drawn(replace(SAMPLES, samples=PAIR, is_density=False, y=Axis(label="t")))
    left, right, alone = dots_of(axes)
    assert [height for _, height in left] == [1, 2]
    assert right == [(pytest.approx(0.2), 3)]
    assert all(abs(x + 0.2) < 0.2 for x, _ in left)
    assert all(abs(x - 1) < 0.4 for x, _ in alone)
    assert len({round(x, 3) for x, _ in alone}) == 30
    fills = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert fills == [LIGHT.light, LIGHT.dark, LIGHT.light]
    (at,) = line_at(axes, 1.5)
    assert max(x for x, _ in left) < at < 0
    assert line_at(axes, 1.25, 1.75) == [at, at]
    assert line_at(axes, 0.5, 0.5) == pytest.approx([0.6, 1.4])
    assert list(axes.get_xticks()) == [0, 1]
    assert axes.get_xlim() == pytest.approx((-0.6, 1.6))


@pytest.mark.parametrize("scale", ["linear", "log", "log2"])
def test_the_outline_of_a_density_spans_its_sample_and_the_mean_stands_in_its_middle(
    scale: Scale,
) -> None:
    few = Sample(label="few", values=(1.0, 1.0, 2.0, 3.0, 4.0))
    enough = Sample(label="enough", values=(1.0, 2.0, 4.0, 8.0, 16.0, math.nan), mean=5.0)
    y = Axis(label="t", scale=scale)
    (axes,) = drawn(replace(SAMPLES, samples=(few, enough), y=y))
    (outline,) = axes.collections
    x, heights = outline.get_paths()[0].vertices.T
    # Of a width of 0.8 the outline takes at most 92 %.
    assert (x.min(), x.max()) == pytest.approx((1 - 0.368, 1 + 0.368))
    # 15 % of the range is added at both ends.
    ends = (1 - 2.25, 16 + 2.25) if scale == "linear" else (2**-0.6, 2**4.6)
    assert (heights.min(), heights.max()) == pytest.approx(ends)
    assert line_at(axes, 5.0) == [1]


def test_a_crowd_of_dots_is_faint_and_names_without_room_are_turned() -> None:
    dots = []
    for count, letter in ((60, "n"), (61, "n" * 61)):
        sample = Sample(label=letter, values=tuple(map(float, range(count))))
        (axes,) = drawn(replace(SAMPLES, samples=(sample,), is_density=False, y=Axis(label="t")))
        dots.append(axes.lines[0])
        (name,) = axes.get_xticklabels()
        assert (name.get_rotation() > 0) == (count > 60)
    few, many = dots
    assert many.get_alpha() < few.get_alpha()
    assert many.get_markersize() < few.get_markersize()


def test_points_get_smaller_in_a_crowd_and_a_throng_of_them_is_one_image() -> None:
    points = []
    for count in (60, 61, 3000, 3001):
        places = tuple(k / count for k in range(count))
        cloud = Cloud(label="max", x=places, y=places)
        (axes,) = drawn(replace(SCATTER, clouds=(cloud,), references=()))
        points += axes.lines
    first, *others = (line.get_markersize() for line in points)
    assert all(size < first for size in others)
    assert [bool(line.get_rasterized()) for line in points] == [False, False, False, True]


def test_points_and_their_reference_are_named_in_the_legend_as_they_are_drawn() -> None:
    (axes,) = drawn(SCATTER)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["identity", "max", "average"]
    drawn_as = {(line.get_color(), line.get_marker()) for line in axes.lines}
    named_as = {(line.get_color(), line.get_marker()) for line in legend.get_lines()}
    assert named_as <= drawn_as
    assert len(named_as) == 3


def size_of(chart: Chart) -> tuple[float, float]:
    with drawn_in(LIGHT):
        width, height = figure_of(chart, theme=LIGHT, has_caption=False).get_size_inches()
    return width, height


def test_a_picture_has_the_same_room_for_each_panel_and_for_each_group() -> None:
    grids = [Grid(name="g", title="g", charts=(SYMLOG,) * 4, columns=n) for n in (1, 2, 4, 9)]
    one, two, four, nine = map(size_of, grids)
    assert four == nine  # no wider than its charts
    width, height = (four[0] - two[0]) / 2, two[1] - four[1]
    assert min(width, height) > 1
    assert (two[0] - one[0], one[1] - two[1]) == pytest.approx((width, 2 * height))
    # The legend beside the panels and the title above them take no room from them.
    assert four[0] > 4 * width
    assert four[1] > height
    groups = [
        replace(SAMPLES, samples=tuple(Sample(label=str(k), values=(1.0,)) for k in range(count)))
        for count in (2, 20, 22)
    ]
    few, many, more = (size_of(chart)[0] for chart in groups)
    assert few < many
    assert more - many == pytest.approx(2 * (many - 1) / 20)
    rows = [
        replace(MATRICES, rows=((Panel(label="p", values=((0.0,) * columns,)),),))
        for columns in (10, 20, 30)
    ]
    first, second, third = (size_of(chart)[0] for chart in rows)
    assert third - second == pytest.approx(second - first)
    assert second - first > 1
    tiles = Grid(name="g", title="g", charts=(MATRICES, MATRICES), columns=1)
    assert size_of(tiles)[1] > 2 * extent(MATRICES)[1] * 0.5


def test_charts_that_share_their_ranges_are_labelled_at_the_edge_alone() -> None:
    for is_shared, labels in ((True, [True, False]), (False, [True, True])):
        pair = Grid(name="g", title="g", charts=(SYMLOG, SYMLOG), is_shared=is_shared)
        assert [bool(axes.get_ylabel()) for axes in drawn(pair)] == labels
    # Groups have their own names along x.
    other = replace(SAMPLES, samples=PAIR)
    first, second = drawn(Grid(name="g", title="g", charts=(SAMPLES, other), columns=1))
    assert first.get_ylim() == second.get_ylim()
    assert [len(axes.get_xticks()) for axes in (first, second)] == [3, 2]


def test_a_chart_of_an_unknown_kind_is_a_bug_that_shows() -> None:
    with pytest.raises(TypeError, match="Chart"):
        size_of(Chart(name="c", title="t"))


def test_bars_reach_as_far_as_the_spread() -> None:
    (axes,) = drawn(SCATTER)
    ends = {
        (round(float(a[1]), 9), round(float(b[1]), 9))
        for collection in axes.collections
        for a, b in collection.get_segments()  # type: ignore[attr-defined]
    }
    assert (0.2, 0.4) in ends
    across = {
        (round(float(a[0]), 9), round(float(b[0]), 9))
        for collection in axes.collections
        for a, b in collection.get_segments()  # type: ignore[attr-defined]
    }
    assert {(0.0, 0.2), (0.1, 0.3)} <= across
    assert axes.get_aspect() == 1
    (stretched,) = drawn(replace(SCATTER, is_square=False))
    assert stretched.get_aspect() == "auto"


@pytest.mark.parametrize(
    ("chart", "across", "up"),
    [
        (SYMLOG, (0.0, 8 / 255), (0.01, 0.9)),
        (SCATTER, (-0.5, 0.5), (-0.4, 0.4)),
        (SAMPLES, (), (1.0, 4.0)),
        (SURFACE, (2.0, 8.0), (0.5, 1.0)),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_axes_of_every_kind_have_their_labels_and_the_ticks_that_were_asked_for(
    chart: Curves | Scatter | Samples | Surface, across: tuple[float, ...], up: tuple[float, ...]
) -> None:
    x, y = (
        replace(axis, ticks=tuple(zip(places, "pq", strict=False)))
        for axis, places in ((chart.x, across), (chart.y, up))
    )
    axes = drawn(replace(chart, x=x, y=y))[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (chart.x.label, chart.y.label)
    assert tuple(axes.get_yticks()) == up
    assert [label.get_text() for label in axes.get_yticklabels()] == ["p", "q"]
    if across:  # samples stand in groups
        assert tuple(axes.get_xticks()) == across
        assert [label.get_text() for label in axes.get_xticklabels()] == ["p", "q"]


def test_a_grid_has_an_axes_for_each_chart_and_a_title_above_each() -> None:
    panels = drawn(GRID)
    assert [axes.get_title() for axes in panels] == [shown(c.title) for c in GRID.charts]
    assert len({axes.get_position().x0 for axes in panels}) == GRID.columns


def test_a_long_line_is_broken_after_the_dot_between_two_parts() -> None:
    assert shown("abc · def", 5) == "abc\u00a0·\ndef"
    assert shown("abc · def", 9) == "abc\u00a0· def"


def test_a_row_of_tiles_is_as_wide_as_its_panels_and_as_high_as_its_tallest() -> None:
    # Columns and a gap for each panel; rows, a heading and a gap for each row.
    width, height = (2 + GAP) + (1 + GAP), (2 + HEADING + GAP) + (2 + HEADING + GAP)
    taller = (MATRICES.rows[0], (Panel(label="a", values=((1.0,), (2.0,))),))
    assert extent(replace(MATRICES, rows=taller)) == pytest.approx((width, height))


def test_tiles_carry_their_numbers_in_the_places_they_have_in_the_matrix() -> None:
    (axes,) = drawn(MATRICES)
    assert {"1.4", "−0.3", "nan", "derivative"} <= set(words_of(axes))
    at = {text.get_text(): text.get_position() for text in axes.texts}
    # Downwards, as a matrix is read.
    width, height = extent(MATRICES)
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, width), (height, 0))
    (left, top), (right, bottom) = at["1.4"], at["−0.3"]
    assert (right - left, bottom - top) == pytest.approx((1, 1))
    assert at["0.2"] == pytest.approx((left, bottom))
    assert at["max"] == pytest.approx((right + 0.5 + GAP + 0.5, at["input"][1]))
    assert at["derivative"] == pytest.approx((at["input"][0], at["input"][1] + 2 + HEADING + GAP))
    places = {
        (round(tile.get_x() + 0.5, 9), round(tile.get_y() + 0.5, 9))  # type: ignore[attr-defined]
        for tile in axes.patches
    }
    assert {(round(x, 9), round(y, 9)) for x, y in (at["1.4"], at["−0.3"], at["nan"])} <= places
    assert all(0.5 < x < width - 0.5 and 0.5 < y < height - 0.5 for x, y in places)
    assert at["input"][1] < min(y for _, y in places) - 0.5


def test_a_tile_is_tinted_by_its_sign_and_its_size_in_its_row_of_panels() -> None:
    rows = (((2.0, 1.0, 0.0, -1.0),), ((1.0, 0.5, 0.0, -0.5),))
    panels = tuple((Panel(label="p", values=values),) for values in rows)
    (axes,) = drawn(replace(MATRICES, rows=panels))
    tints = [tile.get_facecolor() for tile in axes.patches]
    assert tints[:4] == tints[4:]
    assert len(set(tints)) == 4
    assert min(tints[2]) > 0.99  # of nothing there is no tint


def test_lines_pass_parallel_axes_at_the_heights_of_their_values_and_the_best_is_on_top() -> None:
    (axes,) = drawn(PARALLELS)
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    # On the logarithmic axis from 10^-5 to 1; of equal values none is higher; the last is missing.
    heights = [(0.8, 0.5, 0.0), (0.8, 0.5, 0.25), (0.2, 0.5, 1.0), (0.2, 0.5, 1.0)]
    for line, expected in zip(lines, heights, strict=True):
        assert tuple(line.get_ydata()) == pytest.approx(expected)
        assert list(line.get_xdata()) == [0, 1, 2]
    *_, best, on_top = lines
    assert on_top.get_linewidth() > best.get_linewidth()
    assert len({line.get_color() for line in lines}) == 4
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "learning rate", "epochs", "accuracy (%)",
    ]  # fmt: skip
    ends = sorted((*text.get_position(), text.get_text()) for text in axes.texts)
    assert [(at, text) for at, height, text in ends if height < 0] == [
        (0, "10⁻⁵"), (1, "5"), (2, "50"),
    ]  # fmt: skip
    assert [(at, text) for at, height, text in ends if height > 1] == [
        (0, "1"), (1, "5"), (2, "90"),
    ]  # fmt: skip
    low, high = axes.get_ylim()
    assert all(low < height < high for _, height, _ in ends)


def test_without_a_line_parallel_axes_show_the_ends_they_were_given() -> None:
    (axes,) = drawn(replace(PARALLELS, lines=PARALLELS.lines[2:3], highlighted=0))
    assert words_of(axes) == ["10⁻⁵", "1"]
    assert all(len(line.get_xdata()) == 2 for line in axes.lines)


def test_lines_of_another_number_of_values_and_a_single_axis_are_refused() -> None:
    with pytest.raises(ValueError, match="'parallels' has 3 values against 2"):
        replace(PARALLELS, lines=((0.1, 5.0),))
    with pytest.raises(ValueError, match="at least two axes"):
        replace(PARALLELS, axes=PARALLELS.axes[:1], lines=())
    with pytest.raises(ValueError, match="logarithmic axis 'learning rate'"):
        replace(PARALLELS, lines=((0.0, 5.0, 0.5),))


@pytest.mark.parametrize(
    ("z", "low", "high", "levels"),
    [
        (Axis(label="error (%)", is_share=True), 0.0, 0.3, ["5", "10", "15", "20", "25"]),
        (Axis(label="z", scale="log"), 0.3, 7.0, ["0.5", "1", "2", "5"]),
        (Axis(label="z", scale="log"), 0.5, 1000.0, ["1", "10", "100"]),
        (Axis(label="z", scale="log2"), 0.3, 7.0, ["0.5", "1", "2", "4"]),
    ],
    ids=lambda value: value.scale if isinstance(value, Axis) else None,
)
def test_a_map_has_contours_at_round_levels_within_its_values(
    z: Axis, low: float, high: float, levels: list[str]
) -> None:
    middle = math.sqrt(low * high) if low else high / 2
    chart = Surface(**{**PLANE, "z": z, "z_values": ((low, middle, high), (low, middle, high))})
    axes, bar = drawn(chart)
    assert [label.get_text() for label in bar.get_yticklabels()] == levels
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == (
        PLAIN.label, PLAIN.label, z.label,
    )  # fmt: skip
    lines = axes.collections[1]
    factor = 100 if z.is_share else 1
    assert [number(factor * level) for level in lines.levels] == levels  # type: ignore[attr-defined]
    assert set(words_of(axes)) <= set(levels)


def test_maps_of_a_grid_share_their_colours_and_each_has_the_contours_of_its_own_values() -> None:
    low, high = (
        Surface(**{**PLANE, "z_values": ((start, start + 1.0, start + 2.0),) * 2})
        for start in (0.0, 4.0)
    )
    for is_shared, ranges in ((True, [(0, 6), (0, 6)]), (False, [(0, 2), (4, 6)])):
        panels = drawn(Grid(name="g", title="g", charts=(low, high), is_shared=is_shared))[:2]
        norms = [axes.collections[0].norm for axes in panels]
        assert [(norm.vmin, norm.vmax) for norm in norms] == ranges
        for axes, (least, largest) in zip(panels, ((0, 2), (4, 6)), strict=True):
            inside = axes.collections[1].levels  # type: ignore[attr-defined]
            assert least < min(inside) <= max(inside) < largest


def test_a_map_without_a_number_has_neither_contours_nor_a_bar() -> None:
    (axes,) = drawn(Surface(**{**PLANE, "z_values": ((math.nan,) * 3,) * 2}))
    assert not axes.collections


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.30000000000000004, "0.3"), (-1.5, "−1.5"), (20_000, "20,000"),
        (2_500_000, "2.5 M"), (1e-5, "10⁻⁵"), (-3e-5, "−3×10⁻⁵"), (1024, "1024"),
        (1e-4, "0.0001"), (9999.5, "9999.5"), (10_000, "10,000"), (999_999, "999,999"),
        (1e6, "1 M"), (1e15, "10¹⁵"), (-2e15, "−2×10¹⁵"),
    ],
)  # fmt: skip
def test_ticks_are_numbers_as_people_write_them(value: float, text: str) -> None:
    assert number(value) == text


def test_what_cannot_be_drawn_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="'max' has a value that is not positive"):
        replace(SYMLOG, curves=(Curve(label="max", x=(0.0, 1.0), y=(0.0, 1.0)),))
    with pytest.raises(ValueError, match="does not ascend"):
        Curve(label="max", x=(1.0, 0.5), y=(0.0, 1.0))
    with pytest.raises(ValueError, match="'max' has 1 values against 2"):
        Cloud(label="max", x=(1.0,), y=(0.0, 1.0))
    with pytest.raises(ValueError, match="'max' has 2 values against 0"):
        Curve(label="max", x=(1.0, 2.0), y=(0.0, 1.0), low=(0.0, 0.0))
    with pytest.raises(ValueError, match="has to contain charts, but no grid"):
        Grid(name="g", title="g", charts=(GRID,))


def settled(axis: Axis, side: Side, low: float, high: float, *values: float) -> mpl.axis.Axis:
    """Return an axis of matplotlib from ``low`` to ``high``."""
    axes = Figure(figsize=(4, 3)).subplots()
    apply(axis, side, axes, values, LIGHT)
    if axis.limits is None:
        axes.set(**{f"{side}lim": (low, high)})
    settle(axis, side, axes)
    return axes.xaxis if side == "x" else axes.yaxis


@pytest.mark.parametrize("side", ["x", "y"])
@pytest.mark.parametrize(
    ("axis", "low", "high", "ticks"),
    [
        (Axis(label="t", scale="log2"), 1, 16, [1, 2, 4, 8, 16]),
        (Axis(label="t", scale="log"), 1, 50, [1, 2, 5, 10, 20, 50]),
        (Axis(label="t", scale="log"), 1, 1000, [1, 10, 100, 1000]),
        # There are no half epochs; half a per cent there is.
        (Axis(label="epoch"), 0, 4, [0, 1, 2, 3, 4]),
        (Axis(label="accuracy (%)", is_share=True), 0.5, 0.52, [0.5, 0.505, 0.51, 0.515, 0.52]),
        (Axis(label="rate"), 0, 2, [0, 0.5, 1, 1.5, 2]),
        (Axis(label="size", ticks=((1, "one"), (3, "three"), (9, "nine"))), 0, 4, [1, 3]),
        (Axis(label="cosine", limits=(-1, 1)), 0, 9, [-1, -0.5, 0, 0.5, 1]),
    ],
    ids=lambda value: value.label + value.scale if isinstance(value, Axis) else None,
)
def test_an_axis_has_round_ticks_that_suit_its_scale(
    axis: Axis, side: Side, low: float, high: float, ticks: list[float]
) -> None:
    target = settled(axis, side, low, high)
    assert target.get_scale() == ("log" if axis.scale == "log2" else axis.scale)
    seen = [at for at in target.get_ticklocs() if low <= at <= high or axis.limits is not None]
    assert seen == pytest.approx(ticks)
    assert target.get_label_text() == axis.label


def test_a_symmetric_logarithm_starts_at_the_least_size_that_is_shown() -> None:
    axis = settled(Axis(label="e", scale="symlog"), "x", -1, 1, 0.0, -0.01, 0.5, math.nan)
    assert axis.get_transform().linthresh == 0.01  # type: ignore[attr-defined]
    nothing = settled(Axis(label="e", scale="symlog"), "x", -1, 1, 0.0)
    assert nothing.get_transform().linthresh == 1.0  # type: ignore[attr-defined]


def test_shares_read_in_per_cent() -> None:
    for is_share, text in ((True, "50"), (False, "0.5")):
        axis = settled(Axis(label="a", is_share=is_share), "y", 0, 1)
        assert axis.get_major_formatter()(0.5, 0) == text


LOG = Axis(label="lengths", scale="log")
PLAIN = Axis(label="widths")
CLOUD = Cloud(label="max", x=(0.0, 2.0), y=(1.0, 2.0))
SLOPE = Curve(label="slope", x=(0.0, 2.0), y=(1.0, 2.0))
PLANE: dict[str, Any] = {
    "name": "n", "title": "t", "x": PLAIN, "y": PLAIN, "z": PLAIN,
    "x_values": (0.0, 1.0, 2.0), "y_values": (0.0, 1.0), "z_values": ((0.0, 1.0, 2.0),) * 2,
}  # fmt: skip


def test_a_place_on_a_logarithmic_axis_is_above_zero_in_every_kind_of_chart() -> None:
    named: dict[str, Any] = {"name": "n", "title": "t"}
    for scale in ("log", "log2"):
        log = replace(LOG, scale=scale)  # type: ignore[arg-type]
        for x, y, is_drawable in ((log, PLAIN, False), (PLAIN, log, True), (PLAIN, PLAIN, True)):
            charts: list[Callable[[], Chart]] = [
                partial(Curves, **named, x=x, y=y, curves=(SLOPE,)),
                partial(Scatter, **named, x=x, y=y, clouds=(CLOUD,)),
                partial(Scatter, **named, x=x, y=y, clouds=(), references=(SLOPE,)),
                partial(Samples, **named, x=y, y=x, samples=(Sample(label="a", values=(0.0,)),)),
                partial(Surface, **{**PLANE, "x": x}),
                partial(Surface, **{**PLANE, "y": x}),
                partial(Surface, **{**PLANE, "z": x}),
            ]
            for chart in charts:
                if is_drawable:
                    chart()
                    continue
                with pytest.raises(
                    ValueError, match="not positive on the logarithmic axis 'lengths"
                ):
                    chart()


@pytest.mark.parametrize(
    "wrong",
    [
        {"y_values": (0.0, 1.0, 2.0)},
        {"x_values": (0.0, 1.0)},
        {"y_values": (0.0,), "z_values": ((0.0, 1.0, 2.0),)},
        {"x_values": (0.0,), "z_values": ((0.0,), (0.0,))},
    ],
    ids=str,
)
def test_a_surface_has_a_value_for_each_point_of_a_grid_of_at_least_two_by_two(
    wrong: dict[str, Any],
) -> None:
    Surface(**PLANE)
    with pytest.raises(ValueError, match="'n'"):
        Surface(**{**PLANE, **wrong})


def test_spreads_and_bands_are_as_long_as_what_they_belong_to_and_a_grid_is_not_empty() -> None:
    for changes in ({"x_spread": (1.0,)}, {"y_spread": (1.0,)}):
        with pytest.raises(ValueError, match="'max' has 2 values against 1"):
            replace(CLOUD, **changes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'slope' has 2 values against 0"):
        replace(SLOPE, high=(1.0, 2.0))
    with pytest.raises(ValueError, match="does not ascend"):
        replace(SLOPE, x=(1.0, 1.0))
    with pytest.raises(ValueError, match="has to contain charts"):
        Grid(name="g", title="g", charts=())


def test_a_picture_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a kind of picture") as caught:
        picture.write(CURVES, tmp_path / "a.gif")
    assert ".png, .svg or .pdf" in caught.value.hint
    with pytest.raises(EnvironmentFault, match="cannot write"):
        picture.write(CURVES, tmp_path / "nowhere" / "a.png")
    with pytest.raises(BadInput, match="two charts have the same file name: curves"):
        picture.write_all([CURVES, CURVES], tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="is a file"):
        picture.write_all([CURVES], tmp_path / "file")
    with pytest.raises(EnvironmentFault, match="cannot create"):
        picture.write_all([CURVES], tmp_path / "file" / "folder")
    assert picture.write_all([], tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
