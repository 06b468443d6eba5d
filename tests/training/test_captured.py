"""A step that is recorded and repeated has the bits of one that is done anew each time.

A CUDA graph needs a GPU. What is around it, buffers that stay and batches that do not fit them, is
tested anywhere: with a recorder that repeats work by doing it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from poolbench.training.captured import GraphRecorder, Recorder
from poolbench.training.checkpoint import unpack
from poolbench.training.loop import Training
from poolbench.training.optimizers import set_rates
from poolbench.training.sgd import SGD
from tests.training.test_loop import STEPS, Blobs, Labelled, network, optimizer, recipe

CPU, EPOCHS = torch.device("cpu"), 2
on_gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]
on_each_device = pytest.mark.parametrize(
    "device", [CPU, pytest.param(torch.device("cuda:0"), marks=on_gpu)], ids=str
)
on_each_recipe = pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": optimizer("sgd")},
        {"optimizer": optimizer("adamw"), "precision": "bf16"},
        {"optimizer": optimizer("sgd"), "precision": "bf16", "clip_norm": 0.5},
        {"optimizer": optimizer("adamw"), "label_smoothing": 0.1, "clip_norm": 0.5},
    ],
    ids=["sgd", "adamw-bf16", "sgd-bf16-clipped", "adamw-smoothed-clipped"],
)


@pytest.fixture(autouse=True)
def _deterministic() -> Iterator[None]:
    """Take from a GPU's library the algorithms that give the same bits each time."""
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    ):
        yield


class Again:
    """Repeats work by doing it again, and counts."""

    def __init__(self) -> None:
        self.apart_count = self.record_count = self.repeat_count = 0

    @contextmanager
    def apart(self) -> Iterator[None]:
        self.apart_count += 1
        yield

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        self.record_count += 1

        def repeat() -> None:
            self.repeat_count += 1
            work()

        return repeat


class Uneven(Blobs):
    """Blobs whose last batch of an epoch is smaller, on a device."""

    def __init__(self, device: torch.device, seed: int = 0, **broken: Any) -> None:
        super().__init__(**broken)
        self._device, self._seed = device, seed

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Labelled]:
        for step, batch in enumerate(super().epoch(epoch + 100 * self._seed, start), start):
            kept = slice(3 if step == STEPS - 1 else None)
            images = batch.images[kept].to(memory_format=torch.channels_last)
            yield Labelled(images.to(self._device), batch.labels[kept].to(self._device))


def recorder_for(device: torch.device) -> Recorder:
    return GraphRecorder(device) if device.type == "cuda" else Again()


def training(device: torch.device, recorder: Recorder | None, **changes: object) -> Training:
    return Training(
        network().to(device), Uneven(device), recipe(epochs=EPOCHS, **changes), seed=3,
        device=device, recorder=recorder,
    )  # fmt: skip


def other_seed(device: torch.device) -> nn.Module:
    body = network()
    with torch.no_grad():
        for parameter in body.parameters():
            parameter.add_(0.01)
    return body.to(device)


def assert_same(one: Training, other: Training) -> None:
    assert one.history == other.history
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name


@on_each_device
@on_each_recipe
def test_a_recorded_step_has_the_bits_of_an_eager_one(
    device: torch.device, changes: dict[str, Any]
) -> None:
    eager = training(device, None, **changes)
    recorded = training(device, recorder_for(device), **changes)
    assert eager.run() == recorded.run() == "done"
    assert_same(eager, recorded)


def test_full_batches_after_the_first_three_repeat_one_recording() -> None:
    recorder = Again()
    training(CPU, recorder).run()
    counts = recorder.apart_count, recorder.record_count, recorder.repeat_count
    assert counts == (3, 1, EPOCHS * (STEPS - 1) - 3)


@on_each_device
@on_each_recipe
@pytest.mark.parametrize("stop_after", [2, STEPS - 1, STEPS + 2])
def test_a_recorded_training_is_taken_up_by_another_in_its_middle(
    device: torch.device, changes: dict[str, Any], stop_after: int
) -> None:
    whole = training(device, None, **changes)
    whole.run()
    asked = iter(range(1, 100))
    first = training(device, recorder_for(device), **changes)
    assert first.run(should_stop=lambda: next(asked) == stop_after) == "stopped"
    second = training(device, recorder_for(device), **changes)
    second.load(first.save())
    second.run()
    assert_same(whole, second)


def test_what_was_recorded_is_recorded_anew_when_a_state_is_loaded() -> None:
    recorder = Again()
    run = training(CPU, recorder)
    first_epoch = run.save()
    run.run()
    run.load(first_epoch)
    run.run()
    assert recorder.record_count == 2


@on_each_device
@on_each_recipe
@pytest.mark.parametrize("is_broken", [False, True], ids=["sound", "diverged"])
def test_a_seed_in_the_memory_of_another_has_the_bits_of_a_fresh_one(
    device: torch.device, changes: dict[str, Any], is_broken: bool
) -> None:
    recorder = recorder_for(device)
    reused = training(device, recorder, **changes)
    if is_broken:
        reused.batches = Uneven(device, broken_at=(1, 2))
    assert reused.run() == ("diverged" if is_broken else "done")
    where = [value.data_ptr() for value in reused.network.state_dict().values()]
    reused.restart(other_seed(device).state_dict(), Uneven(device, seed=1), seed=4)
    assert reused.run() == "done"
    assert where == [value.data_ptr() for value in reused.network.state_dict().values()]
    fresh = Training(
        other_seed(device), Uneven(device, seed=1), recipe(epochs=EPOCHS, **changes), seed=4,
        device=device,
    )  # fmt: skip
    fresh.run()
    assert_same(fresh, reused)
    if isinstance(recorder, Again):
        assert recorder.record_count == 1


# A GPU's kernels read the tensor in float32, which moves AdamW's bits: so a GPU's rates are in
# tensors whether steps are recorded or not.
@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", torch.float32), ("sgd", torch.float64), ("adamw", torch.float64)],
    ids=str,
)
def test_a_rate_in_a_tensor_gives_the_bits_of_a_number(name: str, kind: torch.dtype) -> None:
    as_number, as_tensor = (training(CPU, None, optimizer=optimizer(name)) for _ in range(2))
    for group in as_tensor.optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"], dtype=kind)
    as_number.run()
    as_tensor.run()
    assert_same(as_number, as_tensor)


def test_a_rate_in_a_tensor_is_filled_where_it_is() -> None:
    own = SGD(
        [{"params": [nn.Parameter(torch.ones(2))], "peak_lr": 0.5}],
        lr=0.5, momentum=0.9, weight_decay=0.0, nesterov=False,
    )  # fmt: skip
    rate = own.param_groups[0]["lr"] = torch.tensor(0.5)
    set_rates(own, 0.25)
    assert own.param_groups[0]["lr"] is rate
    assert rate.item() == 0.125


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_checkpoints_hold_rates_as_numbers_and_load_where_they_are_tensors(name: str) -> None:
    as_number, as_tensor = (training(CPU, None, optimizer=optimizer(name)) for _ in range(2))
    for group in as_tensor.optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"], dtype=torch.float64)
        if "capturable" in group:
            group["capturable"] = True
    for run in (as_number, as_tensor):
        run.run(should_stop=lambda: True)
    saved = {run: run.save() for run in (as_number, as_tensor)}
    rates = [
        [group["lr"] for group in unpack(data)["optimizer"]["param_groups"]]
        for data in saved.values()
    ]
    assert rates[0] == rates[1]
    assert all(isinstance(rate, float) for rate in rates[1])
    for target, source in ((as_number, as_tensor), (as_tensor, as_number)):
        kinds = settings(target)
        target.load(saved[source])
        assert settings(target) == kinds
        target.run()
    assert_same(as_number, as_tensor)


def settings(run: Training) -> list[tuple[type, object]]:
    groups = run.optimizer.param_groups
    return [(type(group["lr"]), group.get("capturable")) for group in groups]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_what_a_graph_began_a_cpu_can_end(name: str) -> None:
    device = torch.device("cuda:0")
    first = training(device, GraphRecorder(device), optimizer=optimizer(name))
    asked = iter(range(1, 100))
    first.run(should_stop=lambda: next(asked) == STEPS + 2)
    second = training(CPU, None, optimizer=optimizer(name))
    second.load(first.save())
    assert second.run() == "done"
