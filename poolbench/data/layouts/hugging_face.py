"""Pictures as the library ``datasets`` saves them, read with pyarrow alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput, EnvironmentFault, did_you_mean
from poolbench.core.named import Named
from poolbench.data.file_facts import Kind, facts_of
from poolbench.data.layouts.arrow_files import (
    PARQUET,
    ArrowRow,
    column_names,
    digests_of,
    features_of,
    files_in,
    values_of,
)
from poolbench.data.layouts.faults import Faults
from poolbench.data.layouts.labels import SUPPORTED, BadLabel, class_of
from poolbench.data.layouts.listing import Labelled, Listing, listing_of
from poolbench.data.own_path import absent, own_path
from poolbench.data.sorted_pictures import Split

# Older versions of the library end names with part of a hash.
_SHARD = re.compile(r"(.+?)-\d{5}-of-\d{5}(-[0-9a-f]{16})?")
_TESTS = ("test", "validation")
_DIGEST = 32


def find_rows(source: Named, root: Path | None) -> Listing:
    """Return the pictures of a data set, in the order of its rows.

    Args:
        source: The data set. Its folder is what ``save_to_disk`` wrote, or has Parquet files
            ``train-00000-of-00001.parquet``, itself or in its folder ``data``.
        root: The data root.

    Raises:
        EnvironmentFault: Files or splits are missing or damaged, or pyarrow is not installed; or
            rows lack a picture or a label: the first 20 are named.
        BadInput: There is no such column, or it does not hold pictures or classes.
    """
    options = source.options
    folder = own_path(source, root)
    splits = _splits(folder)
    taken = _taken(folder, splits, options)
    everything = [file for files in taken.values() for file in files]
    faults, found = Faults(folder), list[Labelled]()
    try:
        classes = [_check_columns(file, options) for file in everything]
        if any(names != classes[0] for names in classes):
            raise Damaged("its files name different classes")
        kind = _hashes_in(options["image_column"])
        hashes = zip(everything, dict(facts_of(folder, everything, kind)).items(), strict=True)
        split_of: dict[Path, Split] = {
            file: name for name, files in taken.items() for file in files
        }
        for file, (relative, digests) in hashes:
            for row, label in enumerate(values_of(file, options["label_column"])):
                sha256 = digests[row * _DIGEST : (row + 1) * _DIGEST]
                try:
                    known = _class(label, classes[0], sha256)
                except BadLabel as error:
                    faults.add(f"{relative}, row {row}", str(error))
                    continue
                picture = ArrowRow(file, options["image_column"], row, sha256.hex())
                found.append(Labelled(picture, f"{relative}/{row}", known, split_of[file]))
    except (OSError, Damaged) as error:
        raise EnvironmentFault(f"cannot read {folder}: {error}", "save it again") from error
    faults.check(f"correct the rows: {SUPPORTED}, and the bytes of one picture")
    unused = [name for name in splits if splits[name] not in taken.values()]
    left_out = [f"the splits {', '.join(unused)}"] if unused else []
    fraction = options["split"]
    return listing_of(folder, found, classes=classes[0], fraction=fraction, left_out=left_out)


def _splits(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split; a data set that was saved alone is called ``train``."""
    if not folder.is_dir():
        raise absent("folder", folder)
    try:
        if (folder / "dataset_dict.json").is_file():
            names = json.loads((folder / "dataset_dict.json").read_text("utf-8"))["splits"]
            return {name: _saved(folder / name) for name in names}
        if (folder / "state.json").is_file():
            return {"train": _saved(folder)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentFault(f"{folder} is damaged: {error}", "save it again") from error
    splits: dict[str, list[Path]] = {}
    for file in [*files_in(folder, PARQUET), *files_in(folder / "data", PARQUET)]:
        shard = _SHARD.fullmatch(file.stem)
        splits.setdefault(shard[1] if shard else file.stem, []).append(file)
    if not splits:
        raise EnvironmentFault(
            f"{folder} is not what save_to_disk writes, nor holds .parquet files",
            "name the folder given to save_to_disk, or one of a data set's repository",
        )
    return splits


def _saved(folder: Path) -> list[Path]:
    state = json.loads((folder / "state.json").read_text("utf-8"))
    # The names are of a file that came with the data: they stay in its folder.
    return [folder / Path(each["filename"]).name for each in state["_data_files"]]


def _taken(
    folder: Path, splits: Mapping[str, list[Path]], options: Mapping[str, Any]
) -> dict[Split, list[Path]]:
    def named(name: str, option: str) -> list[Path]:
        if name in splits:
            return splits[name]
        raise EnvironmentFault(
            f"{folder} has no split '{name}'",
            f"name another with `{option}`: {did_you_mean(name, splits)}",
        )

    train = named(options["train"], "train")
    if options["split"] is not None:
        return {"train": train}
    test = options["test"] or next((name for name in _TESTS if name in splits), None)
    if test is None:
        raise EnvironmentFault(
            f"{folder} has no split for testing: {', '.join(splits)}",
            "name one with `test`, or hold out a fifth with `data: {split: 0.2}`",
        )
    if test == options["train"]:
        raise BadInput(f"hugging-face: the split '{test}' is both for training and for testing")
    return {"train": train, "test": named(test, "test")}


def _check_columns(file: Path, options: Mapping[str, Any]) -> list[str]:
    """Return the names of the classes; empty if none are noted."""
    columns, features = column_names(file), features_of(file)
    for option in ("image_column", "label_column"):
        if options[option] not in columns:
            raise BadInput(
                f"{file} has no column '{options[option]}'",
                f"name it with `{option}`; {did_you_mean(options[option], columns)}",
            )
    label = features.get(options["label_column"])
    if isinstance(label, list) or (isinstance(label, dict) and "feature" in label):
        raise BadInput(
            f"the column '{options['label_column']}' of {file} has several values a row "
            "(multi-label)",
            SUPPORTED,
        )
    return list(label.get("names") or ()) if isinstance(label, dict) else []


def _hashes_in(column: str) -> Kind:
    return Kind(
        name=f"rows-{column.encode().hex()[:64]}",
        find=partial(digests_of, column=column),
        doing="looking at the rows of files",
        unit="files",
        for_a_thread=1,
    )


def _class(label: object, names: Sequence[str], sha256: bytes) -> str:
    known = class_of(label)
    if not any(sha256):
        raise BadLabel("no picture in it")
    if not names or not isinstance(label, int):
        return known
    if 0 <= label < len(names):
        return names[label]
    # `datasets` writes -1 where it knows no label.
    raise BadLabel("no label" if label < 0 else f"the label {label} is none of {len(names)}")
