"""AutoAugment with the policy found for CIFAR-10, batched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.data.augment import colour, geometry

# Two operations per image, each as (operation, probability, magnitude 0..9): Table 7 of the paper.
POLICY: tuple[tuple[tuple[str, float, int], tuple[str, float, int]], ...] = (
    (("invert", 0.1, 7), ("contrast", 0.2, 6)),
    (("rotate", 0.7, 2), ("translate-x", 0.3, 9)),
    (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
    (("shear-y", 0.5, 8), ("translate-y", 0.7, 9)),
    (("autocontrast", 0.5, 8), ("equalize", 0.9, 2)),
    (("shear-y", 0.2, 7), ("posterize", 0.3, 7)),
    (("colour", 0.4, 3), ("brightness", 0.6, 7)),
    (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
    (("equalize", 0.6, 5), ("equalize", 0.5, 1)),
    (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
    (("colour", 0.7, 7), ("translate-x", 0.5, 8)),
    (("equalize", 0.3, 7), ("autocontrast", 0.4, 8)),
    (("translate-y", 0.4, 3), ("sharpness", 0.2, 6)),
    (("brightness", 0.9, 6), ("colour", 0.2, 8)),
    (("solarize", 0.5, 2), ("invert", 0.0, 3)),
    (("equalize", 0.2, 0), ("autocontrast", 0.6, 0)),
    (("equalize", 0.2, 8), ("equalize", 0.6, 4)),
    (("colour", 0.9, 9), ("equalize", 0.6, 6)),
    (("autocontrast", 0.8, 4), ("solarize", 0.2, 8)),
    (("brightness", 0.1, 3), ("colour", 0.7, 0)),
    (("solarize", 0.4, 5), ("autocontrast", 0.9, 3)),
    (("translate-y", 0.9, 9), ("translate-y", 0.7, 9)),
    (("autocontrast", 0.9, 2), ("solarize", 0.8, 3)),
    (("equalize", 0.8, 8), ("invert", 0.1, 3)),
    (("translate-y", 0.7, 9), ("autocontrast", 0.9, 1)),
)

OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "autocontrast": colour.autocontrast,
    "brightness": colour.brightness,
    "colour": colour.colour,
    "contrast": colour.contrast,
    "equalize": colour.equalize,
    "invert": colour.invert,
    "posterize": colour.posterize,
    "rotate": geometry.rotate,
    "sharpness": colour.sharpness,
    "shear-y": geometry.shear_y,
    "solarize": colour.solarize,
    "translate-x": geometry.translate_x,
    "translate-y": geometry.translate_y,
}

_UNSIGNED = frozenset({"autocontrast", "equalize", "invert", "posterize", "solarize"})
_NAMES = tuple(OPERATIONS)
_OPERATION = torch.tensor([[_NAMES.index(step[0]) for step in pair] for pair in POLICY])
_PROBABILITY = torch.tensor([[step[1] for step in pair] for pair in POLICY])
_IS_SIGNED = torch.tensor([[step[0] not in _UNSIGNED for step in pair] for pair in POLICY])


class AutoAugment:
    """Draw one of 25 pairs of operations for each image, and apply each with its probability.

    Geometric operations take the nearest pixel and fill with black; if an operation has a
    sign, both are equally likely. Images with the same operation are processed together, whatever
    their magnitudes, so that a batch costs at most 2 x 13 calls.

    Args:
        mean: Unused.

    References:
        Cubuk, Zoph, Mane, Vasudevan, Le 2019, AutoAugment (arXiv:1805.09501).
    """

    def __init__(self, *, mean: Sequence[float]) -> None:
        del mean

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images, about one in eight of them unchanged.

        Raises:
            BadInput: The images have neither one nor three channels.
        """
        count, height, width, channels = images.shape
        if channels not in {1, 3}:
            raise BadInput(f"autoaugment: images of {channels} channels have no colours to change")
        pair = torch.randint(len(POLICY), (count,), generator=generator)
        applied = torch.rand((count, 2), generator=generator) < _PROBABILITY[pair]
        sign = 2 * torch.randint(2, (count, 2), generator=generator) - 1
        amount = magnitudes(height, width)[pair] * torch.where(_IS_SIGNED[pair], sign, 1)
        operation = torch.where(applied, _OPERATION[pair], -1)
        images = images.clone()
        for step in range(2):
            for index, name in enumerate(_NAMES):
                chosen = (operation[:, step] == index).nonzero()[:, 0]
                if len(chosen):
                    where, how = chosen.to(images.device), amount[chosen, step].to(images.device)
                    images[where] = OPERATIONS[name](images.index_select(0, where), how)
        return images


@cache
def magnitudes(height: int, width: int) -> Tensor:
    """Return the magnitude of each step of the policy, without sign, float64 ``(25, 2)``.

    Args:
        height: Height of the images, in pixels; shifts are proportional to it.
        width: Width of the images, in pixels.

    Numerics: Magnitudes are rounded to float32, as in the implementations behind published
        results: a blend is truncated to whole levels, where the last bit can matter.
    """
    scales = {
        "rotate": torch.linspace(0, 30, 10),
        "shear-y": torch.linspace(0, 0.3, 10),
        "translate-x": torch.linspace(0, 150 / 331 * width, 10),
        "translate-y": torch.linspace(0, 150 / 331 * height, 10),
        "posterize": 8 - torch.linspace(0, 4, 10).round(),
        "solarize": torch.linspace(255, 0, 10),
        **dict.fromkeys(
            ("brightness", "colour", "contrast", "sharpness"), torch.linspace(0, 0.9, 10)
        ),
        **dict.fromkeys(("autocontrast", "equalize", "invert"), torch.zeros(10)),
    }
    amounts = [[float(scales[name][level]) for name, _, level in pair] for pair in POLICY]
    return torch.tensor(amounts, dtype=torch.float64)
