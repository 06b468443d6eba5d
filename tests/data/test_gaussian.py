from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from poolbench.core.cell import DataSpec
from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.fingerprint import fingerprint
from poolbench.data.gaussian import draw_normal, read_gaussian
from poolbench.data.load import load
from poolbench.data.stable_random import StableRandom

ENTRY = DATASETS["gaussian"]
DEFAULTS: dict[str, Any] = {key: option.default for key, option in ENTRY.options.items()}


def test_the_standard_set_is_the_one_of_the_checksum() -> None:
    assert read_gaussian(**DEFAULTS).digest() == ENTRY.checksum


def test_levels_have_the_shares_of_a_clipped_normal_distribution() -> None:
    values = draw_normal(100, (32, 32, 3), StableRandom("test")).ravel()
    normal = NormalDist(128, 40)
    edges = [0.0, *(normal.cdf(level + 0.5) for level in range(255)), 1.0]
    counts = np.bincount(values, minlength=256)
    assert chisquare(counts, np.diff(edges) * len(values)).pvalue > 1e-3


def test_values_are_independent_of_their_neighbours_and_of_other_images() -> None:
    images = draw_normal(70, (16, 16, 2), StableRandom("test")).astype(float)
    flat = images.reshape(70, -1)
    bound = 4 / np.sqrt(flat[1:].size)  # 4 standard errors of a correlation of 0
    for left, right in (
        (images[:, 1:], images[:, :-1]),
        (images[:, :, 1:], images[:, :, :-1]),
        (images[..., 0], images[..., 1]),
        (flat[1:], flat[:-1]),
        (flat[64:], flat[:6]),
    ):
        correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(correlation) < max(bound, 4 / np.sqrt(left.size))


def test_a_value_is_the_inverse_of_the_distribution_function_of_its_word() -> None:
    uniform = (StableRandom("test").integers(1 << 32, 50) + 0.5) / 2**32
    expected = [round(NormalDist(128, 40).inv_cdf(share)) for share in uniform]
    found = draw_normal(1, (50, 1, 1), StableRandom("test")).ravel()
    assert found.tolist() == np.clip(expected, 0, 255).tolist()


@pytest.mark.parametrize("size_px", [5, 12])
def test_options_decide_size_channels_classes_and_counts(size_px: int) -> None:
    options = {
        "size_px": size_px, "channels": 1, "num_classes": 4, "train_images": 90, "test_images": 70,
    }  # fmt: skip
    source = Named(name="gaussian", options=options)
    spec = DataSpec(source=source, checksum=fingerprint(source, None))
    splits = load(spec, root=None, download=False, device=torch.device("cpu"))
    assert splits.shape == (1, size_px, size_px)
    assert (len(splits.train), len(splits.test)) == (90, 70)
    assert sorted(splits.train.labels.unique().tolist()) == [0, 1, 2, 3]
    assert splits.num_classes == 4
    # Fewer images are the first of the more.
    fewer = read_gaussian(**{**options, "train_images": 80})
    assert np.array_equal(fewer.train_images, splits.train.images[:80].numpy())


def test_the_splits_are_different_images() -> None:
    arrays = read_gaussian(**{**DEFAULTS, "train_images": 50, "test_images": 50})
    assert not (arrays.train_images == arrays.test_images).all((1, 2, 3)).any()
