"""From a cell's data specification to tensors on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.core.cell import DataSpec
from poolbench.core.counted import first_of
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.cache import cached
from poolbench.data.fingerprint import identify
from poolbench.data.labelled_images import LabelledImages
from poolbench.data.limit import limited, needed_pictures
from poolbench.data.pictures.picture_split import prepared_splits
from poolbench.data.pictures.progress import Unwatched, Watcher
from poolbench.data.pictures.source import PictureList
from poolbench.data.splits import Split, Splits
from poolbench.data.stable_random import StableRandom
from poolbench.data.watching import watched_by

_SHOWN = 5


def load(
    spec: DataSpec,
    *,
    root: Path | None,
    download: bool,
    device: torch.device,
    watcher: Watcher | None = None,
) -> Splits:
    """Return the splits of a cell, whose batches are on the device.

    Images of one size are resident on it. Pictures are prepared first, if they are not yet; where
    they lie depends on the memory that is free, and changes no bit.

    First ``limit`` takes that many images of each split, always the same ones; a smaller limit
    takes a subset. Then ``validation`` is held out of the training images, drawn independently for
    each ``fold``, whatever the cell's seed. Of a cell that is scored on them, they are the test
    images, and the test split serves nothing, though its pictures are prepared with the others.

    Args:
        spec: The data set and how it is used.
        root: Folder of the published data sets, and base of relative folders of pictures;
            ``None`` for the cache folder's own.
        download: Whether a missing data set may be downloaded.
        device: Where batches are needed.
        watcher: Told of the preparation of pictures, and where they lie.

    Raises:
        EnvironmentFault: The data set is missing, damaged, or not the one the cell was planned for;
            or pictures cannot be prepared.
        BadInput: ``limit`` and ``validation`` leave a split without images; or a cell is scored on
            held-out images and there are none, or they are all the images of a class; or the cell
            is of another revision of the data set.
    """
    watcher = watcher or Unwatched()
    with watched_by(watcher):
        found = read_source(spec, root=root, download=download)
    trained_on, tested_on, residency = _opened(found, device, watcher)
    train = limited(trained_on, spec, "train")
    train, validation = _hold_out(train, spec)
    if spec.scored_on == "validation":
        test, validation = _required(validation), None
        _check_classes(train, test, spec, found.classes)
    else:
        test = limited(tested_on(), spec, "test")
    mean, std = train.statistics() if spec.reads_train else ((), ())
    return Splits(
        train=train.to(device),
        validation=validation.to(device) if validation is not None else None,
        test=test.to(device),
        num_classes=len(found.classes),
        mean=mean,
        std=std,
        classes=found.classes,
        residency=residency,
    )


def load_scored(spec: DataSpec, *, root: Path | None) -> tuple[LabelledImages, tuple[str, ...]]:
    """Return the images that a cell is scored on, on the CPU, and the names of the classes.

    Args:
        spec: The data set and how it is used.
        root: As of :func:`load`; nothing is downloaded.

    Raises:
        EnvironmentFault: As :func:`load`.
        BadInput: As :func:`load`.
    """
    found = read_source(spec, root=root, download=False)
    trained_on, tested_on, _ = _opened(found, torch.device("cpu"), Unwatched())
    if spec.scored_on == "validation":
        train = limited(trained_on, spec, "train")
        return _required(_hold_out(train, spec)[1]), found.classes
    return limited(tested_on(), spec, "test"), found.classes


def read_source(spec: DataSpec, *, root: Path | None, download: bool) -> Arrays | PictureList:
    """Return a cell's data set, decoded, or those of its pictures that are to be prepared.

    Args:
        spec: The data set, and the limit of its pictures.
        root: As of :func:`load`.
        download: Likewise.

    Raises:
        EnvironmentFault: The data set is missing, damaged, or not the one the cell was planned for.
        BadInput: The cell is of another revision of the data set.
    """
    source = spec.source
    if source.revision != (now := DATASETS[source.name].revision):
        raise BadInput(
            f"'{source.name}' was read otherwise when this cell was planned (revision "
            f"{source.revision}, now {now}): its network knows other images",
            "train it again",
        )
    found = identify(source, root, reads_train=spec.reads_train)
    if found.checksum != spec.checksum:
        raise EnvironmentFault(
            f"the data set '{source.name}' has changed since this cell was planned",
            "plan the suite again: other images make another cell",
        )
    read = DATASETS.resolve(source.name)
    if found.pictures is not None:
        pictures: PictureList = read(found.pictures, source)
        return needed_pictures(pictures, spec)
    decode = partial(read, root=root, download=download, **source.options)
    return cached(source, spec.checksum, decode)


def _required(validation: LabelledImages | None) -> LabelledImages:
    if validation is None:
        raise BadInput("nothing is held out to be scored on", "give `data: {validation: 0.2}`")
    return validation


def _check_classes(
    train: LabelledImages, held: LabelledImages, spec: DataSpec, classes: Sequence[str]
) -> None:
    """Check that no class is scored which there is no image to learn from."""
    unknown = set(held.labels.tolist()) - set(train.labels.tolist())
    if unknown:
        names = [f"'{classes[label]}'" for label in sorted(unknown)]
        raise BadInput(
            f"fold {spec.fold} of '{spec.source.name}' holds out every training image of "
            f"{first_of(names, _SHOWN)}",
            "there are too few of them to hold some out: raise `limit`, or lower "
            "`search: {holdout: ...}`",
        )


def _opened(
    found: Arrays | PictureList, device: torch.device, watcher: Watcher
) -> tuple[LabelledImages, Callable[[], LabelledImages], str]:
    """Return the training split, what opens the test split, and where pictures lie."""
    if isinstance(found, PictureList):
        train, test, residency = prepared_splits(found, device, watcher)
        return train, lambda: test, residency
    return (
        _split(found.train_images, found.train_labels),
        lambda: _split(found.test_images, found.test_labels),
        "",
    )


def _split(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Split:
    return Split(images=_tensor(images), labels=_tensor(labels))


def _tensor(array: NDArray[np.generic]) -> Tensor:
    # Torch needs writable memory; a file decoded without a cache may be read-only.
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))


def _hold_out(
    train: LabelledImages, spec: DataSpec
) -> tuple[LabelledImages, LabelledImages | None]:
    if not spec.validation:
        return train, None
    count = round(spec.validation * len(train))
    if not 0 < count < len(train):
        raise BadInput(
            f"validation: {spec.validation:g} of {len(train)} training images leaves a split empty",
            "raise `limit`, or choose another fraction",
        )
    order = StableRandom(spec.source.name, "fold", spec.fold).permutation(len(train))
    held = torch.from_numpy(order)
    kept = train.select(held[count:].sort().values)
    return kept, train.select(held[:count].sort().values)
