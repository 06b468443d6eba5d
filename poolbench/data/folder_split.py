"""Holding out test pictures of a folder that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.data.file_hashes import hash_files

_HASHES = 1 << 256


def split_by_content(
    base: Path, classes: Mapping[str, Sequence[Path]], fraction: float
) -> tuple[dict[str, tuple[Path, ...]], dict[str, tuple[Path, ...]]]:
    """Return training and test pictures, by class.

    A picture is for testing if its file's SHA-256, as a fraction of 2^256, is below ``fraction``.
    What a picture is for depends on nothing but its content then: it stays when others are
    added, removed or renamed, and its copies are on the same side. The price is that a class of n
    pictures has about ``fraction * n`` for testing, with a binomial spread; no rule that gives
    exactly as many keeps every picture on its side when others are added.

    A class that would have no picture on one side gives it the one whose hash is nearest.

    Args:
        base: A folder above all pictures.
        classes: Pictures by class.
        fraction: Fraction for testing, in (0, 1).

    Raises:
        EnvironmentFault: Pictures cannot be read, or a class has no two different ones.
    """
    every = (path for pictures in classes.values() for path in pictures)
    hashes = hash_files(base, every)
    train, test = {}, {}
    for name, pictures in classes.items():
        of = {path: hashes[path.relative_to(base).as_posix()] for path in pictures}
        held_out = _held_out({*of.values()}, fraction)
        if not held_out:
            raise EnvironmentFault(
                f"{base}: the class '{name}' has no two different pictures, one to learn from and "
                "one to test on",
                "add pictures to it, or remove its folder",
            )
        train[name] = tuple(path for path in pictures if of[path] not in held_out)
        test[name] = tuple(path for path in pictures if of[path] in held_out)
    return train, test


def _held_out(hashes: set[str], fraction: float) -> set[str]:
    """Return the hashes below a fraction, but neither none nor all; none of fewer than two."""
    rising = sorted(hashes)
    below = sum(int(each, 16) < fraction * _HASHES for each in rising)
    return set(rising[: min(max(below, 1), len(rising) - 1)])
