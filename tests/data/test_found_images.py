"""How many images are there: counted where they are files, known where the content is."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image

from poolbench.core.comparability import FoundImages
from poolbench.core.document import read_as
from poolbench.core.found_pictures import FoundPictures
from poolbench.core.named import Named
from poolbench.data.found_images import found_images
from poolbench.data.imagenette_files import CLASSES

MINE = Named(name="folder", options={"path": "mine", "size_px": 64, "split": None})


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
    assert found is not None
    assert (found.train, found.test, found.classes, found.official) == (30, 20, 10, official)
    assert not found.is_official
    assert str(found) == (
        "30 training and 20 test images of 10 classes; "
        f"the published data set has {official[0]:,} and {official[1]:,}"
    )


def test_a_folder_of_pictures_is_nobody_s_published_data_set(tmp_path: Path) -> None:
    _pictures(tmp_path / "mine", train=3, test=2)
    found = found_images(MINE, tmp_path)
    assert found is not None
    assert (found.train, found.test, found.classes, found.official) == (30, 20, 10, None)
    assert found.is_official


def test_a_folder_of_pictures_is_described(tmp_path: Path) -> None:
    for number, name in enumerate(("ant", "bee", os.fsdecode(b"gu\xeape"))):
        for split, count in (("train", 3 + number), ("test", 1)):
            (tmp_path / "mine" / split / name).mkdir(parents=True)
            for index in range(count):
                picture = Image.new("L", (10 + index, 20 * (1 + number)))
                picture.save(tmp_path / "mine" / split / name / f"{index}.png")
    (tmp_path / "mine" / "train" / "ant" / "broken.png").touch()
    (tmp_path / "mine" / "train" / "ant" / "animated.gif").touch()
    found = found_images(MINE, tmp_path)
    assert found is not None
    assert found.pictures == FoundPictures(
        class_names=("ant", "bee", r"gu\xeape"),
        train=(4, 5),
        test=(1, 1),
        sides_px=(10, 60),
        looked_at=15,
        left_out=("1 .gif",),
        damaged=1,
    )
    assert list(found.pictures.sentences("mine")) == [
        r"Classes of mine: ant, bee, gu\xeape; 4 to 5 training and 1 test pictures each; "
        "sides of 10 to 60 px, in 15 looked at, and 1 more that cannot be read.",
        "Left out of mine: 1 .gif.",
    ]
    # It is stored with the study, and those that are stored without it can be read.
    stored = json.loads(json.dumps(asdict(found)))
    assert read_as(FoundImages, json.dumps(stored)) == found
    del stored["pictures"]
    assert read_as(FoundImages, json.dumps(stored)) == replace(found, pictures=None)


def test_of_many_classes_a_few_are_named_and_of_many_pictures_a_few_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "test"):
        for number in range(8):
            folder = tmp_path / "mine" / split / f"class-{number}"
            folder.mkdir(parents=True)
            for index in range(30):
                (folder / f"{index}.png").touch()
    opened: list[Path] = []
    monkeypatch.setattr(Image, "open", lambda path: opened.append(path) or Image.new("L", (5, 7)))
    found = found_images(MINE, tmp_path)
    assert found is not None
    assert found.pictures is not None
    assert found.pictures.looked_at == len(opened) == 96
    assert {path.parent for path in opened} == {*(tmp_path / "mine").glob("*/*")}
    (sentence,) = found.pictures.sentences("mine")
    assert "class-0, class-1, class-2, class-3, class-4 and 3 more;" in sentence


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
