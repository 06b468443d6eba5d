"""Check what keeps the writers of a store apart: its locks, and the rename of a finished run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from poolbench.core.errors import EnvironmentFault
from poolbench.core.finding import Finding
from poolbench.store.file_system import FileSystem, Reach, file_system_of
from poolbench.store.locks import LockTrial
from poolbench.store.store import Store

_APART = (
    "give each machine its own store and part of the cells (`train --shard K/N`), then "
    "`store merge`; two machines on one store repeat work, but harm no result"
)
_MEANING: Mapping[Reach, str] = {
    "all machines": "between machines too; one that loses its connection loses its locks",
    "this machine": "on this machine only",
    "no process": "not at all, as it is mounted without flock",
    "unknown": "between machines perhaps: its locks are not known here",
}


def examine_sharing(store: Store) -> Iterator[Finding]:
    """Yield what locks mean where a store is, and whether the first of two results stays."""
    where = file_system_of(store.path)
    try:
        yield _locks(store.try_locks(), where)
        yield _commits(store)
    except EnvironmentFault as fault:
        yield Finding(what="locks", level="fault", detail=fault.message, advice=fault.hint)


def _locks(trial: LockTrial, where: FileSystem | None) -> Finding:
    on = "on a file system that the system does not name" if where is None else f"on {where}"
    if trial == "unsupported":
        return Finding(
            what="locks",
            level="note",
            detail=f"{on}, which has no flock: a killed process leaves its cell locked",
            advice=f"mount it with flock, or {_APART}",
        )
    if trial == "granted twice":
        return Finding(
            what="locks",
            level="note",
            detail=f"{on}, which grants one lock to two processes",
            advice=f"use one process (`--engine inline`), or {_APART}",
        )
    detail = f"{on}: exclusive (a second process was refused), freed by the kernel"
    if where is None or not where.is_shared:
        return Finding(what="locks", level="ok", detail=detail)
    holds = f"{detail}; they hold {_MEANING[where.lock_reach]}"
    if where.lock_reach == "all machines":
        return Finding(what="locks", level="ok", detail=holds)
    return Finding(what="locks", level="note", detail=holds, advice=_APART)


def _commits(store: Store) -> Finding:
    if store.places.keeps_the_first_run():
        return Finding(
            what="results",
            level="ok",
            detail="the first run of a cell stays: a folder cannot be renamed onto it",
        )
    return Finding(
        what="results",
        level="fault",
        detail=f"the file system of {store.path} renames a folder onto another with files in it",
        advice="keep the store on another one: a second run of a cell would replace the first",
    )
