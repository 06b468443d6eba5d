"""Boxes of whole pictures, as torchvision cuts and resizes each."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision.transforms.v2.functional as tvf
from torch import Tensor

from poolbench.data.augment.flip import Flip
from poolbench.data.augment.random_resized_crop import RandomResizedCrop
from poolbench.data.batches import Batches, evaluation_batches
from poolbench.data.pictures import batched_resampling
from poolbench.data.pictures.cutter import CpuCutter, Cutter, FeedingCutter, ResidentCutter
from poolbench.data.pictures.kept_size import KeptSize
from poolbench.data.pictures.picture_split import PictureSplit, prepared_splits
from poolbench.data.pictures.preparation import prepare
from poolbench.data.pictures.prepared import PreparedPictures
from poolbench.data.pictures.progress import Unwatched
from poolbench.data.pictures.residency import choose_residency
from tests.data.pictures.made import listed, save_photographs

CPU = torch.device("cpu")
SIZE = KeptSize(16, 18)


@pytest.fixture
def pictures(tmp_path: Path) -> PreparedPictures:
    paths = save_photographs(tmp_path / "jpg", 40)
    return PreparedPictures(*prepare(listed(paths, KeptSize(16, None)), Unwatched()))


def cutters(pictures: PreparedPictures) -> dict[str, Cutter]:
    return {
        "cpu": CpuCutter(pictures),
        "resident": ResidentCutter(pictures, CPU),
        "feeding": FeedingCutter(pictures, CPU),
    }


def boxes_of(sides: Tensor, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return RandomResizedCrop(mean=(0.5,) * 3, scale_min=0.08).boxes(sides, generator)


@pytest.mark.parametrize("name", ["cpu", "resident", "feeding"])
@pytest.mark.parametrize("size_px", [1, 9, 16, 40])
def test_every_box_is_torchvisions_within_one_level(
    name: str, size_px: int, pictures: PreparedPictures
) -> None:
    indices = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    boxes = boxes_of(pictures.sides[:, indices])
    found = cutters(pictures)[name].cut(indices, boxes, size_px)()
    assert found.dtype == torch.uint8
    assert found.is_contiguous()
    for image, index, box in zip(found, indices.tolist(), boxes.T.tolist(), strict=True):
        whole = pictures.picture(index).permute(2, 0, 1)
        theirs = tvf.resized_crop(whole, *box, [size_px, size_px], antialias=True)
        assert (image.permute(2, 0, 1).int() - theirs.int()).abs().max() <= 1


@pytest.mark.parametrize("pixels_at_once", [1 << 25, 3000])
def test_a_device_cuts_the_same_bits_wherever_the_pictures_lie(
    pixels_at_once: int, pictures: PreparedPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batched_resampling, "_PIXELS_AT_ONCE", pixels_at_once)
    indices = torch.arange(40)
    boxes = boxes_of(pictures.sides)
    by_name = cutters(pictures)
    resident = by_name["resident"].cut(indices, boxes, 12)()
    assert torch.equal(by_name["feeding"].cut(indices, boxes, 12)(), resident)


def test_threads_change_no_bit(pictures: PreparedPictures) -> None:
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            boxes = boxes_of(pictures.sides)
            found.append(CpuCutter(pictures).cut(torch.arange(40), boxes, 16)())
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


def test_the_image_of_a_picture_is_its_centre(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 30)
    train, _, _ = prepared_splits(listed(paths, SIZE), CPU, Unwatched())
    images = train.take(torch.arange(30))
    prepared = PreparedPictures(*prepare(listed(paths, SIZE), Unwatched()))
    for index, image in enumerate(images):
        whole = prepared.picture(index)
        height, width, _ = whole.shape
        assert min(height, width) == 18
        top, left = (height - 16) // 2, (width - 16) // 2
        assert torch.equal(image, whole[top : top + 16, left : left + 16])


@pytest.mark.parametrize(("keep_px", "side"), [(16, 16), (17, 16), (18, 16), (20, 18), (24, 21)])
def test_no_more_is_cut_off_a_small_picture_than_is_asked_for(
    keep_px: int, side: int, tmp_path: Path
) -> None:
    train, _, _ = prepared_splits(
        listed(save_photographs(tmp_path / "jpg", 3), KeptSize(16, keep_px)), CPU, Unwatched()
    )
    assert train._centres(torch.arange(3))[2:].unique().tolist() == [side]


def epoch_of(split: PictureSplit, start: int = 0) -> list[Tensor]:
    mean = (0.5,) * 3
    batches = Batches(
        split,
        batch_size=7,
        augment=[RandomResizedCrop(mean=mean), Flip(mean=mean)],
        seed=3,
    )
    return [batch.images for batch in batches.epoch(1, start)]


def test_training_begins_at_any_step_with_the_same_bits(tmp_path: Path) -> None:
    train, _, _ = prepared_splits(
        listed(save_photographs(tmp_path / "jpg", 40), SIZE), CPU, Unwatched()
    )
    whole = epoch_of(train)
    assert [len(images) for images in whole] == [7] * 5 + [5]
    for expected, images in zip(whole[3:], epoch_of(train, 3), strict=True):
        assert torch.equal(expected, images)


def test_training_cuts_from_whole_pictures_what_the_same_draws_cut_there(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 40)
    train, _, _ = prepared_splits(listed(paths, SIZE), CPU, Unwatched())
    crop = RandomResizedCrop(mean=(0.5,) * 3)
    batches = Batches(train, batch_size=40, augment=[crop], seed=3)
    (batch,) = batches.epoch(1)
    order = torch.randperm(40, generator=batches._generator("order", 1))
    boxes = crop.boxes(train.sides(order), batches._generator("augment", 1, 0))
    assert (boxes[1] + boxes[3]).max() > 18, "some boxes reach beyond the centre"
    expected = train.cutter.cut(order, boxes, 16)()
    assert torch.equal(batch.images, expected.permute(0, 3, 1, 2).float() / 255)
    assert batch.labels.tolist() == (order % 2).tolist()


def test_memory_and_disk_give_the_same_bits_and_say_which(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 20)
    prepared = PreparedPictures(*prepare(listed(paths, SIZE), Unwatched()))
    boxes = boxes_of(prepared.sides)
    memory = choose_residency(prepared, CPU)
    disk = choose_residency(prepared, CPU, "disk")
    assert (memory.place, disk.place) == ("memory", "disk")
    assert "held in memory" in memory.words
    assert "read from the disk" in disk.words
    cut = [each.cutter.cut(torch.arange(20), boxes, 16)() for each in (memory, disk)]
    assert torch.equal(*cut)


def test_pictures_that_do_not_fit_are_read_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = save_photographs(tmp_path / "jpg", 20)
    prepared = PreparedPictures(*prepare(listed(paths, SIZE), Unwatched()))
    monkeypatch.setattr(
        "poolbench.data.pictures.residency.free_memory_bytes", lambda: prepared.size_bytes
    )
    assert choose_residency(prepared, CPU).place == "disk"


def test_statistics_are_those_of_the_whole_kept_pictures(tmp_path: Path) -> None:
    train, test, _ = prepared_splits(
        listed(save_photographs(tmp_path / "jpg", 20), SIZE, tests=5), CPU, Unwatched()
    )
    assert (len(train), len(test)) == (15, 5)
    prepared = PreparedPictures(
        *prepare(listed(sorted((tmp_path / "jpg").iterdir()), SIZE, tests=5), Unwatched())
    )
    chosen = torch.tensor([2, 9, 11])
    pixels = torch.cat([prepared.picture(int(i)).reshape(-1, 3) for i in chosen]).double() / 255
    mean, std = train.select(chosen).statistics()
    assert torch.allclose(torch.tensor(mean).double(), pixels.mean(0))
    assert torch.allclose(torch.tensor(std).double(), pixels.std(0, correction=0))


def test_evaluation_sees_every_picture_once_with_its_label(tmp_path: Path) -> None:
    train, _, _ = prepared_splits(
        listed(save_photographs(tmp_path / "jpg", 20), SIZE), CPU, Unwatched()
    )
    batches = list(evaluation_batches(train, 6))
    assert [len(batch.labels) for batch in batches] == [6, 6, 6, 2]
    images = torch.cat([batch.images for batch in batches])
    expected = train.take(torch.arange(20)).permute(0, 3, 1, 2).float() / 255
    assert torch.equal(images, expected)
    assert torch.cat([batch.labels for batch in batches]).tolist() == [0, 1] * 10
