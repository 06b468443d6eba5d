"""What is said of one's own pictures before hours of training, and where data are looked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from poolbench.app.suites import find
from poolbench.data.file_memory import memory_folder
from poolbench.data.official import MNIST
from tests.conftest import Done

Program = Callable[..., Done]

SUITE = """
schema: 1
title: mine
data: {name: folder, path: mine, size_px: 16}
model: {name: shallow-cnn, channels: 8}
recipe:
  epochs: 1
  batch_size: 4
  optimizer: {name: sgd, lr: 0.1}
  schedule: {name: constant}
seeds: 1
variants:
  average: {pools: {head: average}}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data root with pictures, beside a suite for them."""
    monkeypatch.delenv("POOLBENCH_DATA", raising=False)
    for split, count in (("train", 4), ("test", 2)):
        for name, shade in (("ant", 50), ("bee", 200)):
            (tmp_path / "mine" / split / name).mkdir(parents=True)
            for number in range(count):
                picture = Image.new("RGB", (20, 30), (shade, number, 0))
                picture.save(tmp_path / "mine" / split / name / f"{number}.png")
    (tmp_path / "mine" / "train" / "ant" / "animated.gif").touch()
    (tmp_path / "s.yaml").write_text(SUITE)
    return tmp_path


EXPECTED = [
    "Found of folder: 8 training and 4 test images of 2 classes.",
    "Classes of folder: ant, bee; 4 training and 2 test pictures each; sides of 20 to 30 px, in 12 "
    "looked at.",
    "Left out of folder: 1 .gif.",
    "Maps that shallow-cnn pools, on 3x16x16 images of folder: head 8x16x16.",
]


def notes(done: Done) -> list[str]:
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    listed: list[str] = table["notes"]
    return listed


def test_plan_and_train_say_the_same_of_the_pictures(poolbench: Program, root: Path) -> None:
    planned = notes(poolbench("plan", "s.yaml", "--data-root", root, "--format", "json"))
    at = planned.index(EXPECTED[0])
    assert planned[at : at + 4] == EXPECTED
    asked = ("s.yaml", "--data-root", root, "--engine", "inline", "--format", "csv")
    trained = poolbench("train", *asked)
    assert trained.err.splitlines()[:4] == EXPECTED
    again = poolbench("train", *asked)  # nothing is trained, so no network is built
    assert again.err.splitlines()[:3] == EXPECTED[:3]
    assert "Maps" not in again.err
    quiet = poolbench("train", *asked, "-q")
    assert "folder:" not in quiet.err


def test_maps_of_one_element_are_pointed_out(poolbench: Program, root: Path) -> None:
    changes = ("--set", "model=resnet32", "--set", "data.size_px=4")
    said = notes(poolbench("plan", "s.yaml", "--data-root", root, *changes, "--format", "json"))
    assert (
        "At head of resnet32 each map is one element, so there is nothing to pool: larger images "
        "have larger maps." in said
    )


def test_a_network_that_cannot_be_built_is_named_and_keeps_the_plan(
    poolbench: Program, root: Path
) -> None:
    changed = "model={name: shallow-cnn, kernel_size: 33, padding: 0}"
    asked = ("s.yaml", "--data-root", root, "--set", changed, "--format", "json")
    said = notes(poolbench("plan", *asked))
    assert any(note.startswith("shallow-cnn cannot be built for folder: ") for note in said)


def test_the_split_of_a_folder_without_test_pictures_is_said(
    poolbench: Program, root: Path
) -> None:
    shutil.rmtree(root / "mine" / "test")
    asked = ("plan", "s.yaml", "--data-root", root, "--format", "json")
    refused = poolbench(*asked)
    assert refused.code == 6
    assert "data: {split: 0.2}" in refused.err
    said = notes(poolbench(*asked, "--set", "data.split=0.5"))
    (found,) = (note for note in said if note.startswith("Found of"))
    training, test = [int(word) for word in found.split() if word.isdigit()][:2]
    assert (training + test, min(training, test) >= 2) == (8, True)


def test_doctor_list_and_train_look_in_the_same_place(
    poolbench: Program, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another cache folder altogether would have the pooling kernels built again.
    monkeypatch.setattr("poolbench.data.official.cache_folder", lambda: root / "cache")
    monkeypatch.setattr("poolbench.app.doctor.examine_machine", lambda: ())
    monkeypatch.setattr("poolbench.app.suites.names", lambda: ["maxpool/lenet-mnist"])

    def where() -> tuple[str, bool, bool]:
        (table,) = json.loads(poolbench("doctor", "--format", "json").out)["tables"]
        (row,) = (row for row in table["rows"] if row["what"] == "data root")
        (index,) = json.loads(poolbench("list", "suites", "--format", "json").out)["tables"]
        (lenet,) = index["rows"]
        planned = poolbench("plan", find("maxpool/lenet-mnist"))
        return row["found"], "missing" in str(lenet), planned.code == 0

    found, is_missing, _ = where()
    assert found.endswith(f"{root}/cache/datasets: no known data set")
    assert is_missing
    for name in MNIST.md5:  # found by their names; what is in them is not read yet
        path = root / "cache" / "datasets" / MNIST.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found, is_missing, is_planned = where()
    assert found.endswith(f"{root}/cache/datasets: mnist")
    assert (is_missing, is_planned) == (False, True)


def test_doctor_says_which_hashes_are_trusted(
    poolbench: Program, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("plan", "s.yaml", "--data-root", root)
    assert poolbench(*asked).code == 0
    monkeypatch.setattr("poolbench.app.doctor.examine_machine", lambda: ())
    (table,) = json.loads(poolbench("doctor", "--format", "json").out)["tables"]
    (row,) = (row for row in table["rows"] if row["what"] == "pictures")
    for word in ("path", "size", "modification", "change", "inode", str(memory_folder())):
        assert word in row["found"]


def test_a_long_first_look_says_how_far_it_is(
    root: Path, poolbench: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolbench.data.pictures.progress._EVERY_S", 0.0)
    assert "looking at pictures" not in poolbench("plan", "s.yaml", "--data-root", root).err
    monkeypatch.setattr("poolbench.app.first_look._EVERY_S", 0.0)
    done = poolbench("plan", "s.yaml", "--data-root", root)
    assert "looking at pictures: 12 of 12, " in done.err
    assert "looking at" not in done.out
