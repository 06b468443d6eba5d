"""``freeze`` and ``rates``: what they become in a recipe, and what they do to its identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from poolbench.core.cell import Cell, Recipe
from poolbench.core.document import read_as
from poolbench.core.errors import BadInput
from poolbench.core.identity_changes import identity_changes
from poolbench.core.study import Study, read_study
from tests.cells import a_cell
from tests.suite.small import SUITE

Load = Callable[..., Study]


def tuned(text: str) -> str:
    return SUITE.replace("  epochs: 2\n", f"  epochs: 2\n  {text}\n")


@pytest.fixture
def recipe_of(load_text: Load) -> Callable[..., Recipe]:
    """Return the recipe of a suite with this line in it."""
    return lambda text, **options: load_text(tuned(text), **options).cells[0].recipe


def test_rates_are_factors_by_part_and_1_where_they_are_left_out(recipe_of) -> None:
    made = recipe_of("rates: {head: 2, backbone: 1/10, pooling: 10}")
    factors = made.head_lr_factor, made.backbone_lr_factor, made.pool_lr_factor
    assert factors == (2, 0.1, 10)
    made = recipe_of("rates: {backbone: 0.1}")
    factors = made.head_lr_factor, made.backbone_lr_factor, made.pool_lr_factor
    assert factors == (1, 0.1, 1)


def test_the_rate_of_pooling_has_two_names(load_text: Load) -> None:
    new, old = (load_text(tuned(f)) for f in ("rates: {pooling: 3}", "pool_lr_factor: 3"))
    assert [c.id for c in new.cells] == [c.id for c in old.cells]
    text = tuned("pool_lr_factor: 3") + "  third: {pools: max, recipe: {rates: {head: 2}}}\n"
    made = load_text(text).cells[-1].recipe
    assert (made.pool_lr_factor, made.head_lr_factor) == (3, 2)


def test_the_two_names_of_one_rate_are_a_fault_across_the_parts_of_a_suite(
    load_text: Load,
) -> None:
    text = tuned("pool_lr_factor: 2") + "  third: {pools: max, recipe: {rates: {pooling: 3}}}\n"
    with pytest.raises(BadInput) as caught:
        load_text(text)
    assert caught.value.message.startswith(
        "s.yaml:13:40: rates.pooling is pool_lr_factor, which is given too (s.yaml:6:3)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "freeze: none",
        "freeze: null",
        "freeze:",
        "rates: null",
        "rates: {}",
        "rates: {head: 1, backbone: 1.0, pooling: null}",
    ],
)
def test_what_changes_nothing_changes_no_id(load_text: Load, text: str) -> None:
    assert [c.id for c in load_text(tuned(text)).cells] == [c.id for c in load_text().cells]


def test_a_variant_freezes_and_thaws(load_text: Load) -> None:
    text = tuned("freeze: [layer2, conv1]") + (
        "  thawed: {pools: average, recipe: {freeze: none}}\n"
        "  backbone: {pools: average, recipe: {freeze: backbone}}\n"
    )
    found = {cell.variant: cell.recipe.freeze for cell in load_text(text).cells}
    assert found == {
        "average": ("conv1", "layer2"), "smooth": ("conv1", "layer2"),
        "thawed": None, "backbone": "backbone",
    }  # fmt: skip


def test_the_order_of_paths_is_no_difference(load_text: Load) -> None:
    one, other = (load_text(tuned(f"freeze: {p}")) for p in ("[a, b.0]", "[b.0, a]"))
    assert [c.id for c in one.cells] == [c.id for c in other.cells]


def test_the_rate_of_a_frozen_backbone_is_no_difference(load_text: Load) -> None:
    text = tuned("freeze: backbone") + (
        "  slow: {pools: average, recipe: {rates: {backbone: 0.1}}}\n"
    )
    with pytest.raises(BadInput, match="'average' and 'slow' describe the same training"):
        load_text(text)


CHANGES = (
    {"freeze": "backbone"},
    {"freeze": ("layer1",)},
    {"head_lr_factor": 2.0},
    {"backbone_lr_factor": 2.0},
)


def test_each_is_part_of_the_identity_and_their_absence_keeps_the_ids_of_older_runs() -> None:
    cell = a_cell()
    others = [replace(cell, recipe=replace(cell.recipe, **each)) for each in CHANGES]  # type: ignore[arg-type]
    assert len({cell.id, *(other.id for other in others)}) == 5
    # The id that 0.1.0, which knew neither, gave this cell.
    assert cell.id == "39647936b7c4083f"
    for other in others:
        assert read_as(Cell, json.dumps(other.to_json())) == other
    old = cell.to_json()
    for name in ("head_lr_factor", "backbone_lr_factor", "freeze"):
        del old["recipe"][name]
    assert read_as(Cell, json.dumps(old)) == cell


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (CHANGES[0], "recipe.freeze backbone instead of none"),
        ({"freeze": ("features.denseblock1", "x")},
         "recipe.freeze features.denseblock1, x instead of none"),
        (CHANGES[2], "recipe.head_lr_factor 2 instead of 1"),
    ],
)  # fmt: skip
def test_what_differs_is_told_with_both_values(change: dict[str, object], text: str) -> None:
    cell = a_cell()
    other = replace(cell, recipe=replace(cell.recipe, **change))  # type: ignore[arg-type]
    assert list(identity_changes(other.settings, cell.settings)) == [text]


def test_a_profile_that_freezes_is_a_difference_of_the_recipe(load_text: Load) -> None:
    text = SUITE + "profiles: {quick: {recipe: {freeze: [conv1], rates: {head: 2}}}}\n"
    study = load_text(text, profile="quick")
    assert [(each.part, each.text) for each in study.analysis.differences] == [
        ("recipe", "recipe.rates.head 2 instead of 1"),
        ("recipe", "recipe.freeze conv1 instead of none"),
    ]
    assert read_study(json.dumps(study.to_json())) == study
