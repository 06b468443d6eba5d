"""Globs over labels that may themselves look like globs."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(name: str, glob: str) -> bool:
    """Return whether a glob names a label; every label names itself.

    >>> matches("lp[p=4]", "lp[p=4]"), matches("lae-slow", "lae*")
    (True, True)
    """
    # A name such as `lp[p=4]` is also a glob, but one that does not match itself.
    return name == glob or fnmatchcase(name, glob)
