from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import Imagenette

from poolbench.core.cell import DataSpec
from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.fingerprint import fingerprint
from poolbench.data.imagenette_files import CLASSES, find_imagenette
from poolbench.data.load import load
from poolbench.data.splits import Splits
from tests.data.pictured import images_of


def unpack(base: Path, dataset: str, level: int = 0, side_px: int = 20) -> None:
    """Lay out an archive: in each split one picture of each class, which is of its own grey."""
    for number, folder in enumerate(CLASSES[dataset]):
        picture = Image.new("RGB", (side_px + 4, side_px), (level + 20 * number,) * 3)
        for split in ("train", "val"):
            path = base / split / folder / f"{folder}_1.JPEG"
            path.parent.mkdir(parents=True)
            picture.save(path, quality=95)


def source(dataset: str, size_px: int = 128, version: int = 2) -> Named:
    return Named(name=dataset, options={"size_px": size_px, "version": version}, revision=2)


def splits_of(chosen: Named, root: Path) -> Splits:
    spec = DataSpec(source=chosen, checksum=fingerprint(chosen, root))
    return load(spec, root=root, download=False, device=torch.device("cpu"))


def test_our_class_names_are_torchvisions() -> None:
    known = {wnid: names[0] for wnid, names in Imagenette._WNID_TO_CLASS.items()}
    assert known == CLASSES["imagenette"]


@pytest.mark.parametrize("dataset", CLASSES)
def test_an_unpacked_archive_becomes_squares_under_the_classes_names(
    dataset: str, tmp_path: Path
) -> None:
    unpack(tmp_path / f"{dataset}2-160", dataset)
    splits = splits_of(source(dataset, size_px=16), tmp_path)
    assert splits.shape == (3, 16, 16)
    assert splits.classes == tuple(CLASSES[dataset].values())
    assert splits.num_classes == DATASETS[dataset].num_classes
    for split in (splits.train, splits.test):
        assert split.labels.tolist() == list(range(10))
        greys = images_of(split).flatten(1).float().mean(1)
        assert np.allclose(greys, 20 * np.arange(10), atol=2)


@pytest.mark.parametrize(
    ("size_px", "there", "taken"),
    [
        (128, ["", "-320", "-160"], "-160"),
        (140, ["", "-320", "-160"], "-160"),
        (141, ["", "-320", "-160"], "-320"),
        (256, ["", "-160"], ""),
        (128, ["", "-320"], "-320"),
        (282, ["", "-320"], ""),
    ],
)
@pytest.mark.parametrize(("version", "mark"), [(1, ""), (2, "2")])
def test_the_smallest_archive_that_needs_no_enlarging_is_taken(
    size_px: int, there: list[str], taken: str, version: int, mark: str, tmp_path: Path
) -> None:
    for suffix in there:
        unpack(tmp_path / f"imagenette{mark}{suffix}", "imagenette")
    files = find_imagenette(source("imagenette", size_px, version), tmp_path)
    assert files.base.name == f"imagenette{mark}{taken}"


def test_neither_another_version_nor_a_smaller_archive_stands_in(tmp_path: Path) -> None:
    unpack(tmp_path / "imagewoof2-160", "imagewoof")
    with pytest.raises(EnvironmentFault) as caught:
        find_imagenette(source("imagewoof", 256), tmp_path)
    assert str(tmp_path / "imagewoof2-320") in caught.value.message
    assert str(tmp_path / "imagewoof2-160") not in caught.value.message
    assert "imagewoof2-320.tgz" in caught.value.hint
    with pytest.raises(EnvironmentFault, match="imagewoof-160"):
        find_imagenette(source("imagewoof", 128, version=1), tmp_path)


def test_an_archive_with_other_classes_is_refused(tmp_path: Path) -> None:
    unpack(tmp_path / "imagewoof2", "imagenette")
    with pytest.raises(EnvironmentFault, match="does not have the classes of 'imagewoof'"):
        find_imagenette(source("imagewoof"), tmp_path)
    base = tmp_path / "imagenette2"
    unpack(base, "imagenette")
    for split in ("train", "val"):
        shutil.rmtree(base / split / "n03028079")
    with pytest.raises(EnvironmentFault, match="n03028079"):
        find_imagenette(source("imagenette"), tmp_path)


def test_the_checksum_follows_the_files_and_not_where_they_are(tmp_path: Path) -> None:
    chosen = source("imagenette")
    for root, level in (("one", 0), ("two", 0), ("three", 5)):
        unpack(tmp_path / root / "imagenette2-160", "imagenette", level)
    one, two, three = (fingerprint(chosen, tmp_path / root) for root in ("one", "two", "three"))
    assert one == two
    assert one != three
