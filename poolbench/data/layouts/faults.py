"""Everything that is wrong with the rows or samples of a layout, told at once."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.counted import counted, lines_of
from poolbench.core.errors import EnvironmentFault

_SHOWN = 20


class Faults:
    """Collects what is wrong.

    Args:
        base: The file or folder.
    """

    def __init__(self, base: Path) -> None:
        self._base, self._first, self._count = base, list[str](), 0

    def add(self, where: str, what: str) -> None:
        """Add one: the line, row or sample, and what is wrong with it."""
        self._count += 1
        if self._count <= _SHOWN:
            self._first.append(f"{where}: {what}")

    def check(self, hint: str) -> None:
        """Raise the error of what was added, if anything was.

        Args:
            hint: What to do.

        Raises:
            EnvironmentFault: It names the first 20, and says how many there are.
        """
        if not self._count:
            return
        listing = lines_of(self._first, self._count)
        raise EnvironmentFault(f"{self._base}: {counted(self._count, 'fault')}:{listing}", hint)
