"""All that is decoded into the cache: arrays, and pictures of any size."""

from __future__ import annotations

import shutil

from poolbench.core.errors import EnvironmentFault
from poolbench.core.user_cache import size_of
from poolbench.data.cache import arrays_folder
from poolbench.data.file_memory import forget
from poolbench.data.pictures.cache import entries_folder


def decoded_bytes() -> int:
    """Return the size of every decoded data set."""
    return size_of(arrays_folder()) + size_of(entries_folder())


def clear_decoded() -> int:
    """Delete every decoded data set; return the bytes that are free now.

    A run in progress keeps what it has mapped.

    Raises:
        EnvironmentFault: A file cannot be deleted.
    """
    freed = decoded_bytes()
    for folder in (arrays_folder(), entries_folder()):
        if not folder.is_dir():
            continue
        try:
            for entry in folder.iterdir():
                forget(entry)
            shutil.rmtree(folder)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot delete all of {folder}: {error.strerror}", "delete it by hand"
            ) from error
    return freed
