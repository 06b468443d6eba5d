"""Suites that train nothing: one section in place of data, model, recipe, variants and seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.experiment import KINDS, Experiment
from poolbench.suite.document import Override
from poolbench.suite.experiment import READERS, load_experiment
from tests.suite.small import CATALOGUES, SUITE

SECTION = """\
schema: 1
title: Angles
source: {figure: 2}
contraction:
  model: wrn
  data: [digits, {name: cifar10, centred: false}, {name: cifar10, shift: 0.5}]
  pools: [average, {name: lae, temperature: 4}]
  pairs: 20
  seeds: 2
profiles:
  smoke: {contraction: {pairs: 4}}
"""

Load = Callable[..., Experiment[Any]]


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a suite to ``s.yaml`` in an empty folder and load it from there."""
    monkeypatch.chdir(tmp_path)

    def load(text: str = SECTION, **options: Any) -> Experiment[Any]:
        Path("s.yaml").write_text(text)
        return load_experiment(Path("s.yaml"), "contraction", catalogues=CATALOGUES, **options)

    return load


def test_every_kind_has_a_reader() -> None:
    assert set(READERS) == set(KINDS)


def test_a_section_is_spelled_out_and_labelled_by_what_is_not_default(load_text: Load) -> None:
    made = load_text()
    assert (made.title, made.origin, made.source) == ("Angles", "s.yaml", {"figure": 2})
    settings = made.settings
    assert settings.networks["wrn"].options == {"depth": 16, "width": 4, "se": False}
    assert [(each.label, each.is_centred, each.shift) for each in settings.data] == [
        ("digits", True, 0.0),
        ("cifar10(not centred)", False, 0.0),
        ("cifar10(+0.5)", True, 0.5),
    ]
    assert list(settings.pools) == ["average", "lae(temperature=4)"]
    assert settings.pools["lae(temperature=4)"].options["learn"] == "none"
    assert (settings.pairs, settings.seeds, settings.sweep) == (20, (0, 1), None)


def test_profiles_and_overrides_are_laid_over_it_in_that_order(load_text: Load) -> None:
    assert load_text(profile="smoke").settings.pairs == 4
    over = Override(typed="--set contraction.pairs=9", text="contraction.pairs=9")
    assert load_text(profile="smoke", overrides=[over]).settings.pairs == 9


def test_a_file_extends_another_of_its_kind(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(SECTION)
    made = load_text("extends: ./base.yaml\ncontraction: {model: {name: wrn, depth: 22}}\n")
    assert made.settings.networks["wrn(depth=22)"].options["depth"] == 22
    assert made.settings.pairs == 20


def test_the_command_line_alone_makes_one() -> None:
    given = {"model": "wrn", "data": "digits", "pools": "[max]", "seeds": "[7]"}
    overrides = [
        Override(typed=f"--{k} {v}", text=f"contraction.{k}={v}") for k, v in given.items()
    ]
    made = load_experiment(None, "contraction", catalogues=CATALOGUES, overrides=overrides)
    assert list(made.settings.pools) == ["max"]
    assert (made.settings.seeds, made.settings.pairs, made.origin) == ((7,), 300, "")
    with pytest.raises(BadInput, match=r"command line: contraction.pools is missing"):
        load_experiment(
            None, "contraction", catalogues=CATALOGUES, overrides=[*overrides[:2], overrides[3]]
        )
    wrong = Override(typed="--pool maxx", text="contraction.pools=[maxx]")
    with pytest.raises(BadInput, match=r"--pool maxx: unknown operator 'maxx'"):
        load_experiment(
            None, "contraction", catalogues=CATALOGUES, overrides=[*overrides[:2], wrong]
        )


SWEEP = "sweep: {over: image_size, values: [8, 16, 32]}"
FAULTS = [
    ("model: wrn", "model: lenet", "5:10: lenet has no head that pools whole maps"),
    ("model: wrn", "model: [wrn, wnr]", "5:16: unknown model 'wnr'"),
    ("pools: [average,", "pools: [conv,", "7:11: operator 'conv' cannot pool whole maps"),
    ("pools: [average,", "pools: [average, average,", "7:20: 'average' is given twice"),
    ("pairs: 20", "pairz: 20", "8:3: unknown key 'pairz' in contraction"),
    ("shift: 0.5", "shfit: 0.5", "6:67: unknown key 'shfit' in cifar10"),
    (
        "shift: 0.5",
        "shift: 1, published: {averag: 0.1}",
        "6:89: published similarity of unknown 'averag'",
    ),
    (
        "shift: 0.5",
        "shift: 1, published: {average: 2}",
        "6:98: published: expected a cosine similarity in [-1, 1], got 2",
    ),
    (
        "pairs: 20",
        "pairs: 1",
        "8:10: contraction.pairs: expected whole number from 2 to 30000, got 1",
    ),
    ("seeds: 2", "seeds: 0", "9:10: seeds: expected whole number >= 1, got 0"),
    ("source: {figure: 2}", "recipe: {epochs: 1}", "3:1: unknown key 'recipe' in the suite"),
    (
        "smoke: {contraction:",
        "smoke: {contracton:",
        "11:11: unknown key 'contracton' in profiles.smoke",
    ),
    (
        "seeds: 2",
        f"seeds: 2\n  {SWEEP}",
        "6:25: cifar10 has no option 'size_px' for the sweep to vary",
    ),
    (
        "seeds: 2",
        "seeds: 2\n  sweep: {over: pool_size, values: [8, 32, 16]}",
        "5:10: wrn has no option 'group_size' for the sweep to vary",
    ),
    (
        "data: [digits, {name: cifar10, centred: false}, {name: cifar10, shift: 0.5}]",
        "data: digits\n  sweep: {over: image_size, values: [4, 16, 32]}",
        "7:38: digits.size_px: expected whole number >= 8, got 4",
    ),
]


@pytest.mark.parametrize(("line", "by", "fault"), FAULTS)
def test_a_fault_is_told_at_its_place(load_text: Load, line: str, by: str, fault: str) -> None:
    assert line in SECTION
    with pytest.raises(BadInput) as caught:
        load_text(SECTION.replace(line, by))
    told = [text for text in caught.value.message.splitlines() if text.startswith("s.yaml:")]
    assert f"s.yaml:{fault}" in told


def test_all_faults_of_a_section_are_told_at_once(load_text: Load) -> None:
    text = SECTION.replace("wrn", "wnr").replace("pairs: 20", "pairs: no").replace("lae", "lea")
    with pytest.raises(BadInput) as caught:
        load_text(text)
    lines = [text for text in caught.value.message.splitlines() if text.startswith("s.yaml:")]
    assert [line.split(":")[1] for line in lines] == ["5", "7", "8"]


def test_a_suite_to_train_names_the_command_for_it(load_text: Load) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(SUITE)
    assert caught.value.message == "s.yaml is a suite of networks to train"
    assert caught.value.hint == "run: poolbench train s.yaml"


def test_an_experiment_is_not_trained_and_names_its_command(load_text: Load) -> None:
    from poolbench.suite.load import load

    load_text()
    with pytest.raises(BadInput) as caught:
        load(Path("s.yaml"), catalogues=CATALOGUES, fingerprint=str)
    assert caught.value.hint == "run: poolbench contraction s.yaml"
