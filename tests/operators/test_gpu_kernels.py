"""Triton kernels against plain tensors: on a GPU, and in Triton's interpreter without one."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from poolbench.operators.kernels import OPERATIONS, eager
from poolbench.operators.peaks import Peaks
from poolbench.operators.window import Window
from tests.operators.rounding import assert_within, sum_tolerance, tolerances
from tests.operators.test_kernels import WINDOWS, assert_like_eager, maps, results
from tests.operators.test_smooth_maximum import TEMPERATURES, truth

IS_INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
# Triton decides when a kernel is defined: one process either interprets or compiles.
pytestmark = [
    pytest.mark.skipif(not find_spec("triton"), reason="no triton in this torch"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # numpy's, of the interpreter's inf
]
on_each_device = pytest.mark.parametrize(
    "device",
    [
        pytest.param(
            "cpu", marks=pytest.mark.skipif(not IS_INTERPRETED, reason="run by the test of all")
        ),
        pytest.param(
            "cuda",
            marks=[
                pytest.mark.gpu,
                pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
            ],
        ),
    ],
)


@pytest.mark.skipif(IS_INTERPRETED, reason="this is that process")
def test_the_interpreter_finds_all_kernels_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env=os.environ | {"TRITON_INTERPRET": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def leave_to_a_gpu(
    device: str, dtype: torch.dtype, layout: torch.memory_format, window: str
) -> None:
    """Skip, in the interpreter, what repeats other cases: each takes it seconds."""
    is_repeated = window == "k5s1p2" and layout != torch.channels_last
    if dtype == torch.bfloat16:
        is_repeated = window not in ("global", "k3s2p1") or layout != torch.channels_last
    if device == "cpu" and is_repeated:
        pytest.skip("left to a GPU")


@on_each_device
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    ("dtype", "layout"),
    [
        (torch.float32, torch.contiguous_format),
        (torch.float32, torch.channels_last),
        (torch.bfloat16, torch.channels_last),
    ],
    ids=str,
)
def test_triton_agrees_with_plain_tensors(
    dtype: torch.dtype,
    layout: torch.memory_format,
    window: str,
    operation: str,
    device: str,
) -> None:
    from poolbench.operators.kernels import gpu

    leave_to_a_gpu(device, dtype, layout, window)
    for t, learns in ((1e-3, 1), (1024.0, 7)):
        x = maps(dtype, layout, channels=7)
        log_temperature = torch.linspace(0, 1, learns) + math.log(t)
        assert_like_eager(gpu, x, log_temperature, WINDOWS[window], operation, device)


@on_each_device
@pytest.mark.parametrize("operation", OPERATIONS)
def test_special_values_are_to_triton_what_they_are_to_plain_tensors(
    operation: str, device: str
) -> None:
    from poolbench.operators.kernels import gpu

    inf, nan = math.inf, math.nan
    windows = [[1, inf, 2, 3], [inf, 1, inf, 3], [inf, -inf, 1, 2], [-inf] * 4, [nan, inf, 1, 2]]
    windows += [[nan, -inf, 1, 2], [1, -inf, 2, 3], [3e38, 1.5e37, 3e38, 2e38]]
    x = torch.tensor([*windows, [0.5, 1.25, 2.75, 4.0]]).view(1, 9, 2, 2)
    for t, window in itertools.product((1e-8, 1.0, 1e15, 1e17), (None, Window.of(2))):
        log_temperature = torch.tensor([math.log(t)], dtype=torch.float64)
        found = results(gpu, x.to(device), log_temperature.to(device), window, operation)
        expected = results(eager, x, log_temperature, window, operation)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one.cpu(), other, rtol=1e-5, atol=1e-6, equal_nan=True)


@on_each_device
@pytest.mark.parametrize("operation", ["lse", "lae"])
@pytest.mark.parametrize("t", [*TEMPERATURES, 10.0])  # 10: where the series are at their limit
def test_triton_in_float32_is_accurate_to_a_few_roundings_at_every_temperature(
    operation: str, t: float, device: str
) -> None:
    from poolbench.operators.kernels import gpu

    generator = torch.Generator().manual_seed(5)
    x = torch.randn(16, 1, 32, 32, generator=generator).abs()
    log_temperature = torch.full((1,), math.log(t))
    value, p, slope = truth(x, log_temperature, operation == "lae")
    upstream = torch.ones(16, 1, 1, 1)
    allowed = tolerances(x, log_temperature, upstream, None, operation, of_gpu=True)
    x, log_temperature, upstream = x.to(device), log_temperature.to(device), upstream.to(device)
    pooled, *kept = gpu.forward(x, log_temperature, None, operation)
    gradient, own = gpu.backward(upstream, x, log_temperature, *kept, None, operation)
    expected = value.view(upstream.shape), p.view(x.shape), slope
    for found, true, tolerance in zip((pooled, gradient, own), expected, allowed, strict=True):
        assert_within(tolerance, found.cpu(), true, rounded_to=found.dtype)


@on_each_device
def test_kernels_that_fail_or_err_are_not_used(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poolbench.operators.kernels.gpu import smooth_maximum as gpu

    where = torch.device(device)
    gpu.fault.cache_clear()
    assert gpu.fault(where) is None
    for broken, reason in ((lambda *_: 1 / 0, "division"), (lambda x, *_: (x + 1,), "wrong")):
        gpu.fault.cache_clear()
        monkeypatch.setattr(gpu, "forward", broken)
        assert reason in str(gpu.fault(where))
        assert not gpu.covers(torch.ones(2, 1, 4, 4, device=where))
    gpu.fault.cache_clear()


@on_each_device
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_triton_finds_maxima_and_means_as_the_cpu_does(
    layout: torch.memory_format, dtype: torch.dtype, window: str, device: str
) -> None:
    from poolbench.operators.kernels.gpu import peaks

    leave_to_a_gpu(device, dtype, layout, window)
    check_peaks(peaks, maps(dtype, layout, channels=7), WINDOWS[window], device)


def check_peaks(peaks: Any, x: Tensor, window: Window | None, device: str) -> None:
    dtype = x.dtype
    x[1, 4, 0, :3] = 9.0  # ties
    x[2, 5] = math.nan
    ours = Peaks.apply(x.requires_grad_(), None, window, True)
    upstream = [torch.randn_like(y) for y in ours[:2]]
    (slope,) = torch.autograd.grad(ours[:2], x, upstream, retain_graph=True)
    # Maxima pass a gradient on and means share it: of sizes both make the sum of the sizes.
    (size,) = torch.autograd.grad(ours[:2], x, [part.abs() for part in upstream])
    mean_size = Peaks.apply(x.detach().abs(), None, window, True)[1]
    peak, mean, _, argmax = peaks.forward(x.to(device), None, window, with_mean=True)
    on_device = [part.to(device) for part in upstream]
    like = torch.empty_strided(x.shape, x.stride(), dtype=dtype, device="meta")
    gradient = peaks.backward(*on_device, None, argmax, like, None, window)
    torch.testing.assert_close(peak.cpu(), ours[0], rtol=0, atol=0, equal_nan=True)
    is_number = ours[0] == ours[0]  # of several NaN any argmax will do
    assert argmax.dtype == ours[3].dtype
    assert torch.equal(argmax.cpu()[is_number], ours[3][is_number])
    assert_within(sum_tolerance(mean_size, dtype), mean.cpu(), ours[1], rounded_to=dtype)
    assert gradient.stride() == slope.stride()
    is_safe = x.detach().isfinite().amin(1, keepdim=True).expand(x.shape)
    tolerance = sum_tolerance(size, dtype)[is_safe]
    assert_within(tolerance, gradient.cpu()[is_safe], slope[is_safe], rounded_to=dtype)
    only_peak = peaks.backward(on_device[0], None, None, argmax, like, None, window)
    (slope,) = torch.autograd.grad(Peaks.apply(x, None, window, False)[0], x, upstream[0])
    assert_within(tolerance, only_peak.cpu()[is_safe], slope[is_safe], rounded_to=dtype)


@on_each_device
def test_peaks_that_fail_or_err_are_not_used(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolbench.operators.kernels.gpu import peaks

    where = torch.device(device)
    peaks.fault.cache_clear()
    assert peaks.fault(where) is None
    right = peaks.backward
    for broken, reason in ((lambda *_: 1 / 0, "division"), (lambda *a: 1 + right(*a), "wrong")):
        peaks.fault.cache_clear()
        monkeypatch.setattr(peaks, "backward", broken)
        assert reason in str(peaks.fault(where))
        assert not peaks.covers(torch.ones(2, 1, 4, 4, device=where))
    peaks.fault.cache_clear()


@pytest.mark.slow
@pytest.mark.skipif(IS_INTERPRETED, reason="nothing is compiled there")
@pytest.mark.parametrize("is_pixelwise", [False, True])
@pytest.mark.parametrize("with_mean", [False, True])
@pytest.mark.parametrize(
    ("kernel", "is_global"),
    [("find_in_maps", True), ("find_in_windows", False), ("spread", True), ("spread", False)],
)
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_every_kernel_of_peaks_compiles_for_hopper(
    kernel: str, is_global: bool, with_mean: bool, is_pixelwise: bool
) -> None:
    from poolbench.operators.kernels.gpu import peaks_kernels

    constants = {"WITH_MEAN": with_mean, "IS_PIXELWISE": is_pixelwise}
    compile_for_hopper(
        getattr(peaks_kernels, kernel), geometry(is_global) | constants, {"argmax": "*u8"}
    )


@pytest.mark.slow
@pytest.mark.skipif(IS_INTERPRETED, reason="nothing is compiled there")
@pytest.mark.parametrize("is_pixelwise", [False, True])
@pytest.mark.parametrize("operation", range(3), ids=OPERATIONS)
@pytest.mark.parametrize(
    ("kernel", "is_global"),
    [
        ("pool_maps", True),
        ("pool_windows", False),
        ("differentiate_maps", True),
        ("differentiate_maps", False),
    ],
)
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_every_kernel_compiles_for_hopper(
    kernel: str, is_global: bool, operation: int, is_pixelwise: bool
) -> None:
    from poolbench.operators.kernels.gpu import smooth_maximum_kernels

    constants = {"OPERATION": operation, "IS_PIXELWISE": is_pixelwise, "IS_GLOBAL": is_global}
    compile_for_hopper(
        getattr(smooth_maximum_kernels, kernel),
        geometry(is_global) | constants,
        {"temperature": "*fp64", "slope": "*fp64"},
    )


def geometry(is_global: bool) -> dict[str, Any]:
    """Return the constants of a kernel for maps of 32 x 32."""
    ones = ("OUT_HEIGHT", "OUT_WIDTH", "STRIDE_HEIGHT", "STRIDE_WIDTH")
    sides = ("HEIGHT", "WIDTH", "KERNEL_HEIGHT", "KERNEL_WIDTH")
    whole = dict.fromkeys(ones, 1) | dict.fromkeys(sides, 32)
    windows = {"KERNEL_HEIGHT": 3, "KERNEL_WIDTH": 3, "OUT_HEIGHT": 30, "OUT_WIDTH": 30}
    tiles = {"PAD_HEIGHT": 0, "PAD_WIDTH": 0, "BLOCK_ROWS": 16, "BLOCK_PIXELS": 128}
    return whole | ({} if is_global else windows) | tiles


def compile_for_hopper(function: Any, constants: dict[str, Any], types: dict[str, str]) -> None:
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    types = {"rows": "i32", "channels": "i32"} | types
    names = function.arg_names
    constants = {name: value for name, value in constants.items() if name in names}
    signature = {n: "constexpr" if n in constants else types.get(n, "*fp32") for n in names}
    given = {(i,): constants[name] for i, name in enumerate(names) if name in constants}
    compiled = triton.compile(
        ASTSource(function, signature, given), target=GPUTarget("cuda", 90, 32)
    )
    assert compiled.asm["cubin"]
