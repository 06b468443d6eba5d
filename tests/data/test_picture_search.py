"""Which files of a folder are its pictures, which are left out, and which nobody can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data.fingerprint import fingerprint
from poolbench.data.folder_files import FolderFiles, find_pictures
from poolbench.data.picture_search import PICTURES

SOURCE = Named(name="folder", options={"path": "mine", "size_px": 8, "split": None})


def draw(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 10), (len(path.name), 0, 0)).save(path)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path / "mine"
    for split in ("train", "test"):
        draw(*(base / split / name / f"{i}.png" for name in ("ant", "bee") for i in range(2)))
    return base


def found(base: Path) -> FolderFiles:
    return find_pictures(SOURCE, base.parent)


def fault(base: Path) -> EnvironmentFault:
    with pytest.raises(EnvironmentFault) as caught:
        found(base)
    return caught.value


def test_links_are_told_for_what_they_lead_to_if_they_may_be_pictures(base: Path) -> None:
    ants = base / "train" / "ant"
    os.mkfifo(base / "pipe")
    (ants / "piped.jpg").symlink_to(base / "pipe")
    (ants / "gone.jpg").symlink_to("nowhere")
    (ants / "gone").symlink_to("nowhere")
    (ants / "notes.txt").symlink_to("nowhere")
    (base / "test" / "bee" / "1.png").write_bytes(b"cut off")
    lines = fault(base).message.splitlines()
    assert lines[0] == "cannot read 4 pictures:", "those that cannot be decoded, too"
    assert [line.rpartition("/")[2] for line in lines[1:-1]] == [
        "gone: a link to nothing",
        "gone.jpg: a link to nothing",
        "piped.jpg: not a file",
    ]
    assert "test/bee/1.png: it is not a picture" in lines[-1]


def test_our_suffixes_are_torchvisions() -> None:
    assert set(IMG_EXTENSIONS) == PICTURES


def test_pictures_are_torchvisions_in_its_order(base: Path) -> None:
    ants = base / "train" / "ant"
    draw(*(ants / name for name in ("deep/er/1.png", "deep/0.PNG", "a.tif", "b.TIFF", "c.ppm")))
    draw(*(ants / name for name in ("deep-sea/2.bmp", "z.webp", "folder.jpg/3.jpg", "d.pgm.png")))
    (base / "elsewhere").mkdir()
    draw(base / "elsewhere" / "4.jpeg")
    (ants / "linked").symlink_to(base / "elsewhere")
    theirs = ImageFolder(str(base / "train"))
    ours = found(base)
    assert len(ours.train[0]) == 12
    listed = [(str(p), i) for i, paths in enumerate(ours.train) for p in paths]
    assert listed == theirs.imgs
    assert list(ours.classes) == theirs.classes


def test_what_a_mac_a_camera_and_a_file_server_leave_is_skipped(base: Path) -> None:
    before = fingerprint(SOURCE, base.parent)
    ants = base / "train" / "ant"
    for path in (
        ants / "._0.png",
        ants / ".DS_Store",
        ants / "Thumbs.db",
        ants / "@eaDir" / "0.png",
        ants / ".thumbnails" / "0.png",
        base / "train" / "__MACOSX" / "ant" / "._0.png",
        base / "__MACOSX" / "train" / "._ant",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")
    (ants / ".#lock").symlink_to("user@host:1234")  # as editors leave it
    assert found(base).left_out == ("7 hidden or of the system",)
    assert fingerprint(SOURCE, base.parent) == before


def test_what_is_left_out_is_counted(base: Path) -> None:
    ants = base / "train" / "ant"
    draw(ants / "a.gif", ants / "more" / "b.GIF")
    (ants / "notes.txt").touch()
    (ants / "README").touch()
    draw(base / "test" / "loose.png", base / "val" / "ant" / "0.png")
    assert found(base).left_out == (
        "2 .gif",
        "1 without a suffix",
        "1 .txt",
        "1 outside the class folders",
        "the folder 'val'",
    )


def test_many_kinds_that_are_left_out_take_one_line(base: Path) -> None:
    for number in range(100):
        (base / "train" / "ant" / f"scan.{number:03}").touch()
    assert found(base).left_out[-1] == "95 of other kinds"
    assert len(found(base).left_out) == 6


def test_everything_that_cannot_be_read_is_named_at_once(base: Path) -> None:
    (base / "train" / "ant" / "gone.png").symlink_to("/nowhere")
    (base / "train" / "ant" / "loop.jpg").symlink_to("loop.jpg")
    (base / "train" / "wasp").symlink_to("/nowhere")
    os.mkfifo(base / "test" / "bee" / "pipe.png")
    os.mkfifo(base / "test" / "bee" / "log")
    refusal = fault(base)
    assert refusal.exit_code == 6
    assert refusal.message.splitlines()[0] == "cannot read 4 pictures:"
    assert f"{base}/train/ant/gone.png: a link to nothing" in refusal.message
    assert f"{base}/train/ant/loop.jpg: " in refusal.message
    assert f"{base}/train/wasp: a link to nothing" in refusal.message
    assert f"{base}/test/bee/pipe.png: not a file" in refusal.message
    assert "remove the files" in refusal.hint


def test_of_many_the_first_twenty_are_named_and_the_rest_counted(base: Path) -> None:
    for number in range(10, 35):
        (base / "train" / "ant" / f"{number}.png").symlink_to("/nowhere")
    lines = fault(base).message.splitlines()
    assert lines[0] == "cannot read 25 pictures:"
    assert [f"{number}.png" in line for number, line in enumerate(lines[1:21], start=10)] == (
        [True] * 20
    )
    assert lines[21:] == ["  and 5 more"]


def test_a_link_to_a_folder_above_it_is_followed_once(base: Path) -> None:
    (base / "train" / "ant" / "again").symlink_to(base / "train" / "ant")
    files = found(base)
    assert [len(pictures) for pictures in files.train] == [2, 2]
    assert files.left_out == ("1 linked in a circle",)


def test_one_class_is_refused_with_the_likely_cause(base: Path) -> None:
    for split in ("train", "test"):
        (base / split).rename(base / "inner")
        (base / split).mkdir()
        (base / "inner").rename(base / split / "all")
    refusal = fault(base)
    assert f"{base / 'train'} holds one class only, 'all'" in refusal.message
    assert "'ant', 'bee'" in refusal.hint
    assert "one level too deep" in refusal.hint


def test_a_class_alone_is_refused_without_a_guess(base: Path) -> None:
    for split in ("train", "test"):
        for path in (base / split / "bee").iterdir():
            path.unlink()
        (base / split / "bee").rmdir()
    refusal = fault(base)
    assert "one class only, 'ant'" in refusal.message
    assert "level" not in refusal.hint


def test_the_folder_that_is_meant_is_guessed(base: Path, tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    base.rename(tmp_path / "outer" / "mine")
    (tmp_path / "outer").rename(base)
    assert f"{base / 'mine'} that you mean" in fault(base).hint
