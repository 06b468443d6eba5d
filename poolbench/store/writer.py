"""Writing one cell: checkpoints while it trains, then its files, then the commit.

In ``runs/<id>/``: ``cell.json`` (the hashed bytes), ``attempts.jsonl``,
``checkpoint-<epoch>-<step>-<sha256>.safetensors`` while it trains; once finished ``history.jsonl``,
``timings.jsonl``, ``environment.json``, ``model.safetensors``, ``predictions.npz`` and, last,
``result.json``. Later measurements go to ``probes/``: see ``measurements``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault
from poolbench.core.record import Epoch, Result, Timing
from poolbench.store import commit, documents
from poolbench.store.attempts import Attempts
from poolbench.store.files import explaining_disk_faults, remove_file, write_atomic

_CHECKPOINT = "checkpoint-{epoch:05d}-{step:07d}-{digest}.safetensors"


class CellWriter(Attempts):
    """The right to write one cell, given by ``Store.writing`` under the cell's lock.

    Args:
        folder: The cell's folder; created if missing.
        cell: The cell that is trained there.
    """

    def __init__(self, folder: Path, cell: Cell) -> None:
        super().__init__(folder)
        self.cell = cell

    def begin(self, session: str, facts: Mapping[str, Any]) -> int:
        """Record the cell and an attempt; return how many this session has made."""
        with explaining_disk_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        identity = self.folder / "cell.json"
        if not identity.exists():
            write_atomic(identity, self.cell.identity)
        return super().begin(session, facts)

    def save_checkpoint(self, data: bytes, *, epoch: int, step: int) -> None:
        """Save a training state; the previous one is deleted once this one is safe on disk."""
        name = _CHECKPOINT.format(epoch=epoch, step=step, digest=documents.sha256(data))
        older = [path for path in checkpoints(self.folder) if path.name != name]
        write_atomic(self.folder / name, data)
        for path in older:
            remove_file(path)

    def load_checkpoint(self) -> tuple[bytes | None, list[Path]]:
        """Return the newest undamaged training state, and where damaged ones were moved to.

        A checkpoint's name carries its SHA-256, so damage cannot be mistaken for a state.

        Raises:
            EnvironmentFault: A file cannot be read, which says nothing of what is in it.
        """
        damaged: list[Path] = []
        for path in reversed(checkpoints(self.folder)):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise EnvironmentFault(
                    f"cannot read {path}: {error.strerror}",
                    "make it readable, or delete it: its epochs are then trained again",
                ) from error
            if documents.sha256(data) == path.stem.rpartition("-")[2]:
                return data, damaged
            damaged.append(self.set_aside(path))
        return None, damaged

    def set_aside(self, path: Path) -> Path:
        """Move a damaged checkpoint to the quarantine folder and return its new path."""
        target = self.folder.parent.parent / "quarantine" / f"{self.folder.name}-{path.name}"
        with explaining_disk_faults(target):
            path.replace(target)
        return target

    def set_aside_checkpoints(self) -> list[Path]:
        """Move every checkpoint to the quarantine folder, because none fits the cell."""
        return [self.set_aside(path) for path in checkpoints(self.folder)]

    def commit(
        self,
        result: Result,
        *,
        history: list[Epoch],
        timings: list[Timing],
        environment: Mapping[str, Any],
        artefacts: Mapping[str, bytes],
    ) -> None:
        """Write a finished run; the last rename commits it.

        Args:
            result: Its outcome.
            history: One entry per epoch.
            timings: One entry per epoch.
            environment: Machine and versions, JSON.
            artefacts: Further files by name: weights, predictions.

        Raises:
            EnvironmentFault: The disk is full; the checkpoint stays, nothing is lost.
        """
        files = {
            "cell.json": self.cell.identity,
            "history.jsonl": documents.to_lines(history),
            "timings.jsonl": documents.to_lines(timings),
            "environment.json": documents.to_bytes(environment),
            **artefacts,
        }
        for name, data in files.items():
            write_atomic(self.folder / name, data)
        write_atomic(self.folder / commit.FILE, commit.commit_bytes(self.cell, result, files))
        for path in [*checkpoints(self.folder), self.folder / "failure.json"]:
            remove_file(path)


def checkpoints(folder: Path) -> list[Path]:
    """Return the saved training states in a cell's folder, oldest first."""
    return sorted(folder.glob("checkpoint-*.safetensors"))
