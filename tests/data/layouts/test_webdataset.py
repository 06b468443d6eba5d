"""Pictures in tar shards."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.data import file_facts
from poolbench.data.fingerprint import fingerprint
from poolbench.data.found_images import found_images
from poolbench.data.layouts import tar_index
from tests.data.layouts.pictures import encoded, expected, loaded, seen, source
from tests.data.layouts.written import samples, write


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    for shard in range(3):
        write(folder / f"train-{shard:03d}.tar", samples(range(2 * shard, 2 * shard + 2)))
    write(folder / "test-000.tar", samples(range(6, 8)))
    (folder / "classes.txt").write_text("ant\nbee\n")
    return folder


@pytest.mark.parametrize("train", ["train*.tar", "train-{000..002}.tar", "train-00{0,1,2}.tar"])
def test_samples_of_shards_are_images(train: str, shards: Path, tmp_path: Path) -> None:
    asked = source("webdataset", path="mine", train=train, classes="classes.txt")
    splits = loaded(asked, tmp_path)
    assert splits.classes == ("ant", "bee")
    assert seen(splits) == [expected(range(6)), expected(range(6, 8))]


def test_a_label_may_be_a_value_of_json_and_a_fraction_may_split(tmp_path: Path) -> None:
    write(tmp_path / "mine" / "train.tar", samples(range(9), label="kind"))
    splits = loaded(source("webdataset", path="mine", label="kind", split=0.3), tmp_path)
    train, test = seen(splits)
    assert train | test == expected(range(9))
    assert train
    assert test


def test_a_shard_is_read_once_until_it_changes(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_facts, "_SETTLED_NS", -1)
    asked = source("webdataset", path="mine")
    first = fingerprint(asked, tmp_path)
    opened: list[Path] = []
    real = tarfile.open
    monkeypatch.setattr(
        tar_index.tarfile, "open", lambda path, mode: opened.append(path) or real(path, mode)
    )
    assert fingerprint(asked, tmp_path) == first
    assert opened == []
    write(shards / "train-001.tar", samples(range(20, 22)))
    assert fingerprint(asked, tmp_path) != first
    assert opened.count(shards / "train-001.tar") >= 1
    assert set(opened) == {shards / "train-001.tar"}


def test_faulty_samples_are_told_together(shards: Path, tmp_path: Path) -> None:
    picture = encoded("ant", 50)
    write(
        shards / "train-003.tar",
        [
            ("a.png", picture),
            ("b.cls", b"1"),
            ("c.png", picture), ("c.jpg", picture), ("c.cls", b"1"),
            ("d.png", picture), ("d.cls", b"0 1"),
            ("e.png", picture), ("e.cls", b"0.5"),
            ("f.png", picture), ("f.cls", b"2"),
        ],
    )  # fmt: skip
    with pytest.raises(EnvironmentFault) as caught:
        fingerprint(source("webdataset", path="mine", classes="classes.txt"), tmp_path)
    for line in (
        "6 faults",
        "train-003.tar: a: no label",
        "train-003.tar: b: no picture",
        "train-003.tar: c: several pictures",
        "train-003.tar: d: the label '0 1' has several values (multi-label)",
        "train-003.tar: e: the label 0.5 is a quantity (regression)",
        "train-003.tar: f: the label 2 is none of the 2 classes",
    ):
        assert line in caught.value.message


def test_what_is_neither_picture_nor_label_is_counted(shards: Path, tmp_path: Path) -> None:
    write(shards / "test-001.tar", [("x.txt", b"a caption"), ("._y.png", b"a Mac's")])
    found = found_images(source("webdataset", path="mine"), tmp_path)
    assert found is not None
    assert found.pictures is not None
    assert found.pictures.left_out == ("1 .txt", "1 hidden or of the system")


def test_missing_and_damaged_shards_are_told(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"lacks shards: train-003.tar, train-004.tar"):
        fingerprint(source("webdataset", path="mine", train="train-{000..004}.tar"), tmp_path)
    whole = (shards / "train-001.tar").read_bytes()
    (shards / "train-001.tar").write_bytes(whole[:700])
    write(shards / "train-002.tar", samples(range(2)), "w:gz")
    with pytest.raises(EnvironmentFault, match="cannot read 2 shards") as caught:
        fingerprint(source("webdataset", path="mine"), tmp_path)
    assert "train-001.tar" in caught.value.message
    assert "train-002.tar" in caught.value.message
    with pytest.raises(EnvironmentFault, match="does not exist"):
        fingerprint(source("webdataset", path="none"), tmp_path)
    with pytest.raises(EnvironmentFault, match="both for training and for testing"):
        fingerprint(source("webdataset", path="mine", train="t*-000.tar"), tmp_path)


@pytest.mark.parametrize(
    "pattern", ["a-{0..2.tar", "a-{}.tar", "a-{3..1}.tar", "{0..999999}", "../a"]
)
def test_a_pattern_that_is_none_is_bad_input(pattern: str, shards: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        fingerprint(source("webdataset", path="mine", train=pattern), tmp_path)


@pytest.mark.parametrize("label", ["kind", "cls"])
def test_a_label_that_no_sample_has_is_told_once(label: str, tmp_path: Path) -> None:
    other = {"kind": "cls", "cls": "kind"}[label]
    write(tmp_path / "mine" / "train.tar", samples(range(9), label=other))
    with pytest.raises(BadInput, match="no sample has a class: none has") as caught:
        fingerprint(source("webdataset", path="mine", label=label, split=0.3), tmp_path)
    assert "`label`" in caught.value.hint
