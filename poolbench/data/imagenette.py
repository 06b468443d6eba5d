"""Imagenette and Imagewoof: ten classes of ImageNet, easy ones and dogs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from poolbench.core.named import Named
from poolbench.data.folder import list_pictures
from poolbench.data.imagenette_files import CLASSES, find_imagenette
from poolbench.data.pictures.kept_size import kept_size
from poolbench.data.pictures.source import PictureList


def read_imagenette(
    *,
    size_px: int,
    version: int,
    keep_px: int | str | None = None,
    root: Path | None = None,
    download: bool = False,
) -> PictureList:
    """Return Imagenette; its validation images are the test split.

    Version 2 has 9469 training and 3925 test images, version 1 12894 and 500.

    Args:
        size_px: Side of the images, at least 1; published results are at 128 and 256.
        version: Version of the split, 1 or 2.
        keep_px: Shorter side of the kept pictures: see :func:`kept_size`.
        root: Contains an unpacked archive: see :func:`find_imagenette`.
        download: Ignored: archives have to be unpacked by hand.

    Raises:
        EnvironmentFault: There is no suitable archive, or a picture cannot be read.
        BadInput: ``keep_px`` is smaller than ``size_px``.

    References:
        Howard 2019, Imagenette (https://github.com/fastai/imagenette).
    """
    del download
    options = {"size_px": size_px, "keep_px": keep_px, "version": version}
    return _read(Named(name="imagenette", options=options), root)


def read_imagewoof(
    *,
    size_px: int,
    version: int,
    keep_px: int | str | None = None,
    root: Path | None = None,
    download: bool = False,
) -> PictureList:
    """Return Imagewoof; its validation images are the test split.

    Like :func:`read_imagenette`, with ten breeds of dogs. Version 2 has 9025 training and 3929 test
    images.

    Args:
        size_px: Side of the images, at least 1; published results are at 128 and 256.
        version: Version of the split, 1 or 2.
        keep_px: Shorter side of the kept pictures: see :func:`kept_size`.
        root: Contains an unpacked archive: see :func:`find_imagenette`.
        download: Ignored: archives have to be unpacked by hand.

    Raises:
        EnvironmentFault: There is no suitable archive, or a picture cannot be read.
        BadInput: ``keep_px`` is smaller than ``size_px``.

    References:
        Howard 2019, Imagewoof (https://github.com/fastai/imagenette).
    """
    del download
    options = {"size_px": size_px, "keep_px": keep_px, "version": version}
    return _read(Named(name="imagewoof", options=options), root)


def _read(source: Named, root: Path | None) -> PictureList:
    size = kept_size(source.name, source.options)
    # Published results have pictures as they are stored, whatever their EXIF data say.
    pictures = list_pictures(find_imagenette(source, root), size, upright=False)
    names = CLASSES[source.name]
    return replace(pictures, classes=tuple(names[folder] for folder in pictures.classes))
