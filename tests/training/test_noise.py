"""The noise of stochastic layers: a function of seed and epoch, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poolbench.core.cell import Recipe
from poolbench.core.named import Named
from poolbench.core.streams import derive
from poolbench.training.loop import Training

EPOCHS, STEPS = 3, 4


@dataclass(frozen=True)
class Labelled:
    images: Tensor
    labels: Tensor


class Same:
    """One batch, again and again."""

    steps = STEPS

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Labelled]:  # noqa: ARG002
        for _ in range(start, STEPS):
            yield Labelled(torch.ones(2, 1, 2, 2), torch.tensor([0, 1]))


class Noisy(nn.Module):
    """Draws a number at each step, as dropout draws its masks, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.classify = nn.Linear(4, 2)
        self.drawn: list[float] = []

    def forward(self, x: Tensor) -> Tensor:
        self.drawn.append(float(torch.rand(())))
        return self.classify(x.flatten(1))


def drawn(*, seed: int = 3, on_epoch: Callable[[], object] = lambda: None) -> list[list[float]]:
    """Return what a training draws, epoch by epoch."""
    network = Noisy()
    training = Training(
        network,
        Same(),
        Recipe(
            epochs=EPOCHS,
            batch_size=2,
            optimizer=Named(
                name="sgd",
                options={"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False},
            ),
            schedule=Named(name="ramp", options={"warmup_epochs": 1.0}),
        ),
        seed=seed,
        device=torch.device("cpu"),
    )
    torch.manual_seed(99)  # whatever the process drew before
    training.run(on_epoch=on_epoch)
    return [network.drawn[start : start + STEPS] for start in range(0, EPOCHS * STEPS, STEPS)]


def test_every_epoch_and_every_seed_has_a_noise_of_its_own() -> None:
    numbers = [number for seed in (3, 4) for epoch in drawn(seed=seed) for number in epoch]
    assert len(set(numbers)) == 2 * EPOCHS * STEPS


def test_an_epochs_noise_is_its_named_stream() -> None:
    for epoch, numbers in enumerate(drawn()):
        generator = torch.Generator().manual_seed(derive(3, "noise", epoch))
        assert numbers == [float(torch.rand((), generator=generator)) for _ in range(STEPS)]


def test_what_others_draw_between_epochs_changes_no_noise() -> None:
    assert drawn(on_epoch=lambda: torch.rand(7)) == drawn()
