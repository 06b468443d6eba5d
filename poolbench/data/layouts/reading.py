"""From the listing of a layout to the pictures that are prepared."""

from __future__ import annotations

import numpy as np

from poolbench.core.named import Named
from poolbench.data.layouts.listing import Listing
from poolbench.data.pictures.kept_size import kept_size
from poolbench.data.pictures.source import PictureList


def read_listing(found: Listing, source: Named) -> PictureList:
    """Return the pictures of a listing, upright as their EXIF data say.

    Args:
        found: The listing.
        source: The data set, with its options ``size_px`` and ``keep_px``.

    Raises:
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    return PictureList(
        train=[each.source for each in found.train],
        train_labels=np.array(found.labels("train"), np.int64),
        test=[each.source for each in found.test],
        test_labels=np.array(found.labels("test"), np.int64),
        classes=found.classes,
        size=kept_size(source.name, source.options),
        upright=True,
    )
