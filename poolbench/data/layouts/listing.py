"""Pictures with their labels and splits, as every layout but class folders lists them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.core.counted import first_of
from poolbench.core.errors import EnvironmentFault
from poolbench.data.folder_split import held_out
from poolbench.data.sorted_pictures import Split

if TYPE_CHECKING:
    from poolbench.data.pictures.source import PictureSource

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture as a layout finds it.

    Args:
        source: The picture.
        name: What identifies it, beside its content: a path below the folder, or a file and a row.
        label: Name of its class.
        split: What it is for.
    """

    source: PictureSource
    name: str
    label: str
    split: Split


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """The pictures of a data set, in an order that no machine decides.

    Args:
        base: The file or folder that they are from.
        classes: Names of the classes, by label.
        train: Training pictures.
        test: Test pictures.
        left_out: What was found and not taken, with its number: ``3 rows of the split 'extra'``.
    """

    base: Path
    classes: tuple[str, ...]
    train: tuple[Labelled, ...]
    test: tuple[Labelled, ...]
    left_out: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[PictureSource]:
        for split in (self.train, self.test):
            for each in split:
                yield each.source

    @property
    def checksum(self) -> str:
        """SHA-256 of the pictures' contents, with their names, classes and splits."""
        digest = hashlib.sha256("\0".join(self.classes).encode(errors="surrogateescape"))
        for split, pictures in (("train", self.train), ("test", self.test)):
            for each in pictures:
                line = f"{each.source.sha256}  {split}/{each.label}/{each.name}\n"
                digest.update(os.fsencode(line))
        return digest.hexdigest()

    def counts(self, split: Split) -> list[int]:
        """Return the number of pictures of each class, by label."""
        counts = Counter(each.label for each in self._of(split))
        return [counts[name] for name in self.classes]

    def labels(self, split: Split) -> list[int]:
        """Return the label of each picture."""
        of = {name: label for label, name in enumerate(self.classes)}
        return [of[each.label] for each in self._of(split)]

    def _of(self, split: Split) -> tuple[Labelled, ...]:
        return self.train if split == "train" else self.test


def listing_of(
    base: Path,
    pictures: Iterable[Labelled],
    *,
    classes: Sequence[str] = (),
    fraction: float | None = None,
    left_out: Sequence[str] = (),
) -> Listing:
    """Return the listing of pictures.

    Args:
        base: The file or folder that they are from.
        pictures: In an order that is always the same.
        classes: All names by label, if the layout says; by default the names found, sorted, and
            numbers as numbers.
        fraction: Fraction of the pictures for testing, in (0, 1), as their content decides: see
            :func:`~poolbench.data.folder_split.split_by_content`; ``None`` keeps their splits.
        left_out: What was found and not taken.

    Raises:
        EnvironmentFault: There are fewer than two classes, or one lacks pictures in a split.
    """
    found = list(pictures)
    names = {each.label for each in found}
    ordered = tuple(n for n in classes if n in names) if classes else tuple(_sorted(names))
    if unused := [name for name in classes if name not in names]:
        left_out = [*left_out, f"classes without pictures: {first_of(unused, _SHOWN)}"]
    if len(ordered) < 2:
        raise EnvironmentFault(
            f"{base} has {'one class only: ' + ordered[0] if ordered else 'no pictures'}",
            "a network has to tell two classes apart at least",
        )
    if fraction is None:
        testing = [each.split == "test" for each in found]
    else:
        hashes = [{e.source.sha256 for e in found if e.label == name} for name in ordered]
        held = held_out(hashes, fraction)
        testing = [each.source.sha256 in held for each in found]
    listing = Listing(
        base=base,
        classes=ordered,
        train=tuple(e for e, is_test in zip(found, testing, strict=True) if not is_test),
        test=tuple(e for e, is_test in zip(found, testing, strict=True) if is_test),
        left_out=tuple(left_out),
    )
    _check_splits(listing)
    return listing


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(
        names, key=lambda name: (0, int(name), name) if _is_number(name) else (1, 0, name)
    )


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def _check_splits(listing: Listing) -> None:
    splits: tuple[tuple[Split, str, str], ...] = (
        ("train", "training", ""),
        ("test", "test", "; `data: {split: 0.2}` holds a fifth out for testing"),
    )
    for split, called, more in splits:
        counts = listing.counts(split)
        if empty := [name for name, n in zip(listing.classes, counts, strict=True) if not n]:
            raise EnvironmentFault(
                f"{listing.base}: without {called} pictures: {first_of(empty, _SHOWN)}",
                f"every class needs pictures of both splits{more}",
            )
