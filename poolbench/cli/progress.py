"""Progress of workers, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from poolbench.app.progress import plain_progress, rich_progress
from poolbench.cli.output import tell
from poolbench.core.events import Event


@contextmanager
def showing_progress(
    cells: int, *, quiet: bool, called: str = "cells"
) -> Iterator[Callable[[Event], None]]:
    """Yield a listener: bars on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        yield lambda _: None
        return
    show = rich_progress(cells, called) if sys.stderr.isatty() else plain_progress(cells, tell)
    with show as listen:
        yield listen
