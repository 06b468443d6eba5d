from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from poolbench.data.pictures import decoding
from poolbench.data.pictures.decoding import UnreadablePicture, decode, header, shrunk
from tests.data.pictures.made import photograph


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def pillows(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(data)) as picture:
        transparent = "transparency" in picture.info
        return np.asarray((picture.convert("RGBA") if transparent else picture).convert("RGB"))


@pytest.mark.parametrize(
    ("mode", "format", "options"),
    [
        ("RGB", "JPEG", {"quality": 60}),
        ("RGB", "JPEG", {"quality": 95, "progressive": True}),
        ("RGB", "JPEG", {"quality": 80, "subsampling": 0}),
        ("L", "JPEG", {}),
        ("CMYK", "JPEG", {}),
        ("RGB", "PNG", {}),
        ("L", "PNG", {}),
        ("1", "PNG", {}),
        ("P", "PNG", {}),
        ("P", "PNG", {"bits": 4}),
        ("P", "PNG", {"transparency": 3}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("RGB", "PNG", {"transparency": (0, 0, 0)}),
        ("RGB", "WEBP", {"lossless": True}),
        ("RGB", "TIFF", {}),
        ("RGB", "BMP", {}),
    ],
)
def test_every_kind_of_picture_has_pillows_pixels(
    mode: str, format: str, options: dict[str, object]
) -> None:
    data = encoded(photograph(3, (61, 47)).convert(mode), format, **options)
    assert np.array_equal(decode(data, header(data)).numpy(), pillows(data))


def png(bits: int, colour_type: int, channels: int) -> bytes:
    """Return a PNG of 8 x 8 random samples of so many bits."""
    rows = np.random.default_rng(bits).integers(256, size=(8, bits * channels), dtype=np.uint8)

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">2I5B", 8, 8, bits, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


@pytest.mark.parametrize(("bits", "colour_type"), [(2, 0), (4, 0), (8, 0), (8, 2), (16, 2)])
def test_a_png_of_any_depth_has_pillows_pixels(bits: int, colour_type: int) -> None:
    data = png(bits, colour_type, 3 if colour_type else 1)
    found = decode(data, header(data))
    assert found.dtype == torch.uint8
    assert np.array_equal(found.numpy(), pillows(data))


def test_without_torchvisions_decoder_the_pixels_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encoded(photograph(1, (40, 50)), "JPEG")
    assert decoding.torchvision_decoder() is not None
    fast = decode(data, header(data))
    monkeypatch.setattr(decoding, "torchvision_decoder", lambda: None)
    assert torch.equal(decode(data, header(data)), fast)


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_half_a_picture_is_refused(format: str, share: float) -> None:
    data = encoded(photograph(2, (80, 60)), format)
    half = data[: int(share * len(data))]
    with pytest.raises(UnreadablePicture):
        decode(half, header(half))


def test_sixteen_bits_are_refused_rather_than_clipped() -> None:
    deep = encoded(Image.fromarray(np.full((5, 5), 40000, np.uint16)), "PNG")
    with pytest.raises(UnreadablePicture, match="more than 8 bits"):
        header(deep)


def test_a_picture_is_shrunk_by_its_shorter_side_and_never_enlarged() -> None:
    pixels = torch.from_numpy(np.array(photograph(5, (101, 60))))
    assert shrunk(pixels, 30).shape == (30, 50, 3)  # 101 / 2 to even
    assert shrunk(pixels.transpose(0, 1), 30).shape == (50, 30, 3)
    assert torch.equal(shrunk(pixels, 60), pixels)
    assert torch.equal(shrunk(pixels, 61), pixels)
    assert torch.equal(shrunk(pixels, None), pixels)


def test_shrinking_is_within_one_level_of_pillow() -> None:
    picture = photograph(7, (200, 151))
    ours = shrunk(torch.from_numpy(np.array(picture)), 64).numpy().astype(int)
    theirs = np.asarray(picture.resize((85, 64), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(ours - theirs).max() <= 1


def test_undecodable_files_are_named_with_reasons(tmp_path: Path) -> None:
    sound, empty = tmp_path / "sound.png", tmp_path / "empty.png"
    photograph(0, (9, 9)).save(sound)
    empty.write_bytes(b"")
    ((path, reason),) = decoding.undecodable([sound, empty, tmp_path / "gone.png"][:2])
    assert path == empty
    assert reason
