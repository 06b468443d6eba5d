"""What every entry of the catalogue keeps, in every scope and with every choice of learning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator
from poolbench.operators.create import create
from poolbench.operators.window import Window
from tests.operators.definition import DEFINITIONS, mean, pool_by_definition

# Where the contract is held: POOLBENCH_TEST_DEVICE=cuda holds a GPU's kernels to it.
DEVICE = torch.device(os.environ.get("POOLBENCH_TEST_DEVICE", "cpu"))
GRID = (5, 7)
CHANNELS = 3
WINDOWS: dict[str, dict[str, Any]] = {
    "global": {},
    "k3s2p1": {"kernel_size": 3, "stride": 2, "padding": 1},
    "k3s2p1-ceil": {"kernel_size": (3, 2), "stride": 2, "padding": 1, "ceil_mode": True},
    "k2": {"kernel_size": 2},
    "k2s3-ceil": {"kernel_size": 2, "stride": 3, "ceil_mode": True},
}


def _choices(name: str) -> list[dict[str, Any]]:
    options = OPERATORS[name].options
    choices = [
        # Who asks for less than float64 gets less than the laws: tests/operators/test_precision.py.
        [(key, choice) for choice in option.choices if key != "dtype" or choice == "float64"]
        for key, option in options.items()
        if option.choices
    ]
    return [dict(combination) for combination in product(*choices)]


CASES = [
    pytest.param(name, geometry, options, id="-".join([name, shape, *options.values()]))
    for name in OPERATORS
    for shape, geometry in WINDOWS.items()
    for options in _choices(name)
    if ("windowed" if geometry else "global") in OPERATORS[name].scopes
    and not (name == "subpool" and not geometry)  # whole maps here are beyond its 16 elements
    and not (name == "conv" and options["kernel"] == "one" and shape == "k3s2p1-ceil")
]


def _cases(*without: str, scopes: tuple[str, ...] = tuple(WINDOWS)) -> pytest.MarkDecorator:
    geometries = [WINDOWS[scope] for scope in scopes]
    chosen = [c for c in CASES if c.values[0] not in without and c.values[1] in geometries]
    return pytest.mark.parametrize(("name", "geometry", "options"), chosen)


every_case = _cases()
pools = _cases("conv")


@pytest.fixture(autouse=True)
def _all_digits() -> Iterator[None]:
    """Take from a GPU's library the algorithms that give the same bits each time, in float32."""
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        yield


def _build(name: str, geometry: dict[str, Any], options: dict[str, Any]) -> nn.Module:
    operator = create(name, channels=CHANNELS, grid=GRID, **geometry, **options)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in operator.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return operator.to(DEVICE)


def _maps(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(9)
    return torch.randn(2, CHANNELS, *(size or GRID), generator=generator).to(DEVICE)


def _window(geometry: dict[str, Any]) -> Window | None:
    return Window.of(**geometry) if geometry else None


@every_case
@pytest.mark.parametrize("size", [(5, 7), (6, 4), (9, 9)])
def test_the_output_has_the_size_of_a_max_pool(
    name: str, geometry: dict[str, Any], options: dict[str, Any], size: tuple[int, int]
) -> None:
    x = _maps(*size)
    pooled = _build(name, geometry, options)(x)
    expected = nn.MaxPool2d(**geometry)(x).shape if geometry else (2, CHANNELS)
    assert pooled.shape == expected


@_cases(
    "conv", "strided", "subpool"
)  # strided depends on the place of an element, not on the window's set
def test_the_values_are_those_of_the_definition_over_the_elements_that_are_not_padding(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    # Far below zero no shift can hide; a generalised mean has nothing to say there.
    x, window = _maps().double() + (1.0 if name == "gem" else -4.0), _window(geometry)
    operator = _build(name, geometry, options).double()
    values = {key: value.tolist() for key, value in operator.pooling_parameters().items()}
    for channel in range(CHANNELS):
        own = {
            key: value[channel] if options.get("learn") == "channel" else value[0]
            for key, value in values.items()
        }
        part = x[:, channel : channel + 1].cpu()
        expected = _by_definition(name, part, window, own)
        torch.testing.assert_close(operator(x)[:, channel : channel + 1].cpu(), expected)


def _by_definition(name: str, x: Tensor, window: Window | None, values: dict[str, Any]) -> Tensor:
    peak, middle = (pool_by_definition(x, window, definition) for definition in (max, mean))
    if name in DEFINITIONS:
        return pool_by_definition(x, window, lambda z: DEFINITIONS[name](z, **values))
    if name == "mixed":
        return values["alpha"] * peak + (1 - values["alpha"]) * middle
    if name == "gated":
        share = _gate_by_definition(x, window, torch.tensor(values["gate_weight"]).double())
        return share * peak + (1 - share) * middle
    return {"average": middle, "max": peak}[name]


def _gate_by_definition(x: Tensor, window: Window | None, weight: Tensor) -> Tensor:
    if window is None:
        return (x * weight).sum((2, 3)).sigmoid()
    outputs = window.output_size((x.shape[2], x.shape[3]))
    product_sum = torch.zeros(x.shape[0], 1, *outputs, dtype=x.dtype)
    for i, j in product(range(outputs[0]), range(outputs[1])):
        for r, s in product(range(window.kernel_size[0]), range(window.kernel_size[1])):
            row = i * window.stride[0] - window.padding[0] + r
            column = j * window.stride[1] - window.padding[1] + s
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                product_sum[:, :, i, j] += weight[r, s] * x[:, :, row, column]
    return product_sum.sigmoid()


@every_case
def test_channels_last_changes_neither_values_nor_gradients_and_windows_keep_it(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator = _build(name, geometry, options)
    plain = _maps().requires_grad_()
    pixelwise = _maps().contiguous(memory_format=torch.channels_last).requires_grad_()
    results = [operator(plain), operator(pixelwise)]
    torch.testing.assert_close(results[0], results[1])
    if geometry:
        assert results[0].is_contiguous()
        assert results[1].is_contiguous(memory_format=torch.channels_last)
    for result in results:
        weights = torch.arange(result.numel(), device=DEVICE).view(result.shape)
        (result * weights).sum().backward()
    torch.testing.assert_close(plain.grad, pixelwise.grad)


@pools
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 1.6e-2), (torch.float64, 0)]
)
def test_the_output_keeps_the_dtype_of_the_maps(
    name: str,
    geometry: dict[str, Any],
    options: dict[str, Any],
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    operator = _build(name, geometry, options)
    x = _maps().to(dtype)
    pooled = operator(x)
    assert pooled.dtype == dtype
    exact = operator(x.double())
    assert ((pooled.double() - exact).abs() <= tolerance * x.double().abs().max()).all()


@pools
def test_autocast_does_not_reach_the_arithmetic(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator = _build(name, geometry, options)
    for dtype in (torch.float32, torch.bfloat16):
        x = _maps().to(dtype)
        with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
            pooled = operator(x)
        assert pooled.dtype == dtype
        assert torch.equal(pooled, operator(x))


@_cases("conv", "gem", "lp")  # a mean or norm of powers is never negative
def test_elements_of_minus_infinity_are_legal_and_alone_give_minus_infinity(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    x = _maps()
    x[0, 0] = -torch.inf
    x[1, 1, 0, 0] = -torch.inf
    pooled = _build(name, geometry, options)(x)
    assert (pooled[0, 0] == -torch.inf).all()
    assert not pooled.isnan().any()
    if name in ("max", "lae", "lse", "lae-context", "lae-precision", "softpool", "relu-max"):
        assert pooled[1].isfinite().all()


@every_case
def test_an_empty_map_is_a_clear_error(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="empty window"):
        _build(name, geometry, options)(torch.zeros(2, CHANNELS, 0, 4, device=DEVICE))


@every_case
def test_gradients_agree_with_finite_differences(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator = _build(name, geometry, options).double()
    names, parameters = (
        (list(part) for part in zip(*operator.named_parameters(), strict=True))
        if (list(operator.parameters()))
        else ([], [])
    )
    distinct = torch.randperm(2 * CHANNELS * 35, generator=torch.Generator().manual_seed(1))
    x = (distinct.double() / 40 - 2).view(2, CHANNELS, *GRID).to(DEVICE).requires_grad_()

    def pool(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(operator, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(pool, (x, *parameters), fast_mode=True)


@_cases("conv", "gated", "gem", "lp", "subpool")
def test_adding_a_constant_shifts_the_result_unless_a_gate_or_a_power_reads_it(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator, x = _build(name, geometry, options).double(), _maps().double()
    torch.testing.assert_close(operator(x + 2.5), operator(x) + 2.5)


@_cases("conv", "gated", scopes=("global",))
def test_a_global_pool_does_not_care_where_elements_are_unless_a_gate_weighs_places(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator, x = _build(name, geometry, options).double(), _maps().double()
    order = torch.randperm(35, generator=torch.Generator().manual_seed(2))
    shuffled = x.flatten(2)[:, :, order].view_as(x)
    torch.testing.assert_close(operator(shuffled), operator(x))


@every_case
def test_a_state_dict_carries_everything_that_was_learned(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    trained = _build(name, geometry, options)
    fresh = create(name, channels=CHANNELS, grid=GRID, **geometry, **options).to(DEVICE)
    fresh.load_state_dict(trained.state_dict())
    assert torch.equal(fresh(_maps()), trained(_maps()))


@every_case
def test_the_repr_names_the_options_and_the_geometry(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator = _build(name, geometry, options)
    assert isinstance(operator, PoolingOperator)
    shown = operator.extra_repr()
    assert all(f"{key}={value}" in shown for key, value in options.items())
    assert ("kernel_size=" in shown) if geometry else ("global" in shown)
