"""The growth of time with cells, runs, epsilons and images: exponent and constant."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from poolbench.app.listing import list_family
from poolbench.app.plan import plan
from poolbench.app.report import tables
from poolbench.app.results import read_results
from poolbench.bench.network import MEAN, STD, fresh_network, image_shape
from poolbench.bench.stopwatch import wall
from poolbench.bench.turns import wait_for_turn
from poolbench.core.batch import Batch
from poolbench.core.benchmarks import Growth
from poolbench.core.record import Epoch, Result, Timing
from poolbench.core.study import Study
from poolbench.probes.adversarial.probe import fgsm
from poolbench.probes.api import ProbeInput
from poolbench.report.benchmarks.growth import growth_table
from poolbench.report.table import Table
from poolbench.store.commit import PREDICTIONS, WEIGHTS
from poolbench.store.store import Store

_EPSILONS = (1, 4, 16, 64)
_IMAGES = (64, 128, 256, 512)


def bench_growth(*, runs: int, rounds: int) -> Table:
    """Return seconds against size, for everything that may grow large.

    Args:
        runs: Number of runs in the largest store, at least 100; its files are written for this.
        rounds: Rounds to measure, at least 1; the table shows the median.
    """
    torch.set_num_threads(1)
    wait_for_turn()
    sizes = (runs // 100, runs // 10, runs)
    return growth_table([*_of_stores(sizes, rounds), *_of_fgsm(rounds)], rounds)


def _median_s(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(wall(work) for _ in range(rounds))


def _of_stores(sizes: tuple[int, ...], rounds: int) -> Iterator[Growth]:
    listed, planned, reported = [], [], []
    for size in sizes:
        with _filled_store(size) as (study, path):
            listed.append(_median_s(partial(list_family, "runs", path), rounds))
            planned.append(_median_s(partial(plan, study, path), rounds))
            reported.append(_median_s(partial(_report, study, path), rounds))
    yield Growth(work="list runs", unit="runs", sizes=sizes, seconds=tuple(listed))
    yield Growth(work="plan, all trained", unit="cells", sizes=sizes, seconds=tuple(planned))
    yield Growth(work="report", unit="runs", sizes=sizes, seconds=tuple(reported))


def _report(study: Study, path: Path) -> list[Table]:
    return tables(read_results(study, path))


@contextmanager
def _filled_store(size: int) -> Iterator[tuple[Study, Path]]:
    """Yield a study of one variant and many seeds, and a store in which every cell is finished."""
    from poolbench.app.api_studies import load_suite

    study = load_suite("smoke", overrides=[f"seeds={size}"], only=["max"])
    # A report reads the whole suite, of which the other variants were not trained.
    study = replace(study, whole_cells=(), baseline="")
    epoch = Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={})
    timing = Timing(epoch=1, duration_s=1.0, images=100)
    outcome = Result(status="ok", correct=90, total=100, test_loss=0.4, parameters=1000, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "runs")
        for cell in study.cells:
            with store.writing(cell) as writer:
                assert writer is not None  # noqa: S101 - nobody else uses the store
                writer.begin("growth", {})
                writer.commit(
                    replace(outcome, correct=90 + cell.seed % 10),
                    history=[epoch],
                    timings=[timing],
                    environment={},
                    artefacts={WEIGHTS: b"", PREDICTIONS: b""},
                )
        yield study, store.path


def _of_fgsm(rounds: int) -> Iterator[Growth]:
    device = torch.device("cpu")
    channels, height, width = image_shape("lenet-mnist")
    network = fresh_network("lenet-mnist", device).to(memory_format=torch.channels_last).eval()
    pixels = torch.rand((max(_IMAGES), channels, height, width))

    def attack(images: int, epsilons: Sequence[float]) -> Callable[[], object]:
        batch = Batch(images=pixels[:images], labels=torch.zeros(images, dtype=torch.int64))
        subject = ProbeInput(
            network=network,
            batches=lambda _: [batch],
            count=images,
            image_size=(height, width),
            mean=MEAN[:channels],
            std=STD[:channels],
            device=device,
        )
        return lambda: fgsm(subject, on_progress=lambda _: None, epsilons=epsilons)

    def grid(count: int) -> tuple[float, ...]:
        return tuple(step / 255 for step in range(1, count + 1))

    by_epsilon = [_median_s(attack(128, grid(count)), rounds) for count in _EPSILONS]
    by_image = [_median_s(attack(count, grid(8)), rounds) for count in _IMAGES]
    yield Growth(work="fgsm", unit="epsilons", sizes=_EPSILONS, seconds=tuple(by_epsilon))
    yield Growth(work="fgsm", unit="images", sizes=_IMAGES, seconds=tuple(by_image))
