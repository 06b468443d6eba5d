"""Weights for data whose number of classes is known only once they are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import Done

Program = Callable[..., Done]
PLUGIN = """\
import numpy as np
from poolbench.core.catalogue import DataEntry
from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays


def read(*, root, download):
    images = np.full((42, 8, 8, 1), 7, np.uint8)
    images[::2, 2:5] = 200
    labels = np.arange(42) % 7
    return Arrays(train_images=images, train_labels=labels, test_images=images,
                  test_labels=labels, classes=tuple("abcdefg"))


DATASETS.add("blobs", DataEntry(target=f"{__name__}:read", summary="blobs", shape=(1, 8, 8)))
"""
SUITE = """\
schema: 1
title: Tuning
data: blobs
model: {name: wrn, depth: 8, width: 1, weights: {file: seven.pt, normalise: data}}
recipe: {epochs: 1, batch_size: 21, optimizer: {name: sgd, lr: 0.1}}
seeds: 1
variants: {average: {pools: average}}
"""
EVALUATE = ["--model", "{name: wrn, depth: 8, width: 1}", "--data", "blobs", "--normalise", "data",
            "--pools", "head=max", "--plugin", "blobs.py", "-j", 1]  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a plug-in with data of seven classes, and weights for seven and for ten of them."""
    import poolbench as pb

    monkeypatch.delenv("POOLBENCH_DATA", raising=False)  # the suite's paths are relative
    (tmp_path / "blobs.py").write_text(PLUGIN)
    (tmp_path / "tuning.yaml").write_text(SUITE)
    for name, classes in (("seven", 7), ("ten", 10)):
        body = pb.model("wrn", num_classes=classes, depth=8, width=1, in_channels=1, image_size=8)
        torch.save(body.state_dict(), tmp_path / f"{name}.pt")


def test_a_checkpoint_is_evaluated_whatever_its_number_of_classes(poolbench: Program) -> None:
    done = poolbench("evaluate", "seven.pt", *EVALUATE, "--format", "json")
    assert done.code == 0, done.err
    assert [row["total"] for row in json.loads(done.out)["tables"][0]["rows"]] == [42, 42]


def test_one_of_another_number_of_classes_fails_once_the_data_are_read(poolbench: Program) -> None:
    done = poolbench("evaluate", "ten.pt", *EVALUATE)
    assert done.code == 3
    assert "the classifier of the weights has 10 classes, the data have 7" in done.err


def test_plan_says_what_is_not_known(poolbench: Program) -> None:
    done = poolbench("plan", "tuning.yaml", "--plugin", "blobs.py")
    assert done.code == 0, done.err
    told = " ".join(done.out.split())
    assert "The classifier starts from seven.pt if the data have 7 classes, and random" in told
    assert "starts random" not in told
