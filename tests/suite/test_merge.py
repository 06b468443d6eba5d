"""What is laid over what: extends, profiles, overrides, variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from tests.suite.small import SUITE


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)


def test_a_suite_that_extends_another_changes_only_what_it_says(load_text, tmp_path) -> None:
    _write(tmp_path, base=SUITE)
    study = load_text("extends: ./base.yaml\nrecipe: {epochs: 7}\nseeds: [5]\n")
    original = load_text(SUITE)
    assert study.variants == original.variants
    assert study.seeds == (5,)
    assert {cell.recipe.epochs for cell in study.cells} == {7}
    assert {cell.recipe.batch_size for cell in study.cells} == {32}


def test_a_path_that_is_extended_is_relative_to_the_file_that_says_so(load_text, tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    _write(tmp_path / "deep", middle="extends: ../base.yaml\nseeds: 4\n")
    _write(tmp_path, base=SUITE)
    assert len(load_text("extends: deep/middle.yaml").seeds) == 4


def test_a_fault_in_a_base_is_told_at_its_place_in_the_base(load_text, tmp_path) -> None:
    _write(tmp_path, base=SUITE.replace("lr: 0.1", "lr: nothing"))
    with pytest.raises(BadInput) as caught:
        load_text("extends: ./base.yaml\nseeds: none\n")
    headlines = [line for line in caught.value.message.splitlines() if ".yaml:" in line]
    assert headlines == [
        "base.yaml:7:30: sgd.lr: expected number > 0, got 'nothing'",
        "s.yaml:2:8: seeds: expected whole number >= 1, got 'none'",
    ]


def test_files_that_extend_one_another_in_a_circle_are_refused(load_text, tmp_path) -> None:
    _write(tmp_path, base="extends: ./s.yaml\n")
    with pytest.raises(BadInput, match=r"base.yaml:1:10: s.yaml extends itself"):
        load_text("extends: ./base.yaml\n")


def test_five_files_may_be_extended_and_six_may_not(load_text, tmp_path) -> None:
    _write(tmp_path, b5=SUITE, **{f"b{n}": f"extends: ./b{n + 1}.yaml" for n in range(5)})
    assert load_text("extends: ./b1.yaml").cells == load_text(SUITE).cells
    with pytest.raises(BadInput, match=r"b4.yaml:1:10: more than 5 files extend one another"):
        load_text("extends: ./b0.yaml")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[./a.yaml]", "s.yaml:1:10: extends: expected a path relative to this file"),
        ("/etc/hostname", "s.yaml:1:10: extends: expected a path relative to this file"),
        ("./absent.yaml", "s.yaml:1:10: there is no file absent.yaml"),
        (".", "s.yaml:1:10: . is a directory"),
        ('"a\\0b"', "s.yaml:1:10: "),
    ],
)
def test_only_a_file_beside_the_suite_can_be_extended(load_text, value: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        load_text(f"extends: {value}\n")


PROFILES = "profiles:\n  smoke: {seeds: 1, recipe: {epochs: 1}, data: {limit: 9}}\n"


def test_a_profile_is_laid_over_the_suite_only_when_it_is_asked_for(load_text) -> None:
    smoke = load_text(SUITE + PROFILES, profile="smoke")
    assert smoke.profile == "smoke"
    assert smoke.seeds == (0,)
    assert {(cell.recipe.epochs, cell.data.limit) for cell in smoke.cells} == {(1, 9)}
    assert load_text(SUITE + PROFILES).cells == load_text(SUITE).cells


def test_an_unknown_profile_lists_those_there_are(load_text) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(SUITE + PROFILES, profile="smok")
    assert caught.value.message == "s.yaml has no profile 'smok'"
    assert caught.value.hint == "did you mean 'smoke'? known: smoke"
    with pytest.raises(BadInput) as caught:
        load_text(SUITE, profile="smoke")
    assert caught.value.hint == "it has no profiles"


def test_overrides_win_over_the_profile_and_the_last_one_wins(load_text) -> None:
    study = load_text(
        SUITE + PROFILES,
        profile="smoke",
        overrides=["recipe.epochs=3", "seeds=[0,1]", "recipe.epochs=4", "data={fold: 2}"],
        limit=5,
    )
    assert study.seeds == (0, 1)
    cell = study.cells[0]
    assert (cell.recipe.epochs, cell.data.limit, cell.data.fold) == (4, 5, 2)


def test_an_override_is_read_by_the_rules_of_the_file(load_text) -> None:
    study = load_text(overrides=["recipe.optimizer.lr=1e-3", "recipe.optimizer.momentum=1/2"])
    assert study.cells[0].recipe.optimizer.options == {
        "lr": 0.001,
        "momentum": 0.5,
        "weight_decay": 0.0,
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("recipe.epochs=ten", "recipe.epochs: expected whole number >= 1, got 'ten'"),
        ("recipe.epoch=1", "unknown key 'epoch' in recipe"),
        ("model=wnr", "unknown model 'wnr'"),
        ("recipe.epochs", "expected KEY.KEY=VALUE"),
        ("recipe.\udcff=1", "text with the character U+DCFF"),
        ("recipe..epochs=1", "expected KEY.KEY=VALUE"),
        ("recipe.epochs=", "the value is missing"),
        ("extends=./x.yaml", "extends cannot be set here"),
        ("profiles.smoke.seeds=1", "profiles cannot be set here"),
        ("seeds=[1", "not valid YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_a_fault_in_an_override_names_the_override(load_text, override: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(overrides=[override])
    assert caught.value.message.splitlines()[0] == f"--set {override}: {message}"


def test_a_limit_that_cannot_be_is_told_as_it_was_typed(load_text) -> None:
    with pytest.raises(BadInput, match=r"--limit 0: digits.limit: expected whole number >= 1"):
        load_text(limit=0)


def test_options_given_without_a_name_are_laid_on_the_name_that_is_there(load_text) -> None:
    study = load_text(overrides=["model.depth=28", "data.size_px=16", "recipe.optimizer.lr=1"])
    cell = study.cells[0]
    assert cell.model.network.options["depth"] == 28
    assert cell.data.source == Named(name="digits", options={"size_px": 16}, revision=3)
    assert cell.recipe.optimizer.options["lr"] == 1.0


def test_options_for_data_are_laid_on_each_data_set_of_a_list(load_text) -> None:
    text = SUITE.replace("data: digits", "data: [digits, {name: cifar10, limit: 3, fold: 1}]")
    study = load_text(text, limit=7)
    assert study.datasets == ("digits", "cifar10")
    assert {(cell.data.source.name, cell.data.limit, cell.data.fold) for cell in study.cells} == {
        ("digits", 7, 0),
        ("cifar10", 7, 1),
    }


def test_another_name_leaves_nothing_of_the_options_of_the_old_one(load_text) -> None:
    text = SUITE.replace("lr: 0.1", "lr: 0.1, momentum: 0.9")
    text += "  adam: {recipe: {optimizer: {name: adam, lr: 0.01}}}\n"
    optimizers = {cell.variant: cell.recipe.optimizer for cell in load_text(text).cells}
    assert optimizers["adam"] == Named(name="adam", options={"lr": 0.01, "betas": (0.9, 0.999)})
    assert optimizers["average"].options["momentum"] == 0.9


def test_a_base_may_give_options_before_the_name_is_known(load_text, tmp_path) -> None:
    _write(tmp_path, base=SUITE.replace("data: digits", "data: {limit: 4}"))
    study = load_text("extends: ./base.yaml\ndata: {name: cifar10}\n")
    assert (study.cells[0].data.source.name, study.cells[0].data.limit) == ("cifar10", 4)


def test_one_operator_for_all_sites_replaces_operators_by_site(load_text) -> None:
    study = load_text(overrides=["variants.smooth.pools={name: lse}"])
    assert study.cells[-1].model.pools["head"].name == "lse"


def test_keys_that_start_with_x_hold_anchors_and_mean_nothing(load_text) -> None:
    text = SUITE.replace("{name: lae, temperature: 4}", "*smooth")
    anchored = "x-smooth: &smooth {name: lae, temperature: 4}\n" + text
    assert load_text(anchored).cells == load_text(SUITE).cells


def test_a_profile_that_is_no_mapping_is_the_only_fault_of_a_sound_suite(load_text) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(SUITE + "profiles: {smoke: }\n", profile="smoke")
    assert "profiles.smoke: expected a mapping, got nothing" in caught.value.message
    assert "missing" not in caught.value.message
