"""One chart of every kind, with names that try to be more than text."""

from __future__ import annotations

import math

import numpy as np

from poolbench.report.chart import (
    Axis,
    Chart,
    Cloud,
    Curve,
    Curves,
    Grid,
    Matrices,
    Panel,
    Parallels,
    Sample,
    Samples,
    Scatter,
    Surface,
)
from poolbench.report.charts_over_conditions import Forest, ForestGroup, ForestRow, RankLine
from poolbench.report.pictures import Pictures, Tile

HOSTILE_NAMES = (r"$\frac{1}{", "<script>x</script> --> $a_1$", "a\x1b[31m\u202eb", "中 “q”")
SIZES = (16.0, 24.0, 32.0, 48.0)

CURVES = Curves(
    name="curves",
    title=f"Sizes {HOSTILE_NAMES[1]}",
    caption="Mean over n = 3 seeds.",
    x=Axis(
        label="image side (px)",
        scale="log2",
        ticks=tuple((size, f"{size:g}") for size in SIZES),
        marks=((32.0, "training size"),),
    ),
    y=Axis(label="accuracy (%)", is_share=True),
    curves=(
        *(
            Curve(
                label=name,
                x=SIZES,
                y=(0.5, math.nan, 0.9 - 0.1 * place, 0.6),
                low=(0.4, math.nan, 0.8 - 0.1 * place, 0.5),
                high=(0.6, math.nan, 0.95, 0.7),
            )
            for place, name in enumerate(HOSTILE_NAMES)
        ),
        Curve(label="theory", x=(16.0, 48.0), y=(0.5, 0.6), is_reference=True),
    ),
)
EPSILONS = (0.0, 1 / 255, 8 / 255)
SYMLOG = Curves(
    name="symlog",
    title="FGSM",
    x=Axis(label="epsilon", scale="symlog", ticks=tuple((e, f"{255 * e:g}") for e in EPSILONS)),
    y=Axis(label="1 − cosine", scale="log"),
    curves=(Curve(label="max", x=EPSILONS, y=(0.9, 0.1, 0.01)),),
)
SCATTER = Scatter(
    name="scatter",
    title="Before and after",
    x=Axis(label="before", limits=(-1, 1)),
    y=Axis(label="after", limits=(-1, 1)),
    clouds=(
        Cloud(label="max", x=(0.1, 0.2), y=(0.2, 0.3), x_spread=(0.1, 0.1), y_spread=(0.0, 0.1)),
        Cloud(label="average", x=tuple(k / 100 for k in range(99)), y=(0.5,) * 99),
    ),
    references=(Curve(label="identity", x=(-1.0, 1.0), y=(-1.0, 1.0), is_reference=True),),
    is_square=True,
)
SAMPLES = Samples(
    name="samples",
    title="Temperatures",
    x=Axis(label="at the start"),
    y=Axis(label="temperature", scale="log2"),
    samples=(
        Sample(label="1", values=(0.8, 0.9), is_dark=True, series="layer", start=1.0),
        Sample(label="1", values=tuple(1 + k / 90 for k in range(90)), series="channel"),
        Sample(label="4", values=(4.0,), mean=4.0, interval=(3.0, 5.0)),
        Sample(label="none", values=()),
    ),
    is_density=True,
)
SURFACE = Surface(
    name="surface",
    title="LSE above max",
    x=Axis(label="n"),
    y=Axis(label="t", scale="log2"),
    z=Axis(label="LSE − max", scale="log"),
    x_values=(2.0, 4.0, 8.0),
    y_values=(0.5, 1.0),
    z_values=((0.3, 0.7, 1.0), (0.7, math.nan, 2.1)),
)
CONSTANT = Surface(
    name="constant",
    title="Nothing changes",
    x=Axis(label="n"),
    y=Axis(label="t"),
    z=Axis(label="z"),
    x_values=(1.0, 2.0),
    y_values=(1.0, 2.0),
    z_values=((1.0, 1.0), (1.0, 1.0)),
)
MATRICES = Matrices(
    name="matrices",
    title="Derivatives",
    rows=(
        (
            Panel(label="input", values=((1.4, 1.6), (0.2, -0.3))),
            Panel(label="max", values=((1.6,),)),
        ),
        (Panel(label="derivative", values=((0.0, 1.0), (0.0, math.nan))),),
    ),
)
FOREST = Forest(
    name="forest",
    title=f"Shifts {HOSTILE_NAMES[0]}",
    x=Axis(label="accuracy (points)", is_share=True),
    margin=0.01,
    groups=(
        ForestGroup(
            label=HOSTILE_NAMES[1],
            rows=(
                ForestRow(label=HOSTILE_NAMES[2], value=0.02, interval=(-0.01, 0.05)),
                ForestRow(label="one seed", value=-0.03, interval=None),
                ForestRow(label="diverged", value=-math.inf, interval=(-math.inf, 0.01)),
            ),
        ),
        ForestGroup(label="empty", rows=()),
    ),
)
RANK_LINE = RankLine(
    name="ranks",
    title="Mean ranks",
    x=Axis(label="mean rank"),
    ranks={HOSTILE_NAMES[0]: 2.5, "lae": 1.25, HOSTILE_NAMES[3]: 2.25},
    groups=(("lae", HOSTILE_NAMES[3]),),
    critical_difference=1.2,
)
PARALLELS = Parallels(
    name="parallels",
    title="Trials",
    axes=(
        Axis(label="learning rate", scale="log", limits=(1e-5, 1.0)),
        Axis(label="epochs"),
        Axis(label="accuracy (%)", is_share=True),
    ),
    lines=((0.1, 5.0, 0.5), (1e-4, 5.0, 0.9), (0.1, 5.0, math.nan), (0.1, 5.0, 0.6)),
    highlighted=1,
)
GRID = Grid(
    name="grid",
    title="Data sets",
    caption="n = 3",
    columns=2,
    charts=(
        CURVES,
        Curves(
            name="other",
            title="other data",
            x=CURVES.x,
            y=CURVES.y,
            curves=tuple(reversed(CURVES.curves[1:])),
        ),
        CURVES,
    ),
)
MIXED_GRID = Grid(name="mixed", title="Mixed", charts=(SCATTER, SAMPLES, MATRICES, PARALLELS))

PICTURES = Pictures(
    name="pictures",
    title=f"Images {HOSTILE_NAMES[1]}",
    caption="3 of the 10 images that tell the two apart are shown.",
    tiles=tuple(
        Tile(
            pixels=np.full((side, side, channels), 128, np.uint8),
            heading=name,
            lines=(f"{name}: {name} 3", "average: a class with a name that fills more than a line"),
        )
        for side, channels, name in zip((8, 32, 64, 9), (1, 3, 3, 1), HOSTILE_NAMES, strict=True)
    ),
)
EVERY: tuple[Chart, ...] = (
    CURVES, SYMLOG, SCATTER, SAMPLES, SURFACE, CONSTANT, MATRICES, GRID, MIXED_GRID, FOREST,
    RANK_LINE,
    PICTURES,
)  # fmt: skip
