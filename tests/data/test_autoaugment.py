from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.transforms import AutoAugment as PublishedAutoAugment
from torchvision.transforms import AutoAugmentPolicy, InterpolationMode
from torchvision.transforms.autoaugment import _apply_op

from poolbench.core.errors import BadInput
from poolbench.data.augment.autoaugment import OPERATIONS, POLICY, AutoAugment, magnitudes

# Torchvision's implementation is the oracle: one image at a time, in its own words.
ORACLE = PublishedAutoAugment(AutoAugmentPolicy.CIFAR10)
SPELLING = {
    "colour": "Color",
    "shear-y": "ShearY",
    "translate-x": "TranslateX",
    "translate-y": "TranslateY",
    "autocontrast": "AutoContrast",
}


def pictures(count: int, height: int, width: int, channels: int) -> Tensor:
    drawn = torch.Generator().manual_seed(5)
    images = torch.randint(256, (count, height, width, channels), generator=drawn)
    images[1::4] = images[1::4] // 40 * 3 + 20  # few levels, a narrow range
    images[2::8] = images[2::8, :1, :1]  # one colour
    images[3::8, :, : width // 2] = 17  # half of it flat
    return images.to(torch.uint8)


def spell(operation: str) -> str:
    return SPELLING.get(operation, operation.capitalize())


def apply_oracle(image: Tensor, operation: str, amount: float) -> Tensor:
    planes = image.permute(2, 0, 1)
    return _apply_op(planes, spell(operation), amount, InterpolationMode.NEAREST, None).permute(
        1, 2, 0
    )


def test_the_policy_is_the_published_one() -> None:
    for pair, published in zip(POLICY, ORACLE.policies, strict=True):
        for (operation, probability, level), (name, share, magnitude) in zip(
            pair, published, strict=True
        ):
            assert spell(operation) == name
            assert probability == share
            assert magnitude in {None, level}


@pytest.mark.parametrize(("height", "width"), [(32, 32), (28, 28), (9, 13)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_does_to_a_batch_what_torchvision_does_to_each_image(
    operation: str, channels: int, height: int, width: int
) -> None:
    images = pictures(16, height, width, channels)
    _, signed = ORACLE._augmentation_space(10, (height, width))[spell(operation)]
    amounts = [
        sign * float(amount)
        for pair, row in zip(POLICY, magnitudes(height, width), strict=True)
        for (name, _, _), amount in zip(pair, row, strict=True)
        if name == operation
        for sign in ((1, -1) if signed else (1,))
    ]
    assert amounts
    per_image = torch.tensor([amounts[i % len(amounts)] for i in range(16)], dtype=torch.float64)
    found = OPERATIONS[operation](images, per_image)
    for image, amount, result in zip(images, per_image, found, strict=True):
        assert torch.equal(result, apply_oracle(image, operation, float(amount)))


def test_a_batch_is_what_torchvision_makes_of_its_images_for_the_same_draws() -> None:
    images = pictures(150, 32, 32, 3)
    found = AutoAugment(mean=(0.5,) * 3)(images, torch.Generator().manual_seed(1))
    drawn = torch.Generator().manual_seed(1)
    pairs = torch.randint(25, (150,), generator=drawn)
    shares = torch.rand((150, 2), generator=drawn)
    signs = torch.randint(2, (150, 2), generator=drawn)
    space = ORACLE._augmentation_space(10, (32, 32))
    for image, result, pair, share, sign in zip(images, found, pairs, shares, signs, strict=True):
        expected = image.permute(2, 0, 1)
        for step, (name, probability, level) in enumerate(ORACLE.policies[int(pair)]):
            if share[step] <= probability:
                amounts, signed = space[name]
                amount = float(amounts[level]) if level is not None else 0.0
                amount *= -1 if signed and sign[step] == 0 else 1
                expected = _apply_op(expected, name, amount, InterpolationMode.NEAREST, None)
        assert torch.equal(result, expected.permute(1, 2, 0))


def test_one_image_of_a_batch_changes_no_other() -> None:
    images = pictures(60, 8, 8, 3)
    other = images.clone()
    other[7] = 255 - images[7]
    autoaugment = AutoAugment(mean=(0.5,) * 3)
    changed, again = (
        autoaugment(batch, torch.Generator().manual_seed(2)) for batch in (images, other)
    )
    differing = (changed != again).flatten(1).any(1).nonzero()[:, 0].tolist()
    assert differing == [7]


def test_images_without_colours_are_refused() -> None:
    with pytest.raises(BadInput, match="2 channels"):
        AutoAugment(mean=(0.5,) * 2)(pictures(1, 8, 8, 2), torch.Generator())
