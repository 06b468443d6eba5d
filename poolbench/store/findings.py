"""Findings of experiments: ``findings/<key>.json``, sealed, each determined by its key alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from poolbench.store.documents import Damaged, seal, unseal
from poolbench.store.files import explaining_disk_faults, write_atomic
from poolbench.store.places import FINDINGS
from poolbench.store.store import Store


def save_finding(store: Store, key: str, document: Mapping[str, Any]) -> None:
    """Save a finding; it replaces one with the same key.

    Args:
        store: The store to save in.
        key: Letters and digits that identify everything the finding depends on.
        document: JSON values.

    Raises:
        EnvironmentFault: The disk is full, or the store cannot be written.
    """
    folder = store.path / FINDINGS
    with explaining_disk_faults(folder):
        folder.mkdir(exist_ok=True)
    write_atomic(folder / f"{key}.json", seal(document))


def read_finding(store: Store, key: str) -> dict[str, Any] | None:
    """Return a finding; ``None`` if it is missing or damaged, and has to be computed again."""
    try:
        return unseal((store.path / FINDINGS / f"{key}.json").read_bytes())
    except (FileNotFoundError, Damaged):
        return None


def finding_keys(store: Store) -> Iterator[str]:
    """Yield the keys of a store's findings, damaged ones included, in order."""
    for path in sorted((store.path / FINDINGS).glob("*.json")):
        yield path.stem
