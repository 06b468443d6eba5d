"""Verification of a store: every byte of every run is read, and every other document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from poolbench.core.document import Damaged, parse, unread_keys
from poolbench.core.errors import EnvironmentFault
from poolbench.store.attempts import ATTEMPTS
from poolbench.store.commit import FILE, HISTORY, WEIGHTS
from poolbench.store.documents import unseal
from poolbench.store.files import read_document
from poolbench.store.findings import finding_keys, finding_path
from poolbench.store.places import RUNS
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was read, and what is wrong.

    Args:
        runs: Ids of the runs that were read, in order.
        damaged: What is wrong with damaged runs, by id.
        others: What is wrong besides: with studies, findings, logs, or what is no run.
        newer: Keys that a newer version wrote and this one does not read, with their file.
    """

    runs: tuple[str, ...]
    damaged: dict[str, str]
    others: tuple[str, ...]
    newer: tuple[str, ...]


def verify(store: Store) -> Verified:
    """Read a whole store; no damage ends it."""
    lost = tuple(_without_result(store))
    finished = tuple(store.finished())
    damaged = dict.fromkeys(lost, f"{FILE} is missing")
    newer: list[str] = []
    for cell_id in finished:
        if wrong := store.verify(cell_id):
            damaged[cell_id] = wrong
        else:
            newer += _newer_in_run(store, cell_id)
    return Verified(
        runs=tuple(sorted({*lost, *finished})),
        damaged=damaged,
        others=(*_odd_entries(store), *_logs(store), *_studies(store), *_findings(store)),
        newer=tuple(newer),
    )


def _without_result(store: Store) -> Iterator[str]:
    """Yield runs whose result is gone; a cell of an older version trains there, without these."""
    for folder in _entries(store):
        has_run = any((folder / name).exists() for name in (HISTORY, WEIGHTS))
        if has_run and not store.is_committed(folder.name):
            yield folder.name


def _odd_entries(store: Store) -> Iterator[str]:
    for entry in _entries(store):
        if not entry.is_dir():
            yield f"{RUNS}/{entry.name}: not a run"


def _entries(store: Store) -> Iterator[Path]:
    folder = store.path / RUNS
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _logs(store: Store) -> Iterator[str]:
    for path in sorted(store.path.glob(f"{RUNS}/*/{ATTEMPTS}")):
        try:
            *whole, _torn = read_document(path).split(b"\n")
            for number, line in enumerate(whole, start=1):
                if not isinstance(_parsed(line), dict):
                    yield f"{path.relative_to(store.path)}: line {number} is not an attempt"
        except (Damaged, EnvironmentFault) as error:
            yield f"{path.relative_to(store.path)}: {_text(error)}"


def _studies(store: Store) -> Iterator[str]:
    for study_id in store.study_ids():
        try:
            store.study(study_id)
        except (Damaged, EnvironmentFault, FileNotFoundError) as error:
            path = store.study_path(study_id).relative_to(store.path)
            yield f"{path}: {_text(error)}; delete it, `poolbench train` writes it again"


def _findings(store: Store) -> Iterator[str]:
    for key in finding_keys(store):
        path = finding_path(store, key)
        try:
            unseal(read_document(path))
        except (Damaged, EnvironmentFault, FileNotFoundError) as error:
            yield f"{path.relative_to(store.path)}: {_text(error)}; it is computed again"


def _newer_in_run(store: Store, cell_id: str) -> Iterator[str]:
    commit = store.commit_of(cell_id)
    read = {
        **dict.fromkeys(("sha256", "format")),
        "cell": commit.cell.to_json(),
        "result": asdict(commit.result),
        "files": {name: asdict(facts) for name, facts in commit.files.items()},
    }
    pairs = [(FILE, read)] + [
        (f"probes/{key}.json", {"sha256": None, **store.measurement(cell_id, key).to_json()})
        for key in store.measurement_keys(cell_id)
    ]
    folder = store.folder(cell_id)
    for name, known in pairs:
        document = parse(read_document(folder / name))
        yield from (f"{cell_id}/{name}: {key}" for key in unread_keys(document, known))


def _parsed(line: bytes) -> object:
    try:
        return parse(line)
    except Damaged:
        return None


def _text(error: Exception) -> str:
    return error.message if isinstance(error, EnvironmentFault) else str(error)
