from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from poolbench.core.errors import EnvironmentFault
from poolbench.core.streams import derive
from poolbench.data import DATASETS
from poolbench.data.cluttered_digits import CANVAS_PX, read_cluttered_digits, scatter
from poolbench.data.digits import read_digits
from poolbench.data.stable_random import StableRandom


@pytest.mark.parametrize("name", ["digits", "cluttered-digits"])
def test_an_embedded_set_is_what_the_catalogue_says(name: str) -> None:
    entry = DATASETS[name]
    arrays = DATASETS.resolve(name)()
    assert (len(arrays.train_images), len(arrays.test_images)) == entry.counts
    for images, labels in (
        (arrays.train_images, arrays.train_labels),
        (arrays.test_images, arrays.test_labels),
    ):
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
        assert (images.shape[3], *images.shape[1:3]) == entry.shape
        assert len(images) == len(labels)
        assert sorted(set(labels.tolist())) == list(range(10))
    assert len(arrays.classes) == entry.num_classes
    assert arrays.digest() == entry.checksum


def test_digits_are_scikit_learns_with_grey_levels_stretched_to_bytes() -> None:
    arrays = read_digits()
    images, labels = load_digits(return_X_y=True)
    bytes_ = np.rint(images * 255 / 16).astype(np.uint8)
    published = sorted(
        (*row.tolist(), int(label)) for row, label in zip(bytes_, labels, strict=True)
    )
    ours = [
        (*image.ravel().tolist(), int(label))
        for images, labels in (
            (arrays.train_images, arrays.train_labels),
            (arrays.test_images, arrays.test_labels),
        )
        for image, label in zip(images, labels, strict=True)
    ]
    assert sorted(ours) == published


@pytest.mark.parametrize("name", ["digits", "cluttered-digits"])
def test_no_test_image_is_in_the_training_set(name: str) -> None:
    arrays = DATASETS.resolve(name)()
    train = {image.tobytes() for image in arrays.train_images}
    assert not any(image.tobytes() in train for image in arrays.test_images)


def test_a_canvas_shows_its_own_digit_whole_and_nothing_but_the_given_digits() -> None:
    # Digit k is one flat grey of level 100 + k: what a canvas holds tells where it came from.
    digits = (100 + np.arange(10, dtype=np.uint8))[:, None, None, None].repeat(8, 1).repeat(8, 2)
    canvases, sources = scatter(digits, 300, StableRandom("test"))
    assert canvases.shape == (300, CANVAS_PX, CANVAS_PX, 1)
    strokes = canvases[canvases >= 64]
    assert strokes.min() >= 100
    assert strokes.max() <= 109
    for canvas, source in zip(canvases[..., 0], sources, strict=True):
        # A fragment of a later digit may lie on it, since the brighter stroke shows.
        at_least = canvas >= 100 + source
        windows = np.lib.stride_tricks.sliding_window_view(at_least, (16, 16)).all((2, 3))
        assert windows.any()
        assert (canvas == 100 + source).sum() > 0


def test_a_digit_lands_everywhere_on_the_canvas() -> None:
    digits = np.full((1, 8, 8, 1), 255, np.uint8)
    canvases, _ = scatter(digits, 3000, StableRandom("test"))
    assert (canvases == 255).any(0).all()
    assert 0.2 < (canvases == 255).mean() < 0.5


def test_cluttered_labels_are_balanced_like_the_digits() -> None:
    counts = np.bincount(read_cluttered_digits().train_labels)
    assert counts.min() > 300
    assert counts.max() < 500


def test_other_images_under_a_known_name_are_refused() -> None:
    arrays = read_digits()
    arrays.train_images[0, 0, 0, 0] ^= 1
    with pytest.raises(EnvironmentFault, match="images of 'digits' are not the expected ones"):
        arrays.verified(DATASETS["digits"].checksum, "digits")


def test_stable_integers_are_the_scaled_upper_halves_of_the_generators_words() -> None:
    words = np.random.PCG64(derive(0, "a", 1)).random_raw(6).tolist()
    expected = [(word // 2**32) * 10 // 2**32 for word in words]
    assert StableRandom("a", 1).integers(10, 2, 3).ravel().tolist() == expected


def test_stable_integers_are_uniform_and_permutations_complete() -> None:
    counts = np.bincount(StableRandom("uniform").integers(10, 10000), minlength=10)
    assert ((counts - 1000) ** 2 / 1000).sum() < 27.9  # 99.9 % point, 9 degrees of freedom
    order = StableRandom("order").permutation(1000)
    assert sorted(order.tolist()) == list(range(1000))
    assert np.abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.13  # 4 standard errors
