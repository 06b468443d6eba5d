"""Suites that are not in a file: text and mappings."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import poolbench as pb
from poolbench.app.suites import command
from poolbench.core.errors import BadInput
from tests.conftest import TINY


def tiny(**changes: Any) -> dict[str, Any]:
    """Return the tiny suite as a dict, with other values for some of its keys."""
    return {**yaml.safe_load(TINY), **changes}


def refusal(suite: Any) -> str:
    with pytest.raises(BadInput) as caught:
        pb.load_suite(suite)
    return caught.value.message


def test_a_dict_and_text_are_the_suite_that_a_file_with_the_same_content_is(
    tiny: Path,
) -> None:
    of_file = pb.load_suite(tiny)
    for given in (str(tiny), TINY, yaml.safe_load(TINY)):
        study = pb.load_suite(given)
        assert study.cells == of_file.cells
        assert (study.id, study.title) == (of_file.id, "Tiny")


def test_values_of_numpy_and_tuples_are_plain_ones() -> None:
    plain = pb.load_suite(tiny(seeds=[3, 4]))
    given = {"name": "sgd", "lr": np.float64(0.05), "momentum": 0.9}
    recipe = {"epochs": np.int64(3), "batch_size": 50, "optimizer": given}
    for seeds in ((3, 4), np.array([3, 4]), range(3, 5)):
        assert pb.load_suite(tiny(seeds=seeds, recipe=recipe)).cells == plain.cells


def test_a_fault_of_a_dict_is_at_its_keys() -> None:
    suite = tiny(variants={"average": {"pools": "avrage"}, "a.b": {"pools": ["max"]}}, baseline="b")
    suite["recipe"]["epoch"] = 3
    told = refusal(suite)
    assert "suite['variants']['average']['pools']: unknown operator 'avrage'" in told
    assert "suite['recipe']['epoch']: unknown key 'epoch'" in told
    assert "suite['variants']['a.b']['pools']: " in told
    # In the order of the suite, whichever section is checked first.
    found = [told.index(f"suite['{key}']") for key in ("recipe", "baseline", "variants")]
    assert found == sorted(found)


@pytest.mark.parametrize(
    "lr", [math.nan, math.inf, 10**5000, 10**18, "0.05", {1, 2}, b"1", 1j],
    ids=["nan", "inf", "huge", "long", "text", "set", "bytes", "complex"],
)  # fmt: skip
def test_what_no_suite_file_can_say_is_refused_at_its_keys(lr: object) -> None:
    told = refusal(
        tiny(recipe={"epochs": 3, "batch_size": 50, "optimizer": {"name": "sgd", "lr": lr}})
    )
    assert "suite['recipe']['optimizer']['lr']: " in told


def test_keys_are_text_without_control_characters() -> None:
    assert "suite['variants']: a key must be text, got 1" in refusal(tiny(variants={1: {}}))
    assert "U+001B" in refusal(tiny(variants={"\x1b[31m": {"pools": "max"}}))
    assert "U+001B" in refusal(tiny(title="\x1b[31m"))


def test_a_dict_within_itself_is_refused() -> None:
    suite = tiny()
    suite["data"] = suite
    assert "nested more than" in refusal(suite)
    assert "more than 20,000 values" in refusal(tiny(seeds=list(range(20_001))))


def test_a_fault_of_text_is_at_its_line_and_column() -> None:
    told = refusal(TINY.replace("pools: average", "pools: avrage"))
    assert "suite:12:20: unknown operator 'avrage'" in told
    assert "  average: {pools: avrage}" in told


def test_extends_is_relative_to_the_current_folder(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    of_file = pb.load_suite(tiny)
    extended = pb.load_suite({"schema": 1, "extends": "tiny.yaml", "seeds": 1})
    assert extended.cells == tuple(cell for cell in of_file.cells if cell.seed == 0)
    assert "suite['extends']: there is no file" in refusal({"schema": 1, "extends": "no.yaml"})


def test_options_are_laid_over_a_dict() -> None:
    suite = tiny(profiles={"short": {"recipe": {"epochs": 1}}})
    study = pb.load_suite(suite, profile="short", overrides=["seeds=5"], only=["lae@4"], limit=100)
    (cell,) = study.cells
    assert (cell.recipe.epochs, cell.seed, cell.variant) == (1, 4, "lae")
    with pytest.raises(BadInput, match="the suite has no profile 'shrt'"):
        pb.load_suite(suite, profile="shrt")


def test_only_text_with_a_line_end_is_yaml(tmp_path: Path) -> None:
    assert "there is no suite 'smoek'" in refusal("smoek")
    assert "there is no file" in refusal(tmp_path / "no.yaml")
    assert "a suite cannot be 3" in refusal(3)
    assert pb.load_suite("smoke").cells


def test_what_to_do_next_with_a_suite_without_a_file_names_no_file() -> None:
    study = pb.load_suite(tiny())
    assert study.origin == ""
    assert command("train", study) == "pb.train(suite)"
    assert command("report", study, Path("kept")) == "pb.report(suite, store='kept')"
    assert command("tune", study) == "poolbench tune FILE, with the suite in FILE"
