"""Pictures are read upright, as a camera that was held sideways says they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from poolbench.data import DATASETS
from poolbench.data.imagenette_files import CLASSES
from tests.data.pictured import decoded, images_of, pictures_of, prepared


def tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


@pytest.fixture
def scene() -> Image.Image:
    """A picture that no turn leaves as it is: a bright corner, brighter to the right."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:4, :4] = 200
    pixels[:4, 4:8] = 250
    return Image.fromarray(pixels)


def as_shown(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_undone(
    orientation: int, suffix: str, scene: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / f"sideways.{suffix}"
    scene.save(path, exif=tagged(orientation))
    read = decoded(path)
    assert (read == as_shown(path)).all()
    is_turned = not np.allclose(read.astype(int), np.asarray(scene).astype(int), atol=40)
    assert is_turned == (orientation != 1)


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_is_none(
    orientation: int, scene: Image.Image, tmp_path: Path
) -> None:
    scene.save(tmp_path / "odd.png", exif=tagged(orientation))
    assert (decoded(tmp_path / "odd.png") == np.asarray(scene)).all()


def test_damaged_exif_data_leave_a_sound_picture_as_it_is(
    scene: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.webp"
    scene.save(path, exif=tagged(6), lossless=True)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"MM\x00\x2a", b"MM\x00\x00"))
    assert path.read_bytes() != content
    assert (decoded(path) == np.asarray(scene)).all()


def test_a_folder_is_read_upright_and_published_pictures_as_stored(
    scene: Image.Image, tmp_path: Path
) -> None:
    for base, names in (
        ("mine", ("ant", "bee")),
        ("imagenette2-160", tuple(CLASSES["imagenette"])),
    ):
        for path in (tmp_path / base / s / n / "0.png" for s in ("train", "val") for n in names):
            path.parent.mkdir(parents=True)
            scene.save(path, exif=tagged(3))
    upside_down = np.asarray(scene)[::-1, ::-1]
    for split in prepared(pictures_of("folder", tmp_path, path="mine", size_px=16)):
        assert (images_of(split).numpy() == upside_down).all()
    for split in prepared(pictures_of("imagenette", tmp_path, size_px=16, version=2)):
        assert (images_of(split).numpy() == np.asarray(scene)).all()


def test_the_revision_tells_upright_runs_from_sideways_ones() -> None:
    assert DATASETS["folder"].revision == 3
