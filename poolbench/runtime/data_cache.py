"""The data set that a worker keeps in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from poolbench.core.cell import DataSpec
from poolbench.core.errors import EnvironmentFault
from poolbench.data.load import load
from poolbench.data.pictures.progress import Watcher
from poolbench.data.splits import Splits


class DataCache:
    """A data set kept resident between cells, because successive cells mostly share it.

    Args:
        root: Folder of data sets; it stays an attribute.
        device: Device they are kept on.
    """

    def __init__(self, root: Path | None, device: torch.device) -> None:
        self.root, self._device = root, device
        self._spec: DataSpec | None = None
        self._splits: Splits | None = None

    def splits(self, spec: DataSpec, watcher: Watcher | None = None) -> Splits:
        """Return a data set's splits; the previous data set is dropped.

        Args:
            spec: The data set and how it is used.
            watcher: Told how far its pictures are prepared; may raise to end it.

        Raises:
            EnvironmentFault: Its files are missing or damaged.
        """
        spec = replace(spec, augment=())
        if self._splits is None or spec != self._spec:
            self._splits = None
            try:
                self._splits = load(
                    spec, root=self.root, download=False, device=self._device, watcher=watcher
                )
            except OSError as error:
                raise EnvironmentFault(f"cannot read the data set: {error}") from error
            self._spec = spec
        return self._splits
