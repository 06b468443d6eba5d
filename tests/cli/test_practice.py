"""The whole way of a practitioner: pretrain on pictures, fine-tune what came of it, evaluate it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Done

SMALL = ["--profile", "smoke", "--set", "data.size_px=32", "--set", "data.augment=[]", "-j", 1]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a data root with the pictures of three classes: stripes of one colour."""
    for split, count in (("train", 8), ("test", 4)):
        for label in range(3):
            folder = tmp_path / "data" / "pictures" / split / f"colour{label}"
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.random.default_rng((label, number, count)).integers(0, 60, (40, 40, 3))
                pixels[..., label] += 150
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "data"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pretrain_then_fine_tune_then_evaluate(
    poolbench: Callable[..., Done], pictures: Path, tmp_path: Path
) -> None:
    where = ["--data-root", pictures]
    done = poolbench("train", "practice/pretrain-folder", *SMALL, *where, "--store", "first")
    assert done.code == 0, done.err
    (weights,) = (tmp_path / "first" / "runs").glob("*/model.safetensors")
    (pictures / "pretrained.safetensors").write_bytes(weights.read_bytes())

    only = ["--only", "own", "--only", "lae-stem"]
    done = poolbench("train", "practice/finetune-folder", *SMALL, *where, *only, "--format", "json")
    assert done.code == 0, done.err
    assert "from the weights pretrained.safetensors of torchvision/resnet18" in done.err
    assert "as the operator starts them: maxpool." in done.err
    assert "classifier" not in done.err  # three classes there as here: it starts trained
    assert {row["variant"] for row in json.loads(done.out)["tables"][0]["rows"]} == {
        "own", "lae-stem",
    }  # fmt: skip

    data = "{name: folder, path: pictures, size_px: 32}"
    model = ["--model", "torchvision/resnet18", "--data", data]
    done = poolbench(
        "evaluate", pictures / "pretrained.safetensors", *model, *where, "-j", 1,
        "--pools", "head=max", "--format", "json",
    )  # fmt: skip
    assert done.code == 0, done.err
    own, swapped = json.loads(done.out)["tables"][0]["rows"]
    result = json.loads((weights.parent / "result.json").read_text())["result"]
    assert own["correct"] == result["correct"]
    # At 32 px the head pools maps of one element, which every operator there leaves as it is.
    assert (swapped["gained"], swapped["lost"]) == (0, 0)
