"""Pictures that a table lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.data.fingerprint import fingerprint
from poolbench.data.found_images import found_images
from tests.data.layouts.pictures import SHADES, encoded, expected, loaded, seen, source

Rows = list[tuple[object, ...]]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Return the rows of a table, whose pictures are there."""
    (tmp_path / "mine" / "pictures").mkdir(parents=True)
    found: Rows = []
    for label in SHADES:
        for number in range(8):
            name = f"pictures/{label}{number}.png"
            (tmp_path / "mine" / name).write_bytes(encoded(label, number))
            found.append((name, label, "train" if number < 6 else "test"))
    return found


def write(root: Path, rows: Rows, titles: str = "path,label,split", name: str = "list.csv") -> None:
    lines = [titles, *(",".join(map(str, row)) for row in rows)]
    (root / "mine" / name).write_text("\n".join(lines) + "\n", "utf-8")


def test_rows_give_pictures_labels_and_splits(rows: Rows, tmp_path: Path) -> None:
    write(tmp_path, rows)
    asked = source("picture-table", path="mine/list.csv")
    splits = loaded(asked, tmp_path)
    assert seen(splits) == [expected(range(6)), expected(range(6, 8))]
    limited = loaded(asked, tmp_path, limit=4, validation=0.5)
    assert [len(limited.train), len(limited.test)] == [2, 4]
    found = found_images(asked, tmp_path)
    assert found is not None
    assert found.pictures is not None
    assert (found.train, found.test, found.pictures.sides_px) == (12, 4, (10, 12))


def test_order_of_rows_other_columns_and_the_format_are_no_other_data(
    rows: Rows, tmp_path: Path
) -> None:
    write(tmp_path, rows)
    first = fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)
    write(tmp_path, rows[::-1], name="again.csv")
    columns = dict(zip(("file", "class", "part"), zip(*rows, strict=True), strict=True))
    parquet.write_table(pyarrow.table(columns | {"n": range(16)}), tmp_path / "mine" / "l.parquet")
    titles = {"path_column": "file", "label_column": "class", "split_column": "part"}
    for other in (
        source("picture-table", path="mine/again.csv"),
        source("picture-table", path="mine/l.parquet", **titles),
    ):
        assert fingerprint(other, tmp_path) == first


@pytest.mark.parametrize("changed", ["content", "label", "split", "name"])
def test_whatever_is_learned_from_is_in_the_checksum(
    changed: str, rows: Rows, tmp_path: Path
) -> None:
    write(tmp_path, rows)
    asked = source("picture-table", path="mine/list.csv")
    first = fingerprint(asked, tmp_path)
    name, label, _ = rows[0]
    path = tmp_path / "mine" / str(name)
    if changed == "content":
        path.write_bytes(encoded("ant", 99))
    elif changed == "name":
        shutil.move(path, path.with_name("other.png"))
        rows[0] = ("pictures/other.png", label, "train")
    else:
        rows[0] = (name, "bee", "train") if changed == "label" else (name, label, "test")
    write(tmp_path, rows)
    assert fingerprint(asked, tmp_path) != first


def test_a_fraction_splits_by_content(rows: Rows, tmp_path: Path) -> None:
    write(tmp_path, [row[:2] for row in rows], "path,label")
    splits = loaded(source("picture-table", path="mine/list.csv", split=0.4), tmp_path)
    train, test = seen(splits)
    assert train | test == expected(range(8))
    assert not train & test
    assert {label for label, _, _ in test} == {label for label, _, _ in train} == set(SHADES)


def test_faults_are_told_together_with_their_lines(rows: Rows, tmp_path: Path) -> None:
    bad: Rows = [
        ("", "ant", "train"),
        ("pictures/gone.png", "ant", "train"),
        ("pictures/ant0.png", "ant", "train"),
        ("../elsewhere.png", "ant", "train"),
        ("pictures/bee0.png", "", "nowhere"),
        ("", "", ""),
        (f"{tmp_path}/mine/pictures/ant1.png", "ant", "train"),
        ("pictures", "ant", "train"),
    ]
    write(tmp_path, rows + bad)
    with pytest.raises(EnvironmentFault) as caught:
        fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)
    told = caught.value.message
    for line in (
        "list.csv: 12 faults:",
        "line 18: no path",
        "line 19: pictures/gone.png does not exist",
        "line 20: pictures/ant0.png is in line 2 already",
        "line 21: ../elsewhere.png is a path with ..",
        "line 22: pictures/bee0.png is in line 10 already",
        "line 22: no label",
        "line 22: unknown split 'nowhere'",
        "line 23: no path",
        "line 23: no label",
        f"line 24: {tmp_path}/mine/pictures/ant1.png is absolute",
        "line 25: pictures is no file",
    ):
        assert line in told
    write(tmp_path, [("x", "y", "train")] * 50)
    with pytest.raises(EnvironmentFault, match=r"50 faults:(?s:.*)and 30 more"):
        fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)


def test_a_row_with_a_quoted_line_break_is_where_it_begins(rows: Rows, tmp_path: Path) -> None:
    write(tmp_path, [("pictures/ant0.png", '"two\nlines"', "train"), ("", "ant", "train")])
    with pytest.raises(EnvironmentFault, match="line 4: no path"):
        fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("0.75", "the label 0.75 is a quantity (regression)"),
        ('"1,5"', "the label '1,5' has several values (multi-label)"),
        ('"[""ant"", ""bee""]"', "has several values (multi-label)"),
    ],
)
def test_other_targets_are_refused_with_words(
    label: str, told: str, rows: Rows, tmp_path: Path
) -> None:
    write(tmp_path, [*rows[1:], (rows[0][0], label, "train")])
    with pytest.raises(EnvironmentFault) as caught:
        fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)
    assert told in caught.value.message
    assert "one class" in caught.value.hint


def test_validation_is_the_test_split_only_where_there_is_no_other(
    rows: Rows, tmp_path: Path
) -> None:
    asked = source("picture-table", path="mine/list.csv")
    write(tmp_path, [(a, b, "val" if c == "test" else c) for a, b, c in rows])
    assert seen(loaded(asked, tmp_path))[1] == expected(range(6, 8))
    three = [(a, b, "valid" if str(a)[-5] in "45" else c) for a, b, c in rows]
    write(tmp_path, three)
    assert seen(loaded(asked, tmp_path)) == [expected(range(4)), expected(range(6, 8))]
    found = found_images(asked, tmp_path)
    assert found is not None
    assert found.pictures is not None
    assert found.pictures.left_out == ("4 rows of the split 'val', as there is a test split",)


def test_a_column_that_is_not_there_is_bad_input_and_a_missing_file_is_not(
    rows: Rows, tmp_path: Path
) -> None:
    write(tmp_path, rows, "file,label,split")
    with pytest.raises(BadInput, match=r"no column 'path'") as caught:
        fingerprint(source("picture-table", path="mine/list.csv"), tmp_path)
    assert "path_column" in caught.value.hint
    with pytest.raises(EnvironmentFault, match="does not exist"):
        fingerprint(source("picture-table", path="mine/none.csv"), tmp_path)
