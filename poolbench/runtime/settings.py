"""How a command runs the cells of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to run; nothing here changes a result.

    Args:
        store: The store's folder; created if missing.
        device: Overrides the suite's ``execution.device``; ``None`` keeps it.
        jobs: Overrides the suite's ``execution.jobs``; ``None`` keeps it.
        engine: A name in the engine catalogue; ``None`` for the suite's, or else ``local``.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        download: Whether to download missing data sets.
        plugins: Files of third-party catalogue entries.
        wait: Whether to wait for cells that another process holds; otherwise raise ``StoreBusy``.
    """

    store: Path
    device: str | None = None
    jobs: int | None = None
    engine: str | None = None
    root: Path | None = None
    download: bool = False
    plugins: tuple[str, ...] = ()
    wait: bool = True
