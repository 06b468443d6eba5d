"""Angle contraction of networks at initialisation. Reading this imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolbench.core.catalogue import DataEntry
from poolbench.core.options import Option

REVISION: Final = 1
"""Raised by hand when the similarities of the same setup change."""

TOY_PAIRS: Final[Mapping[str, DataEntry]] = {
    "toy-pair": DataEntry(
        target="poolbench.probes.contraction.toy:toy_pair",
        summary="two diagonal blocks of +1 on -1, and its negative: one pair with one channel",
        options={
            "kappa": Option(kind=int, minimum=1, help="side of each block, in pixels"),
            "size_px": Option(kind=int, default=50, minimum=2, help="height and width"),
        },
        checksum="by definition",
        license="none needed: generated",
        reference="Contraction property of pooling layer, table 2",
    )
}
"""Sources of pairs that are not data sets for training."""
