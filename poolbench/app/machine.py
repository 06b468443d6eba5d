"""Check what training needs: Python, torch, processors and their pooling kernels."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from poolbench.core.cores import count_cores
from poolbench.core.counted import counted
from poolbench.core.finding import Finding
from poolbench.runtime.devices import count_gpus, driver_version
from poolbench.runtime.provenance import cpu_model

_WITHOUT_COMPILER = (
    "pooling falls back to plain tensors, several times slower: install a C compiler (cc), or name "
    "one in CC"
)
_WITHOUT_TRITON = (
    "pooling falls back to plain tensors, several times slower: install a CUDA build of torch for "
    "Linux, which includes Triton, and a C compiler"
)
_WITHOUT_CACHE = (
    "every worker takes some seconds longer to start: name a folder of your own in POOLBENCH_CACHE"
)


def examine_machine() -> Iterator[Finding]:
    """Yield findings, the most basic first."""
    yield from _versions()
    yield from _torch()
    yield from _torchvision()
    yield from _devices()
    yield from _kernels()


def _versions() -> Iterator[Finding]:
    yield Finding(
        what="python", level="ok", detail=f"{platform.python_version()} on {platform.platform()}"
    )
    names = ("numpy", "scipy", "scikit-learn", "pydantic", "safetensors", "rich", "typer")
    detail = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    yield Finding(what="libraries", level="ok", detail=detail)


def _torch() -> Iterator[Finding]:
    try:
        torch = importlib.import_module("torch")
    except Exception as error:  # a broken installation fails in many ways
        yield Finding(
            what="torch",
            level="fault",
            detail=f"cannot be imported: {error}",
            advice="install it again: pip install --force-reinstall torch torchvision",
        )
        return
    parts = [f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU-only build"]
    if torch.backends.cudnn.is_available():
        parts.append(f"cuDNN {torch.backends.cudnn.version()}")
    if find_spec("triton"):
        parts.append(f"Triton {importlib.metadata.version('triton')}")
    yield Finding(what="torch", level="ok", detail=f"{torch.__version__} ({', '.join(parts)})")


def _torchvision() -> Iterator[Finding]:
    try:
        torchvision = importlib.import_module("torchvision")
    except Exception as error:  # it fails in many ways if it was built for another torch
        version = importlib.metadata.version("torch")
        yield Finding(
            what="torchvision",
            level="fault",
            detail=f"cannot be imported with torch {version}: {error}",
            advice="its compiled operators work with one torch build: a CPU-only torch and "
            "a CUDA torchvision do not match; install both from one index, in one command: "
            "pip install --force-reinstall torch torchvision",
        )
        return
    yield Finding(what="torchvision", level="ok", detail=torchvision.__version__)


def _devices() -> Iterator[Finding]:
    threads = os.environ.get("OMP_NUM_THREADS")
    note = f", OMP_NUM_THREADS={threads} (workers set their own)" if threads else ""
    detail = f"{counted(count_cores(), 'core')}, {cpu_model()}{note}"
    yield Finding(what="cpu", level="ok", detail=detail)
    gpus = count_gpus()
    if not gpus:
        yield Finding(
            what="gpu",
            level="note",
            detail="no NVIDIA driver found",
            advice="training runs on the CPU; the smoke profiles are small enough for it",
        )
        return
    try:
        torch = importlib.import_module("torch")
        usable = torch.cuda.device_count() if torch.cuda.is_available() else 0
        names = [_describe_gpu(torch.cuda.get_device_properties(i)) for i in range(usable)]
    except Exception as error:  # the finding on torch says more
        usable, names = 0, [str(error)]
    if usable < gpus:
        yield Finding(
            what="gpu",
            level="fault",
            detail=f"the driver lists {gpus} GPUs, torch sees {usable}: {', '.join(names)}",
            advice="install a CUDA build of torch that matches the driver (see nvidia-smi)",
        )
    else:
        detail = f"{', '.join(names)}; driver {driver_version()}"
        yield Finding(what="gpu", level="ok", detail=detail)


def _describe_gpu(properties: Any) -> str:
    return (
        f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB, compute capability "
        f"{properties.major}.{properties.minor})"
    )


def _kernels() -> Iterator[Finding]:
    try:
        kernels = importlib.import_module("poolbench.operators.kernels")
        torch = importlib.import_module("torch")
        gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    except Exception:  # the finding on torch says more
        return
    for name in ("cpu", *(f"cuda:{index}" for index in range(gpus))):
        device = torch.device(name)
        what = f"pooling kernels, {name}"
        if reasons := kernels.faults(device):
            advice = _WITHOUT_COMPILER if name == "cpu" else _WITHOUT_TRITON
            yield Finding(what=what, level="note", detail="; ".join(reasons), advice=advice)
        elif unkept := kernels.unkept(device):
            detail = f"built and correct, but by each process anew: {unkept}"
            yield Finding(what=what, level="note", detail=detail, advice=_WITHOUT_CACHE)
        else:
            yield Finding(what=what, level="ok", detail="built and correct")
