"""What every entry of the catalogue keeps, in every scope and with every choice of learning.

With ``pytest --plugin FILE.py``, what those of a plug-in keep.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.core.options import Option
from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator
from poolbench.operators.create import create
from poolbench.operators.elements import gather_elements
from poolbench.operators.window import Window
from tests.operators.definition import pool_by_definition

# Where the contract is held: POOLBENCH_TEST_DEVICE=cuda holds a GPU's kernels to it.
DEVICE = torch.device(os.environ.get("POOLBENCH_TEST_DEVICE", "cpu"))
GRID = (5, 7)
CHANNELS = 3
WINDOWS: dict[str, dict[str, Any]] = {
    "global": {},
    "k3s2p1": {"kernel_size": 3, "stride": 2, "padding": 1},
    # No side, step or padding is that of the other axis, and windows hang over both edges.
    "k3x2s1x2p1x0-ceil": {
        "kernel_size": (3, 2),
        "stride": (1, 2),
        "padding": (1, 0),
        "ceil_mode": True,
    },
    "k2": {"kernel_size": 2},
    "k2s2x3-ceil": {"kernel_size": 2, "stride": (2, 3), "ceil_mode": True},
}


# Those of plug-ins where there are any; else ours.
NAMES = [name for name, entry in OPERATORS.items() if entry.plugin] or list(OPERATORS)


def _choices(name: str) -> list[dict[str, Any]]:
    """Return options to build an operator with: every choice, and what has no default."""
    options = OPERATORS[name].options
    choices = [
        # Who asks for less than float64 gets less than the laws: tests/operators/test_precision.py.
        [(key, choice) for choice in option.choices if key != "dtype" or choice == "float64"]
        for key, option in options.items()
        if option.choices
    ]
    required = {
        key: _sample(option)
        for key, option in options.items()
        if option.is_required and not option.choices
    }
    return [required | dict(combination) for combination in product(*choices)]


def _sample(option: Option) -> Any:
    """Return a value that an option takes."""
    bounds = [bound for bound in (option.minimum, option.maximum) if bound is not None]
    for value in (True, "a", 1, 2, 0.5, *bounds):
        given = [value] if option.many else value
        with suppress(BadInput):
            return option.check(given)
    raise AssertionError(f"no value is known for {option}")


def _fits(name: str, geometry: dict[str, Any]) -> bool:
    entry = OPERATORS[name]
    if ("windowed" if geometry else "global") not in entry.scopes:
        return False
    kernel = Window.of(**geometry).kernel_size if geometry else GRID
    return entry.largest_window is None or kernel[0] * kernel[1] <= entry.largest_window


CASES = [
    pytest.param(name, geometry, options, id="-".join([name, shape, *map(str, options.values())]))
    for name in NAMES
    for shape, geometry in WINDOWS.items()
    for options in _choices(name)
    if _fits(name, geometry)
]


def _cases(law: str = "", scopes: tuple[str, ...] = tuple(WINDOWS)) -> pytest.MarkDecorator:
    """Return the cases of the operators that keep a law."""
    geometries = [WINDOWS[scope] for scope in scopes]
    chosen = [
        case
        for case in CASES
        if law not in OPERATORS[str(case.values[0])].breaks and case.values[1] in geometries
    ]
    return pytest.mark.parametrize(("name", "geometry", "options"), chosen)


every_case = _cases()
pools = pytest.mark.parametrize(
    ("name", "geometry", "options"),
    [
        case
        for case in CASES
        if not getattr(OPERATORS.resolve(str(case.values[0])), "has_ordinary_weights", False)
    ],
)


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


@_cases("definition")
def test_the_values_are_those_of_the_definition_over_the_elements_that_are_not_padding(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    # Far below zero no shift can hide; above it, a generalised mean has something to say.
    x, window = _maps().double(), _window(geometry)
    x += torch.tensor([-4.0, 1.0], device=DEVICE).view(2, 1, 1, 1)
    operator = _build(name, geometry, options).double()
    learned = {key: value.tolist() for key, value in operator.pooling_parameters().items()}
    for channel in range(CHANNELS):
        place = channel if options.get("learn") == "channel" else 0
        own = {
            key: value[place] if len(value) in (1, CHANNELS) else value
            for key, value in learned.items()
        }
        part = x[:, channel : channel + 1].cpu()
        expected = _by_definition(name, part, window, options | own)
        pooled = operator(x)[:, channel : channel + 1].cpu()
        torch.testing.assert_close(pooled, expected, rtol=1e-12, atol=1e-13)


def _by_definition(name: str, x: Tensor, window: Window | None, values: dict[str, Any]) -> Tensor:
    entry = OPERATORS[name]
    if not entry.definition:
        pytest.fail(
            f"the operator '{name}' has nothing to be held to: give its OperatorEntry "
            "definition='module:function', a plain function of the elements of a window and, by "
            "name, of its options; or breaks=('definition',) if there can be none",
            pytrace=False,
        )
    define = OPERATORS.resolve(name, "definition")
    values = {key: option.default for key, option in entry.options.items()} | values
    taken = {key: values[key] for key in inspect.signature(define).parameters if key in values}
    return pool_by_definition(
        x, window, lambda z: define(z, **taken), in_places="order" in entry.breaks
    )


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


@_cases("minus-infinity")
def test_elements_of_minus_infinity_are_legal_and_alone_give_minus_infinity(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    x = _maps()
    x[0, 0] = -torch.inf
    x[1, 1, 0, 0] = -torch.inf
    pooled = _build(name, geometry, options)(x)
    assert (pooled[0, 0] == -torch.inf).all()
    assert not pooled.isnan().any()
    if OPERATORS[name].skips_minus_infinity:
        assert pooled[1].isfinite().all()


def _each_code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have fused code pool, then plain tensors."""
    for kernels in ("", "eager"):
        monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
        yield


@_cases("definition", scopes=("global", "k3s2p1", "k2"))
def test_a_nan_is_what_its_windows_pool_to_whatever_is_beside_it(
    name: str,
    geometry: dict[str, Any],
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = _maps()
    x[0, 1, 2, 3] = x[1, 2, 0, 0] = torch.nan
    x[0, 1, 2, 4], x[1, 2, 1, 0] = torch.inf, -torch.inf
    x[1, 0] = torch.inf  # and no NaN comes of infinities alone
    is_nan = gather_elements(x, _window(geometry), padding=0.0).isnan().any(-1)
    operator = create(name, channels=CHANNELS, grid=GRID, **geometry, **options).to(DEVICE)
    for _ in _each_code(monkeypatch):
        assert torch.equal(operator(x).isnan().view_as(is_nan), is_nan)


@_cases("definition", scopes=("global", "k3s2p1", "k2"))
def test_numbers_near_the_largest_pool_as_the_definition_says(
    name: str,
    geometry: dict[str, Any],
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = 1.5e37 + 2.9e38 * torch.rand(2, 1, *GRID, generator=torch.Generator().manual_seed(3))
    operator = create(name, channels=1, grid=GRID, **geometry, **options).to(DEVICE)
    learned = {key: value.tolist() for key, value in operator.pooling_parameters().items()}
    own = {key: value[0] if len(value) == 1 else value for key, value in learned.items()}
    expected = _by_definition(name, x, _window(geometry), options | own).float()
    for _ in _each_code(monkeypatch):
        torch.testing.assert_close(operator(x.to(DEVICE)).cpu(), expected, rtol=1e-5, atol=0)


@_cases(scopes=("global", "k3s2p1", "k2"))
def test_maps_without_channels_or_images_pool_to_as_many(
    name: str,
    geometry: dict[str, Any],
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = _build(name, geometry, options)
    sizes = [(0, CHANNELS), (2, 0)]
    if name == "conv" or options.get("learn") == "channel":  # which have their number of channels
        sizes.pop()
    for _ in _each_code(monkeypatch):
        for size in sizes:
            x = torch.zeros(*size, *GRID, device=DEVICE, requires_grad=True)
            pooled = operator(x)
            assert pooled.shape[:2] == size
            assert pooled.dim() == (4 if geometry else 2)
            (gradient,) = torch.autograd.grad(pooled.sum(), x)
            assert gradient.shape == x.shape


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


@_cases("shift")
def test_adding_a_constant_shifts_the_result_unless_a_gate_or_a_power_reads_it(
    name: str, geometry: dict[str, Any], options: dict[str, Any]
) -> None:
    operator, x = _build(name, geometry, options).double(), _maps().double()
    torch.testing.assert_close(operator(x + 2.5), operator(x) + 2.5)


@_cases("order", scopes=("global",))
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
