"""The data set a worker has at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from poolbench.core.cell import DataSpec
from poolbench.core.errors import EnvironmentFault
from poolbench.data.load import load
from poolbench.data.splits import Splits


class DataCache:
    """Data sets kept resident between cells: successive cells mostly share theirs.

    Args:
        root: Where data sets are looked for.
        device: Where they are kept.
    """

    def __init__(self, root: Path | None, device: torch.device) -> None:
        self._root, self._device = root, device
        self._spec: DataSpec | None = None
        self._splits: Splits | None = None

    def splits(self, spec: DataSpec) -> Splits:
        """Return a data set's splits; the one before is let go.

        Raises:
            EnvironmentFault: Its files are missing or damaged.
        """
        spec = replace(spec, augment=())
        if self._splits is None or spec != self._spec:
            self._splits = None
            try:
                self._splits = load(spec, root=self._root, download=False, device=self._device)
            except OSError as error:
                raise EnvironmentFault(f"cannot read the data set: {error}") from error
            self._spec = spec
        return self._splits
