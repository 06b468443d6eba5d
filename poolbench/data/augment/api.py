"""The interface of augmentations, and how to build those of a suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class CutsBoxes(Protocol):
    """An augmentation that cuts a box out of each image and resizes it to a square.

    As the first of a suite it cuts from the whole pictures of a data set that has them.

    Attributes:
        size_px: Side of the squares, in pixels; ``None`` keeps the side of the images.
    """

    size_px: int | None

    def boxes(self, sides: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a box of each picture.

        Args:
            sides: int64 ``(2, B)`` on the CPU: heights and widths, in pixels.
            generator: On the CPU.

        Returns:
            int64 ``(4, B)`` on the CPU: top, left, height, width.
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
