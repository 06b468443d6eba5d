"""Folders of JPEGs made on the spot: few are encoded, and each file has bytes of its own."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 500, 375  # the median of ImageNet's
CLASSES = ("ant", "bee")
_ENCODED = 64
_COMMENT = b"\xff\xfe"
_START = 2  # of the markers, after that of the picture


def make_pictures(folder: Path, count: int) -> None:
    """Make ``count`` training pictures and one test picture of each class.

    Args:
        folder: Where ``train/CLASS`` and ``val/CLASS`` go.
        count: Number of training pictures.
    """
    encoded = [_photograph(seed) for seed in range(min(_ENCODED, count))]
    for split, pictures in (("train", count), ("val", len(CLASSES))):
        for name in CLASSES:
            (folder / split / name).mkdir(parents=True, exist_ok=True)
        for number in range(pictures):
            path = folder / split / CLASSES[number % len(CLASSES)] / f"{number:07d}.jpg"
            path.write_bytes(_with_comment(encoded[number % len(encoded)], f"{split} {number}"))


def _photograph(seed: int) -> bytes:
    """Return a JPEG of as many bytes as a photograph has: 1/f noise, as natural scenes have."""
    generator = np.random.default_rng(seed)
    spectrum = np.fft.fft2(generator.standard_normal((3, HEIGHT, WIDTH)))
    rows, columns = np.fft.fftfreq(HEIGHT)[:, None], np.fft.fftfreq(WIDTH)
    scene = np.fft.ifft2(spectrum / np.maximum(np.hypot(rows, columns), 1 / WIDTH)).real
    scene = 128 + 50 * scene / scene.std()
    pixels = scene.clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _with_comment(jpeg: bytes, comment: str) -> bytes:
    text = comment.encode()
    segment = _COMMENT + struct.pack(">H", len(text) + 2) + text
    return jpeg[:_START] + segment + jpeg[_START:]
