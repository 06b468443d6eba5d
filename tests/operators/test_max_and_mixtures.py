from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators import OPERATORS, functional
from poolbench.operators.create import create
from poolbench.operators.functional import average, gate, log_avg_exp, maximum, mixed
from poolbench.operators.gated import resize_weight
from poolbench.operators.order_statistics import minimum
from poolbench.operators.window import Window

SCOPES: dict[str, dict[str, Any]] = {
    "global": {},
    "windowed": {"kernel_size": 3, "stride": 2, "padding": 1},
}

every_scope = pytest.mark.parametrize("window", [None, Window.of(4)], ids=["global", "windowed"])


def _gradient(pooled: Tensor, x: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(pooled.sum(), x)
    return gradient


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@every_scope
def test_ties_of_a_max_give_the_gradient_to_the_first_in_row_major_order(
    window: Window | None, memory_format: torch.memory_format
) -> None:
    x = torch.zeros(2, 3, 4, 4)
    x[:, :, 1, 3] = x[:, :, 2, 0] = 7.0
    x = x.contiguous(memory_format=memory_format).requires_grad_()
    expected = torch.zeros(2, 3, 4, 4)
    expected[:, :, 1, 3] = 1.0
    assert torch.equal(_gradient(maximum(x, window=window), x), expected)


@pytest.mark.parametrize("pool", [maximum, functional._gather_first_maximum])
def test_a_flat_map_gives_the_whole_gradient_to_its_first_element(
    pool: Callable[[Tensor], Tensor],
) -> None:
    for level in (0.0, -torch.inf):
        x = torch.full((1, 1, 3, 3), level, requires_grad=True)
        gradient = _gradient(pool(x), x)
        assert gradient[0, 0, 0, 0] == 1
        assert gradient.sum() == 1


def test_both_ways_to_a_global_max_agree() -> None:
    x = torch.randint(0, 4, (4, 5, 6, 3), generator=torch.Generator().manual_seed(0)).float()
    ways = [maximum, functional._gather_first_maximum]
    leaves = [x.clone().requires_grad_() for _ in ways]
    pooled = [pool(leaf) for pool, leaf in zip(ways, leaves, strict=True)]
    assert torch.equal(pooled[0], pooled[1])
    gradients = [_gradient(y, leaf) for y, leaf in zip(pooled, leaves, strict=True)]
    assert torch.equal(gradients[0], gradients[1])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize(
    ("name", "geometry"),
    [
        (name, geometry)
        for name in OPERATORS
        for scope, geometry in SCOPES.items()
        if name != "conv"
        and (name, scope) != ("subpool", "global")
        and scope in OPERATORS[name].scopes
    ],
)
def test_a_gpu_gives_the_values_and_gradients_of_the_cpu(
    name: str, geometry: dict[str, Any]
) -> None:
    operator = create(name, grid=(9, 9), **geometry)
    x = torch.randint(0, 4, (4, 5, 9, 9), generator=torch.Generator().manual_seed(0)).float()
    found = []
    for device in ("cpu", "cuda"):
        leaf = x.to(device).requires_grad_()
        pooled = operator.to(device)(leaf)
        found.append((pooled.detach().cpu(), _gradient(pooled, leaf).cpu()))
    for on_cpu, on_gpu in zip(*found, strict=True):
        torch.testing.assert_close(on_gpu, on_cpu)


def test_ceil_mode_and_padding_do_not_enter_a_mean() -> None:
    x = torch.full((1, 1, 6, 7), 5.0)
    for window in (Window.of(3, 2, 1), Window.of(3, 2, 1, ceil_mode=True)):
        pooled = average(x, window=window)
        assert torch.equal(pooled, torch.full_like(pooled, 5.0))


def test_the_gradient_of_a_share_is_the_gap_between_max_and_mean() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 6.0]).view(1, 1, 2, 2)
    alpha = torch.tensor([0.25], requires_grad=True)
    pooled = mixed(x, alpha)
    assert pooled.item() == pytest.approx(0.25 * 6 + 0.75 * 3)
    assert _gradient(pooled, alpha).item() == 3.0


@pytest.mark.parametrize("kernels", ["", "eager"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_global_mixture_keeps_the_place_of_its_max_and_not_the_maps(
    layout: torch.memory_format, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
    x = torch.randn(2, 8, 16, 16, generator=torch.Generator().manual_seed(3))
    x = x.contiguous(memory_format=layout).requires_grad_()
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        pooled = mixed(x, torch.tensor([0.25]))
    assert sum(tensor.numel() for tensor in saved) <= 4 * 16
    gradient = _gradient(pooled, x)
    assert gradient.is_contiguous(memory_format=layout)
    expected = torch.full((2, 8, 256), 0.75 / 256)
    expected.scatter_add_(2, x.flatten(2).argmax(2, keepdim=True), torch.full((2, 8, 1), 0.25))
    torch.testing.assert_close(gradient.flatten(2), expected)


def test_a_global_mixture_in_plain_tensors_has_derivatives_of_any_order_and_stacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", "eager")
    generator = torch.Generator().manual_seed(5)
    share = torch.rand(3, dtype=torch.float64, generator=generator).requires_grad_()
    # Distinct values that no step of a finite difference reorders, on maps that are not square.
    x = torch.randperm(2 * 3 * 20, generator=generator).double().view(2, 3, 4, 5) / 10
    for layout in (torch.contiguous_format, torch.channels_last):
        maps = x.contiguous(memory_format=layout).requires_grad_()
        assert torch.autograd.gradcheck(lambda x, a: mixed(x, a.square()), (maps, share))
        assert torch.autograd.gradgradcheck(lambda x, a: mixed(x, a.square()), (maps, share))
        (gradient,) = torch.autograd.grad(mixed(maps, share).sum(), maps)
        assert gradient.is_contiguous(memory_format=layout)
    stacked = torch.stack([x, -x])
    together = torch.func.vmap(lambda x: mixed(x, share))(stacked)
    torch.testing.assert_close(together, torch.stack([mixed(part, share) for part in stacked]))


def test_a_bounded_share_starts_where_asked_and_must_start_inside() -> None:
    operator = create("mixed", alpha=0.2, bounded=True)
    x = torch.tensor([0.0, 10.0]).view(1, 1, 1, 2)
    assert operator(x).item() == pytest.approx(0.2 * 10 + 0.8 * 5)
    for alpha in (0.0, 1.0):
        with pytest.raises(BadInput, match="bounded"):
            create("mixed", alpha=alpha, bounded=True)


def test_an_unbounded_share_may_leave_the_unit_interval() -> None:
    x = torch.tensor([0.0, 10.0]).view(1, 1, 1, 2)
    assert create("mixed", alpha=1.5)(x).item() == pytest.approx(12.5)


def test_a_gate_starts_at_one_half() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 6.0]).view(1, 1, 2, 2)
    assert create("gated", grid=(2, 2))(x).item() == pytest.approx(4.5)


def test_a_gate_reads_the_positions_of_its_window() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]]).view(1, 1, 2, 2)
    weight = torch.tensor([[[0.0, 1.0], [0.0, -0.5]]])
    expected = torch.tensor(-1.0).sigmoid()
    assert gate(x, weight).item() == pytest.approx(expected.item())
    assert gate(x, weight, window=Window.of(2)).item() == pytest.approx(expected.item())


@every_scope
def test_elements_of_minus_infinity_and_autocast_do_not_move_a_gate(window: Window | None) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    weight = torch.randn(3, 4, 4, generator=generator)
    x[0, 1, 2, 3] = x[1, 2] = 0.0
    expected = gate(x, weight, window=window)
    x[0, 1, 2, 3] = x[1, 2] = -torch.inf
    assert torch.equal(gate(x, weight, window=window), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(gate(x, weight, window=window), expected)


@pytest.mark.parametrize("kernels", ["", "eager"])
def test_a_mixture_has_the_layout_of_its_maps_whatever_that_of_its_shares(
    kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
    for layouts in itertools.permutations((torch.contiguous_format, torch.channels_last)):
        x, share = (
            torch.ones(2, 3, side, side).contiguous(memory_format=layout)
            for side, layout in zip((4, 2), layouts, strict=True)
        )
        pooled = mixed(x, share, window=Window.of(2))
        assert pooled.is_contiguous(memory_format=layouts[0])


@pytest.mark.parametrize("size", [(7, 8), (8, 7)])
def test_a_gate_reads_windows_that_hang_over_one_edge_of_the_map(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(2, 3, *size, generator=generator), torch.randn(3, 2, 2)
    window = Window.of(2, ceil_mode=True)
    padded = torch.nn.functional.pad(x, (0, size[1] % 2, 0, size[0] % 2))
    products = padded.unfold(2, 2, 2).unfold(3, 2, 2) * weight[:, None, None]
    torch.testing.assert_close(gate(x, weight, window=window), products.sum((-2, -1)).sigmoid())


@pytest.mark.parametrize("size", [(3, 3), (8, 8), (5, 11), (1, 1), (16, 2)])
def test_a_resized_gate_keeps_its_sum(size: tuple[int, int]) -> None:
    weight = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))
    resized = resize_weight(weight, size)
    assert resized.shape == (3, *size)
    torch.testing.assert_close(resized.sum((1, 2)), weight.sum((1, 2)))
    assert (resized is weight) == (size == (8, 8))


def test_a_resized_gate_keeps_its_shape_and_stays_tame_when_its_sum_is_zero() -> None:
    ramp = torch.linspace(-1, 1, 8).expand(1, 8, 8)
    resized = resize_weight(ramp, (16, 16))
    torch.testing.assert_close(resized.sum(), torch.tensor(0.0), rtol=0, atol=1e-4)
    assert (resized[0].diff(dim=1) >= 0).all()
    assert resized.abs().max() <= 0.26
    flat = resize_weight(torch.ones(1, 4, 4), (8, 8))
    torch.testing.assert_close(flat, torch.full((1, 8, 8), 0.25))


def test_a_gate_on_a_larger_flat_map_opens_as_in_training() -> None:
    operator = create("gated", grid=(4, 4))
    with torch.no_grad():
        operator.gate_weight.fill_(0.1)
    # Weights that sum to 1.6 read 1.6 on ones, and their part of it again on the pixel that is 2.
    for side in (4, 7):
        x = torch.ones(1, 1, side, side)
        x[0, 0, 0, 0] = 2.0
        share = torch.tensor(1.6 * (1 + 1 / side**2)).sigmoid().item()
        assert operator(x).item() == pytest.approx(2 * share + (1 + 1 / side**2) * (1 - share))
    shares = [gate(torch.ones(1, 1, s, s), resize_weight(operator.gate_weight, (s, s)))
              for s in (4, 7)]  # fmt: skip
    torch.testing.assert_close(shares[0], shares[1])


@pytest.mark.parametrize(
    "pool",
    [
        average,
        maximum,
        partial(gate, weight=torch.zeros(1, 4, 4)),
        partial(log_avg_exp, log_temperature=torch.zeros(1)),
    ],
)
@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 3, 4, 4, 4)])
def test_maps_of_another_shape_are_refused(pool: object, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
        pool(torch.zeros(shape))  # type: ignore[operator]


@pytest.mark.parametrize("pool", [average, maximum, partial(mixed, share=torch.zeros(1))])
def test_maps_without_room_for_a_window_are_refused_and_those_of_one_element_are_not(
    pool: Callable[..., Tensor],
) -> None:
    for size in ((0, 4), (4, 0), (2, 5), (5, 2)):
        with pytest.raises(ValueError, match="empty window"):
            pool(torch.zeros(2, 3, *size), window=Window.of(3))
    for size in ((0, 4), (4, 0)):
        with pytest.raises(ValueError, match="empty window"):
            pool(torch.zeros(2, 3, *size))
    for size in ((1, 4), (4, 1)):
        assert pool(torch.zeros(2, 3, *size)).shape == (2, 3)


def test_shapes_are_found_without_memory() -> None:
    x = torch.zeros(2, 3, 6, 5, device="meta")
    assert average(x).shape == maximum(x).shape == (2, 3)
    assert average(x, window=Window.of(2)).shape == (2, 3, 3, 2)


@pytest.mark.parametrize("pool", [average, maximum, minimum])
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_maps_of_whole_numbers_are_refused(pool: object, dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match="floating maps"):
        pool(torch.zeros(2, 3, 4, 4, dtype=dtype))  # type: ignore[operator]
