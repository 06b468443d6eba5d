"""Writing one cell: checkpoints while it trains, then the finished run, which arrives whole.

In ``unfinished/<id>/``, while it trains: ``cell.json`` (the hashed bytes), ``attempts.jsonl``,
``failure.json``, ``checkpoint-<epoch>-<step>-<sha256>.safetensors``. The run is then written to
a folder there that no other process touches, and moved to ``runs/<id>/``: ``cell.json``,
``attempts.jsonl``, ``history.jsonl``, ``timings.jsonl``, ``environment.json``,
``model.safetensors``, ``predictions.npz``, ``result.json``. Later measurements go to ``probes/``:
see ``measurements``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault, PoolbenchError
from poolbench.core.record import Epoch, Result, Timing
from poolbench.store import commit, documents
from poolbench.store.arrival import Arrival
from poolbench.store.attempts import ATTEMPTS, FAILURE, Attempts
from poolbench.store.files import (
    explaining_disk_faults,
    move_folder,
    read_document,
    read_file,
    remove_file,
    remove_tree,
    write_atomic,
    write_folder,
)
from poolbench.store.places import Places

_CHECKPOINT = "checkpoint-{epoch:05d}-{step:07d}-{digest}.safetensors"


class CellWriter(Attempts):
    """The right to write one cell, given by ``Store.writing`` under the cell's lock.

    It stays harmless where the lock does not hold and another process writes the same cell: files
    are never shared but for checkpoints, which are named by their content.

    Args:
        places: Where things are in the store.
        cell: The cell that is trained there.
    """

    def __init__(self, places: Places, cell: Cell) -> None:
        super().__init__(places.unfinished(cell.id))
        self.cell = cell
        self._places = places

    def begin(self, session: str, facts: Mapping[str, Any]) -> int:
        """Record the cell and an attempt; return how many this session has made."""
        earlier = self._places.run(self.cell.id)
        # Older versions trained where the run goes.
        if earlier.is_dir() and not (earlier / commit.FILE).exists():
            move_folder(earlier, self.folder)
        identity = self.folder / commit.IDENTITY
        if not identity.exists():
            self.write(lambda: write_atomic(identity, self.cell.identity))
        return super().begin(session, facts)

    def save_checkpoint(self, data: bytes, *, epoch: int, step: int) -> None:
        """Save a training state; the previous one is deleted once this one is safe on disk."""
        name = _CHECKPOINT.format(epoch=epoch, step=step, digest=documents.sha256(data))
        older = [path for path in checkpoints(self.folder) if path.name != name]
        self.write(lambda: write_atomic(self.folder / name, data))
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
                data = read_file(path)
            except FileNotFoundError:  # another writer has saved a newer one
                continue
            except (Damaged, EnvironmentFault) as error:
                names_it = isinstance(error, EnvironmentFault)
                raise EnvironmentFault(
                    str(error) if names_it else f"cannot read {path}: {error}",
                    "make it readable, or delete it: its epochs are then trained again",
                ) from error
            if documents.sha256(data) == path.stem.rpartition("-")[2]:
                return data, damaged
            damaged.append(self.set_aside(path))
        return None, damaged

    def set_aside(self, path: Path) -> Path:
        """Move a damaged checkpoint to the quarantine folder and return its new path."""
        target = self._places.quarantine / f"{self.cell.id}-{path.name}"
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
    ) -> Arrival:
        """Write a finished run and let it arrive: one rename commits it, unless it comes second.

        Args:
            result: Its outcome.
            history: One entry per epoch.
            timings: One entry per epoch.
            environment: Machine and versions, JSON.
            artefacts: Further files by name: weights, predictions.

        Returns:
            The run that counts, and if that is another process', how this one differs.

        Raises:
            EnvironmentFault: The disk is full; the checkpoint stays, nothing is lost.
        """
        files = {
            commit.IDENTITY: self.cell.identity,
            commit.HISTORY: documents.to_lines(history),
            commit.TIMINGS: documents.to_lines(timings),
            commit.ENVIRONMENT: documents.to_bytes(environment),
            **artefacts,
        }
        sealed = {**files, commit.FILE: commit.commit_bytes(self.cell, result, files)}
        with suppress(FileNotFoundError, Damaged):
            sealed[ATTEMPTS] = read_document(self.folder / ATTEMPTS)
        run = self._places.staging(self.cell.id)
        write_folder(run, sealed.items())
        try:
            arrival = self._places.arrive(run, self.cell.id)
        except BaseException:
            with suppress(PoolbenchError):
                remove_tree(run)
            raise
        self._clear()
        return arrival

    def _clear(self) -> None:
        """Delete what the unfinished cell needed; what another writer has begun there stays."""
        for name in (commit.IDENTITY, ATTEMPTS, FAILURE):
            remove_file(self.folder / name)
        for path in checkpoints(self.folder):
            remove_file(path)
        with suppress(OSError):
            self.folder.rmdir()


def checkpoints(folder: Path) -> list[Path]:
    """Return the saved training states in a cell's folder, oldest first."""
    return sorted(folder.glob("checkpoint-*.safetensors"))
