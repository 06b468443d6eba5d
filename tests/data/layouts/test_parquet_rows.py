"""Rows of Parquet files, in any order, by several threads."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from poolbench.data.layouts.parquet_rows import ParquetRows, parquet_column

pyarrow = pytest.importorskip("pyarrow")
COUNT = 1000


@pytest.fixture(params=[7, 300, COUNT])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a file of rows that are their own numbers, in groups of a size."""
    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    table = pyarrow.table({"n": range(COUNT), "other": ["x"] * COUNT})
    parquet.write_table(table, path, row_group_size=request.param)
    return path


def test_a_column_is_read_in_its_order(path: Path) -> None:
    assert [value.as_py() for value in parquet_column(path, "n")] == list(range(COUNT))


@pytest.mark.parametrize("order", ["forwards", "backwards", "random", "far apart"])
def test_a_row_is_the_one_asked_for(order: str, path: Path) -> None:
    asked = list(range(COUNT))
    if order == "backwards":
        asked = asked[::-50]
    elif order == "random":
        asked = random.Random(0).sample(asked, 60)
    elif order == "far apart":
        asked = asked[::97]
    rows = ParquetRows(path, "n")
    assert [rows[row].as_py() for row in asked] == asked


def test_threads_ask_side_by_side(path: Path) -> None:
    rows = ParquetRows(path, "n")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: rows[row].as_py(), range(COUNT)))
    assert found == list(range(COUNT))
