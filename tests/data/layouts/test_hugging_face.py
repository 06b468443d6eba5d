"""Pictures as `datasets` saves them: these files are written as it writes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.data import file_facts
from poolbench.data.fingerprint import fingerprint
from poolbench.data.found_images import found_images
from poolbench.data.layouts import hugging_face
from tests.data.layouts.pictures import expected, loaded, seen, source
from tests.data.layouts.written import CLASSES, save, table


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    save(folder / "train", table(range(6)), shards=2)
    save(folder / "validation", table(range(6, 8)))
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "validation"]}))
    return folder


def test_a_saved_data_set_is_read_with_the_names_of_its_classes(
    saved: Path, tmp_path: Path
) -> None:
    splits = loaded(source("hugging-face", path="mine"), tmp_path)
    assert splits.classes == ("ant", "bee")
    assert seen(splits) == [expected(range(6)), expected(range(6, 8))]


@pytest.mark.parametrize("below", [".", "data"])
def test_parquet_files_of_a_repository_are_read_across_row_groups(
    below: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mine" / below
    folder.mkdir(parents=True)
    parquet.write_table(table(range(4)), folder / "train-00000-of-00002.parquet", row_group_size=3)
    parquet.write_table(table(range(4, 6)), folder / "train-00001-of-00002.parquet")
    parquet.write_table(table(range(6, 8)), folder / "test-00000-of-00001.parquet")
    parquet.write_table(table(range(8, 9)), folder / "extra-00000-of-00001.parquet")
    asked = source("hugging-face", path="mine")
    assert seen(loaded(asked, tmp_path)) == [expected(range(6)), expected(range(6, 8))]
    found = found_images(asked, tmp_path)
    assert found is not None
    assert found.pictures is not None
    assert found.pictures.left_out == ("the splits extra",)
    assert found.pictures.sides_px == (10, 12)


def test_a_data_set_without_splits_may_be_split(tmp_path: Path) -> None:
    save(tmp_path / "mine", table(range(9)))
    asked = source("hugging-face", path="mine", split=0.3)
    train, test = seen(loaded(asked, tmp_path))
    assert train | test == expected(range(9))
    assert not train & test
    with pytest.raises(EnvironmentFault, match="no split for testing"):
        fingerprint(source("hugging-face", path="mine"), tmp_path)


def test_content_and_labels_are_in_the_checksum(tmp_path: Path) -> None:
    checksums = set()
    for name, content in {
        "a": table(range(6)),
        "b": table(range(1, 7)),
        "c": table(range(6), labels=[1, 0] * 6),
    }.items():
        save(tmp_path / name, content)
        checksums.add(fingerprint(source("hugging-face", path=name, split=0.3), tmp_path))
    assert len(checksums) == 3


@pytest.mark.parametrize(
    ("label", "labels", "told"),
    [
        ({"feature": CLASSES, "_type": "List"}, [[0], [0, 1]], "(multi-label)"),
        ({"dtype": "float32", "_type": "Value"}, [0.5, 1.5], "quantity (regression)"),
        (CLASSES, [0, -1], "row 1: no label"),
        (CLASSES, [0, None], "row 1: no label"),
        (CLASSES, [0, 2], "the label 2 is none of 2"),
    ],
)
def test_other_targets_and_missing_labels_are_told(
    label: Any, labels: list[Any], told: str, tmp_path: Path
) -> None:
    save(tmp_path / "mine", table(range(1), label, labels))
    with pytest.raises((BadInput, EnvironmentFault)) as caught:
        fingerprint(source("hugging-face", path="mine", split=0.5), tmp_path)
    assert told in caught.value.message


def test_names_of_files_in_a_data_set_do_not_lead_out_of_it(saved: Path, tmp_path: Path) -> None:
    state = {"_data_files": [{"filename": "../validation/data-00000-of-00001.arrow"}]}
    (saved / "train" / "state.json").write_text(json.dumps(state))
    with pytest.raises(EnvironmentFault, match="cannot read"):
        fingerprint(source("hugging-face", path="mine"), tmp_path)


def test_damaged_files_and_wrong_names_are_told(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column 'picture'"):
        fingerprint(source("hugging-face", path="mine", image_column="picture"), tmp_path)
    with pytest.raises(EnvironmentFault, match="no split 'tests'"):
        fingerprint(source("hugging-face", path="mine", test="tests"), tmp_path)
    (saved / "train" / "data-00001-of-00002.arrow").write_bytes(b"nothing")
    with pytest.raises(EnvironmentFault, match=r"mine"):
        fingerprint(source("hugging-face", path="mine"), tmp_path)


def test_rows_are_hashed_once_however_many_files_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_facts, "_SETTLED_NS", -1)
    save(tmp_path / "mine", table(range(10)), shards=5)
    asked = source("hugging-face", path="mine", split=0.3)
    first = fingerprint(asked, tmp_path)
    monkeypatch.setattr(hugging_face, "digests_of", lambda *_, **__: pytest.fail("hashed again"))
    assert fingerprint(asked, tmp_path) == first


def test_a_row_without_a_picture_is_told(tmp_path: Path) -> None:
    content = table(range(2))
    images = content.column("image").to_pylist()
    images[2] = {"bytes": None, "path": "elsewhere.png"}
    save(tmp_path / "mine", content.set_column(0, "image", [images]))
    with pytest.raises(EnvironmentFault, match="row 2: no picture in it"):
        fingerprint(source("hugging-face", path="mine", split=0.5), tmp_path)


def test_files_with_other_classes_are_refused(saved: Path, tmp_path: Path) -> None:
    shutil.rmtree(saved / "validation")
    other = {"names": ["bee", "ant"], "_type": "ClassLabel"}
    save(saved / "validation", table(range(6, 8), other))
    with pytest.raises(EnvironmentFault, match="different classes"):
        fingerprint(source("hugging-face", path="mine"), tmp_path)
