"""The provenance of a result: machine, versions, settings."""

from __future__ import annotations

import importlib.metadata
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poolbench import __version__

if TYPE_CHECKING:
    import torch


def cpu_model() -> str:
    """Return the processor's name from the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def now() -> str:
    """Return the current time as ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe(device: torch.device) -> dict[str, Any]:
    """Return everything besides the cell that a result's bits may depend on, as JSON."""
    import torch

    from poolbench.operators.kernels import kernel_for

    kernel = kernel_for(torch.empty((1, 1, 1, 1), device=device))
    return {
        "poolbench": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": importlib.metadata.version("numpy"),
        "platform": platform.platform(),
        "host": platform.node(),
        "cpu": cpu_model(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "device": str(device),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "threads": torch.get_num_threads(),
        "memory_format": "channels_last",
        "pooling_kernels": kernel.__name__.rpartition(".")[2],
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
    }
