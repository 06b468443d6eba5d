"""Figures of a drift, from numbers small enough to work out by hand."""

from __future__ import annotations

import pytest

from poolbench.report.studies.drift import Drift, drift_table


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
