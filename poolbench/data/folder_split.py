"""Holding out test pictures of a folder that has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.data.file_hashes import each_hash

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

    A class that would have no picture on one side gives it the one whose hash is nearest, if it
    can one that no other class has a copy of.

    Args:
        base: A folder above all pictures.
        classes: Pictures by class.
        fraction: Fraction for testing, in (0, 1).

    Raises:
        EnvironmentFault: Pictures cannot be read, or a class has no two different ones.
    """
    every = [path for pictures in classes.values() for path in pictures]
    of = {path: sha256 for path, (_, sha256) in zip(every, each_hash(base, every), strict=True)}
    held = held_out([{of[path] for path in each} for each in classes.values()], fraction)
    train, test = {}, {}
    for name, pictures in classes.items():
        train[name] = tuple(path for path in pictures if of[path] not in held)
        test[name] = tuple(path for path in pictures if of[path] in held)
        if not (train[name] and test[name]):
            raise EnvironmentFault(
                f"{base}: the class '{name}' has no two different pictures, one to learn from and "
                "one to test on",
                "add pictures to it that no other class has, or remove its folder",
            )
    return train, test


def held_out(classes: Sequence[set[str]], fraction: float) -> set[str]:
    """Return the hashes below a fraction, but of no class none or all, if that can be helped.

    Args:
        classes: SHA-256 of the pictures of each class, in hexadecimal digits.
        fraction: In (0, 1).
    """
    of_classes = Counter(each for hashes in classes for each in hashes)
    held_out = {each for each in of_classes if int(each, 16) < fraction * _HASHES}
    for hashes in classes:
        # Copies stay together, so one that other classes have is the last to change its side.
        if hashes.isdisjoint(held_out):
            held_out.add(min(hashes, key=lambda each: (of_classes[each], each)))
        elif hashes <= held_out:
            held_out.remove(max(hashes, key=lambda each: (-of_classes[each], each)))
    return held_out
