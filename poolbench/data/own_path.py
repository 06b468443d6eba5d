"""Where the user's own pictures are: the option ``path`` of their data set."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named


def own_path(source: Named, root: Path | None) -> Path:
    """Return the path, below the data root if it is relative."""
    return (root or Path()) / Path(str(source.options["path"])).expanduser()


def absent(what: str, path: Path) -> EnvironmentFault:
    """Return the error of a path at which nothing is.

    Args:
        what: What should be there: ``folder of pictures``.
        path: As :func:`own_path` returns it.
    """
    return EnvironmentFault(
        f"the {what} {path} does not exist",
        "correct `path`, or name the folder it is relative to with --data-root",
    )
