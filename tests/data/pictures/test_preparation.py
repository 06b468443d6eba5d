"""Preparing pictures: once, in order, to the end, whatever happens on the way."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from poolbench.core.cell import DataSpec
from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data.limit import needed_pictures
from poolbench.data.pictures import disk_room, shard
from poolbench.data.pictures.cache import cache_entries, entry_folder
from poolbench.data.pictures.decoding import UnreadablePicture, decode, header
from poolbench.data.pictures.kept_size import KeptSize
from poolbench.data.pictures.preparation import prepare
from poolbench.data.pictures.prepared import PreparedPictures
from poolbench.data.pictures.progress import Unwatched
from poolbench.data.pictures.source import PictureList
from tests.data.pictures.made import listed, photograph, save_photographs

SIZE = KeptSize(16, 18)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("preparation", "prepared"):
        monkeypatch.setattr(f"poolbench.data.pictures.{module}.PICTURES", 8)


class Listener:
    """Notes what it is told; stops at a picture if asked to."""

    def __init__(self, stop: bool = False) -> None:
        self.notices: list[str] = []
        self.lines: list[str] = []
        self._stop = stop

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def progress(self, text: str, fraction: float) -> None:
        assert 0 <= fraction <= 1
        self.lines.append(text)
        if self._stop:
            raise KeyboardInterrupt


def pixels_of(pictures: PictureList) -> list[bytes]:
    prepared = PreparedPictures(*prepare(pictures, Unwatched()))
    return [prepared.picture(index).numpy().tobytes() for index in range(len(prepared))]


def decoded_files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.pixels")}


def test_pictures_keep_their_order_and_are_decoded_once(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    listener = Listener()
    folder, shards = prepare(pictures, listener)
    assert [len(each.sizes) for each in shards] == [8, 8, 8, 6]
    assert "preparing 30 pictures: about" in listener.notices[0]
    before = decoded_files(folder)
    assert prepare(pictures, listener)[0] == folder
    assert decoded_files(folder) == before
    assert len(listener.notices) == 1
    for index, content in enumerate(pixels_of(pictures)):
        (alone,) = pixels_of(listed([tmp_path / "jpg" / f"{index:05d}.jpg"], SIZE))
        assert alone == content


def test_other_bytes_another_order_and_another_size_are_other_entries(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 4)
    folders = {entry_folder(listed(paths, SIZE)), entry_folder(listed(paths[::-1], SIZE))}
    folders.add(entry_folder(listed(paths, KeptSize(16, 20))))
    photograph(99, (30, 30)).save(paths[0])
    folders.add(entry_folder(listed(paths, SIZE)))
    assert len(folders) == 4
    assert entry_folder(listed(paths, KeptSize(12, 18))) in folders


_PREPARE = """
import sys, time
from pathlib import Path
from poolbench.data.pictures import kept_picture, preparation, prepared
from poolbench.data.pictures.kept_size import KeptSize
from poolbench.data.pictures.progress import Unwatched
from tests.data.pictures.made import listed
preparation.PICTURES = prepared.PICTURES = 8
slow = preparation.write_shard
def write_shard(folder, number, pictures):
    slow(folder, number, pictures)
    print("shard", number, flush=True)
    time.sleep(float(sys.argv[2]))
preparation.write_shard = write_shard
paths = sorted(Path(sys.argv[1]).iterdir())
print("ready", flush=True)
preparation.prepare(listed(paths, KeptSize(16, 18)), Unwatched())
"""


def preparing(folder: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PREPARE, str(folder), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_preparation_goes_on_at_the_next_shard(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    with preparing(tmp_path / "jpg", 60) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _ in range(2)] == ["ready", "shard 0"]
        process.send_signal(signal.SIGKILL)
    folder = entry_folder(pictures)
    before = decoded_files(folder)
    assert list(before) == ["00000.pixels"]
    listener = Listener()
    prepare(pictures, listener)
    assert "preparing 22 pictures (8 of 30 are there)" in listener.notices[0]
    after = decoded_files(folder)
    assert len(after) == 4
    assert after["00000.pixels"] == before["00000.pixels"]
    assert len(pixels_of(pictures)) == 30


def test_whoever_comes_second_waits_and_decodes_nothing(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    listener = Listener()
    with preparing(tmp_path / "jpg", 0.5) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _ in range(2)] == ["ready", "shard 0"]
        folder, shards = prepare(pictures, listener)
    assert process.returncode == 0
    assert len(shards) == 4
    assert listener.notices == ["another process prepares the pictures: waiting for it"]
    assert len(decoded_files(folder)) == 4


def test_whoever_stops_keeps_the_shards_that_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolbench.data.pictures.progress._EVERY_S", 0.0)
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    with pytest.raises(KeyboardInterrupt):
        prepare(pictures, Listener(stop=True))
    folder = entry_folder(pictures)
    assert not list(folder.glob(".0*")), "a temporary file is left"
    listener = Listener()
    prepare(pictures, listener)
    assert "pictures/s" in listener.lines[-1]
    assert listener.lines[-1].startswith("preparing pictures: 30 of 30")


def test_all_unreadable_pictures_are_named_at_once(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 30)
    for number in (3, 17, 29):
        paths[number].write_bytes(paths[number].read_bytes()[:200])
    pictures = listed(paths, SIZE)
    with pytest.raises(EnvironmentFault, match="cannot read 3 pictures") as caught:
        prepare(pictures, Unwatched())
    for number in (3, 17, 29):
        assert str(paths[number]) in caught.value.message
    assert sorted(decoded_files(entry_folder(pictures))) == ["00001.pixels"]


def test_a_picture_that_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    paths = save_photographs(tmp_path / "jpg", 30)
    pictures = listed(paths, SIZE)
    photograph(500, (40, 40)).save(paths[12])
    with pytest.raises(EnvironmentFault, match=r"00012\.jpg changed after this was planned"):
        prepare(pictures, Unwatched())
    assert sorted(decoded_files(entry_folder(pictures))) == ["00000.pixels"]


@pytest.mark.parametrize("damage", ["bit", "cut", "gone", "index", "empty index"])
def test_a_damaged_shard_alone_is_decoded_again(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    expected = pixels_of(pictures)
    folder = entry_folder(pictures)
    path = shard.pixels_path(folder, 2)
    data = bytearray(path.read_bytes())
    if damage == "bit":
        data[100] ^= 1
        path.write_bytes(data)
        assert len(data) == path.stat().st_size
    elif damage == "cut":
        path.write_bytes(data[:-3])
    elif damage == "gone":
        path.unlink()
    else:
        index = shard.index_path(folder, 2)
        index.write_bytes(b"" if damage == "empty index" else index.read_bytes()[:-20])
    others = {k: v for k, v in decoded_files(folder).items() if k != path.name}
    listener = Listener()
    prepare(pictures, listener)
    assert "preparing 8 pictures (22 of 30 are there)" in listener.notices[0]
    assert pixels_of(pictures) == expected
    assert {k: v for k, v in decoded_files(folder).items() if k != path.name} == others
    assert caplog.text.count("is damaged") == 1


def test_too_little_room_is_told_before_the_first_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(disk_room.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(EnvironmentFault, match=r"need about \d+\.\d kB in .* 1\.0 kB") as caught:
        prepare(pictures, Unwatched())
    assert "POOLBENCH_CACHE" in caught.value.hint
    assert not decoded_files(entry_folder(pictures))


def test_a_full_disk_is_a_fault_of_the_machine_and_what_is_finished_stays(
    tmp_path: Path,
) -> None:
    import resource

    pictures = listed(save_photographs(tmp_path / "jpg", 30), KeptSize(16, 18))
    prepare_only = listed(save_photographs(tmp_path / "jpg", 30)[:8], SIZE)
    one = sum(map(len, pixels_of(prepare_only)))
    # A limit on the size of a file is the full disk that a test can make anywhere.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (one // 2, before[1]))
    try:
        with pytest.raises(EnvironmentFault, match="cannot keep decoded pictures") as caught:
            prepare(pictures, Unwatched())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.exit_code == 6
    assert not list(entry_folder(pictures).glob(".0*"))
    assert len(pixels_of(pictures)) == 30


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    pictures = listed(save_photographs(tmp_path / "jpg", 3), SIZE)
    with pytest.raises(EnvironmentFault, match="cannot keep decoded pictures") as caught:
        prepare(pictures, Unwatched())
    assert "POOLBENCH_CACHE" in caught.value.hint


def test_the_cache_lists_what_is_complete_and_what_is_not(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    folder, shards = prepare(pictures, Unwatched())
    (entry,) = cache_entries()
    assert entry.is_complete
    assert entry.about is not None
    assert (entry.about.pictures, entry.about.keep_px) == (30, 18)
    assert entry.size_bytes > sum(each.pixel_bytes for each in shards)
    shard.index_path(folder, 1).unlink()
    (entry,) = cache_entries()
    assert not entry.is_complete
    (folder / "about.json").write_text('{"version": 2}')
    (entry,) = cache_entries()
    assert entry.about is None
    assert len(pixels_of(pictures)) == 30, "it is written anew"


def test_a_picture_that_needs_all_the_memory_is_decoded_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolbench.data.pictures.decoding_pool._MEMORY_BYTES", 1)
    monkeypatch.setattr("poolbench.data.pictures.decoding_pool.count_cores", lambda: 4)
    assert len(pixels_of(listed(save_photographs(tmp_path / "jpg", 30), SIZE))) == 30


def test_what_is_said_of_an_entry_is_mended(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE)
    folder, _ = prepare(pictures, Unwatched())
    (folder / "about.json").write_text("garbage")
    prepare(pictures, Unwatched())
    (entry,) = cache_entries()
    assert entry.about is not None
    assert entry.is_complete


def test_of_a_limit_nothing_is_decoded_again_that_is_there(tmp_path: Path) -> None:
    pictures = listed(save_photographs(tmp_path / "jpg", 30), SIZE, tests=10)
    spec = DataSpec(source=Named(name="folder", options={}), checksum="", limit=4)
    assert len(needed_pictures(pictures, spec).all) == 8
    assert len(needed_pictures(pictures, replace(spec, limit=None, reads_train=False)).all) == 10
    prepare(pictures, Unwatched())
    assert needed_pictures(pictures, spec) is pictures
    assert needed_pictures(pictures, replace(spec, limit=None, reads_train=False)) is pictures


def test_reasons_are_in_plain_words(tmp_path: Path) -> None:
    (path,) = save_photographs(tmp_path, 1)
    cut = path.read_bytes()[: path.stat().st_size * 2 // 3]
    with pytest.raises(UnreadablePicture, match=r"^Image is incomplete or truncated"):
        decode(cut, header(cut))
    for content, reason in ((b"no picture", "not a picture"), (lab(), "mode LAB is no RGB")):
        with pytest.raises(UnreadablePicture, match=reason):
            header(content)


def lab() -> bytes:
    """Return a TIFF of a colour space that nobody here converts."""
    file = io.BytesIO()
    Image.new("LAB", (4, 4)).save(file, "TIFF")
    return file.getvalue()
