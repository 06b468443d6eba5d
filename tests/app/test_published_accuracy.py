"""Accuracies that a source prints, beside contraction and beside accuracies of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poolbench.app.experiment import load_experiment
from poolbench.app.study import load_study
from poolbench.app.suites import find
from poolbench.core.errors import BadInput
from tests.conftest import Done

Program = Callable[..., Done]

TRAINING = """\
schema: 1
data: {name: digits}
model: {name: shallow-cnn, channels: 4}
recipe: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.05}}
seeds: 2
variants:
  narrow: {pools: {head: average}}
  wide: {model: {channels: 8}, pools: {head: average}}
"""
PREDICTION = """\
schema: 1
source: {paper: A paper, section: 5}
contraction:
  accuracy_of: ./training.yaml
  model: [{name: shallow-cnn, channels: 4}, {name: shallow-cnn, channels: 8}]
  data: digits
  pools: [average, max]
  published_accuracy: {"shallow-cnn(channels=4)": 90, "shallow-cnn(channels=8)": 92.5}
  pairs: 20
  seeds: 2
"""


def tables(done: Done) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.out)["tables"]
    return found


def test_what_a_source_prints_stands_beside_contraction_before_anything_is_trained(
    poolbench: Program, tmp_path: Path
) -> None:
    (tmp_path / "training.yaml").write_text(TRAINING)
    (tmp_path / "prediction.yaml").write_text(PREDICTION)
    call = ("contraction", "prediction.yaml", "-q", "--format", "json", "--figures", "figs")
    done = poolbench(*call)
    assert done.code == 0, done.err
    beside, printed = tables(done)
    rows = {row["operator"]: row for row in beside["rows"]}
    narrow, wide = (f"shallow-cnn(channels={n}) · average" for n in (4, 8))
    assert list(rows)[:2] == [wide, narrow]
    assert (rows[narrow]["published"], rows[wide]["published"]) == (0.9, 0.925)
    # The source's networks end with average pooling: nothing is printed of max.
    assert {rows[f"shallow-cnn(channels={n}) · max"]["published"] for n in (4, 8)} == {None}
    assert rows[narrow]["accuracy_mean"] is None
    assert any("train them: poolbench train training.yaml" in note for note in beside["notes"])
    assert any("published: paper A paper, section 5" in note for note in beside["notes"])
    assert "published accuracies" in printed["title"]
    assert [row["operators"] for row in printed["rows"]] == [2, 2, 2]
    assert {path.stem for path in Path("figs").glob("*.png")} == {"prediction-published-accuracy"}

    trained = poolbench("train", "training.yaml", "--engine", "inline", "-q", "--format", "json")
    reached = {row["variant"]: row["accuracy_mean"] for row in tables(trained)[0]["rows"]}
    beside, ours, printed = tables(poolbench(*call))
    rows = {row["operator"]: row for row in beside["rows"]}
    for name, variant, published in ((narrow, "narrow", 0.9), (wide, "wide", 0.925)):
        assert rows[name]["accuracy_mean"] == reached[variant]
        assert rows[name]["difference_from_published"] == pytest.approx(
            reached[variant] - published
        )
    assert not any("train them" in note for note in beside["notes"])
    assert not any("reduced" in note for note in beside["notes"])
    assert ("published accuracies" in ours["title"], len(printed["rows"])) == (False, 3)


def test_what_was_trained_on_less_has_no_difference_from_what_is_published(
    poolbench: Program, tmp_path: Path
) -> None:
    (tmp_path / "training.yaml").write_text(TRAINING.replace("digits}", "digits, limit: 100}"))
    (tmp_path / "prediction.yaml").write_text(PREDICTION)
    assert poolbench("train", "training.yaml", "--engine", "inline", "-q").code == 0
    call = ("contraction", "prediction.yaml", "-q")
    beside = tables(poolbench(*call, "--format", "json"))[0]
    rows = [row for row in beside["rows"] if row["published"] is not None]
    assert all(row["accuracy_mean"] > 0 for row in rows)
    assert [row["difference_from_published"] for row in rows] == [None, None]
    assert "trained on at most 100 images of each split" in beside["notes"]
    assert poolbench(*call, "--format", "markdown").out.count("| not comparable |") == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{shallow-cnm: 90}", "published accuracy of unknown network 'shallow-cnm'"),
        ("{shallow-cnn: 101}", "expected an accuracy in per cent, got 101"),
        ("{shallow-cnn: high}", "expected an accuracy in per cent, got 'high'"),
    ],
)
def test_an_accuracy_that_cannot_be_is_told_where(given: str, message: str, tmp_path: Path) -> None:
    section = (
        f"{{model: shallow-cnn, data: digits, pools: max, seeds: 1, published_accuracy: {given}}}"
    )
    path = tmp_path / "suite.yaml"
    path.write_text(f"schema: 1\ncontraction: {section}\n")
    with pytest.raises(BadInput) as refused:
        load_experiment("contraction", str(path))
    assert message in refused.value.message
    assert "suite.yaml:2:" in refused.value.message


def test_the_deep_networks_of_section_5_are_those_that_are_trained() -> None:
    settings = load_experiment("contraction", "contraction/prediction-deep").settings
    assert settings.published_accuracy == pytest.approx(
        {"dla": 0.964, "densenet": 0.958, "resnet50": 0.952, "resnet32": 0.935}
    )
    path = find("contraction/prediction-deep").parent / settings.accuracy_of
    study = load_study(path, profile="smoke", root=Path("nowhere"))
    (pool,) = settings.pools.values()
    trained = [cell.model.network for cell in study.cells]
    assert all(network in trained for network in settings.networks.values())
    assert len(trained) == len(settings.networks)
    assert all(cell.model.pools == {"head": pool} for cell in study.cells)
