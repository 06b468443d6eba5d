"""Training a study: the cells without a result, on as many workers as asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from poolbench.app.networks import about_networks, check_networks, check_parts
from poolbench.app.pairing import as_declared
from poolbench.core.cell import Cell
from poolbench.core.data_root import data_root
from poolbench.core.events import Event
from poolbench.core.shard import Shard
from poolbench.core.study import Study
from poolbench.report.studies.differences import about_differences
from poolbench.report.studies.plan import about_images
from poolbench.report.studies.starts import about_weights
from poolbench.runtime.components import components_of_study, require
from poolbench.runtime.runner import Runner, check_settings
from poolbench.runtime.settings import Settings
from poolbench.runtime.summary import Summary
from poolbench.runtime.task import TASKS
from poolbench.runtime.utilisation import Utilisation
from poolbench.store.store import Store

__all__ = [
    "Settings",
    "Summary",
    "about_data",
    "noting",
    "part_of",
    "train",
    "training",
    "unfinished_count",
]


def unfinished_count(study: Study, store: Path, shard: Shard | None = None) -> int:
    """Return the number of cells that ``train`` would train; the store need not exist.

    Raises:
        EnvironmentFault: The folder is a store that cannot be read.
    """
    return len(_open_cells(part_of(study, shard), store))


def _open_cells(study: Study, store: Path) -> Sequence[Cell]:
    if not Store.is_at(store):
        return study.cells
    return TASKS["train"].open_cells(Store(store), study)


def part_of(study: Study, shard: Shard | None) -> Study:
    """Return a study with the cells of a shard only; the whole study if there is none."""
    if shard is None:
        return study
    return replace(study, cells=shard.cells(study), whole_cells=study.whole.cells)


def about_data(study: Study, *, networks: bool, root: Path | None = None) -> Iterator[str]:
    """Say what each data set has, and if published numbers will be no yardstick, why.

    Args:
        study: The study.
        networks: Whether to say also what of its networks does not start from their weights, and
            which maps they pool, where that has to be looked up.
        root: The data root; ``None`` for ``POOLBENCH_DATA``.

    Raises:
        BadInput: Networks are looked at, and a site, weights or a frozen path are not of theirs.
        EnvironmentFault: Networks are looked at, and a library or a file is missing.
    """
    if networks:
        check_parts(study)
    for dataset in study.datasets:
        yield from about_images(study, dataset)
        for part in study.parts:
            yield from about_weights(part, dataset)
        if dataset in study.analysis.published:
            yield from about_differences(study, dataset, is_compared=True)
        for part in study.parts if networks else ():
            yield from about_networks(part, dataset, data_root(root))


def train(
    study: Study,
    settings: Settings,
    on_event: Callable[[Event], None] = lambda _: None,
    *,
    shard: Shard | None = None,
    is_checked: bool = False,
) -> Summary:
    """Train every cell of a study that has no result yet.

    Args:
        study: The study to train.
        settings: Where and how.
        on_event: Called with every event, for a display.
        shard: Train only the cells of this part; the store remembers the whole study, so that
            the stores of all parts can be merged.
        is_checked: Whether sites, frozen paths and weights are known to be of their networks.

    Raises:
        BadInput: There is no such device, a plug-in is not the one the study was planned with, a
            site or a frozen path is not in its network, or weights are not of it.
        EnvironmentFault: Device, data, disk or store cannot be used; finished cells are safe.
        Interrupted: Ctrl-C or SIGTERM; run the same command to continue.
        StoreBusy: Another process trains the rest, and ``settings.wait`` is false.
    """
    began = time.monotonic()
    check_settings(study, settings)
    part = part_of(study, shard)
    missing = _open_cells(part, settings.store)
    if missing and not is_checked:
        check_networks(part, data_root(settings.root))
    store = Store.create(settings.store)
    store.remember(as_declared(study, store))
    failed: dict[str, str] = {}
    trained: set[str] = set()
    utilisation = Utilisation()
    if missing:
        with training(store, part, settings) as runner:
            failed, utilisation = runner.run(part, missing, noting(trained, on_event))
    duration_s = time.monotonic() - began
    return Summary(
        task="train",
        done=len(trained),
        reused=len(part.cells) - len(trained) - len(failed),
        failed=failed,
        duration_s=duration_s,
        workers=utilisation.workers,
        busy_share=utilisation.share(duration_s),
    )


def noting(trained: set[str], on_event: Callable[[Event], None]) -> Callable[[Event], None]:
    """Return a listener that also notes the cells that are trained.

    Another process may have trained what was missing, so what is new counts by its events.

    Args:
        trained: Ids of cells; those that get a result are added.
        on_event: Called with every event.
    """

    def listen(event: Event) -> None:
        if event.kind in ("finished", "diverged"):
            trained.add(event.cell)
        on_event(event)

    return listen


@contextmanager
def training(store: Store, study: Study, settings: Settings) -> Iterator[Runner]:
    """Prepare to train cells of a study.

    Args:
        store: Where results go.
        study: The study.
        settings: Where and how.

    Yields:
        What trains them.

    Raises:
        As :func:`train`.
    """
    require(components_of_study(study))
    if settings.download:
        _download(study, settings)
    with Runner(store, "train", study.execution, settings) as runner:
        yield runner


def _download(study: Study, settings: Settings) -> None:
    from poolbench.data.load import read_source

    for spec in {cell.data.source.name: cell.data for cell in study.cells}.values():
        read_source(spec, root=data_root(settings.root), download=True)
