from __future__ import annotations

import pytest

from poolbench.core.errors import BadInput
from poolbench.training import schedules


def test_the_ramp_rises_to_the_peak_and_falls_to_zero() -> None:
    # LogAvgExp, section 4.1: 0 to the peak over 6 epochs, to 0 over the subsequent 42.
    points = {0.0: 0.0, 3.0: 0.5, 6.0: 1.0, 27.0: 0.5, 48.0: 0.0}
    for position, factor in points.items():
        assert schedules.ramp(position, 48, warmup_epochs=6.0) == pytest.approx(factor)


def test_a_training_shorter_than_its_warm_up_only_rises() -> None:
    assert schedules.ramp(0.5, 1, warmup_epochs=6.0) == pytest.approx(0.5 / 6)


def test_a_ramp_without_a_warm_up_starts_at_the_peak() -> None:
    assert [schedules.ramp(at, 4, warmup_epochs=0.0) for at in (0.0, 1.0, 3.0)] == [1.0, 0.75, 0.25]


def test_steps_fall_when_their_epochs_are_completed() -> None:
    def factor(position: float) -> float:
        return schedules.step(position, 100, milestones=(50, 70, 90), factor=0.1)

    assert factor(49.99) == 1.0
    assert factor(50.0) == pytest.approx(0.1)
    assert factor(89.0) == pytest.approx(0.01)
    assert factor(99.0) == pytest.approx(0.001)


def test_flat_cosine_is_flat_then_half_a_cosine() -> None:
    # cos 0, 60, 90, 120 and 180 degrees, from -1..1 to 0..1.
    points = {0.0: 1.0, 4.0: 1.0, 6.0: 0.75, 7.0: 0.5, 8.0: 0.25, 10.0: 0.0}
    for position, factor in points.items():
        assert schedules.flat_cosine(position, 10, flat=0.4) == pytest.approx(factor)


def test_a_wholly_flat_schedule_never_turns() -> None:
    assert schedules.flat_cosine(9.99, 10, flat=1.0) == 1.0


def test_constant_is_one() -> None:
    assert schedules.constant(3.0, 10) == 1.0


def test_piecewise_passes_its_points_in_straight_lines() -> None:
    # Page's schedule for CIFAR-10: 0 to the peak over 5 epochs, to 0 at the end.
    def factor(position: float) -> float:
        return schedules.piecewise(position, 50, epochs_at=(0, 5, 50), factors=(0.0, 1.0, 0.0))

    points = {0.0: 0.0, 2.5: 0.5, 5.0: 1.0, 27.5: 0.5, 50.0: 0.0}
    for position, expected in points.items():
        assert factor(position) == pytest.approx(expected)


def test_piecewise_is_exact_at_its_points() -> None:
    # In floats, 0.7 + (0.1 - 0.7) is a little less than 0.1.
    factors = (0.7, 0.1, 0.9)
    found = [
        schedules.piecewise(at, 9, epochs_at=(1, 2, 3), factors=factors) for at in (1.0, 2.0, 3.0)
    ]
    assert found == list(factors)


def test_piecewise_is_level_outside_its_points() -> None:
    def factor(position: float) -> float:
        return schedules.piecewise(position, 9, epochs_at=(2.0, 4.0), factors=(0.25, 0.75))

    assert [factor(position) for position in (0.0, 2.0, 3.0, 4.0, 8.5)] == [
        0.25, 0.25, 0.5, 0.75, 0.75,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("epochs_at", "factors", "fault"),
    [
        ((0.0, 1.0), (1.0,), "2 epochs_at and 1 factors"),
    ],
)
def test_points_that_make_no_line_are_refused(
    epochs_at: tuple[float, ...], factors: tuple[float, ...], fault: str
) -> None:
    with pytest.raises(BadInput, match=fault):
        schedules.piecewise(0.0, 3, epochs_at=epochs_at, factors=factors)
