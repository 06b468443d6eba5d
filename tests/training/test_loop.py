from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.cell import Named, Recipe
from poolbench.core.streams import derive
from poolbench.training import OPTIMIZERS
from poolbench.training.checkpoint import UnreadableCheckpoint
from poolbench.training.loop import Training

STEPS = 5


@dataclass(frozen=True)
class Labelled:
    images: Tensor
    labels: Tensor


class Blobs:
    """Two separable classes; a batch is a function of (epoch, step)."""

    steps = STEPS

    def __init__(self, broken_at: tuple[int, int] | None = None) -> None:
        self._broken_at = broken_at

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Labelled]:
        for step in range(start, STEPS):
            generator = torch.Generator().manual_seed(derive(0, "blobs", epoch, step))
            labels = torch.randint(2, (8,), generator=generator)
            noise = torch.randn(8, 1, 4, 4, generator=generator)
            images = noise + 2.0 * labels.view(-1, 1, 1, 1)
            if (epoch, step) == self._broken_at:
                images = images * float("nan")
            yield Labelled(images, labels)


def recipe(**changes: object) -> Recipe:
    options: dict[str, object] = {
        "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": False,
    }  # fmt: skip
    settings: dict[str, object] = {
        "epochs": 3,
        "batch_size": 8,
        "optimizer": Named(name="sgd", options=options),
        "schedule": Named(name="ramp", options={"warmup_epochs": 1.0}),
        **changes,
    }
    return Recipe(**settings)  # type: ignore[arg-type]


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(12, 2),
        )  # fmt: skip
    return layers.to(memory_format=torch.channels_last)


def training(batches: Blobs | None = None, **changes: object) -> Training:
    return Training(
        network(), batches or Blobs(), recipe(**changes), seed=3, device=torch.device("cpu")
    )


def test_training_learns() -> None:
    run = training(epochs=8)
    assert run.run() == "done"
    first, last = run.history[0].loss, run.history[-1].loss
    assert first is not None
    assert last is not None
    assert last < 0.5 * first


def optimizer(name: str) -> Named:
    options = {
        key: 0.1 if option.is_required else option.default
        for key, option in OPTIMIZERS[name].options.items()
    }
    kept = {"weight_decay": 0.01, "momentum": 0.9}
    return Named(name=name, options={**options, **{k: kept[k] for k in kept if k in options}})


@pytest.mark.parametrize("stop_after", range(1, 3 * STEPS))
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_stopped_anywhere_and_continued_ends_in_the_same_bits(
    name: str, stop_after: int
) -> None:
    chosen = optimizer(name)
    whole = training(optimizer=chosen)
    whole.run()
    steps = 0

    def should_stop() -> bool:
        nonlocal steps
        steps += 1
        return steps == stop_after

    first = training(optimizer=chosen)
    outcome = first.run(should_stop=should_stop)
    saved = first.save()
    torch.manual_seed(99)  # whatever else the process drew in between
    second = training(optimizer=chosen)
    second.load(saved)
    assert second.run() == "done" or outcome == "done"
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name
    assert second.history == whole.history


def test_a_loss_that_is_not_finite_ends_training_as_diverged() -> None:
    run = training(Blobs(broken_at=(1, 2)))
    assert run.run() == "diverged"
    assert [epoch.loss is None for epoch in run.history] == [False, True]


def test_the_schedule_moves_the_rate_of_every_step() -> None:
    run = training()
    run.run()
    # Half-step before the end of epochs 1, 2, 3 of a ramp with one epoch of warm-up.
    expected = [0.1 * (1 - 0.5 / STEPS), 0.1 * (1 + 0.5 / STEPS) / 2, 0.1 * (0.5 / STEPS) / 2]
    assert [epoch.lr for epoch in run.history] == pytest.approx(expected)


def test_pooling_parameters_take_no_weight_decay_and_their_own_rate() -> None:
    run = Training(
        network(),
        Blobs(),
        recipe(pool_lr_factor=4.0),
        seed=0,
        device=torch.device("cpu"),
        pooling=["6.bias"],
    )
    rest, own = run.optimizer.param_groups
    assert (rest["weight_decay"], rest["lr"]) == (0.01, 0.1)
    assert (own["weight_decay"], own["lr"]) == (0.0, 0.4)
    assert [p.shape for p in own["params"]] == [(2,)]


def test_a_checkpoint_of_another_network_is_refused() -> None:
    other = Training(
        nn.Sequential(nn.Flatten(), nn.Linear(16, 2)),
        Blobs(),
        recipe(),
        seed=0,
        device=torch.device("cpu"),
    )
    with pytest.raises(UnreadableCheckpoint):
        other.load(training().save())


def test_validation_accuracy_is_recorded_each_epoch() -> None:
    values = iter([0.25, 0.5, 0.75])
    run = Training(
        network(), Blobs(), recipe(), seed=0, device=torch.device("cpu"),
        validate=lambda: next(values),
    )  # fmt: skip
    run.run()
    assert [epoch.validation_accuracy for epoch in run.history] == [0.25, 0.5, 0.75]
