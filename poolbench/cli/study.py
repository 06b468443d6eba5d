"""From a command's options to a checked study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolbench.app.study import Study


def read_study(
    suite: str,
    *,
    profile: str | None,
    overrides: list[str] | None,
    only: list[str] | None = None,
    limit: int | None,
    data_root: Path | None,
    plugin: list[str] | None,
) -> Study:
    """Load the plug-ins, then the suite they may be needed for; arguments as in ``options``.

    Raises:
        BadInput: Everything that is wrong with the suite, each with file:line:column.
    """
    from poolbench.app.plugins import load_plugins
    from poolbench.app.study import load_study
    from poolbench.app.suites import find

    load_plugins(plugin or ())
    return load_study(
        find(suite),
        profile=profile,
        overrides=overrides or (),
        only=only or (),
        limit=limit,
        root=data_root,
    )
