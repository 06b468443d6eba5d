"""Tables of angle contraction, from similarities that are known."""

from __future__ import annotations

import json
import math

import pytest

from poolbench.core.contraction import (
    ContractionSettings,
    Observed,
    PairSource,
    Similarities,
    Sweep,
    read_similarities,
)
from poolbench.core.experiment import Experiment
from poolbench.core.named import Named
from poolbench.report.contraction.charts import similarity_charts
from poolbench.report.contraction.options import option_charts
from poolbench.report.contraction.rates import law_of, rates_chart, rates_table
from poolbench.report.contraction.similarities import similarity_table

NAN = math.nan
SOURCE = PairSource(
    label="noise", source=Named(name="gaussian", options={}), published={"max": 0.9}
)


def named(name: str) -> Named:
    return Named(name=name, options={})


def experiment(*pools: str, sweep: Sweep | None = None) -> Experiment[ContractionSettings]:
    settings = ContractionSettings(
        networks={"net": named("net")},
        data=(SOURCE,),
        pools={pool: named(pool) for pool in pools},
        pairs=3,
        seeds=(0, 1),
        sweep=sweep,
    )
    return Experiment(kind="contraction", title="T", origin="", settings=settings)


def seed(*pooled: tuple[float, ...]) -> Similarities:
    return Similarities(
        inputs=(-0.5, 0.0, 0.5), features=(0.1, 0.3, 0.4), pooled=pooled, duration_s=1.0
    )


def observed(*seeds: Similarities, size: int | None = None) -> Observed:
    return Observed(network="net", source=SOURCE, size=size, seeds=seeds)


def test_each_place_is_compared_with_the_one_before_it() -> None:
    found = observed(seed((0.5, 0.6, 0.3)), seed((0.9, 0.8, 0.7)))
    rows = {row["behind"]: row for row in similarity_table(experiment("max"), [found]).records}
    assert rows["inputs"]["similarity_mean"] == pytest.approx(0)
    assert rows["features"]["share_closer"] == pytest.approx(2 / 3)
    assert rows["features"]["order_kept"] == pytest.approx(1)
    assert rows["max"]["similarity_mean"] == pytest.approx((1.4 / 3 + 0.8) / 2)
    assert rows["max"]["similarity_std"] == pytest.approx((0.8 - 1.4 / 3) / math.sqrt(2))
    assert rows["max"]["share_closer"] == pytest.approx(5 / 6)
    assert rows["max"]["published"] == 0.9
    assert rows["max"]["difference_from_published"] == pytest.approx((1.4 / 3 + 0.8) / 2 - 0.9)
    kernel = (0.1090, 1 / math.pi, 0.6090)
    distance = sum(abs(a - b) for a, b in zip((0.1, 0.3, 0.4), kernel, strict=True)) / 3
    assert rows["features"]["distance_from_kernel"] == pytest.approx(distance, abs=1e-4)


def test_pairs_without_an_angle_are_left_out_and_counted() -> None:
    stored = seed((0.5, NAN, NAN))
    read = read_similarities(json.dumps(stored.to_json()))
    assert (read.features, read.pooled[0][0]) == (stored.features, 0.5)
    assert math.isnan(read.pooled[0][1])
    found = observed(read, seed((NAN, NAN, NAN)))
    *_, row = similarity_table(experiment("min"), [found]).records
    assert (row["pairs"], row["pairs_without_angle"]) == (3, 5)
    assert (row["similarity_mean"], row["share_closer"]) == (0.5, 1)
    (grid,) = similarity_charts(experiment("min"), [found], "x")
    assert [len(panel.clouds[0].x) for panel in grid.charts] == [3, 1]


SWEEP = Sweep(over="pool_size", values=(10, 100, 1000))


def test_a_rate_is_held_beside_the_one_that_is_proved() -> None:
    swept = [
        observed(
            *(
                seed(*((1 / (1 + c / n),) * 3, (1 - c / math.log(n) ** 2,) * 3, (1 - c / n,) * 3))
                for c in (0.2, 0.2000001)
            ),
            size=n,
        )
        for n in SWEEP.values
    ]
    asked = experiment("average", "max", "lae", sweep=SWEEP)
    rows = {row["pool"]: row for row in rates_table(asked, swept).records}
    assert rows["average"]["exponent"] == pytest.approx(-1, abs=1e-6)
    assert (rows["average"]["variable"], rows["average"]["verdict"]) == ("n", "as proved")
    assert rows["max"]["exponent"] == pytest.approx(-2, abs=0.1)
    assert (rows["max"]["variable"], rows["max"]["verdict"]) == ("log n", "faster than proved")
    assert (rows["lae"]["law"], rows["lae"]["verdict"]) == (None, "")
    chart = rates_chart(asked, swept, "x")
    assert [curve.label for curve in chart.curves if curve.is_reference] == [
        "theorem 4.2", "theorem 4.1",
    ]  # fmt: skip


def test_only_what_is_proved_is_claimed_to_be() -> None:
    root = Sweep(over="image_size", values=(9, 25, 49), kernel_sizes=(3, 5, 7))
    fixed = Sweep(over="image_size", values=(9, 25, 49))
    exponents = {
        (sweep, data): law.exponent if (law := law_of(sweep, data, "average")) else None
        for sweep in (root, fixed)
        for data in ("gaussian", "folder")
    }
    assert exponents == {
        (root, "gaussian"): -1, (fixed, "gaussian"): -2, (root, "folder"): None,
        (fixed, "folder"): None,
    }  # fmt: skip
    assert law_of(SWEEP, "folder", "softpool") is None


def toy(kappa: int, *values: float) -> Observed:
    source = PairSource(
        label=f"toy {kappa}",
        source=Named(name="toy-pair", options={"kappa": kappa, "size_px": 50}),
        published={"max": 0.7},
    )
    seeds = tuple(
        Similarities(inputs=(-1.0,), features=(0.0,), pooled=((value,),), duration_s=1.0)
        for value in values
    )
    return Observed(network="net", source=source, size=None, seeds=seeds)


def test_sources_that_differ_in_one_number_make_a_curve_against_it() -> None:
    found = [toy(25, 0.8, 0.9), toy(5, 0.1, 0.2)]
    (chart,) = option_charts(experiment("max"), found, "t")
    curves = {curve.label: curve for curve in chart.curves}
    assert list(curves) == ["inputs", "features", "max", "max, published"]
    assert curves["max"].x == (5.0, 25.0)
    assert curves["max"].y == pytest.approx((0.15, 0.85))
    assert curves["max"].high[0] == pytest.approx(0.15 + 0.5**0.5 / 10)
    assert curves["max, published"].y == (0.7, 0.7)


def test_a_seed_without_angles_is_left_out_of_the_curve_as_of_the_table() -> None:
    found = [toy(5, 0.1, NAN), toy(25, 0.8, 0.9)]
    (chart,) = option_charts(experiment("max"), found, "t")
    curve = next(curve for curve in chart.curves if curve.label == "max")
    table = similarity_table(experiment("max"), found)
    printed = [row["similarity_mean"] for row in table.records if row["behind"] == "max"]
    assert curve.y == tuple(printed) == pytest.approx((0.1, 0.85))
    assert curve.low[0] == curve.high[0] == 0.1


def test_sources_of_several_kinds_make_none() -> None:
    assert option_charts(experiment("max"), [toy(5, 0.1), observed(seed((0.5, 0.6)))], "t") == []
