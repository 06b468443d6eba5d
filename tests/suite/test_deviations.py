"""What a suite discloses: what of it is ours, or not as in its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.study import read_study
from tests.suite.conftest import Load
from tests.suite.small import SUITE


def test_deviations_are_kept_with_the_study(load_text: Load) -> None:
    study = load_text(f"{SUITE}deviations: [The batch size is ours., 'Crops: none.']\n")
    assert study.deviations == ("The batch size is ours.", "Crops: none.")
    assert read_study(json.dumps(study.to_json())) == study
    assert load_text().deviations == ()


def test_a_study_stored_before_has_none(load_text: Load) -> None:
    document = load_text().to_json()
    del document["deviations"]
    assert read_study(json.dumps(document)).deviations == ()


def test_what_a_base_discloses_stays_disclosed(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"{SUITE}deviations: [one]\n")
    more = "extends: ./base.yaml\ndeviations: [two]\nprofiles: {smoke: {deviations: [three]}}\n"
    assert load_text(more).deviations == ("one", "two")
    assert load_text(more, profile="smoke").deviations == ("one", "two", "three")
    assert load_text("extends: ./base.yaml\nseeds: 3\n").deviations == ("one",)


def test_null_drops_what_a_base_discloses(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"{SUITE}deviations: [one]\n")
    (tmp_path / "between.yaml").write_text("extends: ./base.yaml\ndeviations: null\n")
    assert load_text("extends: ./between.yaml\n").deviations == ()
    assert load_text("extends: ./between.yaml\ndeviations: [two]\n").deviations == ("two",)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("The batch size is ours.", "12:13: deviations: expected a list of sentences"),
        ("[one, 3]", "12:19: deviations: expected a list of sentences"),
        ("[one, '']", "12:19: deviations: expected a list of sentences"),
        ("['  ']", "12:14: deviations: expected a list of sentences"),
        (f"[{'x' * 301}]", "12:14: deviations: expected a list of sentences of at most 300 char"),
        ('["two\\nlines"]', "12:14: deviations: expected a list of sentences"),
        ("{one: two}", "12:13: deviations: expected a list of sentences"),
    ],
)
def test_a_deviation_is_a_sentence(given: str, where: str, load_text: Load) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(f"{SUITE}deviations: {given}\n")
    assert where in caught.value.message
