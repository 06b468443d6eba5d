"""Smooth maxima on the CPU by fused C, built once a machine with its own compiler.

The source is smooth_maximum.c beside this file, a second's work for ``cc``; the library is kept in
the user's cache. Where there is no compiler nothing is lost but speed: :func:`fault` says why.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from poolbench.core.user_cache import cache_folder
from poolbench.operators.window import Window

_SOURCE = Path(__file__).with_name("smooth_maximum.c")
_FLAGS = (
    "-std=c11", "-O2", "-ftree-vectorize", "-fopenmp-simd", "-ffp-contract=fast",
    "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC",
)  # fmt: skip
# What torch found the processor to have: the cache may be shared by unlike machines.
_WIDTHS = {
    "AVX512": (
        "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma",
        "-mprefer-vector-width=512",
    ),
    "AVX2": ("-mavx2", "-mfma"),
}  # fmt: skip
_DTYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float64: 2}
_OPERATIONS = {"lse": 0, "lae": 1, "softpool": 2}
# Elements below which a second thread costs more than it takes over.
_THREADED_ELEMENTS = 2**18


class _Job(ctypes.Structure):
    """The structure of the same name in smooth_maximum.c."""

    _integers = (
        "dtype", "operation", "images", "channels", "height", "width",
        "out_height", "out_width", "kernel_height", "kernel_width",
        "stride_height", "stride_width", "pad_height", "pad_width",
        "is_pixelwise", "is_rows", "lanes",
    )  # fmt: skip
    _pointers = (
        "maps", "temperature", "pooled", "peak", "logarithm", "centre",
        "upstream", "gradient", "slope",
    )  # fmt: skip
    _fields_ = [
        *((name, ctypes.c_int64) for name in _integers),
        *((name, ctypes.c_void_p) for name in _pointers),
    ]


def covers(x: Tensor) -> bool:
    """Tell whether the library is there and knows the dtype of the maps."""
    return x.dtype in _DTYPES and isinstance(_library(), ctypes.CDLL)


def fault() -> str | None:
    """Return why there is no library on this machine; None where there is one."""
    library = _library()
    return library if isinstance(library, str) else None


def forward(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return y, m, the logarithm and, for softpool, the centre."""
    work = _Work(x, log_temperature, window, operation)
    kept = torch.promote_types(x.dtype, torch.float32)
    pooled, peak = (work.empty_outputs(x.dtype) for _ in range(2))
    logarithm = work.empty_outputs(kept)
    centre = work.empty_outputs(kept) if operation == "softpool" else x.new_empty(0, dtype=kept)
    work.run("forward", pooled=pooled, peak=peak, logarithm=logarithm, centre=centre)
    return pooled, peak, logarithm, centre


def backward(
    upstream: Tensor,
    x: Tensor,
    log_temperature: Tensor,
    peak: Tensor,
    logarithm: Tensor,
    centre: Tensor,
    window: Window | None,
    operation: str,
) -> tuple[Tensor, Tensor]:
    """Return the gradient of x, and that of log t for each map, ``(N, C)``, float64."""
    work = _Work(x, log_temperature, window, operation)
    gradient = torch.empty_like(work.maps)
    slope = torch.empty(x.shape[:2], dtype=torch.float64)
    kept = {"peak": peak, "logarithm": logarithm} | (
        {"centre": centre} if operation == "softpool" else {}
    )
    given = {
        name: tensor.contiguous(memory_format=work.layout)
        for name, tensor in ({"upstream": upstream.to(x.dtype)} | kept).items()
    }
    work.run("backward", gradient=gradient, slope=slope, **given)
    return gradient, slope


class _Work:
    """One call of the library: the geometry, cut into units that threads can share."""

    def __init__(
        self, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> None:
        is_pixelwise = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
        self.layout = torch.channels_last if is_pixelwise else torch.contiguous_format
        self.maps = maps = x.detach().contiguous(memory_format=self.layout)
        images, channels, height, width = maps.shape
        geometry = window or Window((height, width), (1, 1))
        outputs = geometry.output_size((height, width))
        is_rows = window is None and not is_pixelwise
        lanes = 64 if is_pixelwise else 16
        self._shape = (images, channels, *outputs)
        self._units = -(-images * channels // lanes) if is_rows else images * -(-channels // lanes)
        temperature = log_temperature.detach().double().exp().expand(channels).contiguous()
        self._tensors = {"maps": maps, "temperature": temperature}
        self._job = _Job(
            _DTYPES[maps.dtype], _OPERATIONS[operation], images, channels, height, width, *outputs,
            *geometry.kernel_size, *geometry.stride, *geometry.padding,
            is_pixelwise, is_rows, lanes,
        )  # fmt: skip

    def empty_outputs(self, dtype: torch.dtype) -> Tensor:
        """Return a tensor with a place for each window."""
        return torch.empty(self._shape, dtype=dtype, memory_format=self.layout)

    def run(self, direction: str, **tensors: Tensor) -> None:
        """Do all units, each in one thread only: the bits do not depend on how many there are.

        Raises:
            MemoryError: there is none for the scratch.
        """
        for name, tensor in (self._tensors | tensors).items():
            setattr(self._job, name, tensor.data_ptr())
        work = getattr(_library(), f"pool_{direction}")
        count = torch.get_num_threads() if self.maps.numel() >= _THREADED_ELEMENTS else 1
        bounds = [self._units * index // count for index in range(count + 1)]
        failures = [0] * count

        def do_part(index: int) -> None:
            failures[index] = work(ctypes.byref(self._job), bounds[index], bounds[index + 1])

        threads = [threading.Thread(target=do_part, args=(index,)) for index in range(1, count)]
        for thread in threads:
            thread.start()
        do_part(0)
        for thread in threads:
            thread.join()
        if any(failures):
            raise MemoryError("no memory for the scratch of a pooling kernel")


@functools.cache
def _library() -> ctypes.CDLL | str:
    """Return the library, built if need be, or why there is none."""
    try:
        library = ctypes.CDLL(str(_built()))
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error
        return f"no CPU kernels: {str(detail).strip().splitlines()[0]}"
    for direction in ("forward", "backward"):
        function = getattr(library, f"pool_{direction}")
        function.argtypes = [ctypes.POINTER(_Job), ctypes.c_int64, ctypes.c_int64]
        function.restype = ctypes.c_int
    return library


def _built() -> Path:
    compiler = next(
        filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None
    )
    if compiler is None:
        raise OSError("no C compiler (cc, gcc or clang) on PATH")
    flags = (*_FLAGS, *_WIDTHS.get(torch.backends.cpu.get_cpu_capability(), ()))
    stat = Path(compiler).stat()
    origin: Any = (compiler, stat.st_size, stat.st_mtime_ns, flags, _SOURCE.read_text())
    name = f"smooth_maximum-{hashlib.sha256(repr(origin).encode()).hexdigest()[:16]}.so"
    folder = cache_folder() / "kernels"
    library = folder / name
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            built = Path(scratch) / name
            subprocess.run(  # noqa: S603
                [compiler, *flags, str(_SOURCE), "-o", str(built), "-lm"],
                check=True, capture_output=True, text=True, timeout=300,
            )  # fmt: skip
            built.replace(library)  # at once: others may be building the same
    return library
