"""What of a study differs from what its published numbers were measured with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from poolbench.core.document import Count
from poolbench.core.found_pictures import FoundPictures

PUBLISHED_DATA = "the published data set"
"""The reference of what a folder of data lacks."""

Part = Literal["network", "pooling", "recipe", "data", "seeds", "suite"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that differs.

    Seeds are named like everything else, but a mean over other seeds estimates the same quantity,
    with a wider or narrower interval: only what changes a run besides its seed makes the published
    numbers incomparable.

    Args:
        dataset: Data set whose runs differ.
        part: What it is a part of; ``suite`` if only the command that changed it is known.
        text: The value here and there: ``recipe.epochs 1 instead of 48``.
        variants: Variants whose runs differ.
        reference: What they differ from: ``the suite``, ``the published data set``, or the name
            of a built-in suite whose published numbers this one has.
    """

    dataset: str
    part: Part
    text: str
    variants: tuple[str, ...]
    reference: str = "the suite"

    @property
    def is_incomparable(self) -> bool:
        """Whether published numbers are no yardstick for these runs."""
        return self.part != "seeds"


@dataclass(frozen=True, kw_only=True)
class FoundImages:
    """The images of a data set on this machine.

    Args:
        train: Images in the training split.
        test: Images in the test split.
        classes: Number of classes.
        official: Images in both splits of the published data set; ``None`` if it is nobody's.
        pictures: More of what lies in a folder of pictures; ``None`` if it is not one.
    """

    train: Count
    test: Count
    classes: Count
    official: tuple[Count, Count] | None = None
    pictures: FoundPictures | None = None

    @property
    def is_official(self) -> bool:
        """Whether there are as many images as in the published data set, if there is one."""
        return self.official is None or self.official == (self.train, self.test)

    def __str__(self) -> str:
        text = f"{self.train:,} training and {self.test:,} test images of {self.classes} classes"
        if self.official is None or self.is_official:
            return text
        train, test = self.official
        return f"{text}; the published data set has {train:,} and {test:,}"


def shown(value: Any) -> str:
    """Return a setting as it reads in a sentence about what differs."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
