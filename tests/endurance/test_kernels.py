"""Fused and eager code against definitions: Python loops over each window, in float64."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from poolbench.operators.create import create
from tests.endurance.campaign import Campaign
from tests.endurance.kernel_cases import (
    KernelCase,
    a_case,
    peak_results,
    smooth_results,
)
from tests.operators.definition import pool_by_definition
from tests.operators.rounding import assert_within, sum_tolerance, tolerances
from tests.operators.test_kernels import needs_compiler, upstream_for

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0), needs_compiler]

CAMPAIGN = Campaign("kernels", goal=20_000, share=12)
# Operators with fused code.
NAMES = ("lse", "lae", "softpool", "max", "mixed", "avgmax", "gated")


def shares(
    operation: str, z: list[float], t: float, weights: list[float]
) -> tuple[float, list[float]]:
    """Return a window's value, and its derivative by each element, of those inside the map."""
    m = max(z)
    if operation == "max":
        return m, [float(i == z.index(m)) for i in range(len(z))]
    if operation == "mean":
        return math.fsum(z) / len(z), [1 / len(z)] * len(z)
    if operation == "product":
        lit = [w if abs(v) < math.inf else 0.0 for v, w in zip(z, weights, strict=True)]
        terms = [v * w for v, w in zip(z, weights, strict=True) if abs(v) < math.inf]
        return math.fsum(terms), lit
    if m == -math.inf:
        return m, [0.0] * len(z)
    powers = [math.exp((v - m) / t) for v in z]
    total = math.fsum(powers)
    p = [power / total for power in powers]
    if operation == "softpool":
        d = [(v - m) / t if q else 0.0 for q, v in zip(p, z, strict=True)]
        centre = math.fsum(q * each for q, each in zip(p, d, strict=True))
        return m + t * centre, [q * (1 + each - centre) for q, each in zip(p, d, strict=True)]
    return m + t * math.log(total / (len(z) if operation == "lae" else 1)), p


def by_definition(case: KernelCase, operation: str, upstream: Tensor) -> tuple[Tensor, Tensor]:
    """Return y and the gradient of x."""
    x = case.x.double()
    gradient, pooled = torch.zeros(x.shape, dtype=torch.float64), upstream.double().clone()
    credit = upstream.double().view(*x.shape[:2], -1)
    t = case.log_temperature.double().exp().expand(x.shape[1]).tolist()
    numbers = torch.arange(x.shape[2] * x.shape[3]).view(1, 1, *x.shape[2:]).double()
    seen: list[list[float | None]] = []
    pool_by_definition(numbers, case.window, lambda e: float(bool(seen.append(e))), in_places=True)
    weight = None if case.weight is None else case.weight.double().flatten(1)
    for n, c, (k, elements) in each(x.shape[0], x.shape[1], seen):
        inside = [(i, int(e)) for i, e in enumerate(elements) if e is not None]
        z, flat = x[n, c].flatten(), gradient[n, c].view(-1)
        own = [] if weight is None else weight[c % len(weight)].tolist()
        y, parts = shares(
            operation, [float(z[at]) for _, at in inside], t[c],
            [own[i] for i, _ in inside] if own else [],
        )  # fmt: skip
        pooled.view(*x.shape[:2], -1)[n, c, k] = y
        for (_, at), part in zip(inside, parts, strict=True):
            flat[at] += float(credit[n, c, k]) * part
    return pooled, gradient


def each(images: int, channels: int, seen: list[Any]) -> Iterator[tuple[int, int, Any]]:
    for n in range(images):
        for c in range(channels):
            for window in enumerate(seen):
                yield n, c, window


def check_smooth(case: KernelCase) -> None:
    found = smooth_results(case)
    upstream = upstream_for(found["eager"][0], case.x.dtype)
    allowed = tolerances(case.x, case.log_temperature, upstream, case.window, case.operation)
    expected = by_definition(case, case.operation, upstream.contiguous())
    for results in found.values():
        for one, other, tolerance in zip(results, expected, allowed, strict=False):
            assert_within(tolerance, one, other, rounded_to=case.x.dtype)
    assert_within(allowed[2], found["native"][2], found["eager"][2], rounded_to=torch.float64)


def check_peaks(case: KernelCase) -> None:
    found = peak_results(case)
    upstream = upstream_for(found["peak"], case.x.dtype).contiguous()
    wanted = ["max", *["mean"] * case.with_mean, *["product"] * (case.weight is not None)]
    gradient, size = torch.zeros(case.x.shape, dtype=torch.float64), torch.zeros(case.x.shape)
    sizes = KernelCase(**{**vars(case), "x": case.x.nan_to_num(neginf=0.0).abs()})
    if case.weight is not None:
        sizes = KernelCase(**{**vars(sizes), "weight": case.weight.abs()})
    for operation in wanted:
        name = "peak" if operation == "max" else operation
        value, slopes = by_definition(case, operation, upstream)
        bound, steep = by_definition(sizes, operation, upstream.abs())
        if operation == "max":  # whose credit goes to one element, and another one is the largest
            _, steep = by_definition(case, operation, upstream.abs())
        gradient, size = gradient + slopes, size + steep
        dtype = found[name].dtype
        assert_within(sum_tolerance(bound, dtype), found[name], value.view_as(found[name]),
                      rounded_to=dtype)  # fmt: skip
    dtype = case.x.dtype
    assert_within(sum_tolerance(size, dtype), found["gradient"], gradient, rounded_to=dtype)


def check_special(draw: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever elements are no ordinary numbers, fused code makes of them what eager code does."""
    case, name = a_case(draw), draw.choice(NAMES)
    x = case.x.double().to(draw.choice((torch.float32, torch.float64))).contiguous()
    for _ in range(draw.randint(1, 5)):
        at = draw.randrange(x.numel())
        x.view(-1)[at] = draw.choice((math.inf, math.inf, -math.inf, math.nan, 1e38, -1e38))
    window = case.window
    geometry: dict[str, Any] = {} if window is None else {
        "kernel_size": window.kernel_size, "stride": window.stride, "padding": window.padding,
        "ceil_mode": window.ceil_mode,
    }  # fmt: skip
    operator = create(name, grid=tuple(x.shape[2:]), **geometry).to(x.dtype).eval()
    found = []
    for kernels in ("", "eager"):
        monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
        leaf = x.clone().requires_grad_()
        pooled = operator(leaf)
        (gradient,) = torch.autograd.grad(pooled.sum(), leaf)
        found.append((pooled.detach(), gradient))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(
            one, other, rtol=1e-4, atol=1e-5, equal_nan=True,
            msg=lambda m: f"{name} {geometry} {x.tolist()}\n{m}",
        )  # fmt: skip


def test_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    def case(draw: random.Random) -> None:
        kind = draw.random()
        if kind < 0.2:
            check_special(draw, monkeypatch)
            return
        made = a_case(draw)
        try:
            check_smooth(made) if kind < 0.6 else check_peaks(made)
        except AssertionError as error:
            error.add_note(str(made))
            raise

    CAMPAIGN.hold(case)
