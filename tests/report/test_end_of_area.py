"""Where the area under an attack's curve ends, and what becomes of the epsilons beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from poolbench.core.measurement import Measurement
from poolbench.report.chart import Curves
from poolbench.report.robustness.sweeps import Sweep, sweeps_of
from poolbench.report.robustness.tables import robustness_charts, robustness_tables
from tests.report.measured import TOTAL, a_measurement, a_point, measured

# The grid of maxpool/lenet-mnist, thinned.
GRID = (0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)


def attacked(
    name: str, counts: Sequence[int | None], at: Sequence[float] = GRID, **facts: float
) -> Measurement:
    """Return an attack's measurement at the epsilons given."""
    points = tuple(a_point(x, count) for x, count in zip(at, counts, strict=True))
    return replace(a_measurement(name, (1, 1, 1), **facts), points=points)


def sweep_of(*rows: Measurement) -> Sweep:
    """Return the sweep of one variant, one measurement a seed."""
    study, runs, found = measured({"max": [[each] for each in rows]})
    return next(sweeps_of(study, runs, found))


# As in a full run of maxpool/lenet-mnist: max withstands more up to 0.5, and from 1 on one and the
# same classification is repeated, where conv happens to keep more.
MAX = [198, 170, 52, 22, 20, 20, 20, 20]
CONV = [198, 149, 38, 18, 22, 22, 22, 22]


def test_points_that_repeat_one_classification_do_not_decide_the_order_of_areas() -> None:
    rows = {name: [[attacked("fgsm", c)]] * 3 for name, c in (("max", MAX), ("conv", CONV))}
    study, runs, found = measured(rows)
    areas, settings = robustness_tables(study, runs, found)
    most, conv = areas.records
    # By hand, trapezoids over 0, .1, .3, .5 by 0.5, in counts of 200.
    assert most["area_mean"] == pytest.approx((18.4 + 22.2 + 7.4) / 0.5 / TOTAL)
    assert conv["area_mean"] == pytest.approx((17.35 + 18.7 + 5.6) / 0.5 / TOTAL)
    assert most["area_mean"] > conv["area_mean"]  # type: ignore[operator]
    assert (most["least_mean"], conv["least_mean"]) == (22 / TOTAL, 18 / TOTAL)
    # What lies beyond is still there, as points.
    assert [record["epsilon"] for record in settings.records] == list(GRID)
    assert settings.records[-1]["conv: mean"] == 22 / TOTAL
    told = "\n".join(areas.notes)
    assert "over epsilon from 0 to 0.5" in told
    assert "end at epsilon 0.5 (L-inf) at the latest" in told
    assert "the 4 larger ones are only shown, as points" in told
    assert "from 1 on: in neither area nor least, see the table of areas" in settings.notes
    (chart,) = robustness_charts(study, runs, found)
    assert isinstance(chart, Curves)
    assert chart.x.marks == ((0.5, "area ends"),)
    assert chart.curves[0].x == GRID


@pytest.mark.parametrize(
    ("name", "facts", "last"),
    [
        ("fgsm", {}, 0.5),  # measured before ranges were noted
        ("pgd", {"pixel_low": 0.25, "pixel_high": 0.75, "image_values": 784.0}, 0.25),
        ("fgsm", {"pixel_low": 0.0, "pixel_high": 1.0, "image_values": 784.0}, 0.5),
        ("fgm-l2", {}, math.inf),
        ("fgm-l2", {"pixel_low": 0.0, "pixel_high": 1.0, "image_values": 784.0}, 14.0),
        ("fgm-l2", {"pixel_low": 0.25, "pixel_high": 0.75, "image_values": 64.0}, 2.0),
    ],
)
def test_an_area_ends_where_every_image_can_be_made_grey(
    name: str, facts: dict[str, float], last: float
) -> None:
    sweep = sweep_of(attacked(name, MAX, **facts))
    assert sweep.last_epsilon == last
    assert sweep.area_settings == tuple(at for at in GRID if at <= last)
    assert sweep.settings_beyond == tuple(at for at in GRID if at > last)


def test_one_seed_measured_before_ranges_were_noted_has_the_area_of_the_others() -> None:
    old, new = (
        attacked("fgm-l2", MAX),
        attacked("fgm-l2", MAX, pixel_low=0, pixel_high=1, image_values=64),
    )
    sweep = sweep_of(old, new)
    assert sweep.last_epsilon == 4.0
    assert sweep.areas("max")[0] == sweep.areas("max")[1] is not None


def test_the_worst_case_of_two_attacks_ends_where_they_end() -> None:
    facts = {"pixel_low": 0.0, "pixel_high": 0.5, "image_values": 64.0}
    row = [attacked("fgsm", MAX, **facts), attacked("pgd", CONV, **facts)]
    study, runs, found = measured({"max": [row]})
    worst = next(sweep for sweep in sweeps_of(study, runs, found) if sweep.is_worst_case)
    assert worst.last_epsilon == 0.25
    assert worst.areas("max") == [pytest.approx((198 + 149) / 2 / TOTAL)]


def test_sizes_have_no_end_and_a_grid_below_it_needs_no_mark() -> None:
    sizes = sweep_of(a_measurement("zoom", (150, 180, 170), pixel_low=0, pixel_high=1))
    assert (sizes.last_epsilon, sizes.settings_beyond) == (math.inf, ())
    study, runs, found = measured({"max": [[a_measurement("fgsm", (150, 100, 20))]]})
    areas, settings = robustness_tables(study, runs, found)
    assert any("at the latest" in note for note in areas.notes)
    assert not any("larger one" in note for note in areas.notes)
    assert not any("in neither area" in note for note in settings.notes)
    (chart,) = robustness_charts(study, runs, found)
    assert isinstance(chart, Curves)
    assert chart.x.marks == ()


def test_a_grid_that_only_starts_beyond_has_no_area_and_says_why() -> None:
    rows = [[attacked("fgsm", (190, 20, 20), (0.0, 1.0, 2.0))]]
    study, runs, found = measured({"max": rows})
    areas, settings = robustness_tables(study, runs, found)
    assert areas.records[0]["n"] == 0
    assert any("no area: fewer than two epsilons are that small" in note for note in areas.notes)
    assert len(settings.rows) == 3
