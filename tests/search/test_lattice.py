"""The axes of a coordinate search and the lattice they make."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolbench.search.api import BadSearch
from poolbench.search.axes import read_axes
from poolbench.search.lattice import Lattice
from tests.search.toy import LATTICE

# Table 5 of Lowe, Trappenberg, Oore 2021 (lr, weight decay, momentum), rounded as printed there,
# with the whole numbers of steps they are from the start of section 4.1.
TABLE_5 = {
    (0.640, 0.001024, 0.3446): (1, 3, -3),
    (0.250, 0.000250, 0.9375): (-1, -2, 0),
    (0.156, 0.001638, 0.7440): (-2, 1, -4),
    (0.640, 0.001024, 0.5904): (1, 3, -2),
    (0.250, 0.000640, 0.8400): (-1, 0, -2),
    (0.640, 0.000250, 0.8400): (1, 0, 0),
    (6.711, 0.000061, 0.7440): (6, 2, 4),
    (1.024, 0.000640, 0.7440): (2, 3, 0),
    (0.400, 0.001024, 0.7440): (0, 2, -2),
    (2.621, 0.000640, 0.3446): (4, 5, 0),
    (0.156, 0.002621, 0.7440): (-2, 2, -4),
    (0.640, 0.000400, 0.8400): (1, 1, 0),
}
NAMES = ("optimizer.lr", "optimizer.weight_decay", "optimizer.momentum")
small_steps = st.tuples(*[st.integers(-6, 6)] * 3)


@pytest.mark.parametrize(("recipe", "steps"), TABLE_5.items())
def test_the_published_recipes_are_lattice_points_of_the_search(
    recipe: tuple[float, float, float], steps: tuple[int, int, int]
) -> None:
    point = LATTICE.point(LATTICE.place_at(steps), "")
    assert point.steps == steps
    for name, value, unit in zip(NAMES, recipe, (1e-3, 1e-6, 1e-4), strict=True):
        # Printed digits are cut off or rounded: a unit of the last one at most.
        assert abs(point.values[name] - value) <= unit


def test_each_axis_takes_the_step_the_paper_gives_it() -> None:
    lr, decay, momentum = (
        LATTICE.point(LATTICE.moved(LATTICE.origin, axis, 1), "").values for axis in range(3)
    )
    assert tuple(lr.values()) == (0.64, 4e-4, 0.9)
    assert tuple(decay.values()) == (0.25, 6.4e-4, 0.9)
    assert tuple(momentum.values()) == (0.64, 4e-4, 0.84)


@given(steps=small_steps, path=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, -1]))))
def test_a_place_has_the_same_values_whichever_way_it_was_reached(
    steps: tuple[int, int, int], path: list[tuple[int, int]]
) -> None:
    place = LATTICE.place_at(steps)
    assert LATTICE.steps_at(place) == steps
    there = place
    for axis, direction in path:
        there = LATTICE.moved(there, axis, direction)
    for axis, direction in path:
        there = LATTICE.moved(there, axis, -direction)
    assert there == place
    assert LATTICE.point(there, "").key == LATTICE.point(place, "").key


@given(steps=small_steps)
def test_values_have_six_digits_and_are_those_of_a_stable_decimal(
    steps: tuple[int, int, int],
) -> None:
    values = LATTICE.point(LATTICE.place_at(steps), "").values
    lr, decay, momentum = (values[name] for name in NAMES)
    for value in (Decimal(repr(lr)), Decimal(repr(decay)), 1 - Decimal(repr(momentum))):
        assert len(value.normalize().as_tuple().digits) <= 6


def test_the_start_keeps_its_digits() -> None:
    lattice = Lattice(read_axes(["lr"]), 1.6, {"optimizer.lr": 0.123456789})
    assert lattice.point((0,), "").values == {"optimizer.lr": 0.123456789}
    assert lattice.point((1,), "").values == {"optimizer.lr": 0.197531}


@pytest.mark.parametrize(
    ("axes", "index", "words"),
    [
        (["lr", "lr/1-momentum"], 1, "'lr/1-momentum' is not an axis"),
        (["__import__('os')"], 0, "is not an axis"),
        (["lr**2"], 0, "is not an axis"),
        (["2*lr"], 0, "is not an axis"),
        (["lr", "lr*weight_decay*momentum"], 1, "is not an axis"),
        (["lr", "(1-lr)"], 1, "two axes take a step in 'lr'"),
        (["lr", "lr*lr"], 1, "two axes take a step in 'lr'"),
        (["lr*weight_decay"], 0, "'lr' moves along with 'weight_decay' but is not an axis"),
        ([], None, "at least one axis"),
    ],
)
def test_an_invalid_axis_is_told(axes: list[str], index: int | None, words: str) -> None:
    with pytest.raises(BadSearch) as caught:
        read_axes(axes)
    assert (caught.value.option, caught.value.index) == ("axes", index)
    assert words in caught.value.message
