"""Images of other sizes: what the network is shown, and where a size does not apply."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as transforms

from poolbench.models.network import Network
from poolbench.probes.api import NotApplicable, ProbeInput, ProbeResult
from poolbench.probes.resolution import crop, pad_noise, pad_zero, zoom
from tests.probes.subjects import MEAN, STD, Global, a_subject, digits, small_network


class Witness(nn.Module):
    """Keeps the normalised images it is shown, and answers class zero."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 1:  # one image alone is only tried on
            self.shown.append(x.clone())
        return torch.eye(10)[:1].expand(len(x), -1)


def shown(probe, size: int, **changes: object) -> Tensor:
    witness = Witness()
    network = Network(witness, mean=MEAN, std=STD)
    probe(a_subject(network, **changes), on_progress=lambda _: None, sizes=(size,))
    return torch.cat(witness.shown)


def originals() -> Tensor:
    pixels = digits().images.permute(0, 3, 1, 2).float() / 255
    return (pixels - torch.tensor(MEAN)) / torch.tensor(STD)


def measure(probe, subject: ProbeInput, *sizes: int) -> ProbeResult:
    return probe(subject, on_progress=lambda _: None, sizes=sizes)


@pytest.mark.parametrize("size", [5, 13])
def test_zoom_shows_what_torchvision_resizes(size: int) -> None:
    pixels = digits().images.permute(0, 3, 1, 2).float() / 255
    expected = transforms.resize(pixels, [size, size], antialias=True)
    expected = (expected - torch.tensor(MEAN)) / torch.tensor(STD)
    torch.testing.assert_close(shown(zoom, size), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("probe", [crop, pad_zero, pad_noise])
def test_below_the_training_size_the_middle_is_kept(probe) -> None:
    assert torch.equal(shown(probe, 5), originals()[..., 1:6, 1:6])
    assert torch.equal(shown(probe, 6), originals()[..., 1:7, 1:7])


def test_a_border_of_zeros_is_zero_where_the_network_looks() -> None:
    seen = shown(pad_zero, 13)
    assert torch.equal(seen[..., 2:10, 2:10], originals())
    border = torch.ones(13, 13, dtype=torch.bool)
    border[2:10, 2:10] = False
    assert bool((seen[..., border] == 0).all())


def test_a_border_of_noise_is_standard_normal_and_the_same_for_every_network() -> None:
    seen = shown(pad_noise, 20)
    assert torch.allclose(seen[..., 6:14, 6:14], originals(), atol=1e-6)
    border = torch.ones(20, 20, dtype=torch.bool)
    border[6:14, 6:14] = False
    noise = seen[..., border].flatten()
    assert abs(float(noise.mean())) < 5 / len(noise) ** 0.5
    assert abs(float(noise.std()) - 1) < 0.02
    correlation = torch.corrcoef(seen[:2, 0, border])[0, 1]
    assert abs(float(correlation)) < 0.25  # images do not share their noise
    assert torch.equal(shown(pad_noise, 20), seen)
    batched = shown(pad_noise, 20, batch_size=63)  # ten images a batch at this size
    assert not torch.equal(batched[0, 0, 0], batched[10, 0, 0])
    other = shown(pad_noise, 20, seed=1)
    assert not torch.equal(other[..., 0, 0], seen[..., 0, 0])


def test_every_size_has_a_noise_of_its_own() -> None:
    # The first image's rows above the digit, in the order in which noise is drawn.
    above = [shown(pad_noise, size)[0, 0, : (size - 8) // 2].flatten() for size in (20, 24)]
    count = min(map(len, above))
    correlation = torch.corrcoef(torch.stack([noise[:count] for noise in above]))[0, 1]
    assert abs(float(correlation)) < 5 / count**0.5


@pytest.mark.parametrize("probe", [zoom, crop, pad_zero, pad_noise])
def test_every_image_is_shown_once_in_batches_of_bounded_memory(probe) -> None:
    for size in (2, 8, 16):
        witness = Witness()
        network = Network(witness, mean=MEAN, std=STD)
        measure(probe, a_subject(network, batch_size=25), size)
        if probe is crop and size > 8:
            continue
        assert sum(len(batch) for batch in witness.shown) == 120
        pixels = [len(batch) * size * size for batch in witness.shown]
        assert max(pixels) <= 25 * 64
        if size == 8:  # as the final evaluation took them
            assert [len(batch) for batch in witness.shown] == [25, 25, 25, 25, 20]


def test_sizes_left_out_are_chosen_around_the_training_size() -> None:
    subject = a_subject(small_network())
    points = zoom(subject, on_progress=lambda _: None, sizes=None).points
    assert [point.at for point in points] == [4, 5, 6, 7, 8, 9, 10, 12, 14, 16]
    points = crop(subject, on_progress=lambda _: None, sizes=None).points
    assert [point.at for point in points] == [4, 5, 6, 7, 8]


def test_a_network_with_a_flat_classifier_takes_the_training_size_only() -> None:
    subject = a_subject(small_network(nn.Flatten(), nn.Linear(256, 10)))
    assert measure(zoom, subject, 8).points[0].accuracy > 0.5
    for probe, size in ((zoom, 6), (zoom, 12), (crop, 6), (pad_zero, 12), (pad_noise, 12)):
        with pytest.raises(NotApplicable, match="fixed input size: the network takes 8x8 pixels"):
            measure(probe, subject, size, 20)


def test_a_size_below_the_strides_of_a_network_is_not_applicable_with_the_reason() -> None:
    subject = a_subject(small_network(nn.Conv2d(16, 16, 2, stride=2), Global(), nn.Linear(16, 10)))
    small, clean, large = measure(zoom, subject, 3, 8, 16).points
    assert small.correct is None
    assert small.reason.startswith("the network does not take it: ")
    assert "ernel size" in small.reason
    assert clean.correct is not None
    assert large.correct is not None


def test_a_crop_cannot_be_larger_than_the_image() -> None:
    _, above = measure(crop, a_subject(small_network()), 8, 9).points
    assert (above.correct, above.reason) == (None, "larger than the images' 8 pixels")


def test_images_that_are_not_square_are_not_applicable() -> None:
    subject = a_subject(small_network(), image_size=(8, 10))
    with pytest.raises(NotApplicable, match="8x10 pixels are not square"):
        measure(zoom, subject, 8)
