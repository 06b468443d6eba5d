"""Every image classified once, against values by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.training.evaluate import evaluate
from tests.training.test_loop import Labelled

CPU = torch.device("cpu")
# Odds 3 : 1, 1 : 1 and 1 : 7 of the classes 0 and 1.
LOGITS = torch.tensor([[math.log(3), 0.0], [2.0, 2.0], [0.0, math.log(7)]])


class Seen(nn.Module):
    """Answers with its images, and notes how it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[bool, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.asked.append((self.training, torch.is_grad_enabled()))
        return x


def batches(*sizes: int, labels: tuple[int, ...] = (0, 1, 0)) -> list[Any]:
    classes = torch.tensor(labels)
    return [
        Labelled(images, which)
        for images, which in zip(LOGITS.split(sizes), classes.split(sizes), strict=True)
    ]


@pytest.mark.parametrize("sizes", [(3,), (2, 1), (1, 1, 1)])
def test_classes_probabilities_hits_and_loss_are_those_of_the_hand(sizes: tuple[int, ...]) -> None:
    found = evaluate(Seen(), batches(*sizes), device=CPU)
    assert found.predicted.tolist() == [0, 0, 1]
    assert found.predicted.dtype == torch.int64
    assert found.probability.tolist() == pytest.approx([3 / 4, 1 / 2, 1 / 8])
    assert found.probability.dtype == torch.float32
    assert found.confidence.tolist() == pytest.approx([3 / 4, 1 / 2, 7 / 8])
    assert found.nll.tolist() == pytest.approx([math.log(4 / 3), math.log(2), math.log(8)])
    # (1/4)^2 and (1/2)^2 twice each, and (7/8)^2 twice.
    assert found.brier.tolist() == pytest.approx([1 / 8, 1 / 2, 49 / 32])
    assert {found.confidence.dtype, found.nll.dtype, found.brier.dtype} == {torch.float32}
    assert (found.correct, found.total) == (1, 3)
    assert found.loss == pytest.approx(-(math.log(3 / 4) + math.log(1 / 2) + math.log(1 / 8)) / 3)


def test_a_hopeless_answer_has_a_finite_likelihood_and_a_sure_one_an_exact_distance() -> None:
    # Of three classes, so that the predicted one is not just the other of two.
    images = torch.tensor([[200.0, 0.0, 0.0], [12.0, 0.0, -1.0]])
    found = evaluate(Seen(), [Labelled(images, torch.tensor([1, 0]))], device=CPU)
    assert found.probability[0] == 0
    assert found.nll[0] == 200
    assert found.brier[0] == 2
    rest = [math.exp(-12), math.exp(-13)]
    away = [sum(rest) / (1 + sum(rest)), *(each / (1 + sum(rest)) for each in rest)]
    # 1e-10 beside probabilities near 1: not by sums of squares, which lose it.
    assert found.brier[1].item() == pytest.approx(sum(each**2 for each in away), rel=1e-2)


@pytest.mark.parametrize("was_training", [True, False])
def test_a_network_is_asked_in_eval_mode_and_left_as_it_was(was_training: bool) -> None:
    network = Seen().train(was_training)
    evaluate(network, batches(2, 1), device=CPU)
    assert network.asked == [(False, False)] * 2
    assert network.training == was_training
    with pytest.raises(IndexError):
        evaluate(network, batches(3, labels=(0, 1, 9)), device=CPU)
    assert network.training == was_training
