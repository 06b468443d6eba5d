"""Pictures in the tar shards of WebDataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.data.layouts.faults import Faults
from poolbench.data.layouts.labels import SUPPORTED, BadLabel, class_of
from poolbench.data.layouts.listing import Labelled, Listing, listing_of
from poolbench.data.layouts.shard_names import shards_of
from poolbench.data.layouts.tar_index import TarSample, samples_of
from poolbench.data.own_path import absent, own_path
from poolbench.data.sorted_pictures import Split

_CLS = "cls"


def find_shards(source: Named, root: Path | None) -> Listing:
    """Return the pictures of tar shards, in the order of their names and of the shards.

    Args:
        source: The data set, with its options.
        root: The data root.

    Raises:
        EnvironmentFault: Shards are missing or damaged; or samples lack a picture or a label, or
            have several: the first 20 are named.
        BadInput: A pattern is not one, or no sample has what is to hold the class.
    """
    options = source.options
    folder = own_path(source, root)
    if not folder.is_dir():
        raise absent("folder of shards", folder)
    classes = _classes(folder, options["classes"])
    shards: dict[Path, Split] = dict.fromkeys(shards_of(folder, options["train"]), "train")
    if options["split"] is None:
        testing = shards_of(folder, options["test"])
        if both := [path.name for path in testing if path in shards]:
            raise EnvironmentFault(
                f"{folder / both[0]} is both for training and for testing",
                "let `train` and `test` name different shards",
            )
        shards |= dict.fromkeys(testing, "test")
    faults, left_out = Faults(folder), Counter[str]()
    found, asked = [], options["label"]
    without = total = 0
    for shard, samples in samples_of(folder, list(shards), left_out):
        where = shard.relative_to(folder).as_posix()
        for sample in samples:
            total += 1
            without += not _has(sample, asked)
            try:
                label = _label(sample, asked, classes)
            except BadLabel as error:
                faults.add(f"{where}: {sample.key}", str(error))
                continue
            (picture,) = sample.pictures
            found.append(Labelled(picture, f"{where}/{picture.member}", label, shards[shard]))
    if total and without == total:
        what = ".cls" if asked == _CLS else f"'{asked}' in a .json"
        raise BadInput(
            f"{folder}: no sample has a class: none has {what}",
            "name what holds it with `label`: cls, or the name of a value in .json",
        )
    faults.check(f"write the shards again: {SUPPORTED}, beside one picture")
    return listing_of(
        folder,
        found,
        classes=classes,
        fraction=options["split"],
        left_out=[f"{count:,} {kind}" for kind, count in sorted(left_out.items())],
    )


def _has(sample: TarSample, asked: str) -> bool:
    """Whether a sample may have what is asked for: a .json that names it is read elsewhere."""
    if asked == _CLS:
        return ".cls" in sample.labels
    return json.dumps(asked) in sample.labels.get(".json", "")


def _label(sample: TarSample, asked: str, classes: list[str]) -> str:
    if len(sample.pictures) != 1:
        raise BadLabel("several pictures" if sample.pictures else "no picture")
    if asked == _CLS:
        label = class_of(sample.labels.get(".cls"))
    else:
        label = class_of(_value(sample, asked))
    if not classes or label in classes:
        return label
    if label.isascii() and label.isdecimal() and int(label) < len(classes):
        return classes[int(label)]
    raise BadLabel(f"the label {label} is none of the {len(classes)} classes")


def _value(sample: TarSample, key: str) -> object:
    try:
        document = json.loads(sample.labels.get(".json", "{}"))
    except ValueError as error:
        raise BadLabel(f"its .json is damaged: {error}") from None
    if not isinstance(document, dict) or key not in document:
        raise BadLabel(f"no '{key}' in its .json")
    return document[key]


def _classes(folder: Path, file: str | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = (folder / file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFault(
            f"cannot read the names of classes: {error}", "correct `classes`, or leave it out"
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    if twice := next(_repeated(names), None):
        raise EnvironmentFault(f"{folder / file} names '{twice}' twice", "remove one of the lines")
    return names


def _repeated(names: list[str]) -> Iterator[str]:
    return (name for n, name in enumerate(names) if name in names[:n])
