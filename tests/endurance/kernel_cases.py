"""Random calls of the fused kernels.

``python -m tests.endurance.kernel_cases SEED COUNT`` makes calls and checks nothing itself, for a
build of the C code that does.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from math import inf, log

import torch
from torch import Tensor

from poolbench.operators.kernels import OPERATIONS, eager, native
from poolbench.operators.kernels.native import peaks
from poolbench.operators.window import Window
from tests.operators.test_kernels import results, upstream_for

DTYPES = (torch.float32, torch.bfloat16, torch.float64)
LAYOUTS = (torch.contiguous_format, torch.channels_last)


@dataclass(frozen=True)
class KernelCase:
    """Maps, where they are pooled, and by what."""

    x: Tensor
    window: Window | None
    log_temperature: Tensor
    operation: str
    weight: Tensor | None
    with_mean: bool

    def __str__(self) -> str:
        layout = "contiguous" if self.x.is_contiguous() else "other"
        t = self.log_temperature.exp().tolist()[:3]
        return f"{self.operation} {tuple(self.x.shape)} {self.x.dtype} {layout} {self.window} t {t}"


def a_window(draw: random.Random, height: int, width: int) -> Window | None:
    """Return a geometry that fits maps, or ``None``."""
    if draw.random() < 0.3:
        return None
    kernel = (draw.randint(1, min(5, height)), draw.randint(1, min(5, width)))
    padding = (draw.randint(0, kernel[0] // 2), draw.randint(0, kernel[1] // 2))
    stride = (draw.randint(1, 4), draw.randint(1, 4))
    return Window.of(kernel, stride, padding, ceil_mode=draw.random() < 0.5)


def a_case(draw: random.Random, most_channels: int = 4, most_side: int = 6) -> KernelCase:
    """Return a random case: most maps are ordinary, some dark, some flat, some huge."""
    generator = torch.Generator().manual_seed(draw.randrange(2**32))
    shape = (draw.randint(1, 2), draw.randint(1, most_channels),
             draw.randint(1, most_side), draw.randint(1, most_side))  # fmt: skip
    scale = 10.0 ** draw.choice((0, 0, 0, -3, 2, 6))
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
    if draw.random() < 0.4:
        x[torch.rand(shape, generator=generator) < draw.choice((0.05, 0.5, 1.0))] = -inf
    if draw.random() < 0.2:
        x[:, ::2] = draw.choice((0.0, -0.0, 0.75))
    if draw.random() < 0.2:  # ties
        x = x.round()
    x = x.to(draw.choice(DTYPES)).contiguous(memory_format=draw.choice(LAYOUTS))
    if draw.random() < 0.2:
        x = x.flip(3)[..., :: draw.choice((1, 2)), :]
    height, width = x.shape[2:]
    window = a_window(draw, height, width)
    learns = draw.choice((1, x.shape[1]))
    log_temperature = torch.linspace(0, 1, learns) + log(10.0 ** draw.uniform(-3, 3))
    kernel = window.kernel_size if window else (height, width)
    weight = None
    if with_mean := draw.random() < 0.7:
        sides = (draw.choice((1, x.shape[1])), *kernel)
        real = torch.promote_types(x.dtype, torch.float32)
        weight = torch.randn(sides, generator=generator).to(real) if draw.random() < 0.6 else None
    return KernelCase(x, window, log_temperature, draw.choice(OPERATIONS), weight, with_mean)


def peak_results(case: KernelCase) -> dict[str, Tensor]:
    """Return all that ``peaks`` makes of a case, empty where it is not asked for."""
    x, weight, window = case.x, case.weight, case.window
    peak, mean, product, argmax = peaks.forward(x, weight, window, with_mean=case.with_mean)
    upstream = upstream_for(peak, x.dtype)
    to_product = upstream.to(product.dtype) if weight is not None else None
    gradient = peaks.backward(
        upstream, upstream if case.with_mean else None, to_product, argmax, x, weight, window
    )
    found = {"peak": peak, "mean": mean, "product": product, "gradient": gradient}
    if weight is not None and to_product is not None:
        found["of weight"] = peaks.weigh(to_product, x, weight, window)
    return found


def call_all(case: KernelCase) -> None:
    """Call all fused code there is."""
    results(native, case.x, case.log_temperature, case.window, case.operation)
    peak_results(case)


def smooth_results(case: KernelCase) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Return y, the gradient and the slopes by fused and by eager code."""
    arguments = (case.x, case.log_temperature, case.window, case.operation)
    return {"native": results(native, *arguments), "eager": results(eager, *arguments)}


def main(seed: str, count: str) -> None:
    """Call the kernels so often; the last number that is printed is of the call that ended it."""
    assert native.fault() is None, native.fault()
    for number in range(int(count)):
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        draw = random.Random(f"{seed} {number}")
        call_all(a_case(draw, *draw.choice(((6, 8), (70, 12), (600, 3)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
