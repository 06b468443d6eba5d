"""Cutting boxes out of prepared pictures, in two steps, of which the first may be done ahead."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import torch
from torch import Tensor

from poolbench.data.pictures.batched_resampling import resample_boxes
from poolbench.data.pictures.prepared import PreparedPictures
from poolbench.data.pictures.resampling import resized

Finish = Callable[[], Tensor]
"""The second step, in the thread that wants the images."""


class Cutter(Protocol):
    """Cuts boxes out of pictures, and resizes them to squares.

    Two cutters for a device give the same bits, wherever the pictures lie.
    """

    def cut(self, indices: Tensor, boxes: Tensor, size_px: int) -> Finish:
        """Begin to cut a batch.

        Args:
            indices: int64 ``(B,)`` on the CPU.
            boxes: int64 ``(4, B)`` on the CPU: top, left, height, width.
            size_px: Side of the squares, in pixels.

        Returns:
            What ends it, and returns uint8 ``(B, size_px, size_px, 3)``, contiguous.
        """
        ...


class CpuCutter:
    """Cuts on the CPU, a picture at a time, with as many threads as torch uses.

    The kernel for bytes is several times as fast as a batched one: it reads each box once.

    Args:
        pictures: The pictures.
    """

    def __init__(self, pictures: PreparedPictures) -> None:
        self._pictures, self._threads = pictures, torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="cut")

    def cut(self, indices: Tensor, boxes: Tensor, size_px: int) -> Finish:
        """Begin to cut a batch: see :class:`Cutter`."""
        squares = torch.empty(len(indices), size_px, size_px, 3, dtype=torch.uint8)
        chosen, each = indices.tolist(), boxes.T.tolist()

        def work(first: int) -> None:
            for at in range(first, len(chosen), self._threads):
                top, left, height, width = each[at]
                picture = self._pictures.picture(chosen[at])
                box = picture[top : top + height, left : left + width]
                squares[at] = resized(box, (size_px, size_px))

        working: list[Future[None]] = [self._pool.submit(work, n) for n in range(self._threads)]

        def finish() -> Tensor:
            for part in working:
                part.result()
            return squares

        return finish


class ResidentCutter:
    """Cuts on a device that holds all the pictures.

    Args:
        pictures: The pictures.
        device: The device.
    """

    def __init__(self, pictures: PreparedPictures, device: torch.device) -> None:
        self._pictures = pictures
        self._pixels = torch.empty(pictures.size_bytes // 3, 3, dtype=torch.uint8, device=device)
        done = 0
        for shard in pictures.shards():
            self._pixels[done : done + len(shard)] = shard
            done += len(shard)

    def cut(self, indices: Tensor, boxes: Tensor, size_px: int) -> Finish:
        """Begin to cut a batch: see :class:`Cutter`."""
        strides = self._pictures.sides[1, indices]
        starts = self._pictures.first_pixels[indices] + boxes[0] * strides + boxes[1]
        return lambda: resample_boxes(self._pixels, starts, strides, boxes[2:], size_px)


class FeedingCutter:
    """Copies boxes out of the pictures in a thread, and resizes them on a device.

    Args:
        pictures: The pictures.
        device: The device.
    """

    def __init__(self, pictures: PreparedPictures, device: torch.device) -> None:
        self._pictures, self._device = pictures, device
        self._pool = ThreadPoolExecutor(torch.get_num_threads(), thread_name_prefix="read")

    def cut(self, indices: Tensor, boxes: Tensor, size_px: int) -> Finish:
        """Begin to cut a batch: see :class:`Cutter`."""
        areas = boxes[2] * boxes[3]
        starts = areas.cumsum(0) - areas
        packed = torch.empty(int(areas.sum()), 3, dtype=torch.uint8)

        def copy(at: int) -> None:
            top, left, height, width = boxes[:, at].tolist()
            start = int(starts[at])
            box = self._pictures.picture(int(indices[at]))
            packed[start : start + height * width].view(height, width, 3).copy_(
                box[top : top + height, left : left + width]
            )

        working = [self._pool.submit(copy, at) for at in range(len(indices))]

        def finish() -> Tensor:
            for each in working:
                each.result()
            pixels = packed.to(self._device)
            return resample_boxes(pixels, starts, boxes[3], boxes[2:], size_px)

        return finish
