"""Finding the user's own pictures, without opening any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from poolbench.core.cell import Named
from poolbench.core.errors import EnvironmentFault

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
_LAYOUT = "lay the pictures out as train/CLASS/*.png and test/CLASS/*.png (or val/CLASS/*.png)"


@dataclass(frozen=True, kw_only=True)
class FolderFiles:
    """The pictures of a folder.

    Args:
        base: The folder.
        classes: Names of the class folders, sorted.
        train: Training pictures by class, sorted.
        test: Test pictures by class, sorted.
    """

    base: Path
    classes: tuple[str, ...]
    train: tuple[tuple[Path, ...], ...]
    test: tuple[tuple[Path, ...], ...]

    def __iter__(self) -> Iterator[Path]:
        for split in (self.train, self.test):
            for pictures in split:
                yield from pictures


def find_pictures(source: Named, root: Path | None) -> FolderFiles:
    """Return the pictures of a ``folder`` data set.

    Args:
        source: The data set; its option ``path`` names the folder, relative to ``root``, or to the
            working directory if there is no root.
        root: The data root.

    Raises:
        EnvironmentFault: The folder, a split, a class or its pictures are missing.
    """
    base = (root or Path()) / Path(str(source.options["path"])).expanduser()
    if not base.is_dir():
        raise EnvironmentFault(
            f"the folder of pictures {base} does not exist",
            "correct `path`, or name the folder it is relative to with --data-root",
        )
    return pictures_below(base)


def pictures_below(base: Path) -> FolderFiles:
    """Return the pictures of a folder that exists.

    Args:
        base: Contains ``train`` and ``test`` (or ``val``), each with a folder for each class.

    Raises:
        EnvironmentFault: A split, a class or its pictures are missing.
    """
    train = _split(base, "train")
    test = _split(base, "test", "val")
    if differing := sorted(train.keys() ^ test.keys()):
        raise EnvironmentFault(f"{base}: the class '{differing[0]}' is not in both splits", _LAYOUT)
    return FolderFiles(
        base=base,
        classes=tuple(train),
        train=tuple(train.values()),
        test=tuple(test.values()),
    )


def _split(base: Path, *names: str) -> dict[str, tuple[Path, ...]]:
    folder = next((base / name for name in names if (base / name).is_dir()), None)
    if folder is None:
        raise EnvironmentFault(f"{base} has no folder {' or '.join(map(repr, names))}", _LAYOUT)
    classes = sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if not classes:
        raise EnvironmentFault(f"{folder} holds no class folders", _LAYOUT)
    return {path.name: _pictures(path) for path in classes}


def _pictures(folder: Path) -> tuple[Path, ...]:
    pictures = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES))
    if not pictures:
        kinds = ", ".join(sorted(PICTURES))
        raise EnvironmentFault(f"{folder} holds no pictures ({kinds})", _LAYOUT)
    return pictures
