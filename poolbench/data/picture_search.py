"""Looking for pictures in class folders, as torchvision's ``ImageFolder`` does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Suffixes of pictures: those that torchvision takes."""

# What archives, desktops and file servers leave beside pictures; hidden files start with a dot.
_SYSTEM = frozenset(
    {
        "$recycle.bin",
        "@eadir",
        "__macosx",
        "desktop.ini",
        "lost+found",
        "system volume information",
        "thumbs.db",
    }
)

Identity = tuple[int, int]
"""Device and inode of a folder."""


class PictureSearch:
    """Finds pictures, and remembers what it left out and what nobody can read.

    Attributes:
        unreadable: Links to nothing, pipes named like pictures, closed folders; with the reasons.
        left_out: Number of entries left out, by what they are.
    """

    def __init__(self) -> None:
        self.unreadable: list[tuple[Path, str]] = []
        self.left_out: Counter[str] = Counter()

    def classes_in(self, folder: Path) -> dict[str, tuple[Path, ...]]:
        """Return the pictures of each class folder, sorted; empty for one without pictures."""
        found = {}
        for entry in self._entries(folder):
            kind = self._kind(entry)
            if kind == "folder":
                found[entry.name] = self._pictures_below(Path(entry.path))
            elif kind == "file":
                self.left_out["outside the class folders"] += 1
        return found

    def _pictures_below(self, folder: Path) -> tuple[Path, ...]:
        """Return the pictures of a folder and its subfolders, in torchvision's order."""
        found = sorted(self._walk(str(folder), frozenset()))
        return tuple(Path(f"{inside}{os.sep}{name}") for inside, name in found)

    def _walk(self, folder: str, above: frozenset[Identity]) -> Iterator[tuple[str, str]]:
        """Yield folder and name of each picture: of a million, text is made faster than paths."""
        try:
            status = os.stat(folder)  # noqa: PTH116
        except OSError as error:
            self.unreadable.append((Path(folder), error.strerror or str(error)))
            return
        here = (status.st_dev, status.st_ino)
        if here in above:  # a link to a folder above it, which would be read again and again
            self.left_out["linked in a circle"] += 1
            return
        for entry in self._entries(folder):
            kind = self._kind(entry)
            if kind == "folder":
                yield from self._walk(entry.path, above | {here})
            elif kind == "file" and _suffix(entry) in PICTURES:
                yield folder, entry.name
            elif kind == "file":
                self.left_out[_suffix(entry) or "without a suffix"] += 1

    def _entries(self, folder: Path | str) -> list[os.DirEntry[str]]:
        """Return what is in a folder, without hidden and system files."""
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable.append((Path(folder), error.strerror or str(error)))
            return []
        shown = [entry for entry in entries if not is_hidden(entry.name)]
        if hidden := len(entries) - len(shown):
            self.left_out["hidden or of the system"] += hidden
        return shown

    def _kind(self, entry: os.DirEntry[str]) -> Literal["folder", "file", "unreadable"]:
        try:
            if entry.is_dir():
                return "folder"
            # Opening a pipe would wait for ever, so nothing but a file is read as a picture. A link
            # without a suffix may have been one to a folder of them.
            suffix = _suffix(entry)
            may_be_pictures = suffix in PICTURES or (entry.is_symlink() and not suffix)
            if entry.is_file() or not may_be_pictures:
                return "file"
            is_dead = entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110
            reason = "a link to nothing" if is_dead else "not a file"
        except OSError as error:  # a link to itself, for instance
            reason = error.strerror or str(error)
        self.unreadable.append((Path(entry.path), reason))
        return "unreadable"


def is_hidden(name: str) -> bool:
    """Return whether an entry of a folder is hidden or the system's own."""
    return name.startswith(".") or name.lower() in _SYSTEM


def _suffix(entry: os.DirEntry[str]) -> str:
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122
    return "" if suffix == "." else suffix
