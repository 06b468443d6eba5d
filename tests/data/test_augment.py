from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.data.augment.crop import Crop
from poolbench.data.augment.cutout import Cutout
from poolbench.data.augment.flip import Flip

MEAN = (0.25, 0.5, 0.75)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int, height: int = 9, width: int = 7, channels: int = 3) -> Tensor:
    shape = (count, height, width, channels)
    return torch.randint(256, shape, generator=generator(9)).to(torch.uint8)


@pytest.mark.parametrize(("mode", "torch_mode"), [("zero", "constant"), ("reflect", "reflect")])
@pytest.mark.parametrize("channels", [1, 3])
def test_each_crop_is_a_window_of_its_own_padded_image(
    mode: str, torch_mode: str, channels: int
) -> None:
    images = pictures(40, channels=channels)
    crops = Crop(mean=MEAN, padding=3, mode=mode)(images, generator())
    tops, lefts = torch.randint(7, (2, 40, 1), generator=generator())
    for image, found, top, left in zip(images, crops, tops, lefts, strict=True):
        padded = F.pad(image.permute(2, 0, 1).float()[None], (3,) * 4, mode=torch_mode)[0]
        window = padded[:, int(top) : int(top) + 9, int(left) : int(left) + 7]
        assert torch.equal(found.float(), window.permute(1, 2, 0))


def test_every_offset_of_a_crop_is_as_likely() -> None:
    padding, draws = 2, 10000
    places = 2 * padding + 1
    # One white pixel in the middle shows by where it lands which offset was drawn.
    image = torch.zeros(draws, 9, 9, 1, dtype=torch.uint8)
    image[:, 4, 4] = 255
    crops = Crop(mean=(0.0,), padding=padding)(image, generator())
    where = crops.flatten(1).int().argmax(1)
    rows, columns = where // 9 - 4 + padding, where % 9 - 4 + padding
    counts = torch.bincount(rows * places + columns, minlength=places**2).double()
    assert len(counts) == places**2
    expected = draws / places**2
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 51.2  # 99.9 % point of chi-squared with 24 degrees of freedom


def test_a_reflection_wider_than_the_image_is_refused() -> None:
    with pytest.raises(BadInput, match="padding of 7 cannot mirror images of 9 x 7"):
        Crop(mean=MEAN, padding=7, mode="reflect")(pictures(1), generator())


def test_each_image_is_mirrored_or_left_alone() -> None:
    images = pictures(64)
    flipped = Flip(mean=MEAN)(images, generator())
    drawn = torch.randint(2, (64,), generator=generator())
    for image, found, mirrored in zip(images, flipped, drawn, strict=True):
        assert torch.equal(found, image.flip(1) if mirrored else image)


def test_half_of_the_images_are_mirrored() -> None:
    draws = 4000
    images = torch.tensor([0, 255], dtype=torch.uint8)[None, None, :, None].expand(draws, 1, 2, 1)
    flipped = Flip(mean=(0.0,))(images.contiguous(), generator())
    share = (flipped[:, 0, 0, 0] == 255).double().mean()
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / draws)


def test_a_cutout_covers_one_whole_square_with_the_mean() -> None:
    images = pictures(50).clamp(130, 180)
    covered = Cutout(mean=MEAN, size=4)(images, generator())
    for image, found in zip(images, covered, strict=True):
        changed = (found != image).any(-1)
        rows, columns = changed.any(1).nonzero()[:, 0], changed.any(0).nonzero()[:, 0]
        assert len(rows) == len(columns) == 4
        assert int(changed.sum()) == 16
        assert found[changed].unique(dim=0).tolist() == [[64, 128, 191]]


def test_a_cutout_reaches_every_place_inside_the_image() -> None:
    images = torch.full((4000, 9, 7, 1), 255, dtype=torch.uint8)
    covered = Cutout(mean=(0.0,), size=5)(images, generator())
    corners = {divmod(int(place), 7) for place in covered.flatten(1).int().argmin(1)}
    assert corners == {(top, left) for top in range(5) for left in range(3)}


def test_a_cutout_larger_than_the_image_is_refused() -> None:
    with pytest.raises(BadInput, match="square of 8 does not fit images of 9 x 7"):
        Cutout(mean=MEAN, size=8)(pictures(1), generator())
