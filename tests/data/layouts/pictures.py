"""Real pictures for the tests of layouts, each with content of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from poolbench.core.cell import DataSpec
from poolbench.core.named import Named
from poolbench.core.options import check_options
from poolbench.data import DATASETS
from poolbench.data.fingerprint import fingerprint
from poolbench.data.load import load
from poolbench.data.splits import Splits
from tests.data.pictured import images_of

SHADES = {"ant": 40, "bee": 210}


def encoded(label: str, number: int, format: str = "PNG") -> bytes:
    """Return a picture whose red is its class's and whose green is its number's."""
    file = io.BytesIO()
    Image.new("RGB", (12, 10), (SHADES[label], number, 0)).save(file, format)
    return file.getvalue()


def source(name: str, **options: Any) -> Named:
    """Return a data set with all its options."""
    entry = DATASETS[name]
    checked = check_options(name, entry.options, {"size_px": 8, **options})
    return Named(name=name, options=checked, revision=entry.revision)


def loaded(asked: Named, root: Path, **settings: Any) -> Splits:
    """Return the splits as a cell has them."""
    spec = DataSpec(source=asked, checksum=fingerprint(asked, root), **settings)
    return load(spec, root=root, download=False, device=torch.device("cpu"))


def seen(splits: Splits) -> list[set[tuple[str, int, int]]]:
    """Return class, red and green of every image, of training and test."""
    found = []
    for split in (splits.train, splits.test):
        pixels = images_of(split)[:, 4, 4].tolist()
        labels = split.labels.tolist()
        found.append(
            {
                (splits.classes[k], red, green)
                for k, (red, green, _) in zip(labels, pixels, strict=True)
            }
        )
    return found


def expected(numbers: range) -> set[tuple[str, int, int]]:
    """Return what :func:`seen` gives of pictures with these numbers, of both classes."""
    return {(label, shade, number) for label, shade in SHADES.items() for number in numbers}
