"""What every operator makes of infinite elements: a table, and the same from all code."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from poolbench.operators import OPERATORS
from poolbench.operators.create import create

INF = math.inf
ONE = [1.0, INF, 2.0, 3.0]
TWO = [INF, 1.0, INF, 3.0]
DARK = [1.0, -INF, 2.0, 3.0]
NIGHT = [-INF] * 4

SOFTMAX = [math.exp(z) / (math.e + math.e**2 + math.e**3) for z in (1, 2, 3)]
Z = sum(p * z for p, z in zip(SOFTMAX, (1, 2, 3), strict=True))
AMONG_DARK = [SOFTMAX[0], 0.0, *SOFTMAX[1:]]
EVENLY = {"of one": [0.0, 1.0, 0.0, 0.0], "of two": [0.5, 0.0, 0.5, 0.0]}
MIXTURE = {
    "of one": (INF, [0.125, 0.625, 0.125, 0.125]),
    "of two": (INF, [0.625, 0.125, 0.125, 0.125]),
    "of dark": (-INF, [0.125, 0.125, 0.125, 0.625]),
    "of night": (-INF, [0.625, 0.125, 0.125, 0.125]),
}
SMOOTH = {
    "of one": (INF, EVENLY["of one"]),
    "of two": (INF, EVENLY["of two"]),
    "of night": (-INF, [0.0] * 4),
}
PEAK = {
    "of one": (INF, [0.0, 1.0, 0.0, 0.0]),
    "of two": (INF, [1.0, 0.0, 0.0, 0.0]),
    "of dark": (3.0, [0.0, 0.0, 0.0, 1.0]),
    "of night": (-INF, [1.0, 0.0, 0.0, 0.0]),
}
LAE = {**SMOOTH, "of dark": (3 + math.log((1 + math.exp(-1) + math.exp(-2)) / 4), AMONG_DARK)}

# Value and gradient of each window, with the options that an operator starts with: t = 1, p = 3.
TABLE: dict[str, dict[str, tuple[float, list[float]]]] = {
    "average": {
        "of one": (INF, [0.25] * 4),
        "of two": (INF, [0.25] * 4),
        "of dark": (-INF, [0.25] * 4),
        "of night": (-INF, [0.25] * 4),
    },
    "max": PEAK,
    "relu-max": PEAK,
    "lse": {**LAE, "of dark": (LAE["of dark"][0] + math.log(4), AMONG_DARK)},
    "lae": LAE,
    "lae-context": LAE,
    "softpool": {
        **SMOOTH,
        "of dark": (
            Z,
            [SOFTMAX[0] * (2 - Z), 0.0, SOFTMAX[1] * (3 - Z), SOFTMAX[2] * (4 - Z)],
        ),
    },
    "mixed": MIXTURE,
    "avgmax": MIXTURE,
    "gated": MIXTURE,
    # The derivatives by a number that grows: y is (k/n)^(1/3) of it, or k^(1/3).
    "gem": {
        "of one": (INF, [0.0, 4 ** (-1 / 3), 0.0, 0.0]),
        "of two": (INF, [2 ** (-4 / 3), 0.0, 2 ** (-4 / 3), 0.0]),
        "of dark": (9 ** (1 / 3), [z**2 / 4 / 9 ** (2 / 3) for z in (1, 0, 2, 3)]),
        "of night": (1e-6, [0.0] * 4),
    },
    "lp": {
        "of one": (INF, [0.0, 1.0, 0.0, 0.0]),
        "of two": (INF, [2 ** (-2 / 3), 0.0, 2 ** (-2 / 3), 0.0]),
        "of dark": (36 ** (1 / 3), [z**2 / 36 ** (2 / 3) for z in (1, 0, 2, 3)]),
        "of night": (0.0, [0.0] * 4),
    },
    "min": {
        "of one": (1.0, [1.0, 0.0, 0.0, 0.0]),
        "of two": (1.0, [0.0, 1.0, 0.0, 0.0]),
        "of dark": (-INF, [0.0, 1.0, 0.0, 0.0]),
        "of night": (-INF, [1.0, 0.0, 0.0, 0.0]),
    },
    "median": {
        "of one": (2.5, [0.0, 0.0, 0.5, 0.5]),
        "of two": (INF, [0.5, 0.0, 0.0, 0.5]),
        "of dark": (1.5, [0.5, 0.0, 0.5, 0.0]),
        "of night": (-INF, [1.0, 0.0, 0.0, 0.0]),
    },
    "quantile": {
        "of one": (INF, [0.0, 0.25, 0.0, 0.75]),
        "of two": (INF, [1.0, 0.0, 0.0, 0.0]),
        "of dark": (2.25, [0.0, 0.0, 0.75, 0.25]),
        "of night": (-INF, [1.0, 0.0, 0.0, 0.0]),
    },
    # With R = {0, 3}, of the three elements that are left.
    "subpool": {
        "of one": (INF, [0.0, 0.75, 0.0, 0.25]),
        "of two": (INF, [0.75, 0.0, 0.25, 0.0]),
        "of dark": (3.0, [0.0, 0.0, 0.0, 1.0]),
        "of night": (-INF, [0.0] * 4),
    },
}
WINDOWS = {"of one": ONE, "of two": TWO, "of dark": DARK, "of night": NIGHT}
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def maps(z: list[float], dtype: torch.dtype, layout: torch.memory_format) -> Tensor:
    """Return a window's elements in three channels, ``(1, 3, 2, 2)``."""
    x = torch.tensor(z, dtype=dtype).view(1, 1, 2, 2).repeat(1, 3, 1, 1)
    return x.contiguous(memory_format=layout).requires_grad_()


def ways() -> list[tuple[dict[str, Any], torch.dtype, torch.memory_format]]:
    """Return every scope, dtype and layout that has code of its own."""
    return list(product(({}, {"kernel_size": 2}), (torch.float32, torch.float64), LAYOUTS))


def test_every_operator_of_ours_that_pools_by_a_definition_has_its_row() -> None:
    # lae-precision has that of lae, but for what its textbook formula is there to show.
    ours = {name for name, entry in OPERATORS.items() if entry.definition and not entry.plugin}
    assert set(TABLE) == ours - {"lae-precision"}


@pytest.mark.parametrize("kernels", ["", "eager"], ids=["fused", "eager"])
@pytest.mark.parametrize("name", TABLE)
def test_infinite_elements_have_the_value_and_the_gradient_of_the_table(
    name: str, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
    for (geometry, dtype, layout), (window, z) in product(ways(), WINDOWS.items()):
        value, slopes = TABLE[name][window]
        x = maps(z, dtype, layout)
        operator = create(name, grid=(2, 2), **geometry).to(dtype)
        pooled = operator(x)
        (gradient,) = torch.autograd.grad(pooled[0, 1].sum(), x, retain_graph=True)
        expected = torch.tensor([0.0] * 4 + slopes + [0.0] * 4, dtype=dtype).view_as(x)
        torch.testing.assert_close(pooled, torch.full_like(pooled, value), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-6)
        for parameter in operator.parameters():
            (slope,) = torch.autograd.grad(pooled.sum(), parameter, retain_graph=True)
            assert slope.isfinite().all()


@pytest.mark.parametrize("kernels", ["", "eager"], ids=["fused", "eager"])
@pytest.mark.parametrize("t", [2e3, 1e8, 1e15, 1e17])
def test_a_smooth_maximum_at_a_huge_temperature_is_the_mean_to_twelve_digits(
    t: float, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
    z = [0.5, 1.25, 2.75, 4.0]
    mean = sum(z) / 4
    variance = sum((v - mean) ** 2 for v in z) / 4
    geometric = math.exp(sum(map(math.log, z)) / 4)
    for geometry, layout in product(({}, {"kernel_size": 2}), LAYOUTS):
        x = maps(z, torch.float64, layout)
        for name in ("lae", "lae-context"):
            pooled = create(name, temperature=t, **geometry).double()(x)
            true = mean + variance / (2 * t)
            assert ((pooled / true - 1).abs() < 1e-12).all() or t == 2e3
            torch.testing.assert_close(pooled, torch.full_like(pooled, true), rtol=1e-7, atol=0)
        pooled = create("gem", p=1 / t, **geometry).double()(x)
        true = torch.full_like(pooled, geometric)
        torch.testing.assert_close(pooled, true, rtol=1e-15 + 1 / t, atol=0)
        lae = create("lae", temperature=t, learn="layer", **geometry).double()
        # The rounding of a mean power, times t, would hide it.
        (slope,) = torch.autograd.grad(lae(x)[0, 0].sum(), lae.log_temperature)  # type: ignore[arg-type]
        assert slope.item() == pytest.approx(-variance / (2 * t), rel=1e-3, abs=1e-15)


def test_a_fixed_constant_is_exact_in_the_dtype_of_its_network() -> None:
    x = torch.tensor([0.5, 1.25, 2.75, 4.0], dtype=torch.float64).view(1, 1, 2, 2)
    true = (sum(v**3 for v in x.flatten().tolist()) / 4) ** (1 / 3)
    operator = create("gem", p=3.0).float().double()
    assert operator(x).item() == pytest.approx(true, rel=1e-15)
    kept = create("lae", temperature=3.0).half().double()
    assert kept.log_temperature.item() == math.log(3.0)  # type: ignore[operator,union-attr]
