"""The benchmark of pictures: decoded once into shards, against a loader that decodes each time."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from poolbench.bench.made_pictures import HEIGHT, WIDTH, make_pictures
from poolbench.bench.race import machine
from poolbench.bench.turns import wait_for_turn
from poolbench.core.benchmarks import Pace, PictureTimes
from poolbench.core.cores import count_cores
from poolbench.core.named import Named
from poolbench.data.augment.random_resized_crop import RandomResizedCrop
from poolbench.data.batches import Batches
from poolbench.data.folder import read_folder
from poolbench.data.folder_files import find_pictures
from poolbench.data.pictures.picture_split import PictureSplit, prepared_splits
from poolbench.data.pictures.progress import Unwatched
from poolbench.report.benchmarks.pictures import picture_table
from poolbench.report.table import Table

_CPU = torch.device("cpu")
_BATCH, _SCALES = 128, (0.35, 1.0)
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def bench_pictures(counts: Sequence[int], sizes_px: Sequence[int], *, at_most: int) -> Table:
    """Return the paces of pictures in folders of several sizes.

    Args:
        counts: Numbers of pictures.
        sizes_px: Sides of the images.
        at_most: Pictures that the loader reads, whose pace does not depend on their number.
    """
    wait_for_turn()
    torch.set_num_threads(count_cores())
    times = []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="poolbench-pictures-") as made:
            make_pictures(Path(made), count)
            times += [_measure(Path(made), count, size_px, at_most) for size_px in sizes_px]
    return picture_table(
        times,
        count_cores(),
        (
            f"JPEGs of {WIDTH} x {HEIGHT} pixels, made for this; torchvision's at most "
            f"{at_most:,} of them",
            machine(_CPU),
        ),
    )


def _measure(folder: Path, count: int, size_px: int, at_most: int) -> PictureTimes:
    loader = _loader(folder, min(count, at_most), size_px)
    theirs = _paced(min(count, at_most), lambda: sum(1 for _ in loader))
    source = Named(name="folder", options={"path": str(folder), "size_px": size_px})
    pictures = read_folder(find_pictures(source, None), source)
    with _empty_cache():
        found: list[PictureSplit] = []

        def prepare() -> None:
            train, _, _ = prepared_splits(pictures, _CPU, Unwatched())
            found.append(train)

        _forget_peak()
        prepared = _paced(len(pictures.all), prepare)
        peak = _peak_bytes()
        crop = RandomResizedCrop(mean=(0.5,) * 3, scale_min=_SCALES[0], scale_max=_SCALES[1])
        batches = Batches(found[0], batch_size=_BATCH, augment=[crop], seed=0)
        epoch = _paced(count, lambda: sum(1 for _ in batches.epoch(0)))
    return PictureTimes(
        pictures=count,
        size_px=size_px,
        prepared=prepared,
        peak_bytes=peak,
        epoch=epoch,
        loader=theirs,
    )


def _loader(folder: Path, count: int, size_px: int) -> Iterator[object]:
    """Yield the batches of an epoch as torchvision's tutorials load them, without normalising."""
    from torch.utils.data import DataLoader, Subset
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    crop = transforms.RandomResizedCrop(size_px, scale=_SCALES)
    whole = ImageFolder(folder / "train", transforms.Compose([crop, transforms.ToTensor()]))
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    part = Subset(whole, order[:count].tolist())
    yield from DataLoader(part, batch_size=_BATCH, num_workers=count_cores())


def _paced(count: int, work: Callable[[], object]) -> Pace:
    began, before = time.perf_counter(), os.times()
    work()
    wall_s, after = time.perf_counter() - began, os.times()
    return Pace(pictures=count, wall_s=wall_s, cpu_s=sum(after[:4]) - sum(before[:4]))


@contextmanager
def _empty_cache() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="poolbench-cache-") as folder:
        before = os.environ.get("POOLBENCH_CACHE")
        os.environ["POOLBENCH_CACHE"] = folder
        try:
            yield
        finally:
            os.environ.pop("POOLBENCH_CACHE")
            if before is not None:
                os.environ["POOLBENCH_CACHE"] = before


def _forget_peak() -> None:
    with suppress(OSError):  # another system: the peak is that of the process so far
        _RESET.write_text("5")


def _peak_bytes() -> int:
    with suppress(OSError):
        if found := re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE):
            return int(found[1]) * 1024
    return 0
