"""Test pictures of a folder without any are chosen by content."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from poolbench.core.cell import DataSpec
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.core.options import check_options
from poolbench.data import DATASETS
from poolbench.data.fingerprint import fingerprint
from poolbench.data.folder_files import find_pictures
from poolbench.data.folder_split import split_by_content
from poolbench.data.load import load


def source(split: float | None = 0.2) -> Named:
    return Named(name="folder", options={"path": "mine", "size_px": 8, "split": split}, revision=3)


def draw(folder: Path, count: int, seed: int, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    for number in range(first, first + count):
        pixels = noise.integers(256, size=(6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04}.bmp")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    draw(tmp_path / "mine" / "ant", 300, seed=1)
    draw(tmp_path / "mine" / "bee", 40, seed=2)
    return tmp_path / "mine"


def contents(pictures: tuple[tuple[Path, ...], ...]) -> set[bytes]:
    return {path.read_bytes() for of_class in pictures for path in of_class}


def test_each_class_gives_its_share_and_every_picture_is_on_one_side(base: Path) -> None:
    files = find_pictures(source(), base.parent)
    assert files.classes == ("ant", "bee")
    # 60 and 8 are expected; the spread of a binomial is 6.9 and 2.5.
    assert abs(len(files.test[0]) - 60) <= 3 * 6.9
    assert abs(len(files.test[1]) - 8) <= 3 * 2.5
    assert len(set(files)) == 340
    assert not contents(files.train) & contents(files.test)


def test_the_rule_is_the_hash_of_the_file(base: Path) -> None:
    for path in (
        path for pictures in find_pictures(source(), base.parent).test for path in pictures
    ):
        assert int(hashlib.sha256(path.read_bytes()).hexdigest(), 16) < 0.2 * 2**256


def test_pictures_stay_on_their_side_when_others_are_added_removed_and_renamed(base: Path) -> None:
    before = find_pictures(source(), base.parent)
    train, test = contents(before.train), contents(before.test)
    draw(base / "ant", 300, seed=3, first=5000)
    draw(base / "wasp", 50, seed=4)
    for number, path in enumerate(sorted((base / "bee").iterdir())):
        path.rename(path.with_name(f"renamed-{(7 * number) % 41}.bmp"))
    after = find_pictures(source(), base.parent)
    assert train <= contents(after.train)
    assert test <= contents(after.test)
    assert len(contents(after.test)) > len(test)
    for path in (base / "ant").glob("50*.bmp"):
        path.unlink()
    assert test <= contents(find_pictures(source(), base.parent).test)


def test_a_larger_share_keeps_the_test_pictures_of_a_smaller_one(base: Path) -> None:
    small, large = (contents(find_pictures(source(f), base.parent).test) for f in (0.1, 0.3))
    assert small < large


def test_copies_of_a_picture_are_never_on_both_sides(base: Path) -> None:
    for path in sorted((base / "ant").iterdir()):
        shutil.copy(path, path.with_name(f"copy-of-{path.name}"))
    files = find_pictures(source(), base.parent)
    assert sum(map(len, files.train)) + sum(map(len, files.test)) == 640
    assert not contents(files.train) & contents(files.test)


@pytest.mark.parametrize("fraction", [0.001, 0.9])
def test_the_smallest_class_has_a_picture_on_each_side(fraction: float, tmp_path: Path) -> None:
    draw(tmp_path / "ant", 2, seed=1)
    classes = {"ant": sorted((tmp_path / "ant").iterdir())}
    train, test = split_by_content(tmp_path, classes, fraction)
    assert (len(train["ant"]), len(test["ant"])) == (1, 1)


@pytest.mark.parametrize("fraction", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("seed", range(8))
def test_copies_in_several_classes_are_on_one_side_too(
    seed: int, fraction: float, tmp_path: Path
) -> None:
    noise = np.random.default_rng(seed)
    names = ("ant", "bee", "wasp")
    for name in names:
        draw(tmp_path / name, 2, seed=int(noise.integers(1000)))
    for name in names[1:]:
        shutil.copy(tmp_path / "ant" / "0000.bmp", tmp_path / name / "shared.bmp")
    classes = {name: sorted((tmp_path / name).iterdir()) for name in names}
    sides = split_by_content(tmp_path, classes, fraction)
    train, test = (contents(tuple(side.values())) for side in sides)
    assert not train & test
    assert all(side[name] for side in sides for name in names)


def test_a_class_whose_only_pictures_are_those_of_others_can_be_refused(tmp_path: Path) -> None:
    draw(tmp_path / "ant", 1, seed=1)
    draw(tmp_path / "bee", 1, seed=2)
    shutil.copytree(tmp_path / "ant", tmp_path / "wasp")
    classes = {name: sorted((tmp_path / name).iterdir()) for name in ("ant", "bee", "wasp")}
    with pytest.raises(EnvironmentFault, match="has no two different pictures"):
        split_by_content(tmp_path, classes, 0.5)


def test_a_class_of_one_picture_and_its_copies_is_refused(base: Path) -> None:
    draw(base / "wasp", 1, seed=5)
    shutil.copy(base / "wasp" / "0000.bmp", base / "wasp" / "0001.bmp")
    with pytest.raises(EnvironmentFault, match="'wasp' has no two different pictures"):
        find_pictures(source(), base.parent)


def test_classes_may_lie_in_train_and_a_class_may_be_called_train(base: Path) -> None:
    (base.parent / "inner").mkdir()
    base.rename(base.parent / "inner" / "train")
    (base.parent / "inner").rename(base)
    assert find_pictures(source(), base.parent).classes == ("ant", "bee")
    (base / "train" / "ant").rename(base / "tram")
    (base / "train" / "bee").rename(base / "bus")
    (base / "train").rmdir()
    draw(base / "train", 20, seed=9)
    assert find_pictures(source(), base.parent).classes == ("bus", "train", "tram")


def test_a_folder_with_test_pictures_of_its_own_is_not_split(base: Path) -> None:
    draw(base / "test" / "ant", 2, seed=6)
    with pytest.raises(EnvironmentFault, match="test pictures of its own") as caught:
        find_pictures(source(), base.parent)
    assert "leave `split` out" in caught.value.hint


def test_without_split_the_error_offers_it(base: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no folder 'train'") as caught:
        find_pictures(source(None), base.parent)
    assert "ant, bee, ... are the classes: `data: {split: 0.2}`" in caught.value.hint


@pytest.mark.parametrize("fraction", [0, 1, -0.1, "a fifth", True])
def test_a_share_out_of_range_is_refused(fraction: object) -> None:
    with pytest.raises(BadInput, match=r"folder\.split: expected number > 0 and <= 0\.9"):
        check_options("folder", DATASETS["folder"].options, {"path": "mine", "split": fraction})


def test_what_is_trained_on_is_what_was_found(base: Path) -> None:
    chosen = source(0.3)
    spec = DataSpec(source=chosen, checksum=fingerprint(chosen, base.parent))
    splits = load(spec, root=base.parent, download=False, device=torch.device("cpu"))
    files = find_pictures(chosen, base.parent)
    assert splits.train.labels.bincount().tolist() == [len(pictures) for pictures in files.train]
    assert splits.test.labels.bincount().tolist() == [len(pictures) for pictures in files.test]
