"""SHA-256 of files, remembered in the user's cache: a file is hashed again only if it changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from poolbench.core.regular_file import sha256_of_file
from poolbench.data.file_facts import Kind, facts_of


def each_hash(base: Path, paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield what :func:`hash_files` returns, path by path: of a million, a dictionary is large."""
    for name, digest in facts_of(base, paths, _HASHES):
        yield name, digest.hex()


def hash_files(base: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files. Whoever watches is told how far it is.

    Args:
        base: A folder above all of them; their hashes are remembered under its name.
        paths: The files.

    Returns:
        Hexadecimal digits by path relative to ``base``, in the order of ``paths``.

    Raises:
        EnvironmentFault: Files cannot be read; all of them are named.
    """
    return dict(each_hash(base, paths))


def checksum_of(hashes: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of files: of their paths relative to a folder, and their own hashes."""
    digest = hashlib.sha256()
    for relative, sha256 in hashes:
        # Names are bytes: those in an old archive may not be UTF-8.
        digest.update(os.fsencode(f"{sha256}  {relative}\n"))
    return digest.hexdigest()


def _digest(path: Path) -> bytes:
    return bytes.fromhex(sha256_of_file(path))


_HASHES = Kind(name="hashes", find=_digest, doing="looking at pictures")
