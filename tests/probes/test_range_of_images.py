"""The range of the images that an attack notes: where the area under its curve ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from poolbench.core.batch import Batch
from poolbench.probes.adversarial.attacks import SignStep, attackable, perturb
from poolbench.probes.adversarial.probe import fgm_l2, fgsm
from poolbench.probes.api import ProbeResult
from poolbench.stats.area import last_epsilon
from tests.probes.subjects import a_subject, digits


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).eval()


@pytest.mark.parametrize(("measure", "norm"), [(fgsm, "inf"), (fgm_l2, "2")])
def test_the_range_is_that_of_all_batches(measure: Callable[..., ProbeResult], norm: str) -> None:
    split = digits(500)
    # Two batches: the brightest value is in the first, the darkest in the second.
    images = torch.cat([split.images[:250] // 2 + 51, split.images[250:] // 2 + 17])
    split = replace(split, images=images)
    subject = replace(a_subject(network(), split), batch_size=250)
    (batch,) = subject.batches(len(split))
    facts = measure(subject, on_progress=lambda _: None, epsilons=(0, 0.1)).facts
    low, high = float(batch.images.min()), float(batch.images.max())
    assert (low, high) == pytest.approx((17 / 255, 178 / 255))
    assert (facts["pixel_low"], facts["pixel_high"], facts["image_values"]) == (low, high, 64)
    end = last_epsilon(norm, low=low, high=high, values=64)
    grey = torch.full_like(batch.images, (low + high) / 2)
    order = math.inf if norm == "inf" else 2
    distances = (batch.images - grey).flatten(1).norm(p=order, dim=1)
    assert float(distances.max()) <= end + 1e-6


def test_a_sign_step_beyond_one_repeats_the_images_of_one() -> None:
    images = torch.rand(8, 1, 8, 8)
    gradient = torch.randn_like(images)
    model = attackable(network(), torch.device("cpu"))
    batch = Batch(images=images, labels=torch.zeros(8, dtype=torch.int64))
    at = {
        epsilon: perturb(SignStep(gradient), model, batch.images, batch.labels, epsilon)
        for epsilon in (0.5, 1.0, 10.0)
    }
    assert torch.equal(at[1.0], at[10.0])
    assert not torch.equal(at[0.5], at[1.0])
