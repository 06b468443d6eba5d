"""Verification of a store: every byte of every run is read, and every other document."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from poolbench.core.document import Damaged, Unread, parse
from poolbench.core.errors import EnvironmentFault
from poolbench.store.attempts import ATTEMPTS, FAILURE
from poolbench.store.commit import FILE, HISTORY, IDENTITY, WEIGHTS
from poolbench.store.documents import unseal
from poolbench.store.files import read_document
from poolbench.store.findings import finding_keys, finding_path
from poolbench.store.measurements import FOLDER as PROBES
from poolbench.store.places import FINDINGS, FOLDERS, RUNS, UNFINISHED
from poolbench.store.store import Store

_BEGINNING = b'{"session":'  # of an attempt


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was read, and what is wrong.

    Args:
        runs: Ids of the runs that were read, in order.
        damaged: What is wrong with damaged runs, by id.
        others: What is wrong besides: with studies, findings, logs, or what is no run.
        unread: Keys that a newer version wrote and this one passes over: ``Store.unread``.
    """

    runs: tuple[str, ...]
    damaged: dict[str, str]
    others: tuple[str, ...]
    unread: Unread


def verify(store: Store) -> Verified:
    """Read a whole store; no damage ends it."""
    lost = tuple(_without_result(store))
    finished = tuple(store.finished())
    damaged = dict.fromkeys(lost, f"{FILE} is missing")
    damaged |= {each: wrong for each in finished if (wrong := store.verify(each))}
    return Verified(
        runs=tuple(sorted({*lost, *finished})),
        damaged=damaged,
        others=(*_odd_entries(store), *_logs(store), *_studies(store), *_findings(store)),
        unread=store.unread,
    )


def _without_result(store: Store) -> Iterator[str]:
    """Yield runs whose result is gone; a cell of an older version trains there, without these."""
    for folder in _entries(store):
        has_run = any((folder / name).exists() for name in (HISTORY, WEIGHTS))
        if has_run and not store.is_committed(folder.name):
            yield folder.name


def _odd_entries(store: Store) -> Iterator[str]:
    """Yield what is neither a run nor a folder where documents would be looked for."""
    for name in (*FOLDERS, FINDINGS):
        if _is_no_folder(store.path / name):
            yield f"{name}: not a folder"
    for entry in _entries(store):
        # Older versions trained there.
        if not any((entry / name).exists() for name in (FILE, IDENTITY, HISTORY, WEIGHTS)):
            yield f"{RUNS}/{entry.name}: not a run"
        elif _is_no_folder(entry / PROBES):
            yield f"{RUNS}/{entry.name}/{PROBES}: not a folder, so it holds no measurement"
        else:
            yield from _odd_measurements(store, entry)


def _odd_measurements(store: Store, run: Path) -> Iterator[str]:
    with suppress(EnvironmentFault):  # told with the run
        known = {f"{key}.json" for key in store.measurement_keys(run.name)} | {ATTEMPTS, FAILURE}
        for path in _entries(store, f"{RUNS}/{run.name}/{PROBES}"):
            if path.name not in known:
                yield f"{path.relative_to(store.path)}: not a measurement"


def _is_no_folder(path: Path) -> bool:
    return os.path.lexists(path) and not path.is_dir()


def _entries(store: Store, name: str = RUNS) -> Iterator[Path]:
    folder = store.path / name
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _logs(store: Store) -> Iterator[str]:
    folders = [*_entries(store), *_entries(store, UNFINISHED)]
    for path in (each / name for each in folders for name in (ATTEMPTS, f"{PROBES}/{ATTEMPTS}")):
        where = path.relative_to(store.path)
        try:
            *whole, _torn = read_document(path).split(b"\n")
            for number, line in enumerate(whole, start=1):
                if not (isinstance(_parsed(line), dict) or _is_torn(line)):
                    yield f"{where}: line {number} is not an attempt"
        except FileNotFoundError:
            continue
        except (Damaged, EnvironmentFault) as error:
            yield f"{where}: {_text(error)}"


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


def _parsed(line: bytes) -> object:
    try:
        return parse(line)
    except Damaged:
        return None


def _is_torn(line: bytes) -> bool:
    """Whether a writer was killed while it wrote a line."""
    return line[: len(_BEGINNING)] == _BEGINNING[: len(line)]


def _text(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "a link to nothing"
    return error.message if isinstance(error, EnvironmentFault) else str(error)
