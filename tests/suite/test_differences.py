"""What differs from what the published numbers were measured with, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from poolbench.core.comparability import FoundImages
from poolbench.core.study import Study, read_study
from tests.suite.conftest import Load

SHIPPED = """\
schema: 1
title: Table 1
source: {paper: Somebody 2020, table: 1}
data: {name: cifar10, augment: [crop, flip]}
model: {name: wrn, depth: 16, width: 4}
recipe:
  epochs: 48
  batch_size: 32
  optimizer: {name: sgd, lr: 0.1}
  schedule: {name: ramp, warmup_epochs: 6}
seeds: 30
variants:
  average: {pools: {head: average}}
  lae: {pools: {head: {name: lae, temperature: 4}}, recipe: {optimizer: {lr: 0.25}}}
analysis:
  published: {average: [5.26, 0.15], lae: [4.98, 0.12]}
profiles:
  smoke: {seeds: 2, recipe: {epochs: 1}, data: {limit: 96}}
  table-2: {recipe: {epochs: 9}, analysis: {published: {average: [7.1, 0.2]}}}
"""


@pytest.fixture
def shipped(tmp_path: Path, load_text: Load) -> Load:
    """Load a text while ``built-in`` is a shipped suite."""
    file = tmp_path / "built-in.yaml"
    file.write_text(SHIPPED)
    return partial(load_text, shipped=lambda: {"paper/built-in": file})


def _texts(study: Study) -> list[str]:
    return [difference.text for difference in study.analysis.differences]


def _incomparable(study: Study) -> list[str]:
    return [name for name in study.variants if study.analysis.incomparable("cifar10", name)]


def test_a_suite_as_its_file_has_it_differs_in_nothing(load_text: Load) -> None:
    study = load_text(SHIPPED)
    assert study.analysis.differences == ()
    assert study.heading == study.title == "Table 1"


@pytest.mark.parametrize(
    ("changes", "texts", "parts"),
    [
        ({"profile": "smoke"},
         ["recipe.epochs 1 instead of 48", "data.limit 96 instead of none",
          "2 seeds instead of 30"], "recipe, data"),
        ({"limit": 3}, ["data.limit 3 instead of none"], "data"),
        ({"overrides": ["model.width=1"]}, ["model.width 1 instead of 4"], "network"),
        ({"overrides": ["variants.lae.pools.head.temperature=2"]},
         ["pools.head.temperature 2 instead of 4"], "pooling"),
        ({"overrides": ["variants.lae.pools.head=max"]}, ["pools.head max instead of lae"],
         "pooling"),
        ({"overrides": ["variants.lae.recipe.optimizer={name: adam, lr: 0.1}"]},
         ["recipe.optimizer adam instead of sgd"], "recipe"),
        ({"overrides": ["recipe.schedule=constant"]},
         ["recipe.schedule constant instead of ramp"], "recipe"),
        ({"overrides": ["data.augment=[flip]"]},
         ["data.augment flip instead of crop(padding=4), flip"], "data"),
        ({"overrides": ["data.validation=0.1"]}, ["data.validation 0.1 instead of 0"], "data"),
        ({"overrides": ["execution.precision=bf16"]},
         ["recipe.precision bf16 instead of fp32"], "recipe"),
        ({"overrides": ["model={name: wrn, depth: 16, width: 4}", "recipe.epochs=48"]}, [], ""),
    ],
)  # fmt: skip
def test_every_change_of_a_run_is_named(
    changes: dict[str, object], texts: list[str], parts: str, load_text: Load
) -> None:
    study = load_text(SHIPPED, **changes)
    assert _texts(study) == texts
    assert study.heading == (f"Table 1 (changed: {parts})" if parts else "Table 1")


def test_a_change_of_one_variant_leaves_the_others_comparable(load_text: Load) -> None:
    study = load_text(SHIPPED, overrides=["variants.lae.recipe.optimizer.lr=1"])
    assert _incomparable(study) == ["lae"]
    assert study.analysis.incomparable("cifar10", "lae") == (
        "recipe.optimizer.lr 1 instead of 0.25",
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"overrides": ["seeds=5"]}, "5 seeds instead of 30"),
        ({"overrides": ["seeds={count: 30, start: 100}"]}, "other seeds"),
    ],
)
def test_seeds_are_named_and_leave_every_mean_comparable(
    changes: dict[str, object], text: str, load_text: Load
) -> None:
    study = load_text(SHIPPED, **changes)
    assert _texts(study) == [text]
    assert _incomparable(study) == []
    assert study.heading == study.title


def test_showing_fewer_variants_changes_nothing(load_text: Load) -> None:
    for only in ("lae", "lae@3"):
        assert load_text(SHIPPED, only=[only]).analysis.differences == ()


def test_an_edited_copy_is_held_against_the_suite_that_has_its_numbers(shipped: Load) -> None:
    study = shipped(SHIPPED.replace("width: 4", "width: 1").replace("epochs: 48", "epochs: 3"))
    assert _texts(study) == ["model.width 1 instead of 4", "recipe.epochs 3 instead of 48"]
    assert {d.reference for d in study.analysis.differences} == {"paper/built-in"}
    assert _incomparable(study) == ["average", "lae"]


def test_an_unchanged_copy_is_comparable(shipped: Load) -> None:
    assert shipped(SHIPPED).analysis.differences == ()


def test_a_renamed_variant_is_recognised_by_its_number(shipped: Load) -> None:
    text = SHIPPED.replace("lae:", "mine:").replace("lr: 0.25", "lr: 0.5")
    study = shipped(text)
    assert _incomparable(study) == ["mine"]
    assert _texts(study) == ["recipe.optimizer.lr 0.5 instead of 0.25"]


def test_a_suite_that_extends_a_built_in_one_inherits_what_its_numbers_mean(shipped: Load) -> None:
    study = shipped("extends: ./built-in.yaml\nrecipe: {epochs: 2}\n")
    assert _texts(study) == ["recipe.epochs 2 instead of 48"]


def test_other_numbers_were_measured_with_the_file_that_has_them(shipped: Load) -> None:
    own = SHIPPED.replace("[5.26, 0.15]", "[9.1, 0.3]").replace("[4.98, 0.12]", "[9.2, 0.2]")
    own = own.replace("width: 4", "width: 1")
    assert shipped(own).analysis.differences == ()
    changed = shipped(own, overrides=["recipe.epochs=2"])
    assert _texts(changed) == ["recipe.epochs 2 instead of 48"]
    assert {d.reference for d in changed.analysis.differences} == {"the suite"}


def test_a_profile_with_numbers_of_its_own_is_what_they_were_measured_with(
    load_text: Load,
) -> None:
    assert load_text(SHIPPED, profile="table-2").analysis.differences == ()
    changed = load_text(SHIPPED, profile="table-2", limit=10)
    assert _texts(changed) == ["data.limit 10 instead of none"]


def test_a_folder_with_fewer_images_than_the_published_data_set_is_named(load_text: Load) -> None:
    part = FoundImages(train=30, test=10, classes=10, official=(50_000, 10_000))
    study = load_text(SHIPPED, count=lambda _: part)
    assert _texts(study) == ["30 training and 10 test images instead of 50,000 and 10,000"]
    assert _incomparable(study) == ["average", "lae"]
    whole = replace(part, train=50_000, test=10_000)
    assert load_text(SHIPPED, count=lambda _: whole).analysis.differences == ()
    nobodys = replace(part, official=None)
    assert load_text(SHIPPED, count=lambda _: nobodys).analysis.differences == ()


def test_a_stored_study_keeps_its_differences_and_its_images(load_text: Load) -> None:
    found = FoundImages(train=30, test=10, classes=10, official=(50_000, 10_000))
    study = load_text(SHIPPED, profile="smoke", count=lambda _: found)
    assert read_study(json.dumps(study.to_json())) == study


def test_a_changed_study_stored_before_differences_were_recorded_is_not_comparable(
    load_text: Load,
) -> None:
    document = load_text(
        SHIPPED, profile="smoke", overrides=["model.width=1"], only=["lae"]
    ).to_json()
    del document["analysis"]["differences"], document["found"]
    old = read_study(json.dumps(document))
    assert old.analysis.incomparable("cifar10", "lae") == (
        "stored before differences were recorded one by one",
    )
    assert old.heading == "Table 1 (changed: suite)"
    document = load_text(SHIPPED, only=["lae"]).to_json()
    del document["analysis"]["differences"], document["found"]
    assert read_study(json.dumps(document)).analysis.differences == ()


def test_a_file_that_only_the_changes_make_valid_is_no_yardstick(load_text: Load) -> None:
    study = load_text(SHIPPED.replace("epochs: 48", "epochs: 0"), overrides=["recipe.epochs=1"])
    assert _texts(study) == ["its file is not a valid suite without the changes"]
    assert _incomparable(study) == ["average", "lae"]
