"""Pictures from the command line: prepared ahead, trained on, shown and cleared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done
from tests.data.pictures.made import save_photographs

SUITE = """
schema: 1
title: pictures
data: {name: folder, path: mine, size_px: 16, augment: [random-resized-crop, flip]}
model: {name: shallow-cnn}
recipe: {epochs: 2, batch_size: 8, optimizer: {name: sgd, lr: 0.01}}
seeds: 2
variants: {average: {pools: {head: average}}}
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite of pictures, and a cache of its own for what is decoded."""
    for module in ("poolbench.data.pictures.cache", "poolbench.data.cache"):
        monkeypatch.setattr(f"{module}.cache_folder", lambda: tmp_path / "cache")
    for split, count in (("train", 12), ("test", 4)):
        for name in ("ant", "bee"):
            save_photographs(tmp_path / "mine" / split / name, count)
    path = tmp_path / "s.yaml"
    path.write_text(SUITE)
    return path


def environments(store: Path) -> list[dict[str, object]]:
    files = sorted((store / "runs").glob("*/environment.json"))
    return [json.loads(path.read_text()) for path in files]


def predictions(store: Path) -> dict[str, bytes]:
    return {p.parent.name: p.read_bytes() for p in (store / "runs").glob("*/predictions.npz")}


def decoded(tmp_path: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("cache/decoded/*/*.pixels")}


def test_what_is_prepared_ahead_is_not_decoded_by_training(
    poolbench: Callable[..., Done], suite: Path, tmp_path: Path
) -> None:
    done = poolbench("data", "prepare", suite, "--data-root", tmp_path)
    assert done.code == 0, done.err
    assert done.out.startswith("folder: 32 images, 0.00 GiB")
    assert "preparing 32 pictures: about 37.7 kB in" in done.err
    before = decoded(tmp_path)
    assert list(before) == ["00000.pixels"]
    done = poolbench("train", suite, "--data-root", tmp_path, "--engine", "inline")
    assert done.code == 0, done.err
    assert decoded(tmp_path) == before
    assert "preparing" not in done.err
    assert "32 pictures, 0.0 GiB, are held in memory" in done.err
    assert [found["pictures"] for found in environments(tmp_path / "runs")] == ["memory"] * 2


def test_where_pictures_lie_changes_no_bit_of_a_run(
    poolbench: Callable[..., Done], suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", suite, "--data-root", tmp_path, "--engine", "inline", "--store")
    assert poolbench(*words, "memory").code == 0
    monkeypatch.setattr("poolbench.data.pictures.residency.free_memory_bytes", lambda: 1)
    assert poolbench(*words, "disk").code == 0
    assert [found["pictures"] for found in environments(tmp_path / "disk")] == ["disk"] * 2
    assert predictions(tmp_path / "memory") == predictions(tmp_path / "disk")
    assert len(predictions(tmp_path / "disk")) == 2


def test_doctor_shows_and_clears_what_is_decoded(
    poolbench: Callable[..., Done], suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolbench.app.doctor.examine_machine", lambda: ())

    def found(*words: str) -> str:
        done = poolbench("doctor", *words, "--format", "json")
        (table,) = json.loads(done.out)["tables"]
        (row,) = (row for row in table["rows"] if row["what"] == "decoded data")
        return str(row["found"])

    assert "list" not in found().partition(";")[0]
    assert poolbench("data", "prepare", suite, "--data-root", tmp_path, "-q").code == 0
    assert "1 list of pictures;" in found()
    next(tmp_path.glob("cache/decoded/*/*.npz")).unlink()
    assert "1 not complete, which `train` goes on with" in found()
    assert "list" not in found("--clear-cache").partition(";")[0]
    assert not decoded(tmp_path)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("15", "folder: keep_px 15 is smaller than size_px 16"),
        ("0", "expected whole number >= 1 or 'full', got 0"),
        ("all", "expected whole number >= 1 or 'full', got 'all'"),
    ],
)
def test_pictures_that_cannot_be_kept_so_are_refused_before_anything_else(
    value: str, fault: str, poolbench: Callable[..., Done], suite: Path, tmp_path: Path
) -> None:
    done = poolbench("plan", suite, "--data-root", tmp_path, "--set", f"data.keep_px={value}")
    assert done.code == 2
    assert fault in done.err


def test_whole_pictures_are_kept_as_they_are(
    poolbench: Callable[..., Done], suite: Path, tmp_path: Path
) -> None:
    kept = ("--set", "data.keep_px=full")
    sizes = []
    for words in ((), kept):
        done = poolbench("data", "prepare", suite, "--data-root", tmp_path, "-q", *words)
        assert done.code == 0, done.err
        sizes.append(sum(p.stat().st_size for p in tmp_path.glob("cache/decoded/*/*.pixels")))
    assert sizes[1] > 3 * sizes[0]


def test_unreadable_pictures_end_the_preparation_with_exit_code_6(
    poolbench: Callable[..., Done], suite: Path, tmp_path: Path
) -> None:
    for number in (2, 5):
        path = tmp_path / "mine" / "train" / "ant" / f"{number:05d}.jpg"
        path.write_bytes(path.read_bytes()[:300])
    done = poolbench("data", "prepare", suite, "--data-root", tmp_path)
    assert done.code == 6
    assert "cannot read 2 pictures:" in done.err
