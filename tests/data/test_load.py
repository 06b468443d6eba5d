from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poolbench.core.cell import DataSpec
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.cache import cached
from poolbench.data.fingerprint import fingerprint
from poolbench.data.imagenette_files import CLASSES
from poolbench.data.load import load
from poolbench.data.splits import Split, Splits, channel_statistics

CPU = torch.device("cpu")


def splits_of(name: str = "digits", **fields: Any) -> Splits:
    source = Named(name=name, options={})
    spec = DataSpec(source=source, checksum=fingerprint(source, None), **fields)
    return load(spec, root=None, download=False, device=CPU)


def held_out(splits: Splits) -> Split:
    assert splits.validation is not None
    return splits.validation


def keys(split: Split) -> list[bytes]:
    return [image.numpy().tobytes() for image in split.images]


def test_whole_splits_are_contiguous_bytes_with_integer_labels() -> None:
    splits = splits_of()
    assert (len(splits.train), len(splits.test)) == (1297, 500)
    assert splits.validation is None
    assert splits.num_classes == 10
    assert splits.shape == (1, 8, 8)
    for split in (splits.train, splits.test):
        assert split.images.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
        assert split.images.is_contiguous()


@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_validation_takes_its_share_of_the_training_images_and_of_no_others(
    fraction: float,
) -> None:
    whole, splits = splits_of(), splits_of(validation=fraction)
    validation = held_out(splits)
    assert len(validation) == round(fraction * 1297)
    assert sorted(keys(splits.train) + keys(validation)) == sorted(keys(whole.train))
    assert torch.equal(splits.test.images, whole.test.images)
    both = dict(zip(keys(whole.train), whole.train.labels.tolist(), strict=True))
    for split in (splits.train, validation):
        assert [both[key] for key in keys(split)] == split.labels.tolist()


class Sealed:
    """An array that nothing may look at."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the test split was opened: {name}")

    def __len__(self) -> int:
        raise AssertionError("the test split was counted")


def test_a_cell_that_is_scored_on_what_is_held_out_never_opens_the_test_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = splits_of(validation=0.2, fold=3, limit=500)

    def sealed(*arguments: Any) -> Arrays:
        return replace(cached(*arguments), test_images=Sealed(), test_labels=Sealed())  # type: ignore[arg-type]

    monkeypatch.setattr("poolbench.data.load.cached", sealed)
    splits = splits_of(validation=0.2, fold=3, limit=500, scored_on="validation")
    assert keys(splits.test) == keys(held_out(expected))
    assert torch.equal(splits.test.labels, held_out(expected).labels)
    assert keys(splits.train) == keys(expected.train)
    assert (splits.mean, splits.std) == (expected.mean, expected.std)
    assert splits.validation is None
    with pytest.raises(AssertionError, match="the test split was"):
        splits_of(validation=0.2)
    with pytest.raises(BadInput, match="nothing is held out"):
        splits_of(scored_on="validation")


def test_folds_are_other_parts_and_each_is_the_same_again() -> None:
    first, again, other = (
        set(keys(held_out(splits_of(validation=0.2, fold=fold)))) for fold in (0, 0, 1)
    )
    assert first == again
    assert 0.05 < len(first & other) / len(first) < 0.4  # 0.2 expected of independent draws


def test_a_limit_takes_the_same_images_again_and_the_fewer_among_the_more() -> None:
    few, again, more = splits_of(limit=100), splits_of(limit=100), splits_of(limit=300)
    whole = splits_of()
    assert len(few.train) == len(few.test) == 100
    assert (len(more.train), len(more.test)) == (300, 300)
    assert torch.equal(few.train.images, again.train.images)
    assert set(keys(few.train)) < set(keys(more.train)) < set(keys(whole.train))
    assert set(keys(few.test)) < set(keys(more.test)) < set(keys(whole.test))
    assert few.train.labels.unique().tolist() == list(range(10))


def test_a_limit_above_the_count_changes_nothing() -> None:
    assert torch.equal(splits_of(limit=700).test.images, splits_of().test.images)
    assert len(splits_of(limit=700).train) == 700


def test_the_limit_comes_before_the_hold_out() -> None:
    splits, limited = splits_of(limit=100, validation=0.2), splits_of(limit=100)
    assert (len(splits.train), len(held_out(splits)), len(splits.test)) == (80, 20, 100)
    assert set(keys(splits.train)) | set(keys(held_out(splits))) == set(keys(limited.train))


def test_no_class_is_scored_that_there_is_no_image_to_learn_from() -> None:
    # Of twelve images, so that some class has but one.
    fields: dict[str, Any] = {"limit": 12, "validation": 0.5}
    parts = splits_of(**fields)
    lost = set(held_out(parts).labels.tolist()) - set(parts.train.labels.tolist())
    assert lost
    with pytest.raises(BadInput, match="fold 0 of 'digits' holds out every") as caught:
        splits_of(**fields, scored_on="validation")
    assert all(f"'{label}'" in caught.value.message for label in sorted(lost)[:5])
    assert len(splits_of(limit=200, validation=0.2, scored_on="validation").test) == 40


@pytest.mark.parametrize("fields", [{"limit": 2, "validation": 0.2}, {"validation": 0.9999}])
def test_a_hold_out_that_empties_a_split_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="leaves a split empty"):
        splits_of(**fields)


def test_statistics_are_those_of_the_images_trained_on() -> None:
    splits = splits_of(limit=200, validation=0.25)
    pixels = splits.train.images.numpy().astype(np.float64) / 255
    assert splits.mean == pytest.approx(pixels.mean((0, 1, 2)), rel=1e-12)
    assert splits.std == pytest.approx(pixels.std((0, 1, 2)), rel=1e-12)


def test_statistics_are_kept_apart_by_channel_and_exact_for_bytes() -> None:
    images = torch.zeros(2, 2, 1, 3, dtype=torch.uint8)
    images[0, ..., 1] = 255  # half black, half white
    images[..., 2] = 51  # constant
    assert channel_statistics(images) == ((0.0, 0.5, 0.2), (1.0, 0.5, 1.0))


def test_a_cell_of_other_images_is_refused() -> None:
    spec = DataSpec(source=Named(name="digits", options={}), checksum="0" * 64)
    with pytest.raises(EnvironmentFault, match="'digits' has changed"):
        load(spec, root=None, download=False, device=CPU)


def test_images_can_be_used_without_a_cache(cache: Path) -> None:
    mapped = splits_of().train.images
    cache.rename(cache.with_name("moved"))
    cache.write_text("a file where the folder should be")
    assert torch.equal(splits_of().train.images, mapped)


def test_real_mnist_loads_the_same_from_files_and_from_the_cache(published: Path) -> None:
    source = Named(name="mnist", options={})
    spec = DataSpec(source=source, checksum=fingerprint(source, published), limit=500)
    first = load(spec, root=published, download=False, device=CPU)
    again = load(spec, root=None, download=False, device=CPU)
    assert torch.equal(first.train.images, again.train.images)
    assert torch.equal(first.test.labels, again.test.labels)


def test_read_only_bytes_of_a_file_become_a_tensor_without_a_cache(
    published: Path, cache: Path
) -> None:
    cache.write_text("a file where the folder should be")
    source = Named(name="mnist", options={})
    spec = DataSpec(source=source, checksum=fingerprint(source, published))
    splits = load(spec, root=published, download=False, device=CPU)
    assert len(splits.train) == 60000


def test_the_catalogues_and_fingerprints_need_no_numerical_library() -> None:
    script = (
        "import sys, poolbench.data, poolbench.data.fingerprint; "
        "print([name for name in ('torch', 'numpy', 'PIL', 'sklearn') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_takes_the_mean_and_its_options(name: str) -> None:
    options = {key: option.default for key, option in AUGMENTATIONS[name].options.items()}
    augment = AUGMENTATIONS.resolve(name)(mean=(0.5,), **options)
    images = torch.randint(256, (4, 12, 12, 1)).to(torch.uint8)
    before = images.clone()
    found = augment(images, torch.Generator().manual_seed(0))
    assert found.shape == images.shape
    assert found.dtype == torch.uint8
    assert found.is_contiguous()
    assert torch.equal(images, before)


OF_PICTURES = {"folder", "picture-table", "webdataset", "hugging-face", *CLASSES}


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_a_reader_and_all_but_photographs_a_checksum(name: str) -> None:
    assert callable(DATASETS.resolve(name))
    assert (len(DATASETS[name].checksum) == 64) is (name not in OF_PICTURES)
