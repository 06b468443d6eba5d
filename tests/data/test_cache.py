from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from poolbench.core.named import Named
from poolbench.data.arrays import PARTS, Arrays
from poolbench.data.cache import cached

SOURCE = Named(name="made-up", options={"size_px": 3})


class Decoder:
    """Makes small arrays, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Arrays:
        self.calls += 1
        images = np.arange(5 * 3 * 3 * 2, dtype=np.uint8).reshape(5, 3, 3, 2)
        labels = np.arange(5, dtype=np.int64)
        return Arrays(
            train_images=images,
            train_labels=labels,
            test_images=images[:2] + 1,
            test_labels=labels[:2],
            classes=("one", "zwei"),
        )


def entry(cache: Path) -> Path:
    (folder,) = (cache / "arrays").iterdir()
    return folder


def test_a_data_set_is_decoded_once() -> None:
    decode = Decoder()
    first, again = cached(SOURCE, "aa", decode), cached(SOURCE, "aa", decode)
    assert decode.calls == 1
    assert first.digest() == again.digest() == Decoder()().digest()
    assert again.classes == ("one", "zwei")
    assert isinstance(again.train_images, np.memmap)


def test_other_content_other_options_and_another_revision_are_other_entries() -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode)
    cached(SOURCE, "bb", decode)
    cached(Named(name="made-up", options={"size_px": 4}), "aa", decode)
    cached(Named(name="made-up", options={"size_px": 3}, revision=2), "aa", decode)
    assert decode.calls == 4


def test_writing_to_a_mapped_array_does_not_reach_the_file() -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode).train_images[...] = 0
    assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()
    assert decode.calls == 1


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["bit", "cut", "gone"])
def test_a_damaged_part_is_noticed_and_made_again(
    part: str, damage: str, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode)
    path = entry(cache) / f"{part}.npy"
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[-1] ^= 1
        path.write_bytes(data if damage == "bit" else data[:-1])
    assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()
    assert decode.calls == 2
    assert "damaged" in caplog.text
    cached(SOURCE, "aa", decode)
    assert decode.calls == 2


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"sha256": 3}', "\x00", "[" * 200_000])
def test_a_damaged_index_is_noticed_and_made_again(index: str, cache: Path) -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode)
    (entry(cache) / "index.json").write_text(index)
    assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()
    assert decode.calls == 2
    assert json.loads((entry(cache) / "index.json").read_text())["classes"] == ["one", "zwei"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["index.json", "train_images.npy"])
def test_a_pipe_in_the_cache_is_damage_and_nobody_waits_for_its_writer(
    name: str, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode)
    (entry(cache) / name).unlink()
    os.mkfifo(entry(cache) / name)
    assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()
    assert "is not a file" in caplog.text
    assert (entry(cache) / name).is_file(), "it is made again"


def test_a_write_that_stopped_half_way_counts_for_nothing(cache: Path) -> None:
    decode = Decoder()
    cached(SOURCE, "aa", decode)
    (entry(cache) / "index.json").unlink()
    (entry(cache) / "test_images.npy").write_bytes(b"half")
    assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()


def test_no_temporary_files_are_left(cache: Path) -> None:
    cached(SOURCE, "aa", Decoder())
    assert {path.name for path in entry(cache).iterdir()} == {
        "index.json",
        *(f"{part}.npy" for part in PARTS),
    }


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    decode = Decoder()
    for calls in (1, 2):
        assert cached(SOURCE, "aa", decode).digest() == Decoder()().digest()
        assert decode.calls == calls
