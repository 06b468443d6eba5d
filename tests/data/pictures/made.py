"""Pictures made for the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from poolbench.data.pictures.kept_size import KeptSize
from poolbench.data.pictures.source import PictureFile, PictureList


def photograph(number: int, size: tuple[int, int]) -> Image.Image:
    """Return a picture with smooth parts and noise, of its own for each number."""
    generator = np.random.default_rng(number)
    small = Image.fromarray(generator.integers(256, size=(6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(int)
    noisy = smooth + generator.integers(-20, 20, size=smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def save_photographs(folder: Path, count: int, *, suffix: str = "jpg") -> list[Path]:
    """Save pictures of many sizes; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"{number:05d}.{suffix}"
        photograph(number, (30 + number % 23, 24 + number % 31)).save(path, quality=92)
        paths.append(path)
    return paths


def listed(paths: Sequence[Path], size: KeptSize, *, tests: int = 0) -> PictureList:
    """Return pictures of two classes, the last ``tests`` of them for testing."""
    files = [PictureFile(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
    labels = np.arange(len(files), dtype=np.int64) % 2
    cut = len(files) - tests
    return PictureList(
        train=files[:cut],
        train_labels=labels[:cut],
        test=files[cut:],
        test_labels=labels[cut:],
        classes=("ant", "bee"),
        size=size,
        upright=True,
    )
