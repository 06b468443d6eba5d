"""Every fused kernel against the plain tensors of the eager one."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators import kernels
from poolbench.operators.functional import log_avg_exp, maximum
from poolbench.operators.kernels import (
    OPERATIONS,
    Kernel,
    eager,
    kernel_for,
    native,
    peaks_for,
    peaks_on,
)
from poolbench.operators.kernels.native import library
from poolbench.operators.kernels.native.job import THREADED_ELEMENTS, Job, lanes_of
from poolbench.operators.window import Window
from tests.operators.rounding import assert_within, tolerances

WINDOWS = {
    "global": None,
    "k3s2p1": Window.of(3, 2, 1),
    # No side, step or padding is that of the other axis, and windows hang over both edges.
    "k3x2s1x2p1x0-ceil": Window.of((3, 2), (1, 2), (1, 0), ceil_mode=True),
    "k2s2x3-ceil": Window.of(2, (2, 3), ceil_mode=True),
    "k5s1p2": Window.of(5, 1, 2),
}
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
DTYPES = (torch.float32, torch.bfloat16, torch.float64)

needs_compiler = pytest.mark.skipif(
    native.fault() is not None, reason=native.fault() or "there is a compiler"
)


def maps(dtype: torch.dtype, layout: torch.memory_format, channels: int = 19) -> Tensor:
    """Return maps of every kind: ordinary, dark here and there, dark altogether, constant."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(3, channels, 7, 9, generator=generator, dtype=torch.float64)
    x[0, 0] = x[1, 1, 2, 3] = x[2, 2, :4] = -math.inf
    x[1, 2] = 0.75
    return x.to(dtype).contiguous(memory_format=layout)


def upstream_for(pooled: Tensor, dtype: torch.dtype) -> Tensor:
    """Return an upstream gradient that tells elements apart."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(pooled.shape, generator=generator).to(dtype)


def results(
    kernel: Kernel, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return y, the gradient and the slopes."""
    pooled, *kept = kernel.forward(x, log_temperature, window, operation)
    upstream = upstream_for(pooled, x.dtype).to(x.device)
    gradient, slope = kernel.backward(upstream, x, log_temperature, *kept, window, operation)
    return pooled, gradient, slope


def assert_like_eager(
    kernel: Kernel,
    x: Tensor,
    log_temperature: Tensor,
    window: Window | None,
    operation: str,
    device: str = "cpu",
) -> None:
    """Check a kernel on a device against plain tensors on the CPU."""
    found = results(kernel, x.to(device), log_temperature.to(device), window, operation)
    expected = results(eager, x, log_temperature, window, operation)
    upstream = upstream_for(expected[0], x.dtype)
    is_gpu = kernel not in (eager, native)
    allowed = tolerances(x, log_temperature, upstream, window, operation, of_gpu=is_gpu)
    for one, other, tolerance in zip(found, expected, allowed, strict=True):
        assert one.dtype == other.dtype
        assert_within(tolerance, one.cpu(), other, rounded_to=other.dtype)
    if window is not None:  # of single values every layout is the same
        assert found[0].stride() == expected[0].stride()
    assert found[1].stride() == expected[1].stride()
    assert (found[1].cpu()[x == -math.inf] == 0).all()


@needs_compiler
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_native_code_agrees_with_plain_tensors(
    dtype: torch.dtype, layout: torch.memory_format, window: Window | None, operation: str
) -> None:
    for t, learns in product((1e-3, 0.3, 4.0, 1024.0), (1, 19)):
        log_temperature = torch.linspace(0, 1, learns) + math.log(t)
        assert_like_eager(native, maps(dtype, layout), log_temperature, window, operation)


@needs_compiler
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_native_code_takes_maps_with_gaps_and_upstreams_of_any_layout(
    window: Window | None,
) -> None:
    x = maps(torch.float32, torch.contiguous_format).flip(3)[:, 1::2, :, ::2]
    assert_like_eager(native, x, torch.zeros(1), window, "lae")
    pooled, *kept = native.forward(x, torch.zeros(1), window, "lae")
    spread = torch.ones(1).expand(pooled.shape)
    slanted = torch.ones(pooled.shape[::-1]).permute(3, 2, 1, 0)
    for one, other in zip(
        native.backward(spread, x, torch.zeros(1), *kept, window, "lae"),
        native.backward(slanted, x, torch.zeros(1), *kept, window, "lae"),
        strict=True,
    ):
        assert torch.equal(one, other)


@needs_compiler
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_what_is_not_a_number_is_never_hidden(layout: torch.memory_format) -> None:
    x = maps(torch.float32, layout)
    x[2, 5, 1, 1] = math.nan
    for operation in OPERATIONS:
        pooled, gradient, slope = results(native, x, torch.zeros(1), None, operation)
        assert pooled[2, 5].isnan().all()
        assert gradient[2, 5].isnan().all()
        assert slope[2, 5].isnan()
        assert pooled[2, 6:].isfinite().all()
        assert gradient[2, 6:].isfinite().all()


@needs_compiler
def test_the_bits_do_not_depend_on_the_number_of_threads() -> None:
    x = torch.randn(5, 33, 56, 56, generator=torch.Generator().manual_seed(0))
    assert x.numel() > THREADED_ELEMENTS
    threads = torch.get_num_threads()
    try:
        found = []
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(results(native, x, torch.zeros(1), WINDOWS["k3s2p1"], "lae"))
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@needs_compiler
def test_an_empty_batch_pools_to_an_empty_batch() -> None:
    pooled, gradient, slope = results(native, torch.zeros(0, 3, 4, 4), torch.zeros(1), None, "lae")
    assert pooled.shape == (0, 3, 1, 1)
    assert gradient.shape == (0, 3, 4, 4)
    assert slope.shape == (0, 3)


class Marked(Tensor):
    """A tensor of somebody else's, who may want to see every operation."""


def test_dtypes_that_no_kernel_knows_and_a_wish_for_eager_get_plain_tensors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert kernel_for(torch.zeros(1, 1, 2, 2, dtype=torch.float16)) is eager
    monkeypatch.setattr(kernels, "find_spec", lambda _: True)  # as if there were a triton
    assert kernel_for(torch.zeros(1, 1, 2, 2, device="meta")) is eager
    assert peaks_on(torch.device("meta")) is None
    assert peaks_for(torch.zeros(1, 1, 2, 2, device="meta")) is None
    assert kernel_for(torch.zeros(1, 1, 2, 2).as_subclass(Marked)) is eager
    monkeypatch.setenv("POOLBENCH_KERNELS", "eager")
    assert kernel_for(torch.zeros(1, 1, 2, 2)) is eager
    assert peaks_for(torch.zeros(1, 1, 2, 2)) is None
    monkeypatch.setenv("POOLBENCH_KERNELS", "eagre")
    with pytest.raises(BadInput, match="eagre"):
        kernel_for(torch.zeros(1, 1, 2, 2))


@pytest.fixture
def _nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have libraries built anew, and forgotten afterwards."""
    monkeypatch.setenv("POOLBENCH_CACHE", str(tmp_path / "cache"))
    library._load.cache_clear()
    yield
    library._load.cache_clear()


@pytest.mark.usefixtures("_nothing_built")
@pytest.mark.parametrize(
    ("name", "compiler", "reason"),
    [
        ("cc", "", "no C compiler (cc, gcc or clang) on PATH"),
        ("cc", "echo no headers here >&2; echo at all >&2; exit 1", "no headers here"),
        ("mine", "echo no headers here >&2; exit 1", "no headers here"),
    ],
)
def test_without_a_working_compiler_pooling_goes_on_and_the_reason_is_kept(
    name: str, compiler: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiler:
        (tmp_path / name).write_text(f"#!/bin/sh\n{compiler}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", name)
    x = torch.full((1, 1, 2, 2), 3.0)
    assert log_avg_exp(x, torch.zeros(1)).item() == maximum(x).item() == 3.0
    assert (kernel_for(x), peaks_for(x)) == (eager, None)
    assert kernels.faults(torch.device("cpu")) == [f"no CPU kernels: {reason}"]


def test_a_gpu_without_triton_has_no_fused_code_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "find_spec", lambda _: None)
    assert kernels.faults(torch.device("cuda")) == ["no GPU kernels: there is no triton"]
    assert peaks_on(torch.device("cuda")) is None


@needs_compiler
def test_with_a_compiler_nothing_is_wrong_and_products_are_fused_too() -> None:
    x = torch.zeros(1, 1, 2, 2)
    assert kernels.faults(torch.device("cpu")) == []
    assert kernel_for(x) is native
    assert peaks_for(x, with_product=True) is peaks_for(x) is peaks_on(x.device)


@needs_compiler
def test_fused_code_without_products_is_taken_where_none_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = torch.zeros(1, 1, 2, 2)
    monkeypatch.setattr(peaks_on(x.device), "HAS_PRODUCTS", False)  # as on a GPU
    assert peaks_for(x, with_product=True) is None
    assert peaks_for(x) is not None


@needs_compiler
def test_maxima_are_fused_as_long_as_a_float_can_count_the_elements_of_a_map() -> None:
    # float32 holds every whole number up to 2^24; no memory is needed to ask.
    for width, is_fused in ((2**11, True), (2**11 + 1, False)):
        x = torch.zeros(1).expand(1, 1, 2**13, width)
        assert (peaks_for(x) is not None) == is_fused
    assert peaks_for(torch.zeros(1, 1, 2, 2, dtype=torch.float16)) is None


@pytest.mark.parametrize(
    ("side", "direction", "threads", "units"),
    [
        # 4 images of 32 channels, 16 at a time: 8 units, or 2 blocks of channels for weights.
        (64, "forward", 3, 8),
        (64, "backward", 1, 8),
        (64, "weigh", 2, 2),
        (4, "forward", 3, 8),  # too few elements for a second thread
    ],
)
def test_threads_share_the_units_of_a_job(
    side: int, direction: str, threads: int, units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []

    def work(_: object, first: ctypes.c_int64, end: ctypes.c_int64) -> int:
        seen.append((first.value, end.value))
        return 0

    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    size = torch.Size((4, 32, side, side))
    job = Job(size, torch.float32, torch.channels_last, None, lanes=16)
    fake = SimpleNamespace(**{f"pool_{direction}": work})
    job.run(fake, direction)  # type: ignore[arg-type]
    assert len(seen) == (threads if side == 64 else 1)
    assert [unit for part in sorted(seen) for unit in range(*part)] == list(range(units))
    assert max(end - first for first, end in seen) == -(-units // len(seen))


def test_a_part_without_memory_fails_the_whole_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    size = torch.Size((4, 32, 64, 64))
    job = Job(size, torch.float32, torch.channels_last, None, lanes=16)
    fake = SimpleNamespace(pool_forward=lambda _, first, __: int(first.value > 0))
    with pytest.raises(MemoryError):
        job.run(fake, "forward")  # type: ignore[arg-type]


@pytest.mark.parametrize(("channels", "lanes"), [(1, 16), (16, 16), (17, 32), (64, 64), (65, 64)])
def test_lanes_are_whole_vectors_up_to_a_most(channels: int, lanes: int) -> None:
    assert lanes_of(channels, 64) == lanes
