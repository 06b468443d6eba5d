"""What each formula of LogAvgExp loses in each precision: errors against float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from poolbench.core.precision import PrecisionErrors, Quantity, WayErrors
from poolbench.operators.create import create

_WAYS = tuple(
    (formula, dtype)
    for formula in ("textbook", "stable")
    for dtype in ("float16", "float32", "float64")
)
_TRUTH = _WAYS[-1]
_MAPS = 256


@dataclass(frozen=True, kw_only=True)
class _Pooled:
    value: Tensor
    derivative: Tensor
    slope: Tensor


def measure_precision(temperatures: Sequence[float], side_px: int) -> PrecisionErrors:
    """Pool 256 maps of standard normal values, and compare with the stable formula in float64.

    Args:
        temperatures: Rising, each above 0.
        side_px: Height and width of the maps, at least 2.

    Raises:
        BadInput: A temperature that is not positive and finite.
    """
    generator = torch.Generator().manual_seed(0)
    # Rounded once, so that float16 is not charged for values it was never given.
    maps = torch.randn(1, _MAPS, side_px, side_px, generator=generator).half().double()
    return PrecisionErrors(
        maps=_MAPS,
        side_px=side_px,
        temperatures=tuple(temperatures),
        ways=tuple(_way_errors(maps, temperatures, *way) for way in _WAYS),
    )


def _way_errors(maps: Tensor, temperatures: Sequence[float], formula: str, dtype: str) -> WayErrors:
    found = [_errors(maps, temperature, formula, dtype) for temperature in temperatures]
    quantities: tuple[Quantity, ...] = ("value", "derivative", "slope")
    return WayErrors(
        formula=formula,
        dtype=dtype,
        errors={quantity: tuple(each[quantity] for each in found) for quantity in quantities},
    )


def _errors(maps: Tensor, temperature: float, formula: str, dtype: str) -> Mapping[Quantity, float]:
    truth = _pool(maps, temperature, *_TRUTH)
    found = _pool(maps, temperature, formula, dtype)
    uniform = 1 / maps[0, 0].numel()
    return {
        "value": float(_rms(found.value - truth.value) / truth.value.std()),
        "derivative": float(
            _rms(found.derivative - truth.derivative) / _rms(truth.derivative - uniform)
        ),
        "slope": float(_rms(found.slope - truth.slope) / _rms(truth.slope)),
    }


def _rms(values: Tensor) -> Tensor:
    return values.square().mean().sqrt()


def _pool(maps: Tensor, temperature: float, formula: str, dtype: str) -> _Pooled:
    operator = create(
        "lae-precision",
        temperature=temperature,
        learn="channel",
        channels=maps.shape[1],
        dtype=dtype,
        formula=formula,
    ).double()
    leaf = maps.clone().requires_grad_()
    value = operator(leaf)
    derivative, slope = torch.autograd.grad(value.sum(), (leaf, *operator.parameters()))
    return _Pooled(value=value.detach(), derivative=derivative, slope=slope)
