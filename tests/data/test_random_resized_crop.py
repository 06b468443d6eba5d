from __future__ import annotations

import pytest
import torch
import torchvision.transforms.v2.functional as tvf
from scipy.stats import ks_2samp
from torch import Tensor
from torchvision.transforms import RandomResizedCrop as TorchvisionCrop

from poolbench.core.errors import BadInput
from poolbench.data.augment.random_resized_crop import RandomResizedCrop, draw_boxes, resample

SCALES = (0.35, 1.0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int, height: int, width: int, channels: int = 3) -> Tensor:
    shape = (count, height, width, channels)
    return torch.randint(256, shape, generator=generator(9)).to(torch.uint8)


def same(count: int, height: int, width: int) -> Tensor:
    """Return the sides of pictures of one size."""
    return torch.tensor([height, width])[:, None].expand(2, count)


def torchvisions(image: Tensor, box: list[int], size: tuple[int, int]) -> Tensor:
    resized: Tensor = tvf.resized_crop(image.permute(2, 0, 1), *box, list(size), antialias=True)
    return resized.permute(1, 2, 0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 20), (40, 40), (9, 11), (3, 3)])
def test_each_box_is_resampled_as_torchvision_does(size: tuple[int, int], channels: int) -> None:
    images = pictures(60, 24, 20, channels)
    boxes = draw_boxes(same(60, 24, 20), scales=(0.05, 1.0), generator=generator())
    found = resample(images, boxes, size)
    for image, square, box in zip(images, found, boxes.T.tolist(), strict=True):
        of_bytes = torchvisions(image, box, size).int()
        assert (square.int() - of_bytes).abs().max() <= 1
        of_floats = torchvisions(image.float(), box, size)
        # Half a level is our rounding; the rest is float32.
        assert (square.float() - of_floats).abs().max() <= 0.5 + 1e-3


def test_the_whole_image_at_its_own_size_is_itself() -> None:
    images = pictures(3, 8, 6)
    boxes = torch.tensor([0, 0, 8, 6])[:, None].expand(4, 3)
    assert torch.equal(resample(images, boxes, (8, 6)), images)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 64)])
@pytest.mark.parametrize("scales", [SCALES, (0.08, 0.5)])
def test_boxes_are_spread_as_torchvisions(
    height: int, width: int, scales: tuple[float, float]
) -> None:
    draws = 3000
    ours = draw_boxes(same(draws, height, width), scales=scales, generator=generator()).double()
    image = torch.empty(1, height, width)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        drawn = [
            TorchvisionCrop.get_params(image, list(scales), [3 / 4, 4 / 3]) for _ in range(draws)
        ]
    theirs = torch.tensor(drawn).double().T
    for quantity in (
        lambda box: box[0],
        lambda box: box[1],
        lambda box: box[2] * box[3],
        lambda box: box[3] / box[2],
        lambda box: box[0] / (height - box[2] + 1),
    ):
        assert ks_2samp(quantity(ours), quantity(theirs)).pvalue > 1e-3


def test_boxes_lie_inside_their_image() -> None:
    top, left, height, width = draw_boxes(
        same(5000, 7, 9), scales=(0.01, 1.0), generator=generator()
    )
    for start, length, side in ((top, height, 7), (left, width, 9)):
        assert start.min() == 0
        assert length.min() >= 1
        assert (start + length).max() == side


@pytest.mark.parametrize(("height", "width"), [(10, 100), (100, 10), (30, 30)])
def test_where_no_draw_fits_the_middle_is_taken(height: int, width: int) -> None:
    # A box of 1.5 times the area fits nowhere: only the fallback is left.
    boxes = draw_boxes(same(2, height, width), scales=(1.5, 1.5), generator=generator())
    image = torch.empty(1, height, width)
    with torch.random.fork_rng():
        expected = TorchvisionCrop.get_params(image, [1.5, 1.5], [3 / 4, 4 / 3])
    assert boxes.T.tolist() == [list(expected)] * 2


def test_images_keep_their_size_unless_another_is_asked_for() -> None:
    images = pictures(4, 12, 12)
    kept = RandomResizedCrop(mean=(0.5,) * 3)(images, generator())
    smaller = RandomResizedCrop(mean=(0.5,) * 3, size_px=5)(images, generator())
    assert kept.shape == images.shape
    assert smaller.shape == (4, 5, 5, 3)
    assert kept.dtype == torch.uint8
    assert kept.is_contiguous()
    assert smaller.is_contiguous()


def test_areas_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(BadInput, match=r"scale_min 0\.5 is larger than scale_max 0\.25"):
        RandomResizedCrop(mean=(0.5,), scale_min=0.5, scale_max=0.25)
