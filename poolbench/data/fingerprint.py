"""The checksum of a data set's content, found without torch where files suffice."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.data_files import FoundFiles
from poolbench.data.file_hashes import each_hash
from poolbench.data.layouts.listing import Listing


def fingerprint(source: Named, root: Path | None) -> str:
    """Return the checksum of a data set's content.

    If the catalogue has one, no file is read. If the entry finds files, it is the SHA-256 of their
    paths and contents; if it lists pictures, that of their names, labels and contents. Hashes of
    files that did not change are remembered. Otherwise the images are read, and it is the SHA-256
    of them.

    Args:
        source: The data set.
        root: Folder of data sets; ``None`` if the user named none.

    Raises:
        EnvironmentFault: Files are missing or not laid out as expected.
        BadInput: The reader of a plug-in returns something other than images.
    """
    entry = DATASETS[source.name]
    if entry.checksum:
        return entry.checksum
    if entry.find:
        found = DATASETS.resolve(source.name, "find")(source, root)
        return found.checksum if isinstance(found, Listing) else _of_files(found)
    return _of_images(source, root)


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


def _of_files(files: FoundFiles) -> str:
    digest = hashlib.sha256()
    for relative, sha256 in each_hash(files.base, files):
        # Names are bytes: those in an old archive may not be UTF-8.
        digest.update(os.fsencode(f"{sha256}  {relative}\n"))
    return digest.hexdigest()
