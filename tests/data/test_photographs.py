"""A network learns from real photographs in class folders."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch

import poolbench as pb
from poolbench.core.cell import DataSpec, Recipe
from poolbench.core.named import Named
from poolbench.data import AUGMENTATIONS
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batches, evaluation_batches
from poolbench.data.fingerprint import fingerprint
from poolbench.data.load import load
from poolbench.training import OPTIMIZERS
from poolbench.training.evaluate import evaluate
from poolbench.training.loop import Training

CPU = torch.device("cpu")
CLASSES = ("n01440764", "n02979186", "n03888257")  # tench, cassette player, parachute


@pytest.fixture
def few(published: Path, tmp_path: Path) -> Path:
    """Folder of three classes of Imagenette, 120 + 40 photographs of each."""
    whole = published / "imagenette224"
    if not whole.is_dir():
        pytest.skip("POOLBENCH_DATA holds no imagenette224")
    for split, count in (("train", 120), ("val", 40)):
        for name in CLASSES:
            chosen = tmp_path / "few" / split / name
            chosen.mkdir(parents=True)
            for photograph in islice(sorted((whole / split / name).iterdir()), count):
                (chosen / photograph.name).symlink_to(photograph)
    return tmp_path


def test_a_network_learns_photographs_with_ranger_and_random_resized_crops(few: Path) -> None:
    source = Named(name="folder", options={"path": "few", "size_px": 32}, revision=3)
    spec = DataSpec(source=source, checksum=fingerprint(source, few))
    splits = load(spec, root=few, download=False, device=CPU)
    assert (len(splits.train), len(splits.test), splits.classes) == (360, 120, CLASSES)
    crop = {
        key: option.default for key, option in AUGMENTATIONS["random-resized-crop"].options.items()
    }
    augment = (Named(name="random-resized-crop", options=crop), Named(name="flip", options={}))
    ranger = {key: option.default for key, option in OPTIMIZERS["ranger"].options.items()}
    recipe = Recipe(
        epochs=4,
        batch_size=32,
        optimizer=Named(name="ranger", options={**ranger, "lr": 0.02, "weight_decay": 0.02}),
        schedule=Named(name="piecewise", options={"epochs_at": (0, 3, 4), "factors": (1, 1, 0)}),
        clip_norm=5.0,
    )
    torch.manual_seed(0)
    network = pb.model("wrn", depth=8, width=1, num_classes=3, pools={"head": "lae"})
    batches = Batches(
        splits.train,
        batch_size=32,
        augment=build_augmentations(augment, mean=splits.mean),
        seed=0,
    )
    assert Training(network, batches, recipe, seed=0, device=CPU).run() == "done"
    evaluation = evaluate(network, evaluation_batches(splits.test, 120), device=CPU)
    # 40 of 120 is chance; 61 is four standard deviations above.
    assert evaluation.correct >= 61
