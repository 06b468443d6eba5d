"""Findings of experiments: ``findings/<key>.json``, sealed, each determined by its key alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from poolbench.core.document import Damaged
from poolbench.store.documents import seal, unseal
from poolbench.store.files import explaining_disk_faults, read_document, write_atomic
from poolbench.store.places import FINDINGS
from poolbench.store.store import Store


def finding_path(store: Store, key: str) -> Path:
    """Return the file of a finding, which need not exist."""
    return store.path / FINDINGS / f"{key}.json"


def save_finding(store: Store, key: str, document: Mapping[str, Any]) -> None:
    """Save a finding; it replaces one with the same key.

    Args:
        store: The store to save in.
        key: Letters and digits that identify everything the finding depends on.
        document: JSON values.

    Raises:
        EnvironmentFault: The disk is full, or the store cannot be written.
    """
    path = finding_path(store, key)
    with explaining_disk_faults(path):
        path.parent.mkdir(exist_ok=True)
    write_atomic(path, seal(document))


def read_finding(store: Store, key: str) -> dict[str, Any] | None:
    """Return a finding; ``None`` if it is missing or damaged, and has to be computed again."""
    try:
        return unseal(read_document(finding_path(store, key)))
    except (FileNotFoundError, Damaged):
        return None


def finding_keys(store: Store) -> Iterator[str]:
    """Yield the keys of a store's findings, damaged ones included, in order."""
    for path in sorted((store.path / FINDINGS).glob("*.json")):
        yield path.stem
