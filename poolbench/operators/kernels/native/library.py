"""Fused C for the CPU, built once per machine with its own compiler.

The sources are next to this file and take ``cc`` a second each; the libraries are kept in the
user's cache: see ``kept``. Where nothing can be kept, each process builds its own, since the bits
of a result must not depend on it: :func:`unkept` says why. Without a compiler only speed is lost:
:func:`fault` says why.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from poolbench.operators.kernels.native.kept import find, keep

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
# What is true of this one is true of all.
_SAMPLE = ("smooth_maximum", "double")


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """A library, and why it is not kept; empty if it is."""

    library: ctypes.CDLL
    unkept: str = ""


def fault() -> str | None:
    """Return why there are no libraries on this machine; ``None`` if there are."""
    found = _load(*_SAMPLE)
    return found if isinstance(found, str) else None


def unkept() -> str | None:
    """Return why each process builds libraries of its own; ``None`` if they are kept."""
    found = _load(*_SAMPLE)
    return None if isinstance(found, str) else found.unkept or None


def library(source: str, real: str) -> ctypes.CDLL | str:
    """Return a library, building it if necessary, or why there is none.

    Args:
        source: A C file in this folder, without its suffix.
        real: The type it computes in: ``float`` or ``double``.
    """
    found = _load(source, real)
    return found if isinstance(found, str) else found.library


@functools.cache
def _load(source: str, real: str) -> _Loaded | str:
    try:
        command = _command(source, real)
        name = f"{source}-{_identity(command, source)}"
        try:
            if path := find(name):
                return _Loaded(library=ctypes.CDLL(str(path)))
        except OSError as error:
            return _build(command, name, unkept=_reason(error))
        return _build(command, name)
    except (OSError, subprocess.SubprocessError) as error:
        return f"no CPU kernels: {_reason(error)}"


def _command(source: str, real: str) -> list[str]:
    compiler = next(
        filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None
    )
    if compiler is None:
        raise OSError("no C compiler (cc, gcc or clang) on PATH")
    wide = _WIDTHS.get(torch.backends.cpu.get_cpu_capability(), ())
    return [compiler, *_FLAGS, *wide, f"-DREAL={real}", str(_FOLDER / f"{source}.c"), "-lm"]


def _identity(command: list[str], source: str) -> str:
    """Return a hash of all that decides what is built."""
    compiler = Path(command[0]).stat()
    texts = [(_FOLDER / name).read_text(encoding="utf-8") for name in (f"{source}.c", "maps.h")]
    origin = (command, compiler.st_size, compiler.st_mtime_ns, texts)
    return hashlib.sha256(repr(origin).encode()).hexdigest()[:16]


def _build(command: list[str], name: str, *, unkept: str = "") -> _Loaded:
    """Build a library and keep it, unless that is known to be impossible."""
    with tempfile.TemporaryDirectory(prefix="poolbench-") as scratch:
        built = Path(scratch) / f"{name}.so"
        subprocess.run(  # noqa: S603
            [*command, "-o", str(built)], check=True, capture_output=True, text=True, timeout=300
        )
        if not unkept:
            try:
                return _Loaded(library=ctypes.CDLL(str(keep(name, built.read_bytes()))))
            except OSError as error:
                unkept = _reason(error)
        # What is mapped stays when its file goes.
        return _Loaded(library=ctypes.CDLL(str(built)), unkept=unkept)


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = getattr(error, "stderr", None) or str(error)
    return text.strip().splitlines()[0]
