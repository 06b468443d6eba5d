"""Finding the user's own pictures, without decoding any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from poolbench.core.counted import first_of
from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data.file_hashes import checksum_of, each_hash
from poolbench.data.folder_split import split_by_content
from poolbench.data.own_path import absent, own_path
from poolbench.data.picture_search import PICTURES, PictureSearch, is_hidden
from poolbench.data.pictures.kept_size import kept_size
from poolbench.data.sorted_pictures import Split
from poolbench.data.unreadable import unreadable_pictures

LAYOUT = "lay the pictures out as train/CLASS/*.png and test/CLASS/*.png (or val/CLASS/*.png)"
_TESTS = ("test", "val")
_SHOWN = 5

Classes = Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True, kw_only=True)
class FolderFiles:
    """The pictures of a folder.

    Args:
        base: The folder.
        classes: Names of the class folders, sorted.
        train: Training pictures by class, sorted.
        test: Test pictures by class, sorted.
        left_out: What was found and not taken, with its number: ``3 .gif``.
    """

    base: Path
    classes: tuple[str, ...]
    train: tuple[tuple[Path, ...], ...]
    test: tuple[tuple[Path, ...], ...]
    left_out: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Path]:
        for split in (self.train, self.test):
            for pictures in split:
                yield from pictures

    @cached_property
    def hashes(self) -> tuple[tuple[str, str], ...]:
        """Path relative to the folder, and SHA-256, of each picture.

        Raises:
            EnvironmentFault: Pictures cannot be read: all of them are named.
        """
        return tuple(each_hash(self.base, self))

    @property
    def checksum(self) -> str:
        """SHA-256 of the pictures' paths and contents; raises as :attr:`hashes`."""
        return checksum_of(self.hashes)

    def counts(self, split: Split) -> list[int]:
        """Return the number of pictures of each class, by label."""
        return [len(pictures) for pictures in (self.train if split == "train" else self.test)]


def find_pictures(source: Named, root: Path | None) -> FolderFiles:
    """Return the pictures of a ``folder`` data set.

    Args:
        source: The data set; its option ``path`` names the folder, relative to ``root``, or to the
            working directory if there is no root. If it has a ``split``, the folder, or its folder
            ``train``, holds the classes, and that fraction of the pictures is for testing.
        root: The data root.

    Raises:
        EnvironmentFault: The folder, a split, a class or its pictures are missing, or there is one
            class only; or pictures cannot be read: all of them are named.
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    kept_size(source.name, source.options)
    base = own_path(source, root)
    if not base.is_dir():
        raise absent("folder of pictures", base)
    fraction = source.options.get("split")
    return pictures_below(base) if fraction is None else _pictures_to_split(base, fraction)


def pictures_below(base: Path) -> FolderFiles:
    """Return the pictures of a folder that exists.

    Args:
        base: Contains ``train`` and ``test`` (or ``val``), each with a folder for each class. To
            evaluate a network, ``train`` is not needed.

    Raises:
        EnvironmentFault: As :func:`find_pictures`.
    """
    search = PictureSearch()
    if not (base / "train").is_dir() and any((base / name).is_dir() for name in _TESTS):
        splits = [_split(base, *_TESTS)]
        (test,) = _classes_in(splits, search)
        return _found(base, dict.fromkeys(test, ()), test, splits, search)
    splits = [_split(base, "train"), _split(base, *_TESTS)]
    train, test = _classes_in(splits, search)
    if differing := sorted(train.keys() ^ test.keys()):
        raise EnvironmentFault(f"{base}: not in both splits: {_listed('class', differing)}", LAYOUT)
    return _found(base, train, test, splits, search)


def _pictures_to_split(base: Path, fraction: float) -> FolderFiles:
    for name in _TESTS:
        if (base / name).is_dir():
            raise EnvironmentFault(
                f"{base} has test pictures of its own, in the folder '{name}'",
                "leave `split` out of `data`",
            )
    # A folder `train` with pictures and no folders in it is a class, beside `bus` and `tram`.
    splits = [base / "train" if _folders_in(base / "train") else base]
    search = PictureSearch()
    (classes,) = _classes_in(splits, search)
    train, test = split_by_content(base, classes, fraction)
    return _found(base, train, test, splits, search)


def _classes_in(splits: Sequence[Path], search: PictureSearch) -> list[Classes]:
    """Return the classes of each split, none of them empty, at least two."""
    found = [search.classes_in(split) for split in splits]
    if search.unreadable:
        from poolbench.data.pictures.decoding import (
            undecodable,
        )  # finding pictures needs no decoder

        # Others that cannot be decoded are mended in the same go.
        every = (path for classes in found for each in classes.values() for path in each)
        raise unreadable_pictures([*search.unreadable, *undecodable(every)])
    for split, classes in zip(splits, found, strict=True):
        if not classes:
            raise EnvironmentFault(f"{split} holds no class folders", LAYOUT)
        if empty := [str(split / name) for name, pictures in classes.items() if not pictures]:
            kinds = ", ".join(sorted(PICTURES))
            more = f", nor do {len(empty) - 1} other class folders" if len(empty) > 1 else ""
            raise EnvironmentFault(f"{empty[0]} holds no pictures ({kinds}){more}", LAYOUT)
    for split, classes in zip(splits, found, strict=True):
        if len(classes) == 1 and found[0].keys() == classes.keys():
            raise _one_class(split, *classes)
    return list(found)


def _one_class(split: Path, name: str) -> EnvironmentFault:
    inner = _folders_in(split / name)
    hint = "a network has to tell two classes apart at least: add the folder of another"
    if inner:
        hint = (
            f"it holds {_listed('folder', inner)}: if those are the classes, they lie one level "
            f"too deep: move them up, into {split}"
        )
    return EnvironmentFault(f"{split} holds one class only, '{name}'", hint)


def _split(base: Path, *names: str) -> Path:
    folder = next((base / name for name in names if (base / name).is_dir()), None)
    if folder is not None:
        return folder
    hint, inner = LAYOUT, _folders_in(base)
    if len(inner) == 1 and (base / inner[0] / "train").is_dir():
        hint = f"is it {base / inner[0]} that you mean? Name it as `path`"
    elif names == _TESTS:
        hint = f"{hint}, or hold out a fifth for testing with `data: {{split: 0.2}}`"
    elif len(inner) > 1:
        hint = f"{hint}; if {inner[0]}, {inner[1]}, ... are the classes: `data: {{split: 0.2}}`"
    raise EnvironmentFault(f"{base} has no folder {' or '.join(map(repr, names))}", hint)


def _found(
    base: Path, train: Classes, test: Classes, splits: Sequence[Path], search: PictureSearch
) -> FolderFiles:
    most = search.left_out.most_common(_SHOWN)
    left_out = [f"{count:,} {what}" for what, count in most]
    if rest := search.left_out.total() - sum(count for _, count in most):
        left_out.append(f"{rest:,} of other kinds")
    if base not in splits:
        others = [name for name in _folders_in(base) if base / name not in splits]
        left_out += [_listed("folder", others)] if others else []
    return FolderFiles(
        base=base,
        classes=tuple(train),
        train=tuple(train.values()),
        test=tuple(test.values()),
        left_out=tuple(left_out),
    )


def _folders_in(folder: Path) -> list[str]:
    """Return the names of the folders in a folder, sorted; none if it cannot be read."""
    try:
        found = [each.name for each in folder.iterdir() if each.is_dir()]
    except OSError:  # whoever reads the pictures says so
        return []
    return sorted(name for name in found if not is_hidden(name))


def _listed(noun: str, names: Sequence[str]) -> str:
    plural = "" if len(names) == 1 else "es" if noun.endswith("s") else "s"
    quoted = [f"'{name}'" for name in names]
    return f"the {noun}{plural} {first_of(quoted, _SHOWN)}"
