"""The measurements of a run: ``runs/<id>/probes/<key>.json``, each a sealed document."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from poolbench.core.document import Damaged, Unread
from poolbench.core.measurement import Measurement
from poolbench.store.attempts import ATTEMPTS, FAILURE, Attempts
from poolbench.store.documents import read_sealed, seal
from poolbench.store.files import read_document, remove_file, unreadable, write_atomic

FOLDER = "probes"

_NAME = re.compile(r"[0-9a-f]{16}\.json")


def measurement_keys(folder: Path) -> Iterator[str]:
    """Yield the keys of a run's measurements, damaged ones included, in order.

    Args:
        folder: The run's folder.

    Raises:
        EnvironmentFault: They cannot be listed.
    """
    try:
        names = os.listdir(folder / FOLDER)  # noqa: PTH208 - asked of 10^5 runs
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise unreadable(folder / FOLDER, error) from error
    yield from sorted(name.removesuffix(".json") for name in names if _NAME.fullmatch(name))


def read_measurement(folder: Path, key: str, unread: Unread | None = None) -> Measurement:
    """Return a measurement.

    Args:
        folder: The run's folder.
        key: Its ``measurement_key``.
        unread: Counts the keys that a newer version wrote.

    Raises:
        Damaged: It is not what was written.
        FileNotFoundError: There is none with this key.
    """
    try:
        measurement = read_sealed(Measurement, measurement_bytes(folder, key), unread)
    except Damaged as error:
        raise Damaged(f"{FOLDER}/{key}.json: {error}") from error
    if measurement.key != key:
        raise Damaged(f"{FOLDER}/{key}.json holds the measurement {measurement.key}")
    return measurement


def measurement_bytes(folder: Path, key: str) -> bytes:
    """Return the file of a measurement as it is: see :func:`read_measurement`."""
    return read_document(folder / FOLDER / f"{key}.json")


class MeasurementWriter(Attempts):
    """The right to measure a run, held under the lock of its cell.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FOLDER)

    def has(self, key: str) -> bool:
        """Whether there is a measurement with this key; it may be damaged."""
        return (self.folder / f"{key}.json").exists()

    def save(self, measurement: Measurement) -> None:
        """Store a measurement; it replaces a damaged one with the same key.

        Raises:
            EnvironmentFault: The disk is full, or the store cannot be written.
        """
        self.save_bytes(measurement.key, seal(measurement.to_json()))

    def save_bytes(self, key: str, data: bytes) -> None:
        """Store the file of a measurement: see :meth:`save`."""
        self.write(lambda: write_atomic(self.folder / f"{key}.json", data))

    def conclude(self) -> None:
        """Delete the attempts once everything asked for is measured."""
        for name in (FAILURE, ATTEMPTS):  # alone, attempts tell nothing: see ``leftovers``
            remove_file(self.folder / name)
