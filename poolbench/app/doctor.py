"""Examine the machine: can poolbench train here, and if not, what to do."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from poolbench.app.devices import count_cores, count_gpus
from poolbench.app.provenance import cpu_model
from poolbench.app.study import data_root
from poolbench.core.errors import EnvironmentFault
from poolbench.data import DATASETS
from poolbench.report.table import Column, Table, words
from poolbench.store.store import Store

Level = Literal["ok", "note", "fault"]
_LITTLE_SPACE = 2**30


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: The thing.
        level: ``ok``; ``note`` when something is missing that can be done without; ``fault`` when
            training is not possible.
        detail: What was found.
        advice: What to do; empty when nothing is wrong.
    """

    what: str
    level: Level
    detail: str
    advice: str = ""


def examine(store: Path, root: Path | None) -> list[Finding]:
    """Return what was found, most basic first.

    Args:
        store: The run store that would be used; it is not made.
        root: Where data sets would be looked for.
    """
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _versions,
        _torch,
        _torchvision,
        _devices,
        _kernels,
        lambda: _store(store),
        lambda: _data(data_root(root)),
    )
    return [finding for check in checks for finding in check()]


def to_table(findings: Sequence[Finding]) -> Table:
    """Return the findings as a table."""
    titles = ("what", "level", "found", "advice")
    return Table(
        title="poolbench on this machine",
        columns=tuple(Column(title=title, fields=(title,), is_text=True) for title in titles),
        rows=tuple(
            tuple(words(text) for text in (item.what, item.level, item.detail, item.advice))
            for item in findings
        ),
    )


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
    kind = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU-only build"
    yield Finding(what="torch", level="ok", detail=f"{torch.__version__} ({kind})")


def _torchvision() -> Iterator[Finding]:
    try:
        torchvision = importlib.import_module("torchvision")
    except Exception as error:  # its compiled part must fit torch's, and says so in many ways
        version = importlib.metadata.version("torch")
        yield Finding(
            what="torchvision",
            level="fault",
            detail=f"cannot be imported beside torch {version}: {error}",
            advice="its compiled operators are built for one torch build: a CPU-only torch and "
            "a CUDA torchvision do not fit; install both from one index, in one command: "
            "pip install --force-reinstall torch torchvision",
        )
        return
    yield Finding(what="torchvision", level="ok", detail=torchvision.__version__)


def _devices() -> Iterator[Finding]:
    threads = os.environ.get("OMP_NUM_THREADS")
    note = f", OMP_NUM_THREADS={threads} (workers set their own)" if threads else ""
    yield Finding(what="cpu", level="ok", detail=f"{count_cores()} cores, {cpu_model()}{note}")
    gpus = count_gpus()
    if not gpus:
        yield Finding(
            what="gpu",
            level="note",
            detail="no NVIDIA driver answers",
            advice="training runs on the CPU; the smoke profiles are made for it",
        )
        return
    try:
        torch = importlib.import_module("torch")
        usable = torch.cuda.device_count() if torch.cuda.is_available() else 0
        names = [torch.cuda.get_device_name(index) for index in range(usable)]
    except Exception as error:  # the torch finding says more
        usable, names = 0, [str(error)]
    if usable < gpus:
        yield Finding(
            what="gpu",
            level="fault",
            detail=f"the driver lists {gpus} GPUs, torch sees {usable}: {', '.join(names)}",
            advice="install a CUDA build of torch that fits the driver (nvidia-smi names it)",
        )
    else:
        yield Finding(what="gpu", level="ok", detail=", ".join(names))


def _kernels() -> Iterator[Finding]:
    try:
        native = importlib.import_module("poolbench.operators.kernels.native")
    except Exception:  # the torch finding says more
        return
    reason = native.fault()
    if reason is None:
        yield Finding(what="pooling kernels", level="ok", detail="built for this CPU")
        return
    yield Finding(
        what="pooling kernels",
        level="note",
        detail=reason,
        advice="smooth maxima are pooled by plain tensors, several times slower: install a C "
        "compiler (cc), or name one with CC",
    )


def _store(path: Path) -> Iterator[Finding]:
    if not (path / "STORE.json").exists():
        detail = f"none at {path} yet; train makes it"
        yield Finding(what="store", level="note", detail=detail)
        return
    try:
        store = Store.create(path)
    except EnvironmentFault as fault:
        yield Finding(what="store", level="fault", detail=fault.message, advice=fault.hint)
        return
    free = store.free_bytes()
    count = sum(1 for _ in store.finished())
    detail = f"{path}: {count} finished runs, {free / 2**30:.1f} GiB free"
    if free < _LITTLE_SPACE:
        yield Finding(what="store", level="note", detail=detail, advice="little space is left")
    else:
        yield Finding(what="store", level="ok", detail=detail)
    yield _locks(store)


def _locks(store: Store) -> Finding:
    """Take one lock twice: a file system that grants both cannot keep two writers apart."""
    path = store.path / "locks" / ".doctor"
    with FileLock(path, timeout=0, is_singleton=False):
        try:
            with FileLock(path, timeout=0, is_singleton=False):
                return Finding(
                    what="locks",
                    level="fault",
                    detail=f"{path.parent} grants one lock twice",
                    advice="keep the store on a file system with working flock",
                )
        except Timeout:
            return Finding(what="locks", level="ok", detail="exclusive, freed by the kernel")


def _data(root: Path | None) -> Iterator[Finding]:
    embedded = [name for name in DATASETS if name.endswith("digits")]
    yield Finding(what="data", level="ok", detail=f"embedded: {', '.join(embedded)}")
    if root is None:
        yield Finding(
            what="data root",
            level="note",
            detail="not set",
            advice="name the folder of MNIST and CIFAR with --data-root or POOLBENCH_DATA",
        )
    elif not root.is_dir():
        yield Finding(
            what="data root", level="fault", detail=f"{root} is no folder", advice="make it"
        )
    else:
        free = shutil.disk_usage(root).free / 2**30
        sets = {"MNIST": "mnist", "cifar-10-batches-py": "cifar10", "cifar-100-python": "cifar100"}
        found = [name for folder, name in sets.items() if (root / folder).is_dir()]
        listing = ", ".join(found) or "no known data set"
        yield Finding(
            what="data root", level="ok", detail=f"{root}: {listing}; {free:.1f} GiB free"
        )
