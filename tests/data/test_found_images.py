"""How many images are there: counted where they are files, known where the content is."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolbench.core.cell import Named
from poolbench.core.comparability import FoundImages
from poolbench.data.found_images import found_images
from poolbench.data.imagenette_files import CLASSES


def _pictures(base: Path, *, train: int, test: int) -> None:
    for split, count in (("train", train), ("val", test)):
        for name in CLASSES["imagenette"]:
            folder = base / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                (folder / f"{index}.JPEG").touch()


@pytest.mark.parametrize(("version", "official"), [(1, (12_894, 500)), (2, (9_469, 3_925))])
def test_a_few_pictures_of_imagenette_are_counted_beside_the_archive_s(
    version: int, official: tuple[int, int], tmp_path: Path
) -> None:
    name = "imagenette-160" if version == 1 else "imagenette2-160"
    _pictures(tmp_path / name, train=3, test=2)
    found = found_images(
        Named(name="imagenette", options={"size_px": 128, "version": version}), tmp_path
    )
    assert found == FoundImages(train=30, test=20, classes=10, official=official)
    assert not found.is_official
    assert str(found) == (
        "30 training and 20 test images of 10 classes; "
        f"the published data set has {official[0]:,} and {official[1]:,}"
    )


def test_a_folder_of_pictures_is_nobody_s_published_data_set(tmp_path: Path) -> None:
    _pictures(tmp_path / "mine", train=3, test=2)
    found = found_images(Named(name="folder", options={"path": "mine", "size_px": 64}), tmp_path)
    assert found == FoundImages(train=30, test=20, classes=10)
    assert found.is_official


def test_known_content_needs_no_counting_and_missing_files_none(tmp_path: Path) -> None:
    digits = found_images(Named(name="digits", options={}), None)
    assert digits == FoundImages(train=1297, test=500, classes=10, official=(1297, 500))
    options = {
        "size_px": 32, "channels": 3, "num_classes": 4, "train_images": 7, "test_images": 5,
    }  # fmt: skip
    drawn = found_images(Named(name="gaussian", options=options), None)
    assert drawn is not None
    assert (drawn.train, drawn.test, drawn.classes, drawn.is_official) == (7, 5, 4, True)
    assert found_images(Named(name="cifar10", options={}), tmp_path) is None
