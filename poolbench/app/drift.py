"""What the pooling operators of trained networks learned: from the stored weights and histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from poolbench.app.results import Results
from poolbench.assembly.network import SitePools, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell, Named
from poolbench.core.record import Run
from poolbench.operators.learned import learned_parameters
from poolbench.report.chart import Chart
from poolbench.report.studies.drift import Drift, drift_charts, drift_table
from poolbench.report.table import Table
from poolbench.store.commit import WEIGHTS
from poolbench.store.documents import Damaged

# As networks are stored: the wrapper that normalises pixels holds the network as its body.
_PREFIX = "body."


def drift(results: Results) -> tuple[list[Table], list[Chart]]:
    """Return where every learned pooling parameter of a study started and went.

    Starts are those of operators built anew, ends those of the stored weights. Neither the data
    nor the networks are needed.

    Args:
        results: What was trained.

    Returns:
        A table for each data set, and the charts of all of them.

    Raises:
        NothingMatched: Not one of its cells is finished.
    """
    results.require_runs()
    study = results.study
    tables: list[Table] = []
    charts: list[Chart] = []
    for dataset in study.datasets:
        drifts: list[Drift] = []
        fixed: list[str] = []
        notes = list(results.damaged_runs)
        for name, variant, cells in study.conditions():
            if name != dataset:
                continue
            operators = _Operators(cells[0])
            if not operators.start:
                fixed.append(variant)
                continue
            found, missing = _ends(cells, results, operators)
            notes += [f"{variant}: {words}" for words in missing]
            drifts += _drifts(variant, operators, found)
        title = f"{study.title} · {dataset} · learned pooling parameters"
        tables.append(drift_table(title, drifts, fixed, notes))
        charts += drift_charts(dataset, f"{study.title} · {dataset}", drifts)
    return tables, charts


class _Operators:
    """The pooling operators of a cell's network, built where they stand, without the network.

    Everything else of the network takes no memory: it only says which operator stands where.

    Args:
        cell: The cell; ``start`` holds the values its training starts from, as ``end`` returns
            those of stored weights: by ``module.path.parameter``.
    """

    def __init__(self, cell: Cell) -> None:
        channels, height, width = image_shape(cell)
        pools = _PoolsWithMemory(cell.model.pools)
        with without_memory():
            self._body = build_body(
                cell.model,
                in_channels=channels,
                num_classes=1,  # no pool depends on it
                image_size=(height, width),
                pools=pools,
            )
        self._sites = pools.sites
        self.start = self._values()

    def end(self, weights: bytes) -> dict[str, Tensor]:
        """Return the values in stored weights.

        Raises:
            RuntimeError: They are not the weights of this network.
        """
        stored = safetensors.torch.load(weights)
        for path in {name.rpartition(".")[0] for name in self.start}:
            operator = self._body.get_submodule(path)
            keys = {key: f"{_PREFIX}{path}.{key}" for key in operator.state_dict()}
            operator.load_state_dict({key: stored[full] for key, full in keys.items()})
        return self._values()

    def _values(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in learned_parameters(self._body).items()}

    def label(self, name: str) -> str:
        """Return a value's name by its site: ``head.temperature``, ``se-2.temperature``."""
        path, _, leaf = name.rpartition(".")
        site = self._sites[self._body.get_submodule(path)]
        places = [module for module, other in self._sites.items() if other == site]
        place = places.index(self._body.get_submodule(path)) + 1
        return f"{site}-{place}.{leaf}" if len(places) > 1 else f"{site}.{leaf}"

    def is_positive(self, name: str) -> bool:
        """Whether a value is learned as its logarithm."""
        path, _, leaf = name.rpartition(".")
        return f"log_{leaf}" in dict(self._body.get_submodule(path).named_parameters())


class _PoolsWithMemory(SitePools):
    """Pools that are real where the network around them is not; ``sites`` says where each is."""

    def __init__(self, pools: Mapping[str, Named]) -> None:
        super().__init__(pools)
        self.sites: dict[nn.Module, str] = {}

    def __call__(self, site: str, **place: Any) -> nn.Module:
        with torch.device("cpu"):
            operator = super().__call__(site, **place)
        self.sites[operator] = site
        return operator


def _ends(
    cells: Sequence[Cell], results: Results, operators: _Operators
) -> tuple[list[tuple[Run, dict[str, Tensor]]], list[str]]:
    """Return what each finished run learned, and what is wrong with the others."""
    found, missing = [], []
    for cell in cells:
        run = results.runs.get(cell.id)
        if run is None:
            missing.append(f"seed {cell.seed} is not finished")
        elif run.result.status != "ok":
            missing.append(f"seed {cell.seed} diverged and left no weights")
        else:
            try:
                weights = results.store.commit_of(cell.id).read(WEIGHTS)
            except Damaged as error:
                missing.append(f"seed {cell.seed}: {error}; see `poolbench store verify`")
                continue
            found.append((run, operators.end(weights)))
    return found, missing


def _drifts(
    variant: str, operators: _Operators, found: Sequence[tuple[Run, dict[str, Tensor]]]
) -> list[Drift]:
    if not found:
        return []
    return [
        Drift(
            variant=variant,
            parameter=operators.label(name),
            is_positive=operators.is_positive(name),
            is_shared=start.numel() == 1,
            start=tuple(start.flatten().tolist()),
            ends=tuple(tuple(values[name].flatten().tolist()) for _, values in found),
            epochs=tuple(
                tuple(epoch.pooling[_PREFIX + name] for epoch in run.history) for run, _ in found
            ),
        )
        for name, start in operators.start.items()
    ]
