"""A whitening convolution in a trained run: fitted to the training images, then left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from poolbench.data.gaussian import read_gaussian
from poolbench.models.whitening import WhiteningConvolution
from tests.conftest import Done

SUITE = """\
schema: 1
data: {name: gaussian, train_images: 48, test_images: 16, num_classes: 2}
model: resnet-page
recipe:
  epochs: 2
  batch_size: 24
  optimizer: {name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.01}
seeds: 2
variants:
  max: {pools: max}
"""


def test_training_fits_it_to_the_images_and_does_not_move_it(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(SUITE)
    done = poolbench("train", "s.yaml", "--engine", "inline", "--format", "csv")
    assert done.code == 0, done.err
    first, second = [
        load_file(path)["body.features.0.weight"]
        for path in sorted((tmp_path / "runs" / "runs").glob("*/model.safetensors"))
    ]
    # Two seeds have one data set, and the filters depend on nothing else.
    assert torch.equal(first, second)
    arrays = read_gaussian(size_px=32, channels=3, num_classes=2, train_images=48, test_images=16)
    pixels = torch.from_numpy(arrays.train_images.copy()).movedim(-1, 1) / 255
    mean, std = pixels.mean((0, 2, 3), keepdim=True), pixels.std((0, 2, 3), keepdim=True)
    layer = WhiteningConvolution(3, 27, 3)
    layer.fit((pixels - mean) / std)
    # Filters of nearly equal eigenvalues may turn among themselves: compare what they span.
    ours, theirs = (weight.flatten(1).double() for weight in (first, layer.weight.detach()))
    torch.testing.assert_close(ours.T @ ours, theirs.T @ theirs, atol=1e-3, rtol=0)
