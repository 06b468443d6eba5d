"""The whitening convolution: what it makes of patches, and that training leaves it alone."""

from __future__ import annotations

import torch
from torch.nn.functional import unfold

from poolbench.models.network import Network
from poolbench.models.whitening import WhiteningConvolution


def _images(count: int = 40) -> torch.Tensor:
    """Return bytes whose channels and neighbours are correlated, as those of pictures are."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, 3, 12, 12, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(noise, 3, stride=1)
    mixed = smooth + 0.8 * smooth.mean(1, keepdim=True)
    return (128 + 80 * mixed).clamp(0, 255).to(torch.uint8)


def _network() -> Network:
    torch.manual_seed(1)
    body = WhiteningConvolution(3, 27, 3)
    return Network(body, mean=[0.5, 0.5, 0.5], std=[0.2, 0.25, 0.3])


def test_responses_to_patches_are_uncorrelated_and_of_unit_variance() -> None:
    network, images = _network(), _images()
    network.fit_whitening(images.permute(0, 2, 3, 1))
    inside = network(images / 255)[:, :, 1:-1, 1:-1].detach().double()
    responses = inside.movedim(1, 0).flatten(1)
    found = torch.cov(responses)
    patches = unfold((images / 255 - network.mean) / network.std, 3).double()
    values = torch.linalg.eigvalsh(torch.cov(patches.movedim(1, 0).flatten(1))).flip(0)
    # The largest eigenvalue first; 0.01 keeps the least from being blown up.
    expected = torch.diag(values / (values + 0.01))
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=0)


def test_it_is_a_function_of_the_images_alone_and_takes_no_gradient() -> None:
    network, images = _network(), _images()
    before = network.body.weight.clone()
    network.fit_whitening(images.permute(0, 2, 3, 1))
    again = _network()
    torch.nn.init.zeros_(again.body.weight)
    again.fit_whitening(images.permute(0, 2, 3, 1))
    assert torch.equal(network.body.weight, again.body.weight)
    assert not torch.equal(network.body.weight, before)
    assert not network.body.weight.requires_grad
    assert (network.body.weight.flatten(1).gather(
        1, network.body.weight.flatten(1).abs().argmax(1, keepdim=True)) > 0).all()  # fmt: skip


def test_a_network_without_one_is_left_as_it_is() -> None:
    body = torch.nn.Conv2d(3, 27, 3)
    weight = body.weight.clone()
    Network(body, mean=[0.5] * 3, std=[0.2] * 3).fit_whitening(_images().permute(0, 2, 3, 1))
    assert torch.equal(body.weight, weight)
