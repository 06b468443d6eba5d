"""Examine the machine: can poolbench train here, and if not, what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from poolbench.app.machine import examine_machine
from poolbench.app.sharing import examine_sharing
from poolbench.core.counted import counted
from poolbench.core.data_root import data_root
from poolbench.core.errors import EnvironmentFault
from poolbench.core.finding import Finding
from poolbench.core.named import Named
from poolbench.core.user_cache import cache_folder
from poolbench.data import DATASETS
from poolbench.data.decoded import clear_decoded, decoded_bytes
from poolbench.data.file_facts import TRUSTED
from poolbench.data.file_memory import memories, memory_folder
from poolbench.data.official import files_root
from poolbench.data.pictures.cache import cache_entries
from poolbench.data.presence import is_here
from poolbench.report.listings.machine import machine_table
from poolbench.store.store import Store

__all__ = ["clear_decoded", "examine", "machine_table"]

_LITTLE_SPACE = 2**30
_NAME_ONE = "name the folder with MNIST and CIFAR by --data-root or POOLBENCH_DATA"


def examine(store: Path, root: Path | None) -> list[Finding]:
    """Return the findings, the most basic first.

    Args:
        store: Folder of the run store; not created.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
    """
    return [*examine_machine(), *_store(store), *_data(data_root(root)), *_hashes(), *_cache()]


def _store(path: Path) -> Iterator[Finding]:
    if not Store.is_at(path):
        detail = f"none at {path} yet; train creates it"
        yield Finding(what="store", level="note", detail=detail)
        return
    try:
        store = Store.create(path)
    except EnvironmentFault as fault:
        yield Finding(what="store", level="fault", detail=fault.message, advice=fault.hint)
        return
    free = store.free_bytes()
    count = sum(1 for _ in store.finished())
    detail = f"{path}: {count} finished runs, {free / 2**30:.1f} GiB free"
    if free < _LITTLE_SPACE:
        yield Finding(
            what="store",
            level="note",
            detail=detail,
            advice="free some space: less than 1 GiB is left",
        )
    else:
        yield Finding(what="store", level="ok", detail=detail)
    yield from examine_sharing(store)


def _data(root: Path | None) -> Iterator[Finding]:
    embedded = [name for name, entry in DATASETS.items() if not entry.find]
    yield Finding(what="data", level="ok", detail=f"embedded: {', '.join(embedded)}")
    where = files_root(root)
    if root is not None and not root.is_dir():
        yield Finding(
            what="data root",
            level="fault",
            detail=f"{root} is not a folder",
            advice="create it, or name another with --data-root",
        )
        return
    found = [name for name in DATASETS if name not in embedded and _is_here(name, root)]
    listing = ", ".join(found) or "no known data set"
    if root is not None:
        free = shutil.disk_usage(root).free / 2**30
        detail = f"{root}: {listing}; {free:.1f} GiB free"
        yield Finding(what="data root", level="ok", detail=detail)
        return
    yield Finding(
        what="data root",
        level="ok" if found else "note",
        detail=f"not set, so published data sets are looked for in {where}: {listing}",
        advice="" if found else f"{_NAME_ONE}, or download with `train --download`",
    )


def _hashes() -> Iterator[Finding]:
    folder, count = memory_folder(), len(memories())
    yield Finding(
        what="pictures",
        level="ok",
        detail=f"the remembered hash of a file is trusted while its {TRUSTED} are the same; "
        f"{counted(count, 'folder')} in {folder}, which can be deleted at any time",
    )


def _cache() -> Iterator[Finding]:
    entries = list(cache_entries())
    begun = sum(not entry.is_complete for entry in entries if entry.about is not None)
    unknown = sum(entry.about is None for entry in entries)
    parts = [f"{decoded_bytes() / 2**30:,.1f} GiB in {cache_folder()}"]
    parts += [f"{counted(len(entries), 'list')} of pictures"] if entries else []
    parts += [f"{begun} not complete, which `train` goes on with"] if begun else []
    parts += [f"{unknown} of another version, which is not used"] if unknown else []
    detail = f"{', '.join(parts)}; --clear-cache deletes all, and what is needed is decoded again"
    yield Finding(what="decoded data", level="ok", detail=detail)


def _is_here(name: str, root: Path | None) -> bool:
    """Return whether a data set is found with its default options; false if one is required."""
    options = DATASETS[name].options
    if any(option.is_required for option in options.values()):
        return False
    defaults = {key: option.default for key, option in options.items()}
    return is_here(Named(name=name, options=defaults), root)
