"""Figures of a drift, from numbers small enough to work out by hand."""

from __future__ import annotations

import pytest

from poolbench.report.chart import Curves, Samples
from poolbench.report.studies.bands import seeds_text
from poolbench.report.studies.drift import Drift, drift_charts, drift_table


def a_drift(**changes: object) -> Drift:
    settings: dict[str, object] = {
        "variant": "lae",
        "parameter": "head.temperature",
        "is_positive": True,
        "is_shared": False,
        "start": (4.0, 4.0),
        "ends": ((1.0, 32.0), (2.0, 4.5)),
        "epochs": ((16.5,), (3.25,)),
        **changes,
    }
    return Drift(**settings)  # type: ignore[arg-type]


def test_temperatures_are_averaged_by_ratio_and_shares_by_difference() -> None:
    # sqrt(1 * 32) = 5.66 > 4 > sqrt(9) = 3; arithmetically 16.5 > 4 > 3.25.
    drift = a_drift()
    assert drift.seeds_up == 1
    assert drift.direction == "both"
    assert drift.share_up == 0.5
    assert drift.centre((1.0, 16.0)) == pytest.approx(4.0)
    assert a_drift(is_positive=False).centre((1.0, 16.0)) == pytest.approx(8.5)


@pytest.mark.parametrize(
    ("ends", "direction"),
    [
        (((5.0, 4.0), (4.0, 4.1)), "up"),
        (((3.0, 4.0), (3.9, 4.0)), "down"),
        (((4.0, 4.0), (4.0, 5.0)), "both"),
        (((4.0, 4.0), (3.0, 4.0)), "both"),
    ],
)
def test_a_direction_is_named_only_if_every_seed_took_it(
    ends: tuple[tuple[float, ...], ...], direction: str
) -> None:
    assert a_drift(ends=ends).direction == direction


def test_a_row_pools_channels_and_seeds() -> None:
    (row,) = drift_table("t", [a_drift()], []).records
    assert (row["n_seeds"], row["values_a_seed"]) == (2, 2)
    assert (row["median"], row["quartile_low"], row["quartile_high"]) == (3.25, 1.75, 11.375)
    assert (row["least"], row["largest"]) == (1.0, 32.0)


def test_a_row_counts_seeds_and_values_that_rose_and_marks_the_direction() -> None:
    rows = drift_table(
        "t",
        [
            a_drift(),
            a_drift(ends=((5.0, 3.0), (4.0, 4.1), (8.0, 8.0))),
            a_drift(is_positive=False, is_shared=True, start=(0.5,), ends=((-0.25,),)),
            a_drift(ends=((5.0, 6.0),)),
        ],
        [],
    ).rows
    assert rows[0][6].text == "1 – 32"
    both, up, down, all_up = (row[-1] for row in rows)
    assert (both.values, both.mark) == (("both", 1, 0.5), "±")
    # sqrt(15) is below 4.
    assert (up.values, up.mark) == (("both", 2, pytest.approx(4 / 6)), "±")
    assert up.text == "both (2 of 3 seeds, 67 % of values)"
    assert (down.values, down.mark) == (("down", 0, 0.0), "▼")
    assert all_up.text == "up (1 of 1 seeds, 100 % of values)"
    assert [cell.text for cell in rows[2][2:7]] == [
        "1 × 1", "0.5", "−0.25 [−0.25, −0.25]", "−0.25", "−0.25 – −0.25",
    ]  # fmt: skip


def test_what_learns_nothing_has_a_row_without_numbers() -> None:
    table = drift_table("t", [], ["max"], ["one is missing"])
    (record,) = table.records
    assert (record["variant"], record["direction"]) == ("max", "fixed")
    assert [c.title for c in table.columns if c.is_text] == ["variant", "parameter", "direction"]
    assert {record[name] for name in table.fields} == {"max", "fixed", None}
    assert table.notes == ("one is missing",)
    assert len(drift_table("t", [a_drift()], ["max"], ["one is missing"]).notes) > 1


def labels(*drifts: Drift) -> tuple[list[str], str]:
    ends, _ = drift_charts("digits", "T", drifts)
    assert isinstance(ends, Samples)
    return [sample.label for sample in ends.samples], ends.x.label


def test_final_values_stand_by_their_starts_where_these_tell_the_variants_apart() -> None:
    four, one = a_drift(variant="a"), a_drift(variant="b", start=(1.0, 1.0))
    assert labels(four, one) == (["4", "1"], "initial temperature")
    # A layer and its channels differ in colour, so they may share a start.
    shared = a_drift(variant="c", is_shared=True, start=(4.0,), ends=((5.0,),))
    assert labels(four, one, shared) == (["4", "1", "4"], "initial temperature")
    ends, _ = drift_charts("digits", "T", [four, one, shared])
    assert isinstance(ends, Samples)
    assert ends.is_density
    channels, other_channels, layer = (sample.series for sample in ends.samples)
    assert channels == other_channels != layer
    for others in (
        (),
        (shared,),
        (one, a_drift(variant="c")),
        (one, a_drift(variant="c", start=(2.0, 8.0))),
    ):
        names = [drift.variant for drift in (four, *others)]
        assert labels(four, *others) == (names, "variant")


def test_kinds_of_parameters_have_charts_of_their_own_and_sites_a_name_if_there_are_several() -> (
    None
):
    gate = a_drift(
        variant="gated", parameter="head.gate_weight", is_positive=False, is_shared=True,
        ends=((-1.0, 1.0),),
    )  # fmt: skip
    charts = drift_charts("digits", "T", [a_drift(), gate, a_drift(parameter="se-1.temperature")])
    assert [chart.name for chart in charts] == [
        f"digits-{kind}-{what}"
        for kind in ("temperature", "gate-weight")
        for what in ("end", "epochs")
    ]
    ends, over, gate_ends, gate_over = charts
    assert isinstance(ends, Samples)
    assert isinstance(gate_ends, Samples)
    assert isinstance(over, Curves)
    assert isinstance(gate_over, Curves)
    assert [sample.label for sample in ends.samples] == ["lae head", "lae se-1"]
    assert [curve.label for curve in over.curves] == ["lae head", "lae se-1"]
    assert [curve.label for curve in gate_over.curves] == ["gated"]
    assert (ends.y.scale, over.y.scale) == ("log2", "log2")
    assert (gate_ends.y.scale, gate_over.y.scale) == ("linear", "linear")
    assert (gate_ends.y.label, gate_over.y.label) == ("gate weight", "mean gate weight")
    assert (ends.is_density, gate_ends.is_density) == (True, False)
    assert [(s.is_dark, s.start, s.values) for s in gate_ends.samples] == [(True, 4.0, (-1.0, 1.0))]


def test_a_parameter_is_drawn_from_its_start_over_every_epoch_with_its_seeds_as_band() -> None:
    drift = a_drift(start=(2.0, 8.0), epochs=((4.0, 1.0), (16.0, 4.0)))
    _, over = drift_charts("digits", "T", [drift])
    assert isinstance(over, Curves)
    (curve,) = over.curves
    assert curve.x == (0.0, 1.0, 2.0)
    assert over.x.ticks == ((0, "0"), (1, "1"), (2, "2"))
    # Of the start's two values the mean, as training records it; of the seeds the geometric mean.
    assert curve.y == pytest.approx((5.0, 8.0, 2.0))
    assert (curve.low, curve.high) == ((5.0, 4.0, 1.0), (5.0, 16.0, 4.0))


def test_parameters_of_one_kind_share_their_epochs_and_a_scale_that_suits_all() -> None:
    short = a_drift(variant="short")
    long = a_drift(variant="long", is_positive=False, epochs=((1.0, 2.0), (3.0, 4.0)))
    _, over = drift_charts("digits", "T", [short, long])
    assert isinstance(over, Curves)
    assert over.x.ticks == ((0, "0"), (1, "1"), (2, "2"))
    assert over.y.scale == "linear"
    once = a_drift(variant="once", ends=((1.0, 2.0),))
    for chart in drift_charts("digits", "T", [short, once]):
        assert seeds_text([1, 2]) in chart.caption
