"""Where pictures lie while a network trains on them: chosen by the memory that is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from poolbench.core.free_memory import free_memory_bytes
from poolbench.data.pictures.cutter import CpuCutter, Cutter, FeedingCutter, ResidentCutter
from poolbench.data.pictures.prepared import PreparedPictures

# The rest is for the network, its activations, and the other workers.
_SHARE = 0.5

Place = Literal["device", "memory", "disk"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Residency:
    """Where pictures lie, and what cuts them there. The images do not depend on it.

    Args:
        place: On the device; in memory, mapped and read in advance; or on the disk, mapped and
            read when a batch needs them, some batches ahead.
        cutter: Cuts the pictures.
        words: The choice with its reason, in a sentence.
    """

    place: Place
    cutter: Cutter
    words: str


def choose_residency(
    pictures: PreparedPictures, device: torch.device, place: Place | None = None
) -> Residency:
    """Put pictures where they fit, the fastest place first.

    Args:
        pictures: The pictures.
        device: Where batches are needed.
        place: Where to put them; ``None`` to measure the free memory.
    """
    needed = pictures.size_bytes
    free: int | None = None
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if place is None and needed <= _SHARE * free:
            place = "device"
    if place is None:
        free = free_memory_bytes()
        place = "memory" if free is None or needed <= _SHARE * free else "disk"
    if place == "memory":
        pictures.read_ahead()
    measured = "" if free is None else f", of which {free / 2**30:,.1f} GiB are free"
    where = {
        "device": f"held in the memory of {device}{measured}",
        "memory": f"held in memory{measured}",
        "disk": f"read from the disk, as half of the memory{measured}, is too little",
    }[place]
    words = f"{len(pictures):,} pictures, {needed / 2**30:,.1f} GiB, are {where}"
    cutter: Cutter
    if place == "device":
        cutter = ResidentCutter(pictures, device)
    elif device.type == "cpu":
        cutter = CpuCutter(pictures)
    else:
        cutter = FeedingCutter(pictures, device)
    return Residency(place=place, cutter=cutter, words=words)
