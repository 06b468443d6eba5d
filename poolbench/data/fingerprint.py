"""The checksum of a data set's content, found without torch where files suffice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from poolbench.core.entries import PictureEntry
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.file_hashes import checksum_of, each_hash
from poolbench.data.folder_files import LAYOUT
from poolbench.data.sorted_pictures import SortedPictures


@dataclass(frozen=True, kw_only=True)
class Identified:
    """The content of a data set as it is on this machine.

    Args:
        checksum: Its checksum.
        pictures: Its pictures, if it is of pictures that nobody has decoded.
    """

    checksum: str
    pictures: SortedPictures | None = None


def fingerprint(source: Named, root: Path | None) -> str:
    """Return the checksum of a data set's content: see :func:`identify`."""
    return identify(source, root).checksum


def identify(source: Named, root: Path | None, *, reads_train: bool = True) -> Identified:
    """Return the checksum of a data set's content, and its pictures.

    If the catalogue has a checksum, no file is read. If the entry finds files, it is the SHA-256 of
    their paths and contents; if it finds pictures in tables or archives, that of their names,
    labels and contents. Hashes of files that did not change are remembered. Otherwise the images
    are read, and it is the SHA-256 of them.

    Args:
        source: The data set.
        root: Folder of data sets; ``None`` if the user named none.
        reads_train: Whether there have to be training pictures.

    Raises:
        EnvironmentFault: Files are missing or not laid out as expected.
        BadInput: The reader of a plug-in returns something other than images.
    """
    entry = DATASETS[source.name]
    if isinstance(entry, PictureEntry):
        pictures: SortedPictures = DATASETS.resolve(source.name, "find")(source, root)
        if reads_train and not any(pictures.counts("train")):
            raise EnvironmentFault(f"{pictures.base} has no folder 'train'", LAYOUT)
        return Identified(checksum=pictures.checksum, pictures=pictures)
    if entry.checksum:
        return Identified(checksum=entry.checksum)
    if entry.find:
        files = DATASETS.resolve(source.name, "find")(source, root)
        return Identified(checksum=checksum_of(each_hash(files.base, files)))
    return Identified(checksum=_of_images(source, root))


def _of_images(source: Named, root: Path | None) -> str:
    from poolbench.data.arrays import Arrays

    read = DATASETS.resolve(source.name)
    try:
        arrays = read(root=root, download=False, **source.options)
    except OSError as error:
        raise EnvironmentFault(f"cannot read the data set '{source.name}': {error}") from error
    if not isinstance(arrays, Arrays):
        raise BadInput(
            f"the reader of the data set '{source.name}' returned a {type(arrays).__name__}",
            "let it return poolbench.data.arrays.Arrays",
        )
    return arrays.digest()
