"""What half precision does to the two formulas of LogAvgExp, as figure 7 of the paper has it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from poolbench.operators.create import create

TEMPERATURES = (1.0, 4.0, 16.0, 32.0, 128.0, 1024.0)


def pooled(formula: str, dtype: str, temperature: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return values, gradients and d/dlog t of 8 x 8 maps of standard normal values."""
    x = torch.randn(4, 16, 8, 8, generator=torch.Generator().manual_seed(0)).half().float()
    x.requires_grad_()
    operator = create(
        "lae-precision", temperature=temperature, learn="layer", dtype=dtype, formula=formula
    )
    y = operator(x)
    slope: Tensor
    gradient, slope = torch.autograd.grad(y.sum(), (x, operator.log_temperature))  # type: ignore[arg-type]
    return y.detach(), gradient, slope


def value_error(formula: str, dtype: str, temperature: float) -> float:
    """Return the root mean square error of the values, over the spread of the true ones."""
    truth = pooled("stable", "float64", temperature)[0]
    error = pooled(formula, dtype, temperature)[0] - truth
    return float(error.square().mean().sqrt() / truth.std())


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_textbook_formula_in_half_precision_collapses_above_32_and_ours_does_not(
    temperature: float,
) -> None:
    # The means of 64 normal values spread by 1/8; log sum exp near log 64 has steps of t/256.
    # Where the error is as large as the spread, nothing of the signal is left.
    lost = value_error("textbook", "float16", temperature)
    assert lost > 1 if temperature > 32 else lost < 0.6
    assert value_error("stable", "float16", temperature) < 0.02


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_single_precision_is_good_enough_for_values_up_to_1024(temperature: float) -> None:
    # As the paper found; 2^-23 of log 64, times 1024, over 1/8.
    assert value_error("textbook", "float32", temperature) < 0.01
    assert value_error("stable", "float32", temperature) < 1e-5


def test_the_temperatures_gradient_is_lost_by_the_textbook_formula_alone() -> None:
    truth = pooled("stable", "float64", 128.0)[2]
    assert abs(pooled("textbook", "float16", 128.0)[2] / truth - 1) > 1
    assert abs(pooled("stable", "float16", 128.0)[2] / truth - 1) < 0.01


def test_the_values_in_half_precision_lie_on_a_grid_of_t_over_256() -> None:
    y = pooled("textbook", "float16", 256.0)[0]
    assert torch.equal(y, y.round())
    assert len(y.unique()) < 8


def test_the_stable_formula_on_rounded_maps_is_lae() -> None:
    x = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    ours = create("lae-precision", temperature=4.0, dtype="float16", formula="stable")
    assert torch.equal(ours(x), create("lae", temperature=4.0)(x.half()).float())


def test_in_double_precision_the_formulas_agree_to_its_last_digits() -> None:
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    # Windows at the border have fewer elements: each has the logarithm of its own number.
    for geometry in ({}, {"kernel_size": 3, "stride": 2, "padding": 1}):
        textbook, stable = (
            create("lae-precision", dtype="float64", formula=formula, **geometry).double()(x)
            for formula in ("textbook", "stable")
        )
        torch.testing.assert_close(textbook, stable, rtol=0, atol=1e-13)
