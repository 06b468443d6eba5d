"""Wheels and data for a machine without a network, in pieces of limited size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
# Size that one command may upload, including the tracked tree.
_PIECE_MIB = 64
# Dependencies, direct and indirect, that its Python 3.12 lacks. pydantic comes with its own, whose
# versions have to match; the others come alone, because their large dependencies are installed.
_WITH_DEPENDENCIES = ("pydantic",)
_ALONE = ("foolbox", "eagerpy", "GitPython", "gitdb", "smmap", "platformdirs", "jsonschema",
          "jsonschema-specifications", "attrs", "referencing", "rpds-py")  # fmt: skip
_FOR_ITS_PYTHON = (
    "--only-binary=:all:", "--python-version=3.12", "--implementation=cp",
    "--platform=manylinux_2_28_x86_64", "--platform=manylinux_2_17_x86_64",
    "--platform=manylinux2014_x86_64",
)  # fmt: skip
_MNIST = tuple(
    f"MNIST/raw/{split}-{kind}-ubyte.gz"
    for split in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)
_SETS: Mapping[str, Sequence[str]] = {
    "mnist": _MNIST,
    "cifar10": ("cifar10-frame.npz", "cifar10-part-a.npz", "cifar10-part-b.npz"),
}
_PIECES: Mapping[str, Sequence[str]] = {
    "1": ("unpack.py", "cifar10-frame.npz", "cifar10-part-a.npz"),
    "2": ("unpack.py", "cifar10-part-b.npz", *_MNIST),
}


def pack(target: Path) -> None:
    """Write the pieces and print their sizes.

    Args:
        target: Folder of the pieces; earlier ones are replaced, any other content is an error.
    """
    source = Path(os.environ.get("POOLBENCH_PACKED_DATA", _ROOT.parent / "shared" / "data"))
    if not (source / "unpack.py").is_file():
        sys.exit(f"no packed data at {source}: name their folder with POOLBENCH_PACKED_DATA")
    strange = [path for path in target.glob("*") if path.name not in _PIECES]
    if strange:
        sys.exit(f"{target} contains other files than pieces, {strange[0].name}: name a new folder")
    for name in _PIECES:
        shutil.rmtree(target / name, ignore_errors=True)
    for name, files in _PIECES.items():
        for file in files:
            kept = target / name / "data" / file
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, kept)
    wheels = target / "1" / "wheels"
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={wheels}"]
    for wanted in (_WITH_DEPENDENCIES, ("--no-deps", *_ALONE)):
        if subprocess.run([*fetch, *_FOR_ITS_PYTHON, *wanted], check=False).returncode:
            sys.exit("pip could not download the wheels; see its message above")
    tree = _tracked_bytes()
    for name in _PIECES:
        piece = sum(path.stat().st_size for path in (target / name).rglob("*") if path.is_file())
        whole_mib = (piece + tree) / 2**20
        print(f"{target / name}: {piece / 2**20:.1f} MiB, with the tree {whole_mib:.1f} MiB")
        if whole_mib > _PIECE_MIB:
            sys.exit(f"{target / name} is too large: a command takes {_PIECE_MIB} MiB")


def unpack(piece: Path, work: Path) -> None:
    """Unpack a piece: install its wheels, and the data sets that are complete with it.

    Args:
        piece: A piece from :func:`pack`.
        work: Permanent folder: ``site`` belongs on Python's path, ``data`` has the data sets.
    """
    if not (piece / "data").is_dir():
        sys.exit(f"{piece} is not a piece: make it with --pack")
    packed, data = work / "packed", work / "data"
    shutil.copytree(piece / "data", packed, dirs_exist_ok=True)
    wheels = sorted(map(str, (piece / "wheels").glob("*.whl")))
    if wheels:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
                   "--upgrade", f"--target={work / 'site'}"]  # fmt: skip
        subprocess.run([*install, *wheels], check=True)
    whole = [
        name for name, files in _SETS.items() if all((packed / file).is_file() for file in files)
    ]
    if whole:
        subprocess.run([sys.executable, packed / "unpack.py", data, *whole], check=True)


def _tracked_bytes() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    files = (_ROOT / name for name in listed.stdout.split("\0") if name)
    return sum(path.stat().st_size for path in files if path.is_file())
