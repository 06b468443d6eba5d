"""A curve of each seed as one number: its area, and its lowest point."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest

from poolbench.core.measurement import Measurement
from poolbench.core.named import Named
from poolbench.report.robustness.sweeps import Outcome, Sweep, sweeps_of
from tests.report.measured import EPSILONS, TOTAL, a_measurement, diverged, measured

NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class Curve(Outcome):
    """An outcome whose accuracies are given, whatever they came from."""

    curve: tuple[float | None, ...]

    def accuracy(self, at: float) -> float | None:
        return self.curve[int(at)]


def a_sweep(*curves: tuple[float | None, ...]) -> Sweep:
    """Return a sweep of one variant over the settings 0, 1, 2, one curve a seed."""
    row = (
        Curve(seed=seed, run=None, measurement=None, curve=curve)
        for seed, curve in enumerate(curves)
    )
    probe = Named(name="fgsm", options={"epsilons": (0.0, 1.0, 2.0)})
    return Sweep(
        dataset="digits", probe=probe, settings=(0.0, 1.0, 2.0), outcomes={"max": tuple(row)}
    )


@pytest.mark.parametrize(
    ("curve", "least", "area"),
    [
        ((0.9, 0.5, 0.7), 0.5, 0.65),
        ((0.5, 0.7, 0.9), 0.5, 0.7),
        ((NAN, 0.5, 0.7), NAN, NAN),
        ((0.9, NAN, 0.7), NAN, NAN),
        ((0.9, 0.5, NAN), NAN, NAN),
        ((NAN, NAN, NAN), NAN, NAN),
        ((0.9, None, 0.7), None, None),
        ((None, 0.5, NAN), None, None),
        ((None, None, None), None, None),
    ],
)
def test_a_diverged_point_is_in_every_number_of_its_curve_and_a_missing_one_leaves_none(
    curve: tuple[float | None, ...], least: float | None, area: float | None
) -> None:
    sweep = a_sweep((0.1, 0.1, 0.1), curve)
    assert sweep.least("max") == [0.1, pytest.approx(least, nan_ok=True)]
    assert sweep.areas("max") == [pytest.approx(0.1), pytest.approx(area, nan_ok=True)]


def test_a_curve_is_that_of_a_run_only_where_there_is_one() -> None:
    made = a_measurement("fgsm", (180, 90, 100))
    failed = a_measurement("fgsm", (), status="failed")
    study, runs, found = measured({"max": [[made], [made], [failed], [], [made]]})
    cells = study.cells
    runs[cells[1].id] = diverged(runs[cells[1].id])
    del runs[cells[4].id]
    (sweep,) = sweeps_of(study, runs, found)
    assert sweep.least("max") == pytest.approx([0.45, NAN, NAN, None, None], nan_ok=True)


@pytest.mark.parametrize("other", [[], [a_measurement("zoom", (), status="failed")]])
def test_a_run_without_points_takes_no_area_from_the_others(other: list[Measurement]) -> None:
    cut = a_measurement("zoom", (100, 150, None))
    study, runs, found = measured({"max": [[cut], other], "lae": [other, other]})
    (sweep,) = sweeps_of(study, runs, found)
    assert sweep.possible_settings == (16.0, 32.0)
    expected = NAN if other else None
    assert sweep.areas("max") == pytest.approx([0.625, expected], nan_ok=True)


def test_areas_are_over_the_logarithm_of_sizes_and_over_epsilons_as_they_are() -> None:
    # By hand: sizes 16, 32, 64 are equally far apart as logarithms, 0.5 (0 + 1) and 0.5 (1 + 1);
    # epsilons 0, 1, 4 are not, 1 (1 + 0.5) / 2 and 3 (0.5 + 0) / 2.
    for name, counts, area in (("zoom", (0, 200, 200), 0.75), ("fgsm", (200, 100, 0), 0.375)):
        study, runs, found = measured({"max": [[a_measurement(name, counts)]]})
        (sweep,) = sweeps_of(study, runs, found)
        assert sweep.areas("max") == [pytest.approx(area)]


@pytest.mark.parametrize(
    ("at", "words"),
    [(0.0, "0"), (1 / 255, "1/255"), (8 / 255, "8/255"), (254 / 255, "254/255"), (1.0, "1"),
     (0.5, "0.5"), (0.5 / 255, "0.00196"), (2.0, "2")],
)  # fmt: skip
def test_an_epsilon_is_written_in_levels_where_it_is_a_whole_number_of_them(
    at: float, words: str
) -> None:
    assert a_sweep((0.1, 0.1, 0.1)).setting_text(at) == words


def test_settings_ascend_and_what_nobody_was_put_to_has_no_least() -> None:
    made = a_measurement("fgsm", (180, 90, 100))
    study, runs, found = measured({"max": [[replace(made, points=made.points[::-1])]]})
    (sweep,) = sweeps_of(study, runs, found)
    assert sweep.settings == EPSILONS
    assert sweep.total == TOTAL
    empty = replace(sweep, settings=(), outcomes={"max": ()})
    assert empty.total == 0
    nothing = a_sweep((None, None, None))
    assert (nothing.least("max"), nothing.areas("max")) == ([None], [None])


def test_only_what_no_network_of_a_variant_took_is_not_applicable() -> None:
    cut, whole = (a_measurement("zoom", counts) for counts in ((100, 150, None), (1, 2, 3)))
    failed = a_measurement("zoom", (), status="failed")
    study, runs, found = measured(
        {
            "max": [[cut], [cut]],
            "some": [[cut], [whole]],
            "fails": [[cut], [failed]],
            "none": [[], []],
        }
    )
    (sweep,) = sweeps_of(study, runs, found)
    assert [sweep.is_not_applicable(variant, 64.0) for variant in sweep.outcomes] == [
        True, False, False, False,
    ]  # fmt: skip
    assert not any(sweep.is_not_applicable(variant, 32.0) for variant in sweep.outcomes)
