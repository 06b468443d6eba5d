"""Random translation: pad, then crop the original size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from poolbench.core.errors import BadInput


class Crop:
    """Pad each side, then crop the original size at a uniformly random position for each image.

    Args:
        mean: Unused.
        padding: Pixels on each side, at least 1; all (2 padding + 1)^2 crops are equally likely.
        mode: ``zero`` pads with black, ``reflect`` mirrors at the outermost pixels, which are not
            repeated.
    """

    def __init__(self, *, mean: Sequence[float], padding: int = 4, mode: str = "zero") -> None:
        del mean
        self._padding, self._mode = padding, mode

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the crops.

        Raises:
            BadInput: ``reflect`` is used with a padding that is not smaller than the image.
        """
        count, height, width, channels = images.shape
        top, left = torch.randint(2 * self._padding + 1, (2, count, 1), generator=generator)
        padded = self._pad(images)
        padded_height, padded_width = padded.shape[1:3]
        # A row of a crop is one run of bytes in the padded batch, so the crop of the whole batch
        # is one gather of runs, from a view in which a run starts at every byte.
        row = torch.arange(count)[:, None] * padded_height + top + torch.arange(height)
        start = ((row * padded_width + left) * channels).flatten().to(images.device)
        run = width * channels
        runs = padded.view(-1).unfold(0, run, 1)
        return runs.index_select(0, start).view(images.shape)

    def _pad(self, images: Tensor) -> Tensor:
        padding = self._padding
        _, height, width, _ = images.shape
        if self._mode == "zero":
            return torch.nn.functional.pad(images, (0, 0, padding, padding, padding, padding))
        if padding >= min(height, width):
            raise BadInput(
                f"crop: a padding of {padding} cannot mirror images of {height} x {width} pixels",
                "choose a smaller padding, or `mode: zero`",
            )
        rows = _mirrored(height, padding).to(images.device)
        columns = _mirrored(width, padding).to(images.device)
        return images.index_select(1, rows).index_select(2, columns)


def _mirrored(length: int, padding: int) -> Tensor:
    inside = torch.arange(-padding, length + padding).abs()
    return length - 1 - (length - 1 - inside).abs()
