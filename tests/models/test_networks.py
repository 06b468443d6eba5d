from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from poolbench.assembly.network import build_body, build_network, model_spec
from poolbench.core.cell import ModelSpec
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.models import MODELS
from poolbench.models.network import Network

SMALL: dict[str, dict[str, object]] = {
    "densenet": {"depth": 22},
    "pyramidnet": {"depth": 14, "alpha": 20},
    "shallow-fcn": {"width": 100, "group_size": 10},
    "wrn": {"depth": 8, "width": 1},
}


def small(name: str, *, seed: int = 0, pool: str = "", se: bool = True) -> Network:
    entry = MODELS[name]
    options = {key: option.default for key, option in entry.options.items()}
    options |= SMALL.get(name, {})
    if name == "wrn":
        options["se"] = se
    channels, height, width = entry.input_shape or (3, 16, 16)
    return build_network(
        ModelSpec(
            network=Named(name=name, options=options),
            pools={s.name: Named(name=pool or s.default, options={}) for s in entry.sites},
        ),
        in_channels=channels,
        num_classes=7,
        image_size=(height, width),
        mean=[0.4] * channels,
        std=[0.2] * channels,
        seed=seed,
    )


def images(network: str, count: int = 4, size: int | None = None) -> torch.Tensor:
    channels, height, width = MODELS[network].input_shape or (3, 16, 16)
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, channels, size or height, size or width, generator=generator)


@pytest.mark.parametrize("name", MODELS)
def test_pixels_become_logits_and_every_parameter_learns(name: str) -> None:
    network = small(name)
    # What starts at zero (a gate, a last scale) hides what is behind it until its first step.
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.fill_(1.0)
    logits = network(images(name))
    assert logits.shape == (4, 7)
    torch.autograd.backward(logits.square().sum())
    for parameter_name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            assert (name, parameter_name) == ("resnet-page", "body.features.0.weight")
            continue
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", MODELS)
def test_in_eval_mode_a_row_does_not_depend_on_the_others(name: str) -> None:
    network = small(name).eval()
    batch = images(name)
    alone = network(batch[2:3])
    torch.testing.assert_close(network(batch)[2:3], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_initial_weights_are_a_function_of_the_seed_alone(name: str) -> None:
    torch.manual_seed(1)
    first = small(name, seed=5).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again, other = small(name, seed=5).state_dict(), small(name, seed=6).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


TAKES_ANY_SIZE = [
    name for name, entry in MODELS.items() if entry.input_shape is None and name != "shallow-fcn"
]


@pytest.mark.parametrize("name", TAKES_ANY_SIZE)
def test_a_global_head_takes_any_input_size(name: str) -> None:
    network = small(name).eval()
    for size in (4, 15, 33):
        assert network(images(name, count=1, size=size)).shape == (1, 7)


class RecordingPool(nn.Module):
    """Pools by maximum, and notes what it was told of its maps and what they are."""

    def __init__(self, told: tuple[int, ...], window: dict[str, Any]) -> None:
        super().__init__()
        self.told = told
        self.window = window
        self.seen: tuple[int, ...] = ()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = tuple(x.shape[1:])
        return nn.functional.max_pool2d(x, **self.window) if self.window else x.amax((2, 3))


class RecordingPools:
    """A factory that notes the sites it is asked for."""

    def __init__(self) -> None:
        self.sites: dict[str, list[RecordingPool]] = {}

    def __call__(
        self, site: str, *, channels: int, grid: tuple[int, int], **window: Any
    ) -> RecordingPool:
        pool = RecordingPool((channels, *grid), window)
        self.sites.setdefault(site, []).append(pool)
        return pool

    def is_strided(self, _: str) -> bool:
        return False


def recorded(name: str, size: int) -> RecordingPools:
    entry, pools = MODELS[name], RecordingPools()
    channels, height, width = entry.input_shape or (3, size, size - 2)
    options = {key: option.default for key, option in entry.options.items()} | SMALL.get(name, {})
    options |= {site.needs: True for site in entry.sites if site.needs}
    with torch.device("meta"):
        body = MODELS.resolve(name)(
            in_channels=channels, num_classes=2, image_size=(height, width), pool=pools, **options
        )
        body.eval()(torch.zeros(1, channels, height, width))
    return pools


@pytest.mark.parametrize("name", MODELS)
def test_every_site_is_asked_for_by_the_name_the_catalogue_lists(name: str) -> None:
    pools = recorded(name, 16)
    assert list(pools.sites) == [site.name for site in MODELS[name].sites]
    for site in MODELS[name].sites:
        assert all(bool(p.window) == (site.scope == "windowed") for p in pools.sites[site.name])


@pytest.mark.parametrize("size", [16, 37])
@pytest.mark.parametrize("name", MODELS)
def test_an_operator_is_told_the_channels_and_the_grid_of_its_maps(name: str, size: int) -> None:
    pools = recorded(name, size)
    for pool in (pool for asked in pools.sites.values() for pool in asked):
        assert pool.told == pool.seen


def test_normalisation_is_part_of_the_network() -> None:
    network = Network(nn.Flatten(), mean=[0.5], std=[0.25])
    assert network(torch.full((1, 1, 1, 1), 1.0)).item() == 2.0


def test_a_constant_channel_is_not_divided_by_zero() -> None:
    network = Network(nn.Flatten(), mean=[0.5], std=[0.0])
    assert network(torch.full((1, 1, 1, 1), 1.0)).item() == 0.5


@pytest.mark.parametrize(
    ("name", "options", "size", "message"),
    [
        ("resnet-page", {}, 31, "are too small"),
        ("shallow-fcn", {"group_size": 33}, 16, "groups of 33 do not divide 1000"),
    ],
)
def test_what_cannot_be_built_is_bad_input(
    name: str, options: dict[str, object], size: int, message: str
) -> None:
    spec = model_spec(name, options, {})
    with pytest.raises(BadInput, match=message), torch.device("meta"):
        build_body(spec, in_channels=3, num_classes=2, image_size=(size, size))


def test_an_average_over_each_group_of_the_shallow_fcn_is_the_papers_feature() -> None:
    spec = model_spec("shallow-fcn", {"width": 6, "group_size": 3}, {})
    body = build_body(spec, in_channels=1, num_classes=2, image_size=(2, 2))
    image = torch.rand(1, 1, 2, 2)
    weight = body.get_parameter("features.hidden.weight")
    hidden = (weight @ image.flatten()).relu()
    expected = torch.stack([hidden[:3].mean(), hidden[3:].mean()])
    features = body.get_submodule("features")(image)
    torch.testing.assert_close(body.get_submodule("head")(features)[0], expected)
