from __future__ import annotations

import pytest
import torch
from torch import Tensor

from poolbench.core.named import Named
from poolbench.data import AUGMENTATIONS
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batches, evaluation_batches
from poolbench.data.splits import Split

COUNT = 45
EVERY = tuple(
    Named(name=name, options={key: option.default for key, option in entry.options.items()})
    for name, entry in AUGMENTATIONS.items()
)


def random_split(channels: int = 3) -> Split:
    images = torch.randint(
        256, (COUNT, 16, 12, channels), generator=torch.Generator().manual_seed(0)
    )
    return Split(images=images.to(torch.uint8), labels=torch.arange(COUNT) % 7)


def augmented(seed: int = 3, channels: int = 3) -> Batches:
    augment = build_augmentations(EVERY, mean=(0.5,) * channels)
    return Batches(random_split(channels), batch_size=10, augment=augment, seed=seed)


def pixels(batches: Batches, epoch: int, start: int = 0) -> Tensor:
    return torch.cat([batch.images for batch in batches.epoch(epoch, start)])


def test_an_epoch_shows_every_image_once_and_uses_the_smaller_last_batch() -> None:
    split = random_split()
    batches = Batches(split, batch_size=10, seed=0)
    sizes = [len(batch.labels) for batch in batches.epoch(0)]
    assert sizes == [10, 10, 10, 10, 5]
    assert batches.steps == 5
    seen = (pixels(batches, 0) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).flatten(1)
    assert sorted(seen.tolist()) == sorted(split.images.flatten(1).tolist())


def test_labels_stay_with_their_images() -> None:
    labels = torch.arange(COUNT)
    images = (5 * labels).to(torch.uint8)[:, None, None, None].expand(-1, 16, 12, 3).contiguous()
    augment = build_augmentations(
        [Named(name="crop", options={"padding": 2, "mode": "reflect"}), EVERY[1]], mean=(0.5,) * 3
    )
    batches = Batches(Split(images=images, labels=labels), batch_size=7, augment=augment, seed=1)
    for batch in batches.epoch(2):
        assert torch.equal((batch.images * 255 / 5).round().amax((1, 2, 3)).long(), batch.labels)
        assert torch.equal((batch.images * 255 / 5).round().amin((1, 2, 3)).long(), batch.labels)


def test_a_batch_is_a_function_of_seed_epoch_and_step() -> None:
    assert torch.equal(pixels(augmented(), 4), pixels(augmented(), 4))


def test_global_random_state_is_neither_used_nor_changed() -> None:
    before = torch.get_rng_state()
    first = pixels(augmented(), 0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    assert torch.equal(pixels(augmented(), 0), first)


@pytest.mark.parametrize("start", [1, 3, 5])
def test_starting_at_a_step_gives_the_tail_of_the_epoch(start: int) -> None:
    batches = augmented()
    whole = list(batches.epoch(1))
    tail = list(batches.epoch(1, start))
    assert len(tail) == 5 - start
    for expected, found in zip(whole[start:], tail, strict=True):
        assert torch.equal(found.images, expected.images)
        assert torch.equal(found.labels, expected.labels)


def test_epochs_and_seeds_differ_in_order_and_in_augmentation() -> None:
    orders = [
        tuple(torch.cat([batch.labels for batch in augmented(seed).epoch(epoch)]).tolist())
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    assert len(set(orders)) == 4
    one = Split(images=random_split().images[:1], labels=torch.zeros(1, dtype=torch.int64))
    crop = build_augmentations(EVERY[:1], mean=(0.5,) * 3)
    shown = [
        next(Batches(one, batch_size=1, augment=crop, seed=0).epoch(epoch)).images.flatten()
        for epoch in range(4)
    ]
    assert len({tuple(image.tolist()) for image in shown}) > 1


def test_steps_of_an_epoch_are_augmented_differently() -> None:
    same = random_split().images[:1].expand(20, -1, -1, -1).contiguous()
    split = Split(images=same, labels=torch.zeros(20, dtype=torch.int64))
    augment = build_augmentations(EVERY[:2], mean=(0.5,) * 3)
    first, second = Batches(split, batch_size=10, augment=augment, seed=0).epoch(0)
    assert not torch.equal(first.images, second.images)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_float32_in_unit_range_and_channels_last(channels: int) -> None:
    for batch in augmented(channels=channels).epoch(0):
        assert batch.images.dtype == torch.float32
        assert batch.images.shape[1:] == (channels, 16, 12)
        assert batch.images.min() >= 0
        assert batch.images.max() <= 1
        assert batch.images.is_contiguous(memory_format=torch.channels_last)


def test_black_and_white_are_exactly_zero_and_one() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None, None].expand(2, 4, 4, 1)
    split = Split(images=images.contiguous(), labels=torch.arange(2))
    (batch,) = evaluation_batches(split, 8)
    assert batch.images[0].eq(0).all()
    assert batch.images[1].eq(1).all()


def test_evaluation_shows_every_image_in_order_and_unchanged() -> None:
    split = random_split()
    batches = list(evaluation_batches(split, 10))
    assert [len(batch.labels) for batch in batches] == [10, 10, 10, 10, 5]
    assert torch.equal(torch.cat([batch.labels for batch in batches]), split.labels)
    shown = torch.cat([batch.images for batch in batches])
    assert torch.equal(shown, split.images.permute(0, 3, 1, 2).float() / 255)


def test_training_leaves_the_resident_images_as_they_were() -> None:
    split = random_split()
    before = split.images.clone()
    augment = build_augmentations(EVERY, mean=(0.5,) * 3)
    list(Batches(split, batch_size=COUNT, augment=augment, seed=0).epoch(0))
    assert torch.equal(split.images, before)


@pytest.mark.gpu
def test_a_gpu_sees_the_images_a_cpu_sees() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU")
    augment = build_augmentations(EVERY, mean=(0.5,) * 3)
    split = random_split()
    resident = Batches(split.to(torch.device("cuda")), batch_size=10, augment=augment, seed=3)
    for here, there in zip(augmented().epoch(0), resident.epoch(0), strict=True):
        assert torch.equal(here.labels, there.labels.cpu())
        assert torch.equal((here.images * 255).round(), (there.images.cpu() * 255).round())
