"""The interface of augmentations, and how to build those of a suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from poolbench.core.named import Named
from poolbench.data import AUGMENTATIONS


class Augmentation(Protocol):
    """A random change of training images, drawn independently for each image.

    Constructors take ``mean``, the training mean of each channel in [0, 1], and the options of
    their catalogue entry, all by name.
    """

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return augmented images, in the same order.

        Args:
            images: uint8 ``(B, H, W, C)``, contiguous, on any device; not modified.
            generator: On the CPU; the same state gives the same draws on every device.

        Returns:
            uint8 ``(B, H, W, C)``, contiguous, on the device of ``images``; with another height and
            width only if the suite asks for it.
        """
        ...


def build_augmentations(
    augment: Sequence[Named], *, mean: Sequence[float]
) -> tuple[Augmentation, ...]:
    """Return the augmentations a suite names, in its order.

    Args:
        augment: Names with every option.
        mean: Training mean of each channel, in [0, 1].
    """
    return tuple(AUGMENTATIONS.resolve(named.name)(mean=mean, **named.options) for named in augment)
