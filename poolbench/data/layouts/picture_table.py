"""Pictures that a CSV or Parquet file lists, each with its label and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from poolbench.core.counted import counted
from poolbench.core.named import Named
from poolbench.data.file_hashes import hash_files
from poolbench.data.layouts.faults import Faults
from poolbench.data.layouts.labels import SUPPORTED, BadLabel, class_of
from poolbench.data.layouts.listing import Labelled, Listing, listing_of
from poolbench.data.layouts.table_rows import rows_of
from poolbench.data.own_path import own_path

_SPLITS: Mapping[str, str] = {
    "train": "train", "training": "train",
    "test": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    name: str
    label: str
    split: str


def find_listed(source: Named, root: Path | None) -> Listing:
    """Return the pictures that a table lists, sorted by path.

    Args:
        source: The data set. ``path`` is the table; paths in it are relative to its folder.
        root: The data root.

    Raises:
        EnvironmentFault: The table is missing; or rows lack a path, label or split, name no file,
            or a file twice: the first 20 are named by their lines.
        BadInput: The table has no such column.
    """
    options = source.options
    table = own_path(source, root)
    fraction = options.get("split")
    columns = [options["path_column"], options["label_column"]]
    if fraction is None:
        columns.append(options["split_column"])
    rows = _checked_rows(table, columns)
    taken, left_out = _of_splits(rows)
    hashes = hash_files(table.parent, (row.path for row in taken))
    return listing_of(table, _labelled(taken, hashes), fraction=fraction, left_out=left_out)


def _labelled(rows: list[_Row], hashes: Mapping[str, str]) -> list[Labelled]:
    from poolbench.data.pictures.source import PictureFile

    return [
        Labelled(
            PictureFile(row.path, hashes[row.name]),
            row.name,
            row.label,
            "train" if row.split == "train" else "test",
        )
        for row in rows
    ]


def _checked_rows(table: Path, columns: list[str]) -> list[_Row]:
    faults, rows, seen = Faults(table), list[_Row](), dict[str, str]()
    for where, (path, label, *split) in rows_of(table, columns):
        name = str(path or "").strip()
        relative = PurePosixPath(name)
        problem = ""
        if not name:
            problem = "no path"
        elif relative.is_absolute() or ".." in relative.parts:
            problem = f"{name} is {'absolute' if relative.is_absolute() else 'a path with ..'}"
        elif str(relative) in seen:
            problem = f"{name} is in {seen[str(relative)]} already"
        elif not (table.parent / relative).is_file():
            is_there = (table.parent / relative).exists()
            problem = f"{name} {'is no file' if is_there else 'does not exist'}"
        if problem:
            faults.add(where, problem)
        seen.setdefault(str(relative), where)
        try:
            known = class_of(label)
        except BadLabel as error:
            faults.add(where, str(error))
            known = ""
        part = str(split[0] or "").strip().lower() if split else "train"
        if part not in _SPLITS:
            faults.add(where, f"unknown split '{split[0]}'" if part else "no split")
        elif not problem and known:
            rows.append(_Row(table.parent / relative, str(relative), known, _SPLITS[part]))
    faults.check(
        f"correct the rows: paths are relative to the table's folder and below it, {SUPPORTED}, "
        "and the splits are train, test and val"
    )
    return sorted(rows, key=lambda row: row.name)


def _of_splits(rows: list[_Row]) -> tuple[list[_Row], list[str]]:
    """Return the rows of training and test, and what is left out: validation beside a test."""
    counts = Counter(row.split for row in rows)
    if not (counts["test"] and counts["validation"]):
        return rows, []
    left = f"{counted(counts['validation'], 'row')} of the split 'val', as there is a test split"
    return [row for row in rows if row.split != "validation"], [left]
