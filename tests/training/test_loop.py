from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.cell import Recipe
from poolbench.core.named import Named
from poolbench.core.parts import Parts
from poolbench.core.streams import derive
from poolbench.training import OPTIMIZERS, checkpoint
from poolbench.training.checkpoint import UnreadableCheckpoint
from poolbench.training.loop import Progress, Training

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


@cache
def uninterrupted(name: str) -> Training:
    """Return a training that nothing stopped."""
    run = training(optimizer=optimizer(name))
    run.run()
    return run


@pytest.mark.parametrize("stop_after", range(1, 3 * STEPS))
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_stopped_anywhere_and_continued_ends_in_the_same_bits(
    name: str, stop_after: int
) -> None:
    chosen, whole, steps = optimizer(name), uninterrupted(name), 0

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
        parts=Parts(pooling=frozenset({"6.bias"})),
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


def test_an_epoch_is_told_with_its_images_its_loss_and_what_was_observed() -> None:
    values = {"temperature": 4.0, "broken": float("nan")}
    run = Training(
        network(), Blobs(), recipe(), seed=3, device=torch.device("cpu"), observe=lambda: values
    )
    told: list[Progress] = []
    epochs: list[tuple[int, int]] = []
    outcome = run.run(
        on_progress=told.append, on_epoch=lambda: epochs.append((run.epoch, run.step))
    )
    assert outcome == "done"
    assert epochs == [(1, 0), (2, 0), (3, 0)]
    assert [(timing.epoch, timing.images) for timing in run.timings] == [(k, 40) for k in (1, 2, 3)]
    assert all(timing.duration_s > 0 for timing in run.timings)
    assert [epoch.pooling for epoch in run.history] == [{"temperature": 4.0}] * 3
    assert [each.epoch for each in told] == [0] * STEPS + [1] * STEPS + [2] * STEPS
    assert [each.epochs for each in told] == [3] * 3 * STEPS
    fractions = [(step + 1) / (3 * STEPS) for step in range(3 * STEPS)]
    assert [each.fraction for each in told] == pytest.approx(fractions)
    # The last epoch's loss, and none in the first.
    losses = [None, *(epoch.loss for epoch in run.history[:2])]
    assert [each.loss for each in told] == [loss for loss in losses for _ in range(STEPS)]
    assert all(each.accuracy is None for each in told)
    assert all(each.images_per_s is not None and each.images_per_s > 0 for each in told)


def test_the_loss_of_an_epoch_is_its_mean_over_images() -> None:
    run = training(
        optimizer=Named(
            name="sgd",
            options={"lr": 1e-12, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False},
        )
    )
    run.network.train(False)
    run.network.train = lambda *_: run.network  # type: ignore[assignment,method-assign]
    expected = [
        torch.nn.functional.cross_entropy(run.network(batch.images), batch.labels).item()
        for batch in Blobs().epoch(0)
    ]
    run.run()
    assert run.history[0].loss == pytest.approx(sum(expected) / STEPS, rel=1e-5)


def test_a_training_is_stopped_between_steps_and_after_no_last_one() -> None:
    asked: list[tuple[int, int]] = []

    def never(run: Training) -> bool:
        asked.append((run.epoch, run.step))
        return False

    run = training(epochs=2)
    assert run.run(should_stop=lambda: never(run)) == "done"
    # Within the epochs after every step but the last, and between epochs; not at the very end.
    within = [(epoch, step) for epoch in (0, 1) for step in range(1, STEPS)]
    assert asked == sorted([*within, (1, 0)])
    stopped = training(epochs=2)
    assert stopped.run(should_stop=lambda: stopped.step == 3) == "stopped"
    assert (stopped.epoch, stopped.step, stopped.history) == (0, 3, [])
    between = training(epochs=2)
    assert between.run(should_stop=lambda: between.epoch == 1) == "stopped"
    assert (between.epoch, between.step) == (1, 0)


def test_a_long_epoch_that_diverges_is_ended_soon() -> None:
    class Long(Blobs):
        steps = 120

        def epoch(self, epoch: int, start: int = 0) -> Iterator[Labelled]:
            (first,) = super().epoch(epoch, STEPS - 1)
            for step in range(start, self.steps):
                yield first if step < 10 else Labelled(first.images * float("nan"), first.labels)

    run = training(Long())
    validated: list[bool] = []
    run._validate = lambda: validated.append(True) or 1.0  # type: ignore[func-returns-value]
    assert run.run() == "diverged"
    # The sum is looked at every 50 steps: what is there then stays told, with no accuracy.
    assert [(epoch.loss, epoch.validation_accuracy) for epoch in run.history] == [(None, None)]
    assert run.timings[0].images == 50 * 8
    assert validated == []


def test_a_training_of_another_seed_begins_anew_in_the_same_memory() -> None:
    fresh = {name: value.clone() for name, value in network().state_dict().items()}
    whole = Training(network(), Blobs(), recipe(), seed=4, device=torch.device("cpu"))
    whole.run()
    run = training()
    assert run.run(should_stop=lambda: run.epoch == 1 and run.step == 2) == "stopped"
    places = [value.data_ptr() for value in run.network.parameters()]
    run.restart(fresh, Blobs(), seed=4)
    assert (run.epoch, run.step, run.history, run.timings) == (0, 0, [], [])
    assert run.run() == "done"
    assert [value.data_ptr() for value in run.network.parameters()] == places
    assert run.history == whole.history
    assert [timing.images for timing in run.timings] == [40] * 3
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, run.network.state_dict()[name]), name


def test_the_time_of_an_epoch_goes_on_where_an_interruption_stopped_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = itertools.count(100)  # a clock that is looked at once a step, and at both ends
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))
    whole, speeds = training(epochs=2), list[float | None]()
    whole.run(on_progress=lambda progress: speeds.append(progress.images_per_s))
    assert [timing.duration_s for timing in whole.timings] == [STEPS + 1] * 2
    assert speeds == [8.0] * 2 * STEPS  # eight images a tick
    first, second = training(epochs=2), training(epochs=2)
    first.run(should_stop=lambda: first.epoch == 1 and first.step == 3)
    next(ticks)  # nobody trained meanwhile
    second.load(first.save())
    second.run()
    assert second.timings == whole.timings


def test_a_network_in_eval_mode_is_trained_in_train_mode_and_its_loss_summed_in_float64() -> None:
    run = training(epochs=1)
    run.network.eval()
    run.run()
    assert run.network.training
    assert checkpoint.unpack(run.save())["loss_sum"].dtype == torch.float64


def test_a_long_epoch_that_does_not_diverge_is_done() -> None:
    class Long(Blobs):
        steps = 60

        def epoch(self, epoch: int, start: int = 0) -> Iterator[Labelled]:
            yield from itertools.islice(itertools.cycle(super().epoch(epoch)), self.steps - start)

    run = training(Long(), epochs=1)
    assert run.run() == "done"
    assert run.timings[0].images == 60 * 8


def test_progress_tells_the_last_accuracy_and_no_speed_where_no_time_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.perf_counter", lambda: 7.0)
    values, told = iter([0.25, 0.5]), list[Progress]()
    run = Training(
        network(), Blobs(), recipe(epochs=2), seed=0, device=torch.device("cpu"),
        validate=lambda: next(values),
    )  # fmt: skip
    run.run(on_progress=told.append)
    assert [each.accuracy for each in told] == [None] * STEPS + [0.25] * STEPS
    assert {each.images_per_s for each in told} == {None}


def test_frozen_parameters_are_not_trained_and_without_pooling_there_is_one_group() -> None:
    frozen = network()
    for parameter in frozen[0].parameters():  # type: ignore[index]
        parameter.requires_grad_(False)
    run = Training(frozen, Blobs(), recipe(), seed=0, device=torch.device("cpu"))
    (group,) = run.optimizer.param_groups
    assert len(group["params"]) == len(list(network().parameters())) - 2
