"""A worker as a process of its own: ``python -m poolbench.app.worker_process JOBFILE``."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

_ORPHANED = 75


def leave_with_parent() -> None:
    """End this process when standard input closes: the command that started it is gone."""
    # Not through sys.stdin: its lock, held by this waiting thread, would break a normal exit.
    os.read(sys.stdin.fileno(), 1)
    os._exit(_ORPHANED)


if __name__ == "__main__":
    threading.Thread(target=leave_with_parent, daemon=True).start()
    # Only now: importing torch takes seconds, in which the parent may be killed.
    from poolbench.app.worker import work

    sys.exit(work(Path(sys.argv[1])))
