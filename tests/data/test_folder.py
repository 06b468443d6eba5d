from __future__ import annotations

import os
import struct
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from poolbench.core.cell import DataSpec
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import file_facts
from poolbench.data.fingerprint import fingerprint
from poolbench.data.load import load
from poolbench.data.pictures.decoding import UnreadablePicture
from poolbench.data.stable_random import StableRandom
from tests.data.pictured import decoded, images_of, pictures_of, prepared

COLOURS = {"ant": (255, 0, 0), "bee": (0, 255, 0)}
SOURCE = Named(name="folder", options={"path": "mine", "size_px": 8}, revision=3)


def save(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (12, 10)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    base = tmp_path / "mine"
    for name, colour in COLOURS.items():
        for number in range(3):
            save(base / "train" / name / f"{number}.png", colour)
        save(base / "val" / name / "0.PNG", colour, size=(9, 30))
    (base / "train" / ".cache").mkdir()
    (base / "train" / "ant" / "notes.txt").write_text("no picture")
    return base


def test_pictures_become_squares_with_their_folders_as_labels(
    pictures: Path, tmp_path: Path
) -> None:
    spec = DataSpec(source=SOURCE, checksum=fingerprint(SOURCE, tmp_path))
    splits = load(spec, root=tmp_path, download=False, device=torch.device("cpu"))
    assert splits.classes == ("ant", "bee")
    assert splits.shape == (3, 8, 8)
    assert splits.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert splits.test.labels.tolist() == [0, 1]
    for split in (splits.train, splits.test):
        for image, label in zip(images_of(split), split.labels.tolist(), strict=True):
            assert image.unique(dim=0).flatten(0, 1).unique(dim=0).tolist() == [
                list(COLOURS[splits.classes[label]])
            ]


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "1", "CMYK"])
def test_pictures_of_other_modes_are_read_as_colour(mode: str, tmp_path: Path) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new("RGB", (6, 6), (255, 255, 255)).convert(mode).save(tmp_path / f"white.{suffix}")
    assert (decoded(tmp_path / f"white.{suffix}") == 255).all()


@pytest.mark.parametrize("content", [b"", b"not a picture", "half"])
def test_an_unreadable_picture_is_named(
    content: bytes | str, pictures: Path, tmp_path: Path
) -> None:
    victim = pictures / "train" / "bee" / "1.png"
    if isinstance(content, str):
        noise = np.random.default_rng(0).integers(256, size=(40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(victim)
        content = victim.read_bytes()[:2000]
    victim.write_bytes(content)
    with pytest.raises(EnvironmentFault, match=r"cannot read the picture .*bee/1\.png"):
        prepared(pictures_of("folder", tmp_path, path="mine", size_px=8))


def test_all_unreadable_pictures_of_both_splits_are_named_at_once(
    pictures: Path, tmp_path: Path
) -> None:
    victims = [pictures / "train" / "ant" / f"{number}.png" for number in range(30)]
    for victim in (*victims, pictures / "val" / "bee" / "0.PNG"):
        victim.write_bytes(b"not a picture")
    with pytest.raises(EnvironmentFault) as caught:
        prepared(pictures_of("folder", tmp_path, path="mine", size_px=8))
    lines = caught.value.message.splitlines()
    assert (lines[0], lines[-1]) == ("cannot read 31 pictures:", "  and 11 more")
    assert len(lines) == 22
    for victim in victims[10:]:
        victim.unlink()
    with pytest.raises(EnvironmentFault, match="cannot read 11 pictures") as caught:
        prepared(pictures_of("folder", tmp_path, path="mine", size_px=8))
    assert "bee/0.PNG" in caught.value.message


def test_whatever_a_decoder_raises_the_picture_cannot_be_read(tmp_path: Path) -> None:
    # A texture for graphics cards without a pixel format, of which Pillow says NotImplementedError.
    texture = b"DDS " + struct.pack("<31I", 124, 0, 8, 8, *[0] * 14, 32, *[0] * 12)
    (tmp_path / "holiday.png").write_bytes(texture)
    with pytest.raises(UnreadablePicture, match="pixel format"):
        decoded(tmp_path / "holiday.png")


def test_a_picture_of_sixteen_bits_is_refused_rather_than_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((5, 5), 40000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(UnreadablePicture, match="more than 8 bits"):
        decoded(tmp_path / "deep.png")


def test_faults_of_the_layout_say_what_is_missing(pictures: Path, tmp_path: Path) -> None:
    def fault(path: str = "mine") -> str:
        with pytest.raises(EnvironmentFault) as caught:
            fingerprint(Named(name="folder", options={"path": path, "size_px": 8}), tmp_path)
        assert caught.value.hint
        return caught.value.message

    assert "elsewhere does not exist" in fault("elsewhere")
    (pictures / "train" / "cat").mkdir()
    assert "cat holds no pictures" in fault()
    save(pictures / "train" / "cat" / "0.png", (0, 0, 0))
    assert "not in both splits: the class 'cat'" in fault()
    (pictures / "val").rename(pictures / "other")
    assert "no folder 'test' or 'val'" in fault()
    (pictures / "test").mkdir()
    assert "test holds no class folders" in fault()


def test_a_fingerprint_follows_content_and_names_and_nothing_else(
    pictures: Path, tmp_path: Path
) -> None:
    first = fingerprint(SOURCE, tmp_path)
    picture = pictures / "train" / "ant" / "0.png"
    os.utime(picture, ns=(1, 1))
    assert fingerprint(SOURCE, tmp_path) == first
    moved = tmp_path / "elsewhere"
    pictures.rename(moved)
    absolute = Named(name="folder", options={"path": str(moved), "size_px": 8})
    assert fingerprint(absolute, None) == first
    picture = moved / "train" / "ant" / "0.png"
    save(picture, (254, 0, 0))
    changed = fingerprint(absolute, None)
    assert changed != first
    picture.rename(picture.with_name("3.png"))
    assert fingerprint(absolute, None) not in {first, changed}


def test_a_fingerprint_does_without_its_memory(
    pictures: Path,
    tmp_path: Path,
    cache: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file_facts, "_SETTLED_NS", -1)
    first = fingerprint(SOURCE, tmp_path)
    (memory,) = (cache / "pictures").iterdir()
    memory.write_text("[1")
    assert fingerprint(SOURCE, tmp_path) == first
    assert "damaged" in caplog.text
    (memory,) = (cache / "pictures").iterdir()
    memory.unlink()
    (cache / "pictures").rmdir()
    (cache / "pictures").write_text("in the way")
    assert fingerprint(SOURCE, tmp_path) == first


def test_a_cell_of_another_revision_is_not_given_pictures_that_it_never_saw(
    pictures: Path, tmp_path: Path
) -> None:
    sideways = replace(SOURCE, revision=1)
    spec = DataSpec(source=sideways, checksum=fingerprint(sideways, tmp_path))
    with pytest.raises(BadInput, match=r"read otherwise .* \(revision 1, now 3\)"):
        load(spec, root=tmp_path, download=False, device=torch.device("cpu"))


def test_pictures_changed_after_planning_are_refused(pictures: Path, tmp_path: Path) -> None:
    spec = DataSpec(source=SOURCE, checksum=fingerprint(SOURCE, tmp_path))
    save(pictures / "val" / "bee" / "0.PNG", (1, 2, 3))
    with pytest.raises(EnvironmentFault, match="'folder' has changed"):
        load(spec, root=tmp_path, download=False, device=torch.device("cpu"))


def test_names_that_are_no_utf_8_are_read_as_any_other(pictures: Path, tmp_path: Path) -> None:
    before = fingerprint(SOURCE, tmp_path)
    for split in ("train", "val"):
        (pictures / split / "bee").rename(pictures / split / os.fsdecode(b"gu\xeape"))
    after = fingerprint(SOURCE, tmp_path)
    assert after != before
    spec = DataSpec(source=SOURCE, checksum=after)
    splits = load(spec, root=tmp_path, download=False, device=torch.device("cpu"))
    assert splits.classes == ("ant", os.fsdecode(b"gu\xeape"))


def test_a_run_looks_at_every_folder_once(pictures: Path, tmp_path: Path) -> None:
    spec = DataSpec(source=SOURCE, checksum=fingerprint(SOURCE, tmp_path))
    looked_at: list[Path] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event == "os.scandir" and is_watching:
            looked_at.append(Path(str(args[0])))

    sys.addaudithook(watch)  # for as long as the process lives
    is_watching = True
    load(spec, root=tmp_path, download=False, device=torch.device("cpu"))
    is_watching = False
    classes = [path for path in looked_at if path.name in COLOURS]
    assert sorted(classes) == sorted(pictures / s / c for s in ("train", "val") for c in COLOURS)


def test_no_picture_beyond_a_limit_is_decoded(pictures: Path, tmp_path: Path) -> None:
    files = sorted(pictures.glob("train/*/*.png"))
    for number, path in enumerate(files):
        save(path, (number, 0, 0))
    taken = sorted(StableRandom("folder", "train", "limit").permutation(6)[:2].tolist())
    for number in set(range(6)) - set(taken):
        files[number].write_bytes(b"not a picture")
    spec = DataSpec(source=SOURCE, checksum=fingerprint(SOURCE, tmp_path), limit=2)
    splits = load(spec, root=tmp_path, download=False, device=torch.device("cpu"))
    assert images_of(splits.train)[:, 0, 0, 0].tolist() == taken
    assert len(splits.test) == 2
    with pytest.raises(EnvironmentFault, match="cannot read 4 pictures"):
        load(replace(spec, limit=7), root=tmp_path, download=False, device=torch.device("cpu"))
