"""Reading a store's runs by the hundred thousand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_cycles() -> Iterator[None]:
    """Pause Python's search for cycles, while objects are made that have none.

    They stay, so it would find nothing and look at all of them again and again: of 10^5 runs, a
    quarter of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
