"""The memory that is free for this process, as the system measures it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def free_memory_bytes() -> int | None:
    """Return what can be had without swapping; ``None`` where the system does not tell.

    Pages of files in the cache count as free. A control group's limit counts where it is lower.
    """
    free: list[int] = []
    with suppress(OSError):
        if found := re.search(r"^MemAvailable:\s+(\d+) kB", _SYSTEM.read_text(), re.MULTILINE):
            free.append(int(found[1]) * 1024)
    with suppress(OSError, ValueError):  # no control group, or ``max``: no limit
        limit = int((_GROUP / "memory.max").read_text())
        cached = re.search(r"^file (\d+)", (_GROUP / "memory.stat").read_text(), re.MULTILINE)
        used = int((_GROUP / "memory.current").read_text()) - (int(cached[1]) if cached else 0)
        free.append(max(0, limit - used))
    return min(free, default=None)
