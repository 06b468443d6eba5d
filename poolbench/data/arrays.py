"""A decoded data set: the arrays that every reader returns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import EnvironmentFault

PARTS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrays:
    """Images and labels of both splits.

    Args:
        train_images: uint8 ``(N, H, W, C)``, contiguous.
        train_labels: int64 ``(N,)``, in ``[0, len(classes))``.
        test_images: As ``train_images``.
        test_labels: As ``train_labels``.
        classes: Names of the classes, by label.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def digest(self) -> str:
        """Return the SHA-256 of shapes and content, the same on every platform."""
        digest = hashlib.sha256()
        for part in PARTS:
            array: NDArray[np.uint8] | NDArray[np.int64] = getattr(self, part)
            portable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{part} {portable.shape} {portable.dtype.str}\n".encode())
            digest.update(portable.data)
        return digest.hexdigest()

    def verified(self, checksum: str, dataset: str) -> Arrays:
        """Return the arrays if their digest is the one in the catalogue.

        Raises:
            EnvironmentFault: The installed packages produced other arrays, so results would not
                be comparable with others on the data set.
        """
        found = self.digest()
        if found != checksum:
            raise EnvironmentFault(
                f"the images of '{dataset}' are not the expected ones: "
                f"SHA-256 {found[:16]}..., expected {checksum[:16]}...",
                "another release of scikit-learn may contain other digits; "
                "`pip install --upgrade poolbench scikit-learn`, or report it",
            )
        return self
