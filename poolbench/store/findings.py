"""Findings of experiments: ``findings/<key>.json``, sealed, each a function of its key alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolbench.store.documents import Damaged, seal, unseal
from poolbench.store.files import explaining_disk_faults, write_atomic
from poolbench.store.store import Store

FOLDER = "findings"


def save_finding(store: Store, key: str, document: Mapping[str, Any]) -> None:
    """Keep a finding, in place of one of the same key.

    Args:
        store: Where.
        key: Letters and digits that stand for everything the finding depends on.
        document: JSON values.

    Raises:
        EnvironmentFault: The disk is full, or the store cannot be written.
    """
    folder = store.path / FOLDER
    with explaining_disk_faults(folder):
        folder.mkdir(exist_ok=True)
    write_atomic(folder / f"{key}.json", seal(document))


def read_finding(store: Store, key: str) -> dict[str, Any] | None:
    """Return a finding; ``None`` when there is none, or only a damaged one, to be found anew."""
    try:
        return unseal((store.path / FOLDER / f"{key}.json").read_bytes())
    except (FileNotFoundError, Damaged):
        return None
