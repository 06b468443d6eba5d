"""What every probe of the catalogue keeps."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from poolbench.core.measurement import unpack_bits
from poolbench.models.network import Network
from poolbench.probes import PROBES
from poolbench.probes.api import NotFinite, ProbeInput, ProbeResult
from poolbench.training.evaluate import evaluate
from tests.probes.subjects import a_subject, small_network

ZERO = {"epsilon": 0.0, "size_px": 8}
SETTINGS: dict[str, dict[str, Any]] = {
    "epsilon": {"epsilons": (0.0, 0.05, 0.2)},
    "size_px": {"sizes": (6, 8, 11)},
}
every_probe = pytest.mark.parametrize("name", PROBES)


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network()


def run(
    name: str, subject: ProbeInput, on_progress: Callable[[float], None] = lambda _: None
) -> ProbeResult:
    entry = PROBES[name]
    options = {key: option.default for key, option in entry.options.items()}
    return PROBES.resolve(name)(
        subject, on_progress=on_progress, **{**options, **SETTINGS[entry.axis]}
    )


@every_probe
def test_no_strength_is_the_clean_accuracy(name: str, network: Network) -> None:
    subject = a_subject(network)
    clean = evaluate(network, subject.batches(500), device=subject.device)
    labels = torch.cat([batch.labels for batch in subject.batches(500)])
    (point,) = [p for p in run(name, subject).points if p.at == ZERO[PROBES[name].axis]]
    assert point.correct == clean.correct > 60
    assert unpack_bits(point.right, point.total) == (clean.predicted == labels).tolist()


@every_probe
def test_points_say_how_many_images_they_count_and_which_were_right(
    name: str, network: Network
) -> None:
    asked = next(iter(SETTINGS[PROBES[name].axis].values()))
    points = run(name, a_subject(network)).points
    assert tuple(point.at for point in points) == asked
    for point in points:
        assert point.total == 120
        assert (point.correct is None) == bool(point.reason)
        if point.correct is not None:
            assert sum(unpack_bits(point.right, point.total)) == point.correct


@every_probe
def test_it_finds_the_same_twice(name: str, network: Network) -> None:
    assert run(name, a_subject(network)) == run(name, a_subject(network))


class Stop(Exception):
    pass


def _stop(share: float) -> None:
    if share > 0.4:
        raise Stop


@every_probe
@pytest.mark.parametrize("interrupted", [False, True], ids=["to its end", "stopped"])
def test_the_network_and_the_random_states_are_left_as_they_were(
    name: str, interrupted: bool
) -> None:
    network = small_network()
    network.body[1].eval()  # type: ignore[operator,index]
    first = next(network.parameters())
    first.grad = torch.full_like(first, 3.0)
    list(network.parameters())[-1].requires_grad_(False)

    def seen() -> dict[str, Any]:
        return {
            "weights": {key: value.clone() for key, value in network.state_dict().items()},
            "modes": [module.training for module in network.modules()],
            "wants": [parameter.requires_grad for parameter in network.parameters()],
            "torch": torch.random.get_rng_state(),
            "numpy": np.random.get_state()[1],  # noqa: NPY002 - the state that libraries share
            "python": random.getstate(),
        }

    before, grads = seen(), [parameter.grad for parameter in network.parameters()]
    subject = a_subject(network)
    if interrupted:
        with pytest.raises(Stop):
            run(name, subject, _stop)
    else:
        run(name, subject)
    after = seen()
    assert all(
        torch.equal(value, after["weights"][key]) for key, value in before["weights"].items()
    )
    assert after["modes"] == before["modes"]
    assert after["wants"] == before["wants"]
    assert torch.equal(after["torch"], before["torch"])
    assert np.array_equal(after["numpy"], before["numpy"])
    assert after["python"] == before["python"]
    assert [parameter.grad for parameter in network.parameters()] == grads
    assert torch.equal(first.grad, torch.full_like(first, 3.0))


@every_probe
def test_a_network_that_answers_nan_has_failed_and_is_not_robust(name: str) -> None:
    network = small_network()
    with torch.no_grad():
        classifier = network.body[-1]  # type: ignore[index]
        assert isinstance(classifier, nn.Linear)
        classifier.weight[0, 0] = torch.nan
    with pytest.raises(NotFinite):
        run(name, a_subject(network))


@every_probe
def test_progress_rises_to_its_end(name: str, network: Network) -> None:
    shares: list[float] = []
    run(name, a_subject(network), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    assert shares[-1] > (0.4 if name == "crop" else 0.99)
