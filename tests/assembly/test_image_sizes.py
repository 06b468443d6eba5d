"""The least images of a library's network: what its layers take, and no less than its stride."""

from __future__ import annotations

import pytest
import torch

from poolbench.assembly.image_sizes import least_size_px
from poolbench.core.errors import BadInput


@pytest.mark.parametrize(
    ("architecture", "least"),
    [("resnet18", 32), ("vgg11", 32), ("squeezenet1_1", 17), ("alexnet", 63), ("vit_b_16", None)],
)
def test_a_smaller_image_fails_or_is_below_the_stride(architecture: str, least: int | None) -> None:
    from torchvision import models

    assert least_size_px(f"torchvision/{architecture}") == least
    network = models.get_model(architecture, num_classes=2).eval()
    with torch.no_grad():
        network(torch.rand(1, 3, side := least or 224, side))
        if architecture not in ("resnet18", "vgg11"):  # which have a stride of 32
            with pytest.raises((RuntimeError, AssertionError)):
                network(torch.rand(1, 3, side - 1, side - 1))


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(BadInput, match="no network 'resnet81'"):
        least_size_px("torchvision/resnet81")
