"""Merging stores: every sound run of the sources, once, in one store.

A run arrives by one rename (see ``arrival``), other files by an atomic write, and what the store
has already is left alone; so a merge that is killed is continued by the same command. What is in
the store first stays: a source is never changed, and what differs is kept in ``quarantine/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from poolbench.core.document import Damaged
from poolbench.core.errors import PoolbenchError
from poolbench.core.measurement import Measurement
from poolbench.store import measurements
from poolbench.store.attempts import ATTEMPTS
from poolbench.store.commit import FILE, Commit
from poolbench.store.content import measurement_differences, run_differences
from poolbench.store.documents import seal, sha256
from poolbench.store.files import read_document, remove_tree, write_atomic, write_folder
from poolbench.store.findings import finding_keys, read_finding, save_finding
from poolbench.store.store import Store

# Where a suite lay and what a data folder held, which two machines may differ in.
_OF_THE_MACHINE = {"origin", "found"}


@dataclass(kw_only=True)
class Merged:
    """What a merge did with one source.

    Args:
        source: Folder of the source.
        added: Number of runs that the store did not have.
        same: Number of runs that it had, with the same content.
        measurements: Number of measurements added to runs that it had.
        differing: What differs from what the store had, and where it is kept; a line each.
        damaged: What was left out because it is damaged, a line each.
        notes: What else was left out or changed, a line each.
    """

    source: Path
    added: int = 0
    same: int = 0
    measurements: int = 0
    differing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def merge(sources: Sequence[Path], target: Path) -> Iterator[Merged]:
    """Merge stores into one, a source after the other.

    Args:
        sources: Folders of stores; of two runs that differ, the one of the earlier source stays.
        target: The store to merge into; created if missing. If it is one of the sources, its own
            runs are the first.

    Yields:
        What was done with each source, when it is done; nothing for the target itself.

    Raises:
        EnvironmentFault: One of them is not a store, or the target cannot be written; every run
            that has arrived is safe.
    """
    opened = [Store(path) for path in sources]
    into = Store.create(target)
    for source in opened:
        if not source.path.samefile(target):
            yield _Merge(source, into).run()


class _Merge:
    """Merges one source."""

    def __init__(self, source: Store, target: Store) -> None:
        self._source, self._target = source, target
        self._done = Merged(source=source.path)

    def run(self) -> Merged:
        for cell_id in self._source.finished():
            try:
                self._take_run(cell_id)
            except Damaged as error:
                self._done.damaged.append(f"{self._path(cell_id)}: {error}")
        self._take_studies()
        self._take_findings()
        for cell_id in self._source.unfinished():
            self._done.notes.append(f"{self._path(cell_id)} is not finished and was left out")
        if count := sum(1 for _ in self._source.places.quarantine.glob("*")):
            self._done.notes.append(f"{self._source.places.quarantine} was left out ({count})")
        return self._done

    def _path(self, cell_id: str) -> Path:
        return self._source.folder(cell_id)

    def _take_run(self, cell_id: str) -> None:
        commit, target = self._source.commit_of(cell_id), self._target
        commit.check()
        found = list(self._measurements(cell_id))
        if self._is_there(commit):
            self._done.same += 1
            self._take_measurements(commit, found)
            return
        with target.writing(commit.cell):  # so that gc leaves what is being copied
            staging = target.places.staging(cell_id)
            try:
                write_folder(staging, self._files(commit, found))
                arrival = target.places.arrive(staging, cell_id)
            finally:
                with suppress(PoolbenchError):
                    remove_tree(staging)
                with suppress(OSError):  # states of a writer that was interrupted
                    staging.parent.rmdir()
        if arrival.moved is not None:
            self._done.notes.append(f"a damaged run in its place was moved to {arrival.moved}")
        if arrival.is_first:
            self._done.added += 1
        elif arrival.differences:
            self._done.differing.append(
                f"{commit.cell} ({cell_id}) of {self._source.path}: {arrival.difference}"
            )
        else:  # another process brought it meanwhile
            self._done.same += 1
            self._take_measurements(commit, found)

    def _is_there(self, commit: Commit) -> bool:
        """Whether the target has a run with this content; every byte of both is read.

        Raises:
            Damaged: The source's is not what was written.
        """
        try:
            there = self._target.commit_of(commit.cell.id)
            is_same = not run_differences(there, commit)
            there.verify()
        except FileNotFoundError:
            return False
        except Damaged:
            is_same = False
        commit.read_all()
        return is_same

    def _files(self, commit: Commit, found: Sequence[Measurement]) -> Iterator[tuple[str, bytes]]:
        for name in commit.files:
            yield name, commit.read(name)
        with suppress(FileNotFoundError, Damaged):
            yield ATTEMPTS, read_document(commit.folder / ATTEMPTS)
        for each in found:
            yield (
                f"{measurements.FOLDER}/{each.key}.json",
                measurements.measurement_bytes(commit.folder, each.key),
            )
        yield FILE, read_document(commit.folder / FILE)

    def _measurements(self, cell_id: str) -> Iterator[Measurement]:
        for key in self._source.measurement_keys(cell_id):
            try:
                yield self._source.measurement(cell_id, key)
            except (Damaged, FileNotFoundError) as error:
                self._done.damaged.append(f"{self._path(cell_id)}: {error}")

    def _take_measurements(self, commit: Commit, found: Sequence[Measurement]) -> None:
        cell_id = commit.cell.id
        writer = measurements.MeasurementWriter(self._target.folder(cell_id))
        for each in found:
            try:
                first = self._target.measurement(cell_id, each.key)
            except (Damaged, FileNotFoundError):  # train and probe would repeat a damaged one, too
                writer.save_bytes(each.key, measurements.measurement_bytes(commit.folder, each.key))
                self._done.measurements += 1
                continue
            if differences := measurement_differences(first, each):
                name = f"{cell_id}-{each.key}"
                self._keep(
                    f"{each.probe.name} of {commit.cell} ({cell_id})",
                    ", ".join(differences),
                    name,
                    measurements.measurement_bytes(commit.folder, each.key),
                )

    def _take_studies(self) -> None:
        """Add the studies; of one that both have, the newer stays, as when it is trained again."""
        for study_id in self._source.study_ids():
            path, there = self._source.study_path(study_id), self._target.study_path(study_id)
            try:
                study = self._source.study(study_id)
                data = self._source.study_bytes(study_id)
            except (Damaged, FileNotFoundError) as error:
                self._done.damaged.append(f"{path}: {error}")
                continue
            written = path.stat().st_mtime
            try:
                first = self._target.study(study_id)
                known = there.stat().st_mtime
            except (Damaged, FileNotFoundError):
                first, known = study, 0.0
            is_newer = written > known
            before, after = first.to_json(), study.to_json()
            if changed := {key for key in after if before[key] != after[key]} - _OF_THE_MACHINE:
                self._done.notes.append(
                    f"study '{(study if is_newer else first).title}' ({study_id}) is not the same "
                    f"in both: {', '.join(sorted(changed))}; the newer one stays"
                )
                older = self._target.study_bytes(study_id) if is_newer else data
                self._save_aside(f"study-{study_id}", older)
            if is_newer:
                write_atomic(there, data)
                os.utime(there, (written, written))  # studies are in the order of their training

    def _take_findings(self) -> None:
        for key in finding_keys(self._source):
            finding, first = read_finding(self._source, key), read_finding(self._target, key)
            if finding is None:
                self._done.damaged.append(f"finding {key} of {self._source.path}")
            elif first is None:
                save_finding(self._target, key, finding)
            elif {**first, "environment": {}} != {**finding, "environment": {}}:
                self._keep(f"finding {key}", "other numbers", f"finding-{key}", seal(finding))

    def _keep(self, what: str, differences: str, name: str, data: bytes) -> None:
        path = self._save_aside(name, data)
        self._done.differing.append(f"{what} of {self._source.path}: {differences}; kept in {path}")

    def _save_aside(self, name: str, data: bytes) -> Path:
        """Save a document in the quarantine folder, named by its content so that once is enough."""
        path = self._target.places.quarantine / f"{name}-{sha256(data)[:8]}.json"
        write_atomic(path, data)
        return path
