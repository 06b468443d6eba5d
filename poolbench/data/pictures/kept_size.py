"""How large pictures are kept, and how large the images are that are cut from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolbench.core.errors import BadInput

# Networks are customarily tested on the central 224 pixels of pictures of 256.
_MARGIN = 1.14

FULL = "full"
"""The ``keep_px`` of pictures that are kept as they are."""


@dataclass(frozen=True, slots=True)
class KeptSize:
    """The side of the images of a data set, and the shorter side of its kept pictures.

    Args:
        size_px: Side of the square images, in pixels, at least 1.
        keep_px: A kept picture's shorter side is at most this, in pixels; ``None`` for any.
    """

    size_px: int
    keep_px: int | None

    @property
    def whole_px(self) -> int:
        """Shorter side, in pixels, of a picture whose central ``size_px`` are its test image."""
        return whole_px(self.size_px)


def whole_px(size_px: int) -> int:
    """Return 1.14 times the side of the images, rounded: 256 pixels for 224."""
    return round(_MARGIN * size_px)


def kept_size(dataset: str, options: Mapping[str, Any]) -> KeptSize:
    """Return the sizes that the options of a data set ask for.

    Args:
        dataset: Its name, for errors.
        options: ``size_px`` and ``keep_px``: a number, ``full``, or ``None`` for the default,
            1.14 times ``size_px``.

    Raises:
        BadInput: Images would be larger than the pictures they are cut from.
    """
    size_px, keep = int(options["size_px"]), options.get("keep_px")
    if keep == FULL:
        return KeptSize(size_px, None)
    if keep is None:
        return KeptSize(size_px, whole_px(size_px))
    if keep < size_px:
        raise BadInput(
            f"{dataset}: keep_px {keep} is smaller than size_px {size_px}",
            f"leave `keep_px` out for {whole_px(size_px)}, or choose {size_px} at least",
        )
    return KeptSize(size_px, keep)
