from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poolbench.core.cell import Cell, DataSpec, ModelSpec
from poolbench.core.identity_changes import identity_changes
from poolbench.core.named import Named
from poolbench.core.plugin_source import PluginSource
from tests.cells import a_cell

CELL = a_cell()
DATA, MODEL, RECIPE = CELL.data, CELL.model, CELL.recipe


def changed(**fields: Any) -> list[str]:
    return list(identity_changes(replace(CELL, **fields).settings, CELL.settings))


def with_pool(**fields: Any) -> ModelSpec:
    return replace(MODEL, pools={"head": replace(MODEL.pools["head"], **fields)})


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"seed": 7}, []),
        ({"variant": "other"}, []),
        ({"recipe": replace(RECIPE, epochs=5)}, ["recipe.epochs 5 instead of 2"]),
        (
            {"recipe": replace(RECIPE, optimizer=Named(name="sgd", options={"lr": 0.4}))},
            ["recipe.optimizer.lr 0.4 instead of 0.1"],
        ),
        (
            {"recipe": replace(RECIPE, optimizer=Named(name="adamw", options={"beta": 1}))},
            ["recipe.optimizer adamw instead of sgd"],
        ),
        ({"recipe": replace(RECIPE, clip_norm=1.0)}, ["recipe.clip_norm 1 instead of none"]),
        ({"data": replace(DATA, checksum="f00")}, ["data.checksum f00 instead of c0ffee"]),
        ({"data": replace(DATA, limit=50)}, ["data.limit 50 instead of none"]),
        (
            {"data": replace(DATA, augment=(Named(name="flip", options={}),))},
            ["data.augment flip instead of none"],
        ),
        ({"model": with_pool(revision=2)}, ["model.pools.head max: revision 2 instead of 1"]),
        (
            {"model": with_pool(plugin=PluginSource(name="mine", version="1.2"))},
            ["model.pools.head max: plugin mine 1.2 instead of none"],
        ),
    ],
)
def test_what_differs_is_named_with_both_values(fields: dict[str, Any], texts: list[str]) -> None:
    assert changed(**fields) == texts


def test_what_has_another_condition_has_a_change_and_what_has_the_same_has_none() -> None:
    others: list[Cell] = [
        replace(CELL, data=DataSpec(source=Named(name="mnist", options={}), checksum="c0ffee")),
        replace(CELL, model=ModelSpec(network=MODEL.network, pools={})),
        replace(CELL, recipe=replace(RECIPE, precision="bf16")),
        replace(CELL, data=replace(DATA, scored_on="validation")),
    ]
    for other in others:
        assert other.condition != CELL.condition
        assert list(identity_changes(other.settings, CELL.settings))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"name": "sgd", "options": [[]]}, {"name": "sgd", "options": {}}),
        ({"name": "sgd", "options": {"lr": 1}}, {"name": "sgd"}),
        ({"name": "sgd", "options": {}}, {"lr": 1}),
        ({"name": {}, "options": {}}, {"name": [], "options": {}}),
    ],
)
def test_settings_that_no_version_wrote_differ_all_the_same(here: object, there: object) -> None:
    for one, other in ((here, there), (there, here)):
        assert list(identity_changes({"optimizer": one}, {"optimizer": other}))
