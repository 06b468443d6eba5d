"""The processor cores that this process may use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_cores() -> int:
    """Return the number of CPU cores this process may use, at least 1.

    Slurm does not everywhere confine a job to those that it has.
    """
    has_mask = hasattr(os, "sched_getaffinity")
    cores = [len(os.sched_getaffinity(0)) if has_mask else os.cpu_count() or 1]
    with suppress(OSError, ValueError):  # no control group, or ``max``: no quota
        quota, period = map(int, _QUOTA.read_text().split())
        cores.append(-(-quota // period))
    given = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if given.isdecimal():
        cores.append(int(given))
    return max(1, min(cores))
