"""Imagenette and Imagewoof: ten classes of ImageNet, easy ones and dogs."""

from __future__ import annotations

from dataclasses import replace

from poolbench.core.named import Named
from poolbench.data.folder import read_folder
from poolbench.data.folder_files import FolderFiles
from poolbench.data.imagenette_files import CLASSES
from poolbench.data.pictures.source import PictureList


def read_imagenette(found: FolderFiles, source: Named) -> PictureList:
    """Return the pictures of Imagenette or Imagewoof; the validation images are the test split.

    Version 2 of Imagenette has 9469 training and 3925 test images, version 1 12894 and 500; of
    Imagewoof 9025 and 3929, 12454 and 500.

    Args:
        found: What :func:`~poolbench.data.imagenette_files.find_imagenette` returned.
        source: The data set. Published results are at a ``size_px`` of 128 and 256.

    Raises:
        EnvironmentFault: Pictures cannot be read: all of them are named.
        BadInput: ``keep_px`` is smaller than ``size_px``.

    References:
        Howard 2019, Imagenette (https://github.com/fastai/imagenette).
    """
    # Published results have pictures as they are stored, whatever their EXIF data say.
    pictures = read_folder(found, source, upright=False)
    names = CLASSES[source.name]
    return replace(pictures, classes=tuple(names[folder] for folder in pictures.classes))
