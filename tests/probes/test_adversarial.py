"""Attacks: what foolbox finds, at less cost, and nothing counted that was not seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.measurement import unpack_bits
from poolbench.core.streams import derive
from poolbench.data.batches import evaluation_batches
from poolbench.data.splits import Split
from poolbench.probes.adversarial import probe
from poolbench.probes.adversarial.attacks import (
    EuclideanStep,
    L2FastGradientAttack,
    LinfFastGradientAttack,
    LinfProjectedGradientDescentAttack,
    PyTorchModel,
    SignStep,
    attackable,
    perturb,
)
from poolbench.probes.adversarial.gradient import images_at_once, input_gradient
from poolbench.probes.adversarial.probe import fgm_l2, fgsm, pgd
from poolbench.probes.api import NotFinite, ProbeResult
from poolbench.training.evaluate import evaluate
from tests.probes.subjects import a_subject, digits, small_network

EPSILONS = (0.0, 1 / 255, 0.01, 0.05, 0.1, 0.3, 1.0, 1.4, 10.0)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def test_split() -> Split:
    return digits(500)


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    """Return a network that knows most digits, in train mode and channels last."""
    network = small_network(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10))
    return network.to(memory_format=torch.channels_last)


def nothing(_share: float) -> None:
    """Let the probe go on."""


def flags(findings: ProbeResult) -> list[list[bool]]:
    return [unpack_bits(point.right, point.total) for point in findings.points]


def whole(split: Split, memory_format: torch.memory_format) -> tuple[Tensor, Tensor]:
    (batch,) = evaluation_batches(split, len(split))
    return batch.images.contiguous(memory_format=memory_format), batch.labels


@pytest.fixture
def frozen(trained: nn.Module) -> Iterator[nn.Module]:
    trained.eval()
    yield trained
    trained.train()


SINGLE_STEPS = [
    pytest.param(SignStep, LinfFastGradientAttack, fgsm, math.inf, id="fgsm"),
    pytest.param(EuclideanStep, L2FastGradientAttack, fgm_l2, 2, id="fgm-l2"),
]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize(("step", "peer", "_probe", "norm"), SINGLE_STEPS)
def test_one_gradient_serves_every_epsilon_with_foolboxs_own_bits(
    step: Callable[[Tensor], Any],
    peer: Callable[[], Any],
    _probe: object,
    norm: float,
    memory_format: torch.memory_format,
    frozen: nn.Module,
    test_split: Split,
) -> None:
    images, labels = whole(test_split, memory_format)
    model = PyTorchModel(frozen, bounds=(0, 1), device=CPU)
    _, clipped, _ = peer()(model, images, labels, epsilons=list(EPSILONS))
    attack = step(input_gradient(frozen, images, labels))
    for epsilon, theirs in zip(EPSILONS, clipped, strict=True):
        ours = perturb(attack, attackable(frozen, CPU), images, labels, epsilon)
        assert torch.equal(ours, theirs), epsilon
        assert ours.min() >= 0
        assert ours.max() <= 1
        change = torch.linalg.vector_norm((ours - images).flatten(1), norm, 1)
        assert change.max() <= epsilon * (1 + 1e-6)
        assert not epsilon or change.max() > 0
        assert ours.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize(("_step", "peer", "measure", "_norm"), SINGLE_STEPS)
def test_the_flags_are_foolboxs(
    _step: object,
    peer: Callable[[], Any],
    measure: Callable[..., ProbeResult],
    _norm: float,
    trained: nn.Module,
    frozen: nn.Module,
    test_split: Split,
) -> None:
    images, labels = whole(test_split, torch.channels_last)
    model = PyTorchModel(frozen, bounds=(0, 1), device=CPU)
    _, _, success = peer()(model, images, labels, epsilons=list(EPSILONS))
    found = measure(a_subject(trained, test_split), on_progress=nothing, epsilons=EPSILONS)
    assert torch.equal(torch.tensor(flags(found)), ~success)
    assert [point.at for point in found.points] == list(EPSILONS)
    assert [point.correct for point in found.points] == (~success).sum(1).tolist()
    accuracies = [point.accuracy for point in found.points]
    assert accuracies[0] > 0.8 > 0.4 > accuracies[-1]  # the network learned, the attack works


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("measure", [fgsm, fgm_l2, pgd])
def test_epsilon_zero_is_the_final_evaluation(
    measure: Callable[..., ProbeResult], precision: str, trained: nn.Module, test_split: Split
) -> None:
    clean = evaluate(trained, evaluation_batches(test_split, 200), device=CPU, precision=precision)
    options = {"steps": 1, "rel_stepsize": 1.0} if measure is pgd else {}
    found = measure(
        a_subject(trained, test_split, precision=precision, batch_size=200),
        on_progress=nothing,
        epsilons=(0,),
        **options,
    )
    (seen,) = flags(found)
    assert seen == (clean.predicted == test_split.labels).tolist()


def test_the_gradient_is_float32_and_the_classification_what_the_network_was_trained_in(
    trained: nn.Module, test_split: Split
) -> None:
    seen: list[tuple[bool, bool]] = []
    trained.register_forward_hook(
        lambda _, inputs, __: seen.append(
            (inputs[0].requires_grad, torch.is_autocast_enabled("cpu"))
        )
    )
    subject = a_subject(trained, test_split, precision="bf16", batch_size=250)
    fgsm(subject, on_progress=nothing, epsilons=(0, 0.1, 0.2))
    trained._forward_hooks.clear()
    # For each batch of the final evaluation, one gradient, then one classification an epsilon.
    assert seen == 2 * [(True, False), (False, True), (False, True), (False, True)]


def test_memory_is_bounded_and_the_bound_changes_no_start(
    trained: nn.Module, test_split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert images_at_once((32, 32)) == 128
    assert images_at_once((256, 256)) == 2
    assert images_at_once((2000, 2000)) == 1
    options = {"epsilons": (0.0, 0.05, 0.1), "steps": 3, "rel_stepsize": 0.4}
    at_once = pgd(a_subject(trained, test_split), on_progress=nothing, **options)
    sizes: list[int] = []
    trained.register_forward_hook(
        lambda _, inputs, __: sizes.append(len(inputs[0])) if inputs[0].requires_grad else None
    )
    monkeypatch.setattr(probe, "images_at_once", lambda _: 7)
    in_parts = pgd(a_subject(trained, test_split), on_progress=nothing, **options)
    trained._forward_hooks.clear()
    assert max(sizes) == 7
    # A convolution may round otherwise in another batch: no more than that may differ.
    for ours, theirs in zip(flags(in_parts), flags(at_once), strict=True):
        assert sum(a != b for a, b in zip(ours, theirs, strict=True)) <= 1


def test_projected_descent_is_foolboxs_from_a_start_of_the_runs_own(
    trained: nn.Module, frozen: nn.Module, test_split: Split
) -> None:
    images, labels = whole(test_split, torch.channels_last)

    def measure(seed: int) -> list[list[bool]]:
        subject = a_subject(frozen, test_split, seed=seed)
        return flags(
            pgd(subject, on_progress=nothing, epsilons=(0.08, 0.1), steps=4, rel_stepsize=0.3)
        )

    ours = measure(3)
    attack = LinfProjectedGradientDescentAttack(steps=4, rel_stepsize=0.3)
    model = PyTorchModel(frozen, bounds=(0, 1), device=CPU)
    for epsilon, mine in zip((0.08, 0.1), ours, strict=True):
        torch.manual_seed(derive(3, "pgd", "start"))
        _, _, success = attack(model, images, labels, epsilons=epsilon)
        assert mine == (~success).tolist()
    assert measure(3) == ours
    assert measure(4) != ours


class Flat(nn.Module):
    """Logits that do not depend on the pixels of images darker than most."""

    def __init__(self, brightness: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 640).view(10, 64))
        self.brightness = brightness

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.flatten(1)
        counts = (pixels.mean(1, keepdim=True) > self.brightness).float()
        return counts * (pixels[:, :32] @ self.weight[:, :32].T)


@pytest.mark.parametrize("measure", [fgsm, fgm_l2])
def test_images_without_a_gradient_are_counted(
    measure: Callable[..., ProbeResult], test_split: Split
) -> None:
    images, _ = whole(test_split, torch.contiguous_format)
    brightness = images.mean((1, 2, 3))
    threshold = float(brightness.median())
    dark = float((brightness <= threshold).float().mean())
    found = measure(
        a_subject(Flat(threshold), test_split), on_progress=nothing, epsilons=(0, 0.001)
    )
    assert 0.4 < dark < 0.6
    assert found.facts["zero_gradient_images"] == pytest.approx(dark)
    assert found.facts["zero_gradient_elements"] == pytest.approx((1 + dark) / 2)


class Broken(nn.Module):
    """A network that answers NaN: in its logits, or only in its gradient."""

    def __init__(self, *, only_gradient: bool = False, above: float = -1.0) -> None:
        super().__init__()
        self.only_gradient, self.above = only_gradient, above
        self.linear = nn.Linear(64, 10)

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.flatten(1)
        logits = self.linear(pixels)
        if self.only_gradient:
            return logits + (pixels - pixels.detach()).sqrt().sum(1, keepdim=True)
        is_nan = pixels.mean(1, keepdim=True) > self.above
        return torch.where(is_nan, torch.nan, logits)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Broken(), "loss on the test images"),
        (Broken(only_gradient=True), "gradient"),
        (Broken(above=0.9), "adversarial"),
    ],
    ids=["logits", "gradient", "logits of adversarial images"],
)
def test_a_network_that_answers_nan_is_a_failed_probe_and_no_defence(
    network: nn.Module, words: str, test_split: Split
) -> None:
    # Brightens every pixel without end: a gradient of one sign on all images.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.0)
        network.linear.weight[0] = -1.0  # type: ignore[union-attr,operator]
    with pytest.raises(NotFinite, match=words):
        fgsm(a_subject(network, test_split), on_progress=nothing, epsilons=(0, 10))


def test_a_descent_can_be_stopped_at_every_gradient(trained: nn.Module, test_split: Split) -> None:
    shares: list[float] = []
    pgd(
        a_subject(trained, test_split),
        on_progress=shares.append,
        epsilons=(0, 0.1, 0.2),
        steps=5,
        rel_stepsize=0.5,
    )
    # The gradient at the images, five from each start, and three classifications.
    assert len(shares) == len(set(shares)) == 1 + 2 * 5 + 3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
