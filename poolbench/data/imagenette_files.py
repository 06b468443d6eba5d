"""Finding the unpacked archives of Imagenette and Imagewoof, without opening a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data.folder_files import FolderFiles, pictures_below
from poolbench.data.official import files_root
from poolbench.data.pictures.kept_size import kept_size

# Class folders are named by ImageNet's identifiers.
CLASSES: Mapping[str, Mapping[str, str]] = {
    "imagenette": {
        "n01440764": "tench",
        "n02102040": "English springer",
        "n02979186": "cassette player",
        "n03000684": "chain saw",
        "n03028079": "church",
        "n03394916": "French horn",
        "n03417042": "garbage truck",
        "n03425413": "gas pump",
        "n03445777": "golf ball",
        "n03888257": "parachute",
    },
    "imagewoof": {
        "n02086240": "Shih-Tzu",
        "n02087394": "Rhodesian ridgeback",
        "n02088364": "beagle",
        "n02089973": "English foxhound",
        "n02093754": "Border terrier",
        "n02096294": "Australian terrier",
        "n02099601": "golden retriever",
        "n02105641": "Old English sheepdog",
        "n02111889": "Samoyed",
        "n02115641": "dingo",
    },
}

# Training and test images of the published archives, by name and version.
_COUNTS: Mapping[tuple[str, int], tuple[int, int]] = {
    ("imagenette", 1): (12_894, 500),
    ("imagenette", 2): (9_469, 3_925),
    ("imagewoof", 1): (12_454, 500),
    ("imagewoof", 2): (9_025, 3_929),
}

_SHORTER_SIDES_PX = (160, 320)


def count_images(source: Named) -> tuple[int, int]:
    """Return the number of training and of test images in a published archive."""
    return _COUNTS[source.name, source.options["version"]]


def find_imagenette(source: Named, root: Path | None) -> FolderFiles:
    """Return the pictures of the smallest archive present that needs no enlarging.

    The archives are ``imagenette2-160``, ``imagenette2-320`` (shorter side 160 and 320 pixels) and
    ``imagenette2`` (as in ImageNet), those of version 1 without the 2; Imagewoof's likewise.

    Args:
        source: ``imagenette`` or ``imagewoof``, with its options ``size_px``, ``keep_px`` and
            ``version``.
        root: The data root; ``None`` for the cache folder's own.

    Raises:
        EnvironmentFault: There is no suitable archive, or it lacks classes.
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    keep_px = kept_size(source.name, source.options).keep_px
    name = source.name if source.options["version"] == 1 else f"{source.name}2"
    enough = [
        f"{name}-{side}" for side in _SHORTER_SIDES_PX if keep_px is not None and side >= keep_px
    ]
    folders = [files_root(root) / folder for folder in (*enough, name)]
    base = next((folder for folder in folders if folder.is_dir()), None)
    if base is None:
        wanted = "pictures as they are" if keep_px is None else f"{keep_px} pixels"
        listing = "\n  ".join(str(folder) for folder in folders)
        raise EnvironmentFault(
            f"the data set '{source.name}' is not on this machine; "
            f"for {wanted} one of these is needed:\n  {listing}",
            f"unpack {folders[0].name}.tgz of https://github.com/fastai/imagenette there, or name "
            "the folder that contains it with --data-root (or POOLBENCH_DATA); "
            "--download does not fetch it",
        )
    files = pictures_below(base)
    if differing := sorted(set(files.classes) ^ set(CLASSES[source.name])):
        raise EnvironmentFault(
            f"{base} does not have the classes of '{source.name}': {differing[0]} is missing or "
            "unexpected",
            "unpack the archive again",
        )
    return files
