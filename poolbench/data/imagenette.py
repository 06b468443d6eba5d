"""Imagenette and Imagewoof: ten classes of ImageNet, easy ones and dogs, resized to one size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from poolbench.core.named import Named
from poolbench.data.arrays import Arrays
from poolbench.data.folder import decode_pictures
from poolbench.data.imagenette_files import CLASSES, find_imagenette


def read_imagenette(
    *, size_px: int, version: int, root: Path | None = None, download: bool = False
) -> Arrays:
    """Return Imagenette as ``size_px`` x ``size_px`` x 3; its validation images are the test split.

    The shorter side is resized to ``size_px`` (antialiased bilinear), then the centre is cropped.
    Version 2 has 9469 training and 3925 test images, version 1 12894 and 500.

    Args:
        size_px: Side of the images, at least 1; published results are at 128 and 256.
        version: Version of the split, 1 or 2.
        root: Contains an unpacked archive: see :func:`find_imagenette`.
        download: Ignored: archives have to be unpacked by hand.

    Raises:
        EnvironmentFault: There is no suitable archive, or a picture cannot be read.

    References:
        Howard 2019, Imagenette (https://github.com/fastai/imagenette).
    """
    return _read("imagenette", size_px, version, root, download)


def read_imagewoof(
    *, size_px: int, version: int, root: Path | None = None, download: bool = False
) -> Arrays:
    """Return Imagewoof as ``size_px`` x ``size_px`` x 3; its validation images are the test split.

    Like :func:`read_imagenette`, with ten breeds of dogs. Version 2 has 9025 training and 3929 test
    images.

    Args:
        size_px: Side of the images, at least 1; published results are at 128 and 256.
        version: Version of the split, 1 or 2.
        root: Contains an unpacked archive: see :func:`find_imagenette`.
        download: Ignored: archives have to be unpacked by hand.

    Raises:
        EnvironmentFault: There is no suitable archive, or a picture cannot be read.

    References:
        Howard 2019, Imagewoof (https://github.com/fastai/imagenette).
    """
    return _read("imagewoof", size_px, version, root, download)


def _read(name: str, size_px: int, version: int, root: Path | None, download: bool) -> Arrays:
    del download
    source = Named(name=name, options={"size_px": size_px, "version": version})
    # Published results have pictures as they are stored, whatever their EXIF data say.
    arrays = decode_pictures(find_imagenette(source, root), size_px, upright=False)
    return replace(arrays, classes=tuple(CLASSES[name][folder] for folder in arrays.classes))
