"""Laws, ties and infinities of min, median, quantile and relu-max."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators import relu_max
from poolbench.operators.create import create
from poolbench.operators.functional import maximum
from poolbench.operators.order_statistics import minimum, quantile
from poolbench.operators.relu_max import relu_maximum
from poolbench.operators.window import Window

Pool = Callable[..., Tensor]
median = partial(quantile, q=0.5)
# Few levels, so that most windows have ties, zeros and elements of -inf.
tied = st.lists(st.sampled_from([-torch.inf, -2.0, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=17)
every_law = settings(deadline=None, max_examples=100, derandomize=True, database=None)


def _row(z: list[float]) -> Tensor:
    return torch.tensor(z, dtype=torch.float64).view(1, 1, 1, -1).requires_grad_()


def _gradient(pooled: Tensor, x: Tensor) -> list[float]:
    (gradient,) = torch.autograd.grad(pooled.sum(), x)
    return [float(value) for value in gradient.flatten()]


@every_law
@given(tied)
def test_relu_blocks_have_the_values_and_gradients_of_a_max(z: list[float]) -> None:
    x = _row(z)
    pooled = relu_maximum(x)
    assert pooled.item() == max(z)
    if max(z) > -math.inf:
        assert _gradient(pooled, x) == _gradient(maximum(x), x)


@pytest.mark.parametrize("window", [None, Window.of(3, 2, 1), Window.of(3, 2, 1, ceil_mode=True)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_relu_blocks_lose_no_bit_of_activations_in_single_or_half_precision(
    window: Window | None, dtype: torch.dtype
) -> None:
    x = torch.randn(4, 3, 8, 6, generator=torch.Generator().manual_seed(0)).relu().to(dtype) - 1
    x.requires_grad_()
    pooled, expected = relu_maximum(x, window=window), maximum(x, window=window)
    assert torch.equal(pooled, expected)
    assert _gradient(pooled, x) == _gradient(expected, x)


def test_relu_blocks_stand_in_ceil_log2_n_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    block, depths = relu_max._block, []

    def counted(a: Tensor, b: Tensor) -> Tensor:
        depths[-1] += 1
        return block(a, b)

    monkeypatch.setattr(relu_max, "_block", counted)
    for n in (1, 2, 3, 4, 5, 8, 9, 16, 17):
        depths.append(0)
        relu_maximum(torch.arange(float(n)).view(1, 1, 1, n))
    assert depths == [0, 1, 2, 2, 3, 3, 4, 4, 5]


@every_law
@given(tied)
def test_a_minimum_gives_its_gradient_to_the_first_of_the_least(z: list[float]) -> None:
    x = _row(z)
    pooled = minimum(x)
    assert pooled.item() == min(z)
    expected = [0.0] * len(z)
    expected[z.index(min(z))] = 1.0
    assert _gradient(pooled, x) == expected


@every_law
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20), st.floats(0, 1))
def test_a_quantile_is_that_of_numpy_and_mirrors(z: list[float], q: float) -> None:
    pooled = quantile(_row(z), q)
    expected = np.quantile(np.array(z), q)
    assert pooled.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    mirrored = -quantile(-_row(z), 1 - q)
    torch.testing.assert_close(mirrored, pooled, rtol=1e-9, atol=1e-9)


@every_law
@given(tied, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_a_quantile_gives_each_value_s_gradient_to_its_first_element(
    z: list[float], q: float
) -> None:
    x = _row(z)
    pooled = quantile(x, q)
    ranked, position = sorted(z), q * (len(z) - 1)
    fraction = position - math.floor(position)
    below, above = ranked[math.floor(position)], ranked[math.ceil(position)]
    expected = [0.0] * len(z)
    expected[z.index(below)] += 1 - fraction
    expected[z.index(above)] += fraction
    assert _gradient(pooled, x) == pytest.approx(expected)
    if fraction == 0:
        assert pooled.item() == below


def test_the_ends_of_the_quantiles_are_min_and_max_in_every_window() -> None:
    x = torch.randn(2, 3, 7, 6, generator=torch.Generator().manual_seed(2))
    for window in (None, Window.of(3, 2, 1, ceil_mode=True)):
        assert torch.equal(quantile(x, 0.0, window=window), minimum(x, window=window))
        assert torch.equal(quantile(x, 1.0, window=window), maximum(x, window=window))


def test_the_median_of_an_even_window_is_the_midpoint_of_the_middle_two() -> None:
    x = torch.tensor([7.0, 1.0, 3.0, 100.0]).view(1, 1, 2, 2).requires_grad_()
    pooled = create("median")(x)
    assert pooled.item() == 5.0
    assert _gradient(pooled, x) == [0.5, 0.0, 0.5, 0.0]


def test_padding_has_no_rank() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 10.0]]).view(1, 1, 2, 2)
    for level, expected in ((5.0, 2.5 + 5), (-5.0, 2.5 - 5)):
        pooled = create("median", kernel_size=3, stride=3, padding=1)(x + level)
        assert pooled.item() == pytest.approx(expected)


def test_a_level_outside_the_unit_interval_is_refused() -> None:
    with pytest.raises(BadInput, match=r"quantile\.q: expected number .* got 1\.5"):
        create("quantile", q=1.5)


@pytest.mark.parametrize("pool", [minimum, median, relu_maximum])
def test_maps_that_are_not_a_batch_are_refused(pool: Pool) -> None:
    with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
        pool(torch.zeros(3, 4, 4))
