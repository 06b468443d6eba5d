"""``STORE.json``: the file that makes a folder a store, and where no new store may be."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.errors import BadInput, EnvironmentFault

MARKER = "STORE.json"


def is_store(path: Path) -> bool:
    """Whether there is a store, of this version or another."""
    return (path / MARKER).exists()


def refuse_as_new_store(path: Path) -> None:
    """Check that a folder may become a store.

    Raises:
        EnvironmentFault: It is a file, or below one.
        BadInput: It is in another store.
    """
    for each in (path, *path.parents):
        if each.exists() and not each.is_dir():
            raise EnvironmentFault(f"{each} is a file, not a folder", "name an empty or new folder")
    for outer in path.resolve().parents:
        if is_store(outer):
            # Else the outer one would take it for a run that is not finished.
            raise BadInput(
                f"{path} is inside the store at {outer}", f"name a folder out of {outer}"
            )
