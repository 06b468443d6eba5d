"""The ``search`` of a suite: what is stored of it, and the recipes it starts from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.search import Point, SearchSpec
from poolbench.core.study import Study, read_study
from poolbench.search.api import create
from poolbench.search.recipes import recipe_of, start_of
from tests.suite.small import SUITE

Load = Callable[..., Study]
START = "start: {weight_decay: 4e-4, momentum: 0.9}"


def searching(text: str) -> str:
    return SUITE.replace("seeds: 2\n", f"seeds: 2\nsearch: {text}\n")


def spec_of(study: Study) -> SearchSpec:
    assert study.search is not None
    return study.search


def test_a_search_has_every_option_and_what_a_trial_trains(load_text: Load) -> None:
    study = load_text(searching(f"{{name: coordinate, {START}, epochs: 3, holdout: 0.25}}"))
    assert study.search == SearchSpec(
        name="coordinate",
        options={
            "factor": 1.6,
            "axes": ("lr", "lr*weight_decay", "lr/(1-momentum)"),
            "folds": 5,
            "trials": 100,
        },
        start={"weight_decay": 4e-4, "momentum": 0.9},
        epochs=3,
        holdout=0.25,
    )
    assert spec_of(study).named == Named(name="coordinate", options=spec_of(study).options)


def test_a_name_alone_is_a_search(load_text: Load) -> None:
    text = searching("coordinate").replace("lr: 0.1", "lr: 0.1, weight_decay: 0.1, momentum: 0.5")
    assert spec_of(load_text(text)).holdout == 0.2


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_a_suite_may_have_no_search(load_text: Load, text: str) -> None:
    assert load_text(searching(text)).search is None


@pytest.mark.parametrize(
    "text",
    [
        f"{{name: coordinate, {START}}}",
        "{name: optuna, sampler: tpe, trials: 9, ranges: [lr x10]}",
        "{name: shrinking-random, ranges: [lr x10], start: {lr: 1}, epochs: 2}",
    ],
)
def test_a_search_is_stored_with_its_study_and_read_back(load_text: Load, text: str) -> None:
    study = load_text(searching(text))
    document = json.loads(json.dumps(study.to_json()))
    assert read_study(json.dumps(document)) == study


def test_a_study_stored_before_there_were_searches_is_read(load_text: Load) -> None:
    study = load_text()
    document = json.loads(json.dumps(study.to_json()))
    del document["search"]
    assert read_study(json.dumps(document)) == study


def test_a_search_changes_neither_cells_nor_the_study_s_id(load_text: Load) -> None:
    study, plain = load_text(searching(f"{{name: coordinate, {START}}}")), load_text()
    assert (study.cells, study.id) == (plain.cells, plain.id)


def test_a_profile_changes_options_or_names_another_search(load_text: Load) -> None:
    profiles = (
        "profiles:\n"
        "  small: {search: {trials: 4}}\n"
        "  other: {search: {name: optuna, sampler: qmc, trials: 7, ranges: [lr x2]}}\n"
        "  none: {search: null}\n"
    )
    text = searching(f"{{name: coordinate, {START}, epochs: 3}}") + profiles
    small = spec_of(load_text(text, profile="small"))
    assert (small.name, small.options["trials"], small.epochs) == ("coordinate", 4, 3)
    other = spec_of(load_text(text, profile="other"))
    assert (other.name, other.options["sampler"], other.epochs) == ("optuna", "qmc", None)
    assert other.start == {}
    assert load_text(text, profile="none").search is None
    assert spec_of(load_text(text, overrides=["search.folds=3"])).options["folds"] == 3


def test_a_profile_gives_options_to_a_search_that_is_a_name_alone(load_text: Load) -> None:
    text = searching("coordinate").replace("lr: 0.1", "lr: 0.1, weight_decay: 0.1, momentum: 0.5")
    small = load_text(text + "profiles: {small: {search: {trials: 4}}}\n", profile="small")
    assert spec_of(small).options["trials"] == 4


def test_every_variant_starts_at_its_own_recipe_but_for_what_the_suite_says(
    load_text: Load,
) -> None:
    text = searching(f"{{name: coordinate, {START}, epochs: 7}}").replace(
        "average: {pools: average}", "average: {pools: average, recipe: {optimizer: {lr: 0.8}}}"
    )
    study = load_text(text)
    spec, recipes = spec_of(study), {cell.variant: cell.recipe for cell in study.cells}
    starts = {name: start_of(create(spec), spec, recipe) for name, recipe in recipes.items()}
    both = {"optimizer.weight_decay": 4e-4, "optimizer.momentum": 0.9}
    assert starts == {
        "average": {"optimizer.lr": 0.8, **both},
        "smooth": {"optimizer.lr": 0.1, **both},
    }
    tried = recipe_of(recipes["average"], spec, Point(values={"optimizer.lr": 0.5}))
    assert (tried.epochs, tried.optimizer.options["lr"]) == (7, 0.5)
    assert tried.schedule == recipes["average"].schedule
    assert recipes["average"].optimizer.options["lr"] == 0.8


def test_an_option_of_the_schedule_is_searched_too(load_text: Load) -> None:
    ramp = "lr: 0.1}\n  schedule: {name: ramp, warmup_epochs: 2}"
    text = searching("{name: coordinate, axes: [lr, warmup_epochs]}").replace("lr: 0.1}", ramp)
    study = load_text(text)
    spec, recipe = spec_of(study), study.cells[0].recipe
    start = start_of(create(spec), spec, recipe)
    assert start == {"optimizer.lr": 0.1, "schedule.warmup_epochs": 2.0}
    tried = recipe_of(recipe, spec, Point(values={"schedule.warmup_epochs": 1.25}))
    assert tried.schedule.options == {"warmup_epochs": 1.25}
    assert (tried.epochs, tried.optimizer) == (recipe.epochs, recipe.optimizer)


def test_the_rates_of_head_and_backbone_are_searched_too(load_text: Load) -> None:
    rates = "lr: 0.1}\n  rates: {backbone: 0.1}"
    text = searching("{name: coordinate, axes: [lr, head, backbone]}").replace("lr: 0.1}", rates)
    study = load_text(text)
    spec, recipe = spec_of(study), study.cells[0].recipe
    start = start_of(create(spec), spec, recipe)
    assert start == {"optimizer.lr": 0.1, "rates.head": 1.0, "rates.backbone": 0.1}
    tried = recipe_of(recipe, spec, Point(values={"rates.head": 4.0, "rates.backbone": 0.5}))
    assert tried == replace(recipe, head_lr_factor=4.0, backbone_lr_factor=0.5)
    with pytest.raises(BadInput, match=r"9:56: start\.head: expected number > 0, got 0"):
        load_text(searching("{name: coordinate, axes: [head], start: {head: 0}}"))


def test_a_frozen_backbone_has_no_rate_to_search(load_text: Load) -> None:
    text = searching("{name: coordinate, axes: [backbone]}").replace(
        "lr: 0.1}", "lr: 0.1}\n  freeze: backbone"
    )
    with pytest.raises(BadInput, match=r"10:35: coordinate\.axes: no option 'backbone' in"):
        load_text(text)


def test_every_fault_of_a_search_is_told_at_once_and_of_each_variant_once(load_text: Load) -> None:
    text = searching("{name: coordinate, axes: [lr, momentum], start: {lr: -1, beta: 2}}")
    with pytest.raises(BadInput) as caught:
        load_text(text)
    assert [line for line in caught.value.message.splitlines() if line.startswith("s.yaml")] == [
        "s.yaml:9:62: start.lr: expected number > 0, got -1",
        "s.yaml:9:66: the start of 'beta', which coordinate does not change",
    ]


def test_a_variant_whose_recipe_cannot_be_searched_is_a_fault(load_text: Load) -> None:
    text = searching("{name: coordinate, axes: [lr, 1-momentum]}").replace(
        "average: {pools: average}",
        "average: {pools: average, recipe: {optimizer: {name: adam, lr: 1}}}",
    )
    with pytest.raises(BadInput, match=r"9:39: coordinate.axes: no option 'momentum' in adam"):
        load_text(text)


def test_the_searches_of_the_built_in_suites_have_the_paper_s_sizes() -> None:
    from poolbench.app import suites
    from poolbench.app.study import CATALOGUES
    from poolbench.suite.load import load

    def options(name: str) -> SearchSpec:
        path: Path = suites.find(name)
        study = load(path, catalogues=CATALOGUES, fingerprint=lambda source: source.name)
        return spec_of(study)

    sizes = {
        "imagewoof128": ((200, 100, 100), 10),
        "imagenette128": ((100, 100, 100), 10),
        "imagewoof256": ((40, 50, 50), 5),
        "imagenette256": ((40, 50, 50), 5),
    }
    for name, (rounds, top) in sizes.items():
        spec = options(f"lae/search-mxresnet50-{name}")
        assert (spec.options["rounds"], spec.options["top"]) == (rounds, top)
        assert (spec.options["geometric_means"], spec.options["folds"]) == ((5, 10), 5)
        assert (spec.epochs, spec.holdout) == (6, 0.2)
    for name in ("cifar10", "cifar100"):
        spec = options(f"lae/search-wrn-{name}")
        assert (spec.options["factor"], spec.options["folds"], spec.epochs) == (1.6, 5, 60)


def test_what_a_search_holds_out_is_said_in_one_place(load_text: Load) -> None:
    text = searching(f"{{name: coordinate, {START}}}")
    text = text.replace("data: digits", "data: {name: digits, validation: 0.1}")
    with pytest.raises(BadInput, match=r"validation: 0\.1, where a search holds out") as caught:
        load_text(text)
    assert "search: {holdout" in caught.value.message
