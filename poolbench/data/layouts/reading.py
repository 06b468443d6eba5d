"""From the listing of a layout to the pictures that are prepared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.pictures.kept_size import kept_size
from poolbench.data.pictures.source import PictureList


def read_listed(name: str, options: Mapping[str, Any], root: Path | None) -> PictureList:
    """Return the pictures of a data set whose ``find`` returns a listing.

    Args:
        name: The data set.
        options: All its options.
        root: The data root.

    Raises:
        EnvironmentFault: As its ``find`` does.
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    size = kept_size(name, options)
    listing = DATASETS.resolve(name, "find")(Named(name=name, options=dict(options)), root)
    return PictureList(
        train=[each.source for each in listing.train],
        train_labels=np.array(listing.labels(listing.train), np.int64),
        test=[each.source for each in listing.test],
        test_labels=np.array(listing.labels(listing.test), np.int64),
        classes=listing.classes,
        size=size,
        upright=True,
    )
