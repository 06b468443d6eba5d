"""Choosing devices and the number of workers, without loading torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from poolbench.core.cell import Precision
from poolbench.core.cores import count_cores
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.study import Execution, Study
from poolbench.training import CAPTURABLE

if TYPE_CHECKING:
    import torch


def count_gpus() -> int:
    """Return the number of NVIDIA GPUs a worker would see; 0 if the driver does not answer."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in {"", "-1"}:
        return 0
    present = sum(line.startswith("GPU ") for line in _ask_driver("-L"))
    return present if visible is None else min(present, len(visible.split(",")))


def driver_version() -> str:
    """Return the version of the NVIDIA driver; ``unknown`` if it does not answer."""
    versions = _ask_driver("--query-gpu=driver_version", "--format=csv,noheader")
    return versions[0] if versions else "unknown"


def _ask_driver(*question: str) -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [program, *question], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.splitlines()


def check_device(name: str) -> str:
    """Return a device's name if it is valid.

    Raises:
        BadInput: It is not ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise BadInput(f"unknown device '{name}'", "known: auto, cpu, cuda, cuda:N")
    return name


def workers_of(
    execution: Execution, *, device: str | None, jobs: int | None, gpus: int | None = None
) -> list[str]:
    """Return the device of each worker of a study.

    Args:
        execution: The suite's settings.
        device: Overrides the suite's device; ``None`` keeps it.
        jobs: Overrides the suite's jobs; ``None`` keeps it.
        gpus: Number of GPUs of another machine; ``None`` for those of this one.

    Raises:
        BadInput: There is no such device, or a number of GPUs goes with one that is not all.
    """
    asked = execution.device if device is None else device
    if gpus is not None and check_device(asked) not in ("auto", "cuda"):
        raise BadInput(
            f"--gpus {gpus} with the device {asked}",
            "leave --gpus out, or add --device cuda, which is all GPUs",
        )
    return assign_devices(
        asked, execution.jobs if jobs is None else jobs, share=execution.gpu, gpus=gpus
    )


def assign_devices(
    asked: str, jobs: int | None, *, share: float = 1.0, gpus: int | None = None
) -> list[str]:
    """Return the device of each worker.

    On the CPU, independent single-threaded workers beat one worker with all threads for the small
    networks this tool trains there, so ``jobs`` defaults to the cores; on GPUs to one per device,
    or as many as have room on it.

    Args:
        asked: ``auto``, ``cpu``, ``cuda`` (all of them) or ``cuda:N``.
        jobs: Number of workers; ``None`` for the default.
        share: Share of a GPU that a worker needs, in (0, 1].
        gpus: Number of GPUs, if it is not to be asked of the driver.

    Raises:
        BadInput: There is no such device.
    """
    check_device(asked)
    # A third of a GPU is a float a little more or less than one.
    on_each = int(1 / share + 1e-9)
    if asked == "cpu" or (asked == "auto" and gpus is None and count_gpus() == 0):
        return ["cpu"] * (jobs or count_cores())
    if asked.startswith("cuda:"):
        return [asked] * (jobs or on_each)
    gpus = gpus or max(1, count_gpus())
    return [f"cuda:{slot % gpus}" for slot in range(jobs or gpus * on_each)]


def check_gpu_settings(study: Study, *, device: str | None, is_here: bool = True) -> None:
    """Reject a study with settings that need a GPU if it would run on a CPU.

    Args:
        study: The study to train.
        device: Overrides the suite's device; ``None`` keeps it.
        is_here: Whether this machine trains it, and not one that nothing is known of.

    Raises:
        BadInput: There is no such device, it is the CPU, or a captured step has an optimiser that
            makes decisions in Python.
    """
    asked, wanted = study.execution, dict[str, str]()
    if asked.captured:
        wanted["captured"] = "asks for CUDA graphs"
    if asked.cudnn_benchmark:
        wanted["cudnn_benchmark"] = "tunes cuDNN, which only NVIDIA GPUs use"
    if any(cell.recipe.precision == "tf32" for cell in study.cells):
        wanted["precision"] = "asks for tf32, which needs a GPU"
    is_known = is_here or "cpu" in (device, asked.device)
    if wanted and is_known and "cpu" in workers_of(asked, device=device, jobs=1):
        off = {"captured": "false", "cudnn_benchmark": "false", "precision": "fp32"}
        reasons = ", ".join(f"execution.{key} {reason}" for key, reason in wanted.items())
        changes = " ".join(f"--set execution.{key}={off[key]}" for key in wanted)
        raise BadInput(
            f"{reasons}, and the training would run on a CPU",
            f"add --device cuda on a machine with a GPU, or {changes}",
        )
    if asked.captured:
        _check_capturable(study)


def _check_capturable(study: Study) -> None:
    for cell in study.cells:
        if cell.recipe.optimizer.name not in CAPTURABLE:
            raise BadInput(
                f"execution.captured: the step of {cell.recipe.optimizer.name} ({cell.variant}) "
                "is decided in Python, so no CUDA graph can hold it",
                "add --set execution.captured=false, or --only with variants of "
                f"{' or '.join(sorted(CAPTURABLE))}",
            )


def open_device(name: str, precision: Precision = "fp32") -> torch.device:
    """Return a working torch device, with full precision for float32.

    By default torch lets a GPU's convolutions round to tf32; here that has to be asked for.

    Args:
        name: ``cpu``, ``cuda`` or ``cuda:N``; ``auto`` is the CPU if no GPU answers.
        precision: A precision that the device has to support.

    Raises:
        BadInput: There is no such device, or ``tf32`` is asked for on a CPU.
        EnvironmentFault: Torch cannot use the GPU, or the GPU has no ``tf32``.
    """
    import torch

    device = torch.device(assign_devices(name, 1)[0])
    if device.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if found <= (device.index or 0):
            build = "a CPU-only build" if torch.version.cuda is None else "a CUDA build"
            raise EnvironmentFault(
                f"device '{name}' was asked for, but torch sees {found} CUDA devices here "
                f"(torch {torch.__version__} is {build})",
                "use --device cpu, or check the machine with: poolbench doctor",
            )
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if precision == "tf32":
        from poolbench.training.arithmetic import check_tf32

        check_tf32(device)
    return device
