"""The fused maxima, means and products against torch's own pooling and the definition."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.elements import gather_elements
from poolbench.operators.functional import gated, maximum, mixed
from poolbench.operators.kernels import native, peaks_for
from poolbench.operators.kernels.native.job import THREADED_ELEMENTS
from poolbench.operators.layout import layout_of
from poolbench.operators.peaks import Peaks
from poolbench.operators.window import Window
from tests.operators.rounding import assert_within, sum_tolerance

pytestmark = pytest.mark.skipif(
    native.fault() is not None, reason=native.fault() or "there is a compiler"
)

WINDOWS = {
    "global": None,
    "k2": Window.of(2),
    "k3s2p1": Window.of(3, 2, 1),
    # No side, step or padding is that of the other axis, and windows hang over both edges.
    "k3x2s1x2p1x0-ceil": Window.of((3, 2), (1, 2), (1, 0), ceil_mode=True),
    "k2s2x3-ceil": Window.of(2, (2, 3), ceil_mode=True),
    "k17": Window.of(17, 1, 5),  # more elements than a byte counts
}
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
windows = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def maps(
    layout: torch.memory_format, channels: int = 19, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return maps with ties, with dark elements, with dark windows, and constant ones."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(3, channels, 7, 9, generator=generator, dtype=torch.float64)
    x[0, 0] = -math.inf
    x[1, 1 % channels, 2, 3] = -math.inf
    x[2, 2 % channels, :4] = -math.inf
    x[1, 2 % channels] = 0.75
    x[2, 1 % channels] = x[2, 1 % channels].round()
    if channels > 20:
        x[0, 20] = -1e30
    return x.to(dtype).contiguous(memory_format=layout)


def fitting(window: Window | None, x: Tensor) -> Tensor:
    """Return maps that a window fits on."""
    if window is not WINDOWS["k17"]:
        return x
    return x.repeat(1, 1, 2, 2).contiguous(memory_format=layout_of(x))


def by_torch(x: Tensor, window: Window | None) -> Tensor:
    if window is None:
        return F.adaptive_max_pool2d(x, 1)
    return F.max_pool2d(
        x, window.kernel_size, window.stride, window.padding, ceil_mode=window.ceil_mode
    )


def by_definition(x: Tensor, weight: Tensor, window: Window | None) -> tuple[Tensor, ...]:
    """Return maximum, mean and product in float64."""
    elements = gather_elements(x, window, padding=math.nan)
    is_present = ~elements.isnan()
    peak = elements.where(is_present, -math.inf).max(-1).values  # ties: the first
    mean = elements.where(is_present, 0.0).sum(-1) / is_present.sum(-1)
    is_lit = is_present & (elements != -math.inf)
    product = (elements.where(is_lit, 0.0) * weight.flatten(1)[:, None, None]).sum(-1)
    return peak, mean, product


def upstream(like: Tensor, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=generator, dtype=torch.float64).to(like.dtype)


@windows
@layouts
@pytest.mark.parametrize("channels", [1, 16, 19, 70, 530])
def test_maxima_and_their_gradients_have_the_bits_of_torch(
    channels: int, layout: torch.memory_format, window: Window | None
) -> None:
    x = fitting(window, maps(layout, channels))
    assert peaks_for(x)
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    pooled = [
        Peaks.apply(leaves[0], None, window, False)[0],
        by_torch(leaves[1], window),
    ]
    assert torch.equal(*pooled)
    assert pooled[0].is_contiguous(memory_format=layout)
    found, expected, size = (
        torch.autograd.grad(y, leaf, part, retain_graph=True)[0]
        for y, leaf, part in zip(
            (*pooled, pooled[1]),
            (*leaves, leaves[1]),
            (upstream(pooled[0]), upstream(pooled[1]), upstream(pooled[1]).abs()),
            strict=True,
        )
    )
    assert found.is_contiguous(memory_format=layout)
    if layout == torch.channels_last:
        assert torch.equal(found, expected)
    else:  # torch adds overlapping windows in float32, we in the order of channels-last
        assert_within(sum_tolerance(size, x.dtype), found, expected, rounded_to=x.dtype)


@windows
@layouts
def test_nothing_hides_what_is_not_a_number(
    layout: torch.memory_format, window: Window | None
) -> None:
    x = fitting(window, maps(layout))
    x[0, 3, 1, 1] = x[2, 18, 6, 8] = math.nan
    x[1, 5, 2, 2] = math.inf
    pooled = Peaks.apply(x, None, window, False)[0]
    expected = by_torch(x, window)
    torch.testing.assert_close(pooled, expected, rtol=0, atol=0, equal_nan=True)


@windows
@layouts
@pytest.mark.parametrize("learns", [1, 19])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
def test_means_products_and_every_gradient_are_those_of_the_definition(
    dtype: torch.dtype,
    learns: int,
    layout: torch.memory_format,
    window: Window | None,
) -> None:
    x = fitting(window, maps(layout, dtype=dtype))
    x[0, 0] = x[2, 2, :4] = 0.5  # dark windows have no finite mean
    x[1, 1, 2, 3] = -math.inf if window is None else 0.0
    kept = torch.promote_types(dtype, torch.float32)
    sides = window.kernel_size if window else x.shape[2:]
    weight = upstream(torch.empty(learns, *sides, dtype=kept), seed=5)
    inputs = [x.clone().requires_grad_(), weight.clone().requires_grad_()]
    exact = [tensor.detach().double().requires_grad_() for tensor in inputs]
    found = Peaks.apply(*inputs, window, True)[:3]
    expected = by_definition(*exact, window)
    assert [tensor.dtype for tensor in found] == [dtype, dtype, kept]
    # Sums of sizes; a maximum passes on what it is given.
    of_sizes = [tensor.detach().abs().requires_grad_() for tensor in exact]
    with torch.no_grad():
        of_sizes[0].masked_fill_(x == -math.inf, -math.inf)
    sizes = by_definition(*of_sizes, window)
    for one, other, size in zip(found, expected, sizes, strict=True):
        assert_within(sum_tolerance(size, dtype), one, other, rounded_to=one.dtype)
    parts = [upstream(tensor, seed) for seed, tensor in enumerate(found)]
    if window is None:
        parts[1][1, 1] = 0.0  # where an element is -inf the mean is, too
    gradients = torch.autograd.grad(found, inputs, parts)
    doubles = [part.double() for part in parts]
    truths = torch.autograd.grad(expected, exact, doubles, retain_graph=True)
    (passed,) = torch.autograd.grad(expected[0], exact[0], doubles[0].abs())
    shared, weighed = torch.autograd.grad(sizes[1:], of_sizes, [part.abs() for part in doubles[1:]])
    for one, other, size in zip(gradients, truths, (passed + shared, weighed), strict=True):
        assert_within(sum_tolerance(size, dtype), one, other, rounded_to=one.dtype)
    if window is None:
        assert gradients[0][1, 1, 2, 3] == 0


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own, of itself
@windows
@layouts
@pytest.mark.parametrize("learns", [1, 3])
def test_derivatives_of_every_kind_are_right(
    learns: int, layout: torch.memory_format, window: Window | None
) -> None:
    generator = torch.Generator().manual_seed(2)
    size = (2, 3, 8, 8) if window is WINDOWS["k17"] else (2, 3, 5, 4)
    x = torch.randperm(math.prod(size), generator=generator).double().view(size) / 50
    sides = window.kernel_size if window else size[2:]
    weight = torch.randn(learns, *sides, generator=generator, dtype=torch.float64)
    inputs = (x.contiguous(memory_format=layout).requires_grad_(), weight.requires_grad_())
    if window is not WINDOWS["k17"]:
        pools = lambda x, w: Peaks.apply(x, w, window, True)[:3]  # noqa: E731
        assert torch.autograd.gradcheck(pools, inputs, check_forward_ad=True)
    directions = (torch.randn_like(x), torch.randn_like(weight))
    at = tuple(tensor.detach().clone() for tensor in inputs)
    at[0][0, 1, 2, 2] = -math.inf  # no part of the product
    pooled, moved = torch.func.jvp(lambda x, w: Peaks.apply(x, w, window, True)[:3], at, directions)
    exact = torch.func.jvp(lambda x, w: by_definition(x, w, window), at, directions)
    torch.testing.assert_close(pooled, exact[0])
    torch.testing.assert_close(moved, exact[1])


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own, of itself
@windows
@pytest.mark.parametrize("parts", [1, 2, 3], ids=["max", "mean", "product"])
def test_a_derivative_along_a_direction_of_the_maps_needs_none_of_the_weights(
    parts: int, window: Window | None
) -> None:
    generator = torch.Generator().manual_seed(3)
    size = (2, 3, 8, 8) if window is WINDOWS["k17"] else (2, 3, 5, 4)
    x = torch.randperm(math.prod(size), generator=generator).double().view(size) / 50
    x[0, 1, 2, 2] = -math.inf  # no part of the product
    direction = torch.randn(size, generator=generator, dtype=torch.float64)
    sides = window.kernel_size if window else size[2:]
    weight = torch.randn(1, *sides, generator=generator, dtype=torch.float64)
    _, moved = torch.func.jvp(
        lambda x: Peaks.apply(x, weight if parts == 3 else None, window, parts > 1)[:parts],
        (x,),
        (direction,),
    )
    _, exact = torch.func.jvp(
        lambda x: by_definition(x, weight, window)[:parts], (x,), (direction,)
    )
    torch.testing.assert_close(moved, exact)


@pytest.mark.parametrize("window", [None, Window.of(2, 1)], ids=["global", "windowed"])
@pytest.mark.parametrize(
    ("parts", "learns"),
    [(1, False), (2, False), (3, False), (3, True)],
    ids=["max", "mean", "product", "product-learned"],
)
def test_even_a_third_derivative_is_right(parts: int, learns: bool, window: Window | None) -> None:
    generator = torch.Generator().manual_seed(4)
    x = torch.randperm(24, generator=generator).double().view(1, 2, 4, 3) / 20
    sides = window.kernel_size if window else x.shape[2:]
    fixed = torch.randn(2, *sides, generator=generator, dtype=torch.float64)
    inputs = (x, fixed)[: 2 if learns else 1]
    for tensor in inputs:
        tensor.requires_grad_()

    def slopes(x: Tensor, weight: Tensor = fixed) -> tuple[Tensor, ...]:
        pooled = Peaks.apply(x, weight if parts == 3 else None, window, parts > 1)[:parts]
        loss = sum(part.pow(3).sum() for part in pooled)
        return torch.autograd.grad(loss, (x, weight)[: len(inputs)], create_graph=True)

    assert torch.autograd.gradcheck(slopes, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(slopes, inputs, fast_mode=True)


@windows
def test_stacked_maps_pool_and_differentiate_as_each_does_alone(window: Window | None) -> None:
    alone = [fitting(window, maps(torch.channels_last)).roll(shift, 0) for shift in range(3)]

    def loss(x: Tensor) -> Tensor:
        return maximum(x, window=window).clamp(min=-9.0).square().sum()

    gradients = torch.func.vmap(torch.func.grad(loss))(torch.stack(alone))
    for gradient, x in zip(gradients, alone, strict=True):
        leaf = x.clone().requires_grad_()
        assert torch.equal(gradient, torch.autograd.grad(loss(leaf), leaf)[0])


@windows
@layouts
def test_the_bits_do_not_depend_on_the_number_of_threads(
    layout: torch.memory_format, window: Window | None
) -> None:
    x = torch.randn(5, 33, 56, 56, generator=torch.Generator().manual_seed(0))
    x = x.contiguous(memory_format=layout).requires_grad_()
    assert x.numel() > THREADED_ELEMENTS
    sides = window.kernel_size if window else x.shape[2:]
    weight = torch.ones(33, *sides).requires_grad_()
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            pooled = Peaks.apply(x, weight, window, True)[:3]
            parts = [upstream(tensor) for tensor in pooled]
            found.append([*pooled, *torch.autograd.grad(pooled, (x, weight), parts)])
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("window", "bytes_kept"), [(Window.of(3, 2, 1), 1), (None, 1), (WINDOWS["k17"], 4)]
)
def test_a_max_keeps_the_places_of_its_windows_and_no_maps(
    window: Window | None, bytes_kept: int
) -> None:
    x = fitting(window, maps(torch.channels_last)).requires_grad_()
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        pooled, *_ = Peaks.apply(x, None, window, False)
    assert pooled.grad_fn.like.is_meta  # of the maps, their layout without their memory
    assert [tensor.numel() for tensor in saved] == [pooled.numel()]
    assert saved[0].element_size() == bytes_kept


@pytest.mark.parametrize("kernel", [(20, 13), (13, 20), (16, 16), (257, 1)], ids=str)
def test_the_last_of_more_elements_than_a_byte_counts_gets_its_gradient(
    kernel: tuple[int, int],
) -> None:
    x = torch.zeros(1, 1, *kernel)
    x[0, 0, -1, -1] = 1.0
    x.requires_grad_()
    for window in (Window.of(kernel), None):
        peak, *_, argmax = Peaks.apply(x, None, window, False)
        (gradient,) = torch.autograd.grad(peak.sum(), x)
        assert gradient.nonzero().tolist() == [[0, 0, kernel[0] - 1, kernel[1] - 1]]
        assert argmax.element_size() == (1 if math.prod(kernel) <= 256 else 4)


@windows
def test_fused_and_plain_operators_agree(
    window: Window | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = fitting(window, maps(torch.channels_last))
    x[x == -math.inf] = -3.0
    sides = window.kernel_size if window else x.shape[2:]
    weight = upstream(torch.empty(1, *sides))
    pools = (
        lambda x: maximum(x, window=window),
        lambda x: mixed(x, torch.tensor([0.3]), window=window),
        lambda x: gated(x, weight, window=window),
    )
    fused = [pool(x) for pool in pools]
    monkeypatch.setenv("POOLBENCH_KERNELS", "eager")
    assert not peaks_for(x)
    for one, pool in zip(fused, pools, strict=True):
        torch.testing.assert_close(one, pool(x))


@windows
def test_an_empty_batch_pools_to_an_empty_batch(window: Window | None) -> None:
    x = torch.zeros(0, 3, 20, 20, requires_grad=True)
    sides = window.kernel_size if window else x.shape[2:]
    weight = torch.ones(1, *sides, requires_grad=True)
    pooled = Peaks.apply(x, weight, window, True)[:3]
    gradients = torch.autograd.grad([y.sum() for y in pooled], (x, weight))
    assert gradients[0].shape == x.shape
    assert torch.equal(gradients[1], torch.zeros_like(weight))
