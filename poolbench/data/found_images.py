"""How many images of how many classes a data set has on this machine, without decoding any."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.comparability import FoundImages
from poolbench.core.entries import PictureEntry
from poolbench.core.errors import EnvironmentFault
from poolbench.core.found_pictures import FoundPictures, range_of
from poolbench.core.named import Named
from poolbench.core.printable import printable
from poolbench.data import DATASETS
from poolbench.data.picture_sizes import look_at
from poolbench.data.sorted_pictures import SortedPictures


def found_images(source: Named, root: Path | None) -> FoundImages | None:
    """Return the number of images and classes that training would find.

    Where the catalogue has the checksum of a data set's content, it is known without its files:
    any other content is refused when it is read. Pictures in folders are counted.

    Args:
        source: The data set.
        root: Folder of data sets; ``None`` if the user named none.

    Returns:
        The numbers; ``None`` if its files are missing, or only reading the images would tell.
    """
    entry, official = DATASETS[source.name], official_counts(source)
    if entry.find:
        try:
            found = DATASETS.resolve(source.name, "find")(source, root)
        except EnvironmentFault:
            return None
        if isinstance(entry, PictureEntry):
            return _counted(found, official)
    classes = entry.classes_of(source.options)
    if official is None or classes is None:
        return None
    return FoundImages(train=official[0], test=official[1], classes=classes, official=official)


def _counted(pictures: SortedPictures, official: tuple[int, int] | None) -> FoundImages:
    sides_px, looked_at, damaged = look_at(list(pictures))
    train, test = pictures.counts("train"), pictures.counts("test")
    return FoundImages(
        train=sum(train),
        test=sum(test),
        classes=len(pictures.classes),
        official=official,
        pictures=FoundPictures(
            class_names=tuple(map(printable, pictures.classes)),
            train=range_of(train),
            test=range_of(test),
            sides_px=sides_px,
            looked_at=looked_at,
            left_out=tuple(map(printable, pictures.left_out)),
            damaged=damaged,
        ),
    )


def known_classes(source: Named, found: FoundImages | None) -> int | None:
    """Return the number of classes of a data set before its images are read.

    Args:
        source: The data set.
        found: What :func:`found_images` returned of it.

    Returns:
        The number; ``None`` if only reading the images would tell.
    """
    return DATASETS[source.name].classes_of(source.options) if found is None else found.classes


def official_counts(source: Named) -> tuple[int, int] | None:
    """Return the published number of training and of test images; ``None`` if files decide it."""
    entry = DATASETS[source.name]
    if not entry.counts_of:
        return entry.counts
    counts: tuple[int, int] | None = DATASETS.resolve(source.name, "counts_of")(source)
    return counts
