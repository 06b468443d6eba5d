"""How time grows with cells, runs, epsilons and images: linear, and with what constant."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from poolbench.app.listing import list_family
from poolbench.app.plan import plan
from poolbench.bench.network import MEAN, STD, fresh_network, image_shape
from poolbench.bench.stopwatch import wall
from poolbench.bench.turns import wait_for_turn
from poolbench.core.batch import Batch
from poolbench.core.record import Epoch, Result, Timing
from poolbench.core.study import Study
from poolbench.probes.adversarial.probe import fgsm
from poolbench.probes.api import Subject
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.store.commit import PREDICTIONS, WEIGHTS
from poolbench.store.store import Store

_EPSILONS = (1, 4, 16, 64)
_IMAGES = (64, 128, 256, 512)


@dataclass(frozen=True, kw_only=True)
class _Series:
    """A piece of work at several sizes, from small to large."""

    work: str
    unit: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of log seconds over log size between the two largest: 1 is linear."""
        (n, m), (s, t) = self.sizes[-2:], self.seconds[-2:]
        return math.log(t / s) / math.log(m / n)


def bench_growth(*, runs: int, rounds: int) -> Table:
    """Return seconds against size, for all that may grow large.

    Args:
        runs: Size of the largest store, at least 100; the runs are real files, written for this.
        rounds: Turns of each, at least 1; the median counts.
    """
    torch.set_num_threads(1)
    wait_for_turn()
    sizes = (runs // 100, runs // 10, runs)
    series = [*_of_stores(sizes, rounds), *_of_fgsm(rounds)]
    return Table(
        title="growth: seconds against size",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="sizes", fields=("sizes",), is_text=True),
            Column(title="seconds", fields=("seconds",), is_text=True),
            Column(title="ms for one more", fields=("marginal_ms",)),
            Column(title="exponent", fields=("exponent",)),
        ),
        rows=tuple(_row(one) for one in series),
        notes=(
            f"median of {rounds} rounds, 1 thread; one more: the difference of the two largest "
            "sizes, shared out",
            "exponent: slope of log seconds over log size between the two largest sizes, 1 is "
            "linear, below 1 a constant part still shows",
        ),
    )


def _row(series: _Series) -> tuple[TableCell, ...]:
    (n, m), (s, t) = series.sizes[-2:], series.seconds[-2:]
    marginal_ms = 1000 * (t - s) / (m - n)
    return (
        text_cell(f"{series.work}, by {series.unit}"),
        text_cell(" · ".join(f"{size:,}" for size in series.sizes)),
        text_cell(" · ".join(f"{second:.3g}" for second in series.seconds)),
        TableCell(values=(marginal_ms,), text=f"{marginal_ms:.3g}"),
        TableCell(values=(series.exponent,), text=f"{series.exponent:.2f}"),
    )


def _median_s(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(wall(work) for _ in range(rounds))


def _of_stores(sizes: tuple[int, ...], rounds: int) -> Iterator[_Series]:
    listed, planned = [], []
    for size in sizes:
        with _filled_store(size) as (study, path):
            listed.append(_median_s(partial(list_family, "runs", path), rounds))
            planned.append(_median_s(partial(plan, study, path), rounds))
    yield _Series(work="list runs", unit="runs", sizes=sizes, seconds=tuple(listed))
    yield _Series(work="plan, all trained", unit="cells", sizes=sizes, seconds=tuple(planned))


@contextmanager
def _filled_store(size: int) -> Iterator[tuple[Study, Path]]:
    """Yield a study of one variant and many seeds, and a store in which every cell is finished."""
    from poolbench.app.api import load_suite

    study = load_suite("smoke", overrides=[f"seeds={size}"], only=["max"])
    epoch = Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={})
    timing = Timing(epoch=1, duration_s=1.0, images=100)
    outcome = Result(status="ok", correct=90, total=100, test_loss=0.4, parameters=1000, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "runs")
        for cell in study.cells:
            with store.writing(cell) as writer:
                assert writer is not None  # noqa: S101 - nobody else knows the store
                writer.begin("growth", {})
                writer.commit(
                    replace(outcome, correct=90 + cell.seed % 10),
                    history=[epoch],
                    timings=[timing],
                    environment={},
                    artefacts={WEIGHTS: b"", PREDICTIONS: b""},
                )
        yield study, store.path


def _of_fgsm(rounds: int) -> Iterator[_Series]:
    device = torch.device("cpu")
    channels, height, width = image_shape("lenet-mnist")
    network = fresh_network("lenet-mnist", device).to(memory_format=torch.channels_last).eval()
    pixels = torch.rand((max(_IMAGES), channels, height, width))

    def attack(images: int, epsilons: Sequence[float]) -> Callable[[], object]:
        batch = Batch(images=pixels[:images], labels=torch.zeros(images, dtype=torch.int64))
        subject = Subject(
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
    yield _Series(work="fgsm", unit="epsilons", sizes=_EPSILONS, seconds=tuple(by_epsilon))
    yield _Series(work="fgsm", unit="images", sizes=_IMAGES, seconds=tuple(by_image))
