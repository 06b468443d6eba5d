"""A store of runs: what is finished, and the right to write a cell.

    STORE.json             format number
    runs/<id>/             a finished run: see ``writer``; it arrives whole: see ``arrival``
    runs/<id>/probes/      its measurements: see ``measurements``
    unfinished/<id>/       a cell that is being trained or was interrupted: see ``writer``
    locks/<id>             held by the process that writes a cell: see ``locks``
    studies/<id>.json      the suites that were trained here, so a report needs no suite file
    sessions/<name>/       jobs, events and logs of running workers
    proposals.jsonl        what slow searches proposed: a cache, see ``proposals``
    quarantine/<id>-<k>/   damaged runs, and runs that differ from the first of their cell

Readers take no lock and work on a read-only copy.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged, Unread, parse
from poolbench.core.errors import EnvironmentFault
from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Study, read_study
from poolbench.store import documents, measurements
from poolbench.store.arrival import set_aside
from poolbench.store.commit import FILE as COMMIT
from poolbench.store.commit import Commit, read_commit
from poolbench.store.files import explaining_disk_faults, read_document, write_atomic
from poolbench.store.locks import LockTrial, acquire, try_locks
from poolbench.store.marker import MARKER, is_store, refuse_as_new_store
from poolbench.store.places import FOLDERS, LOCKS, RUNS, SESSIONS, STUDIES, UNFINISHED, Places
from poolbench.store.writer import CellWriter, checkpoints

FORMAT = 1
_NO_STORE = "train something first, or name a folder that `poolbench train --store PATH` wrote"


class Store:
    """A folder of runs.

    Args:
        path: The folder.

    Attributes:
        unread: What a newer version wrote and this one has passed over, as ``FILE: KEY``, and how
            often; of what was read so far.

    Raises:
        EnvironmentFault: It is not a store, or one of a newer version; see :meth:`create`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places = Places(path)
        self.unread = Unread()
        marker = path / MARKER
        try:
            version = parse(read_document(marker))["format"]
        except FileNotFoundError:
            if path.is_file():
                raise EnvironmentFault(f"{path} is a file, not a store", _NO_STORE) from None
            raise EnvironmentFault(f"there is no store at {path}", _NO_STORE) from None
        except (Damaged, KeyError, TypeError) as error:
            raise EnvironmentFault(
                f"the store at {path} cannot be read: {marker.name}: {error}",
                f'if its runs/ folder is sound, restore the file with {{"format": {FORMAT}}}',
            ) from error
        if not isinstance(version, int) or version > FORMAT:
            raise EnvironmentFault(
                f"the store at {path} has format {version}; this version reads up to {FORMAT}",
                "update poolbench, or use another store",
            )

    @staticmethod
    def is_at(path: Path) -> bool:
        """Whether there is a store, of this version or another."""
        return is_store(path)

    @classmethod
    def create(cls, path: Path) -> Store:
        """Open the store at ``path`` for writing; create it if missing.

        Raises:
            BadInput: It is in another store.
            EnvironmentFault: The folder cannot be written, is not a store, or is a newer one.
        """
        if not cls.is_at(path):
            refuse_as_new_store(path)
        with explaining_disk_faults(path):
            path.mkdir(parents=True, exist_ok=True)
        marker = path / MARKER
        if not cls.is_at(path):
            others = [p for p in path.iterdir() if not p.name.startswith(f".{marker.name}.")]
            # Another process may have created the store since: then the marker is there now.
            if others and not cls.is_at(path):
                raise EnvironmentFault(
                    f"{path} is not empty and not a store",
                    "name an empty or new folder",
                )
            write_atomic(marker, documents.to_bytes({"format": FORMAT}))
        store = cls(path)
        store.ready()
        return store

    def ready(self) -> None:
        """Create the folders that writers need; archives and Git drop empty ones.

        Raises:
            EnvironmentFault: The store cannot be written.
        """
        for folder in FOLDERS:
            with explaining_disk_faults(self.path / folder):
                (self.path / folder).mkdir(exist_ok=True)
        write_atomic(self.path / LOCKS / ".writable", b"")

    def folder(self, cell_id: str) -> Path:
        """Return the folder of a cell's finished run, which need not exist."""
        return self.places.run(cell_id)

    def session_folders(self) -> list[Path]:
        """Return the folders of all sessions, those of dead processes included, in order."""
        return sorted((self.path / SESSIONS).glob("*"))

    def session_folder(self, name: str) -> Path:
        """Return the folder of a session's jobs, events and logs, which need not exist."""
        return self.path / SESSIONS / name

    def is_committed(self, cell_id: str) -> bool:
        """Whether a cell has a result, damaged or not; see :meth:`has_result`."""
        return (self.folder(cell_id) / COMMIT).exists()

    def has_checkpoint(self, cell_id: str) -> bool:
        """Whether a cell has a checkpoint and is not finished."""
        if self.is_committed(cell_id):
            return False
        # Older versions trained where the finished run goes.
        folders = (self.places.unfinished(cell_id), self.folder(cell_id))
        return any(checkpoint for folder in folders for checkpoint in checkpoints(folder))

    def unfinished(self) -> Iterator[str]:
        """Yield the ids of all cells that were begun and have no result, in order."""
        found = {
            folder.name
            for name in (UNFINISHED, RUNS)
            if (self.path / name).is_dir()
            for folder in (self.path / name).iterdir()
            if folder.is_dir() and not folder.name.startswith(".")
        }
        yield from sorted(each for each in found if not self.is_committed(each))

    def commit_of(self, cell_id: str) -> Commit:
        """Return the commit of a finished run.

        Raises:
            Damaged: It is not what was written.
            FileNotFoundError: The cell is not finished.
        """
        with self._passing_over(COMMIT) as unread:
            return read_commit(self.folder(cell_id), unread)

    def read(self, cell_id: str) -> Run:
        """Return a finished run; check the size of every file, and read the small ones.

        Raises:
            Damaged: A small file is not what was written, or a large one has the wrong size.
            FileNotFoundError: The cell is not finished.
        """
        commit = self.commit_of(cell_id)
        commit.check()
        return commit.run()

    def has_result(self, cell_id: str) -> bool:
        """Whether a cell needs no training: finished, and its run can be read."""
        try:
            self.read(cell_id)
        except (Damaged, FileNotFoundError):
            return False
        return True

    def network(self, cell_id: str) -> str | None:
        """Return the SHA-256 of the weights of a run that can be measured.

        Returns:
            ``None`` for a cell that is not finished, a damaged run, and one that diverged.
        """
        try:
            return self.read(cell_id).network
        except (Damaged, FileNotFoundError):
            return None

    def measurement_keys(self, cell_id: str) -> Iterator[str]:
        """Yield the keys of a run's measurements, damaged ones included, in order."""
        return measurements.measurement_keys(self.folder(cell_id))

    def measurement(self, cell_id: str, key: str) -> Measurement:
        """Return the measurement of a run with a ``measurement_key``.

        Raises:
            Damaged: It is not what was written.
            FileNotFoundError: It was not measured.
        """
        with self._passing_over(measurements.FOLDER) as unread:
            return measurements.read_measurement(self.folder(cell_id), key, unread)

    def finished(self) -> Iterator[str]:
        """Yield the ids of all committed runs, damaged ones included, in order."""
        folder = self.path / RUNS
        if folder.is_dir():
            for entry in sorted(os.scandir(folder), key=lambda item: item.name):
                if self.is_committed(entry.name):
                    yield entry.name

    def verify(self, cell_id: str) -> str:
        """Read every byte of a committed run; return what is wrong, or an empty text."""
        try:
            self.commit_of(cell_id).verify()
            for key in self.measurement_keys(cell_id):
                self.measurement(cell_id, key)
        except FileNotFoundError as error:
            return str(error) if self.is_committed(cell_id) else "not finished"
        except Damaged as error:
            return str(error)
        except EnvironmentFault as error:
            return error.message
        return ""

    @contextmanager
    def writing(self, cell: Cell) -> Iterator[CellWriter | None]:
        """Hold the right to write a cell; yields ``None`` when another process holds it.

        The lock is the operating system's, so it ends with the process in any case.
        """
        lock = acquire(self._lock(cell.id))
        if lock is None:
            yield None
            return
        try:
            yield CellWriter(self.places, cell)
        finally:
            lock.release()

    def is_being_written(self, cell_id: str) -> bool:
        """Whether some process holds a cell now."""
        lock = acquire(self._lock(cell_id))
        if lock is None:
            return True
        lock.release()
        return False

    def try_locks(self) -> LockTrial:
        """Whether the file system refuses a lock to a second process; tried with one."""
        return try_locks(self._lock(".trial"))

    def _lock(self, cell_id: str) -> Path:
        return self.path / LOCKS / cell_id

    def quarantine(self, cell_id: str) -> Path:
        """Move a damaged run aside, so that its cell is trained again; return its new path."""
        return set_aside(self.folder(cell_id), self.places.quarantine, cell_id)

    def remember(self, study: Study) -> None:
        """Store a study, so that reports need only the store."""
        write_atomic(self.study_path(study.id), documents.seal(study.to_json()))

    def study_path(self, study_id: str) -> Path:
        """Return the file of a study, which need not exist."""
        return self.path / STUDIES / f"{study_id}.json"

    def study_ids(self) -> list[str]:
        """Return the ids of the studies trained here, damaged ones included, oldest first."""
        paths = (self.path / STUDIES).glob("*.json")
        return [path.stem for path in sorted(paths, key=lambda item: item.lstat().st_mtime)]

    def study(self, study_id: str) -> Study:
        """Return a stored study.

        Raises:
            Damaged: Its file is not what was written.
            FileNotFoundError: There is none with that id.
        """
        with self._passing_over(STUDIES) as unread:
            return read_study(documents.unsealed(self.study_bytes(study_id)), unread)

    def study_bytes(self, study_id: str) -> bytes:
        """Return the file of a study as it is: see :meth:`study`."""
        return read_document(self.study_path(study_id))

    @contextmanager
    def _passing_over(self, where: str) -> Iterator[Unread]:
        unread = Unread()
        yield unread
        if unread:
            self.unread.update({f"{where}: {key}": count for key, count in unread.items()})

    def studies(self) -> Iterator[Study]:
        """Yield the studies trained here, oldest first.

        Raises:
            EnvironmentFault: The file of a study is damaged.
        """
        for study_id in self.study_ids():
            try:
                yield self.study(study_id)
            except (Damaged, FileNotFoundError) as error:
                raise EnvironmentFault(
                    f"{self.study_path(study_id)} is damaged: {error}",
                    "delete it; `poolbench train` on its suite writes it again, and skips "
                    "finished cells",
                ) from error

    def free_bytes(self) -> int:
        """Return the free space of the store's file system, in bytes."""
        return shutil.disk_usage(self.path).free
