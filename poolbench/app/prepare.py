"""Preparing the data of a study ahead of time: what ``train`` would do first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from poolbench.core.cell import DataSpec
from poolbench.core.counted import counted
from poolbench.core.data_root import data_root
from poolbench.core.events import Event, Kind
from poolbench.core.study import Study


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """A data set that is ready for training.

    Args:
        dataset: Its name.
        images: Number of images or pictures of all splits.
        size_bytes: Size of their pixels.
        duration_s: Time that it took; about 0 if it was ready before.
    """

    dataset: str
    images: int
    size_bytes: int
    duration_s: float

    def __str__(self) -> str:
        size = f"{self.size_bytes / 2**30:,.2f} GiB"
        return f"{self.dataset}: {counted(self.images, 'image')}, {size}, {self.duration_s:,.1f} s"


def data_of(study: Study) -> Sequence[DataSpec]:
    """Return a cell's data for each data set and limit of a study, in the order of its cells."""
    found: list[DataSpec] = []
    for cell in study.cells:
        known = [(spec.source, spec.checksum, spec.limit) for spec in found]
        if (cell.data.source, cell.data.checksum, cell.data.limit) not in known:
            found.append(cell.data)
    return found


def prepare_data(
    study: Study,
    *,
    root: Path | None = None,
    download: bool = False,
    on_event: Callable[[Event], None] = lambda _: None,
) -> list[PreparedData]:
    """Read and decode every data set of a study into the cache.

    Args:
        study: The study.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        download: Whether to download missing data sets.
        on_event: Called with every event, for a display; a data set is its cell.

    Raises:
        EnvironmentFault: Data are missing or cannot be read, or the disk is full; what is prepared
            stays, and the next call goes on from there.
    """
    return [_prepare(spec, data_root(root), download, on_event) for spec in data_of(study)]


def _prepare(
    spec: DataSpec, root: Path | None, download: bool, on_event: Callable[[Event], None]
) -> PreparedData:
    from poolbench.data.load import read_source
    from poolbench.data.pictures.preparation import prepare
    from poolbench.data.pictures.source import PictureList
    from poolbench.data.watching import watched_by

    began, teller = time.monotonic(), _Teller(spec, on_event)
    with watched_by(teller):
        found = read_source(spec, root=root, download=download)
    if isinstance(found, PictureList):
        _, shards = prepare(found, teller)
        count, size = len(found.all), sum(shard.pixel_bytes for shard in shards)
    else:
        count = len(found.train_labels) + len(found.test_labels)
        size = found.train_images.nbytes + found.test_images.nbytes
    done = PreparedData(
        dataset=spec.source.name,
        images=count,
        size_bytes=size,
        duration_s=time.monotonic() - began,
    )
    teller.tell("finished", "", 1.0)
    return done


class _Teller:
    """Watches the preparation of a data set, and tells it as the events of a cell."""

    def __init__(self, spec: DataSpec, on_event: Callable[[Event], None]) -> None:
        self._spec, self._on_event = spec, on_event

    def tell(self, kind: Kind, text: str, fraction: float = 0.0) -> None:
        self._on_event(
            Event(
                kind=kind,
                cell=self._spec.checksum,
                label=self._spec.source.name,
                detail=text,
                fraction=fraction,
            )
        )

    def notice(self, text: str) -> None:
        """Tell people something."""
        self.tell("notice", text)

    def progress(self, text: str, fraction: float) -> None:
        """Show how far it is."""
        self.tell("progress", text, fraction)
