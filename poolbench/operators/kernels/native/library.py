"""Fused C for the CPU, built once per machine with its own compiler.

The sources are next to this file and take ``cc`` a second each; the libraries are kept in the
user's cache. Without a compiler only speed is lost: :func:`fault` says why.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

from poolbench.core.user_cache import cache_folder

_FOLDER = Path(__file__).parent
_FLAGS = (
    "-std=c11", "-O2", "-ftree-vectorize", "-fopenmp-simd", "-ffp-contract=fast",
    "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC",
)  # fmt: skip
# The instruction set that torch detected: different machines may share the cache.
_WIDTHS = {
    "AVX512": (
        "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma",
        "-mprefer-vector-width=512",
    ),
    "AVX2": ("-mavx2", "-mfma"),
}  # fmt: skip


def fault() -> str | None:
    """Return why there are no libraries on this machine; ``None`` if there are."""
    found = library("smooth_maximum", "double")
    return found if isinstance(found, str) else None


@functools.cache
def library(source: str, real: str) -> ctypes.CDLL | str:
    """Return a library, building it if necessary, or why there is none.

    Args:
        source: A C file in this folder, without its suffix.
        real: The type it computes in: ``float`` or ``double``.
    """
    try:
        return ctypes.CDLL(str(_built(source, real)))
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error
        return f"no CPU kernels: {str(detail).strip().splitlines()[0]}"


def _built(source: str, real: str) -> Path:
    compiler = next(
        filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None
    )
    if compiler is None:
        raise OSError("no C compiler (cc, gcc or clang) on PATH")
    wide = _WIDTHS.get(torch.backends.cpu.get_cpu_capability(), ())
    flags = (*_FLAGS, *wide, f"-DREAL={real}")
    file, header = _FOLDER / f"{source}.c", _FOLDER / "maps.h"
    stat = Path(compiler).stat()
    origin: Any = (
        compiler, stat.st_size, stat.st_mtime_ns, flags, file.read_text(), header.read_text(),
    )  # fmt: skip
    name = f"{source}-{hashlib.sha256(repr(origin).encode()).hexdigest()[:16]}.so"
    folder = cache_folder() / "kernels"
    library = folder / name
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            built = Path(scratch) / name
            subprocess.run(  # noqa: S603
                [compiler, *flags, str(file), "-o", str(built), "-lm"],
                check=True, capture_output=True, text=True, timeout=300,
            )  # fmt: skip
            built.replace(library)  # atomic: others may be building the same
    return library
