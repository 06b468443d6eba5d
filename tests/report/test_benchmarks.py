"""Tables of benchmarks, made of seconds that nobody had to wait for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poolbench.core.benchmarks import Conditions, DeviceRates, Growth, Sweeps
from poolbench.core.costs import Passes, PoolingCost, PoolingRace
from poolbench.report.benchmarks.cells import spread
from poolbench.report.benchmarks.device import device_table
from poolbench.report.benchmarks.growth import growth_table
from poolbench.report.benchmarks.operators import pooling_table
from poolbench.report.benchmarks.passes import pass_cells, pass_columns
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.benchmarks.resolution import resolution_table

CONDITIONS = Conditions(rounds=7, threads=1, device="cpu", surroundings="here")


def test_a_spread_is_scaled_for_people_alone() -> None:
    cell = spread([3e-3, 1e-3, 2e-3], ".2f", 1e3)
    assert cell.values == (2e-3, 1e-3, 3e-3)
    assert cell.text == "2.00 [1.00, 3.00]"


def test_the_ratio_to_a_reference_is_taken_round_by_round() -> None:
    # Each round is twice as busy as the last one; the ratio is 2 in every one of them.
    times = {"slow": [2.0, 4.0, 8.0], "fast": [1.0, 2.0, 4.0]}
    slow, fast = rate_table("race", times, reference="slow", notes=()).records
    assert (slow["ratio_low"], slow["ratio"], slow["ratio_high"]) == (1, 1, 1)
    assert (fast["ratio_low"], fast["ratio"], fast["ratio_high"]) == (2, 2, 2)
    assert (fast["images_per_s_low"], fast["images_per_s"]) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("factors", "verdict"),
    [
        ([1.1] * 7, "slower"),
        ([0.9] * 7, "faster"),
        ([0.9, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1], "within noise"),
    ],
)
def test_a_verdict_is_given_where_the_interval_leaves_1_out(
    factors: list[float], verdict: str
) -> None:
    ours = Passes(forward_s=[1.0] * 7, step_s=[2.0] * 7)
    other = Passes(forward_s=factors, step_s=[2 * factor for factor in factors])
    fields = [field for column in pass_columns("ours") for field in column.fields]
    values = [value for cell in pass_cells(other, ours) for value in cell.values]
    found = dict(zip(fields, values, strict=True))
    assert found["forward_verdict"] == found["forward_and_backward_verdict"] == verdict
    assert pass_cells(ours, ours)[1].text == "reference"
    # As fast in every round is not the reference itself.
    twin = Passes(forward_s=[1.0] * 7, step_s=[2.0] * 7)
    assert pass_cells(twin, ours)[1].text.endswith("within noise")


def test_bandwidth_is_a_share_of_a_copys_and_a_yardstick_has_none() -> None:
    passes = Passes(forward_s=[1.0] * 7, step_s=[4.0] * 7)
    race = PoolingRace(
        task="max",
        images=2,
        maps_bytes=100,
        forward_bytes=110,
        step_bytes=220,
        kernel="native",
        copy_s=[1.0] * 7,
        costs={
            "ours": PoolingCost(passes=passes, kept_bytes=6, is_yardstick=False),
            "mean": PoolingCost(passes=passes, kept_bytes=0, is_yardstick=True),
        },
    )
    ours, mean = pooling_table(race, CONDITIONS).records
    # A copy reads and writes the maps: 200 bytes in a second.
    assert ours["forward_copy_share"] == pytest.approx(110 / 200)
    assert ours["step_copy_share"] == pytest.approx(220 / 200 / 4)
    assert ours["kept_share"] == 0.06
    assert mean["forward_copy_share"] is None


def test_a_copy_has_no_arithmetic_and_a_product_no_bandwidth() -> None:
    rates = DeviceRates(
        copy_mib=1, bytes_per_s=[2e9], batch_size=1, flops_per_s={"product": [3e12]}
    )
    table = device_table(rates, CONDITIONS)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["copy_ of 1 MiB", "2 [2, 2]", ""],
        ["product", "", "3 [3, 3]"],
    ]
    assert table.title == "device limits, 1 thread, cpu"
    assert "2 threads" in device_table(rates, replace(CONDITIONS, threads=2)).title


def test_a_sweep_that_takes_its_pixels_takes_no_more() -> None:
    sweeps = Sweeps(
        model="wrn",
        images=1,
        side_px=32,
        sizes=(32, 64),
        evaluation_s=[1.0, 2.0],
        sweeps_s={"zoom": [5.0, 10.0]},
    )
    evaluation, zoom = resolution_table(sweeps, CONDITIONS).records
    assert (evaluation["ratio"], evaluation["excess"]) == (1, 1)
    assert (zoom["ratio"], zoom["excess"]) == (5, 1)


def test_what_is_linear_has_the_exponent_1() -> None:
    linear = Growth(work="list", unit="runs", sizes=(1, 10, 100), seconds=(0.1, 1.0, 10.0))
    (row,) = growth_table([linear], rounds=3).records
    assert row["exponent"] == pytest.approx(1)
    assert row["marginal_ms"] == pytest.approx(100)
