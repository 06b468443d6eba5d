"""The rows of a CSV or Parquet file, each with its line or row number."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from poolbench.core.errors import BadInput, EnvironmentFault, did_you_mean, not_installed
from poolbench.data.own_path import absent

Row = tuple[str, tuple[object, ...]]
"""Where it is, ``line 7`` or ``row 7``, and the values of the columns asked for."""

PARQUET = frozenset({".parquet", ".pq"})
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table.

    Args:
        path: A ``.csv``, ``.tsv`` or ``.parquet`` file; text is UTF-8 and has a line of titles.
        columns: Titles of the columns to take.

    Raises:
        EnvironmentFault: The file is missing, cannot be read, or is of another kind.
        BadInput: It has no such column.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise absent("table of pictures", path)
    if suffix in PARQUET:
        yield from _of_parquet(path, columns)
    elif suffix in _DELIMITERS:
        yield from _of_text(path, columns, _DELIMITERS[suffix])
    else:
        raise BadInput(f"{path} is not a .csv, .tsv or .parquet file", "name one as `path`")


def _of_text(path: Path, columns: Sequence[str], delimiter: str) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            titles = next(reader, [])
            taken = _indices(path, titles, columns)
            line = reader.line_num + 1  # a quoted value may span lines: a row is where it begins
            for values in reader:
                if values:  # an empty line has none
                    yield (
                        f"line {line}",
                        tuple(values[i] if i < len(values) else None for i in taken),
                    )
                line = reader.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EnvironmentFault(
            f"cannot read {path}: {error}", "save it as CSV in UTF-8, with a line of titles"
        ) from error


def _of_parquet(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise not_installed(
            "Parquet files need pyarrow", "pyarrow", "a CSV needs nothing"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            _indices(path, file.schema_arrow.names, columns)
            number = 0
            for batch in file.iter_batches(columns=list(dict.fromkeys(columns))):
                values = [batch.column(name).to_pylist() for name in columns]
                for row in zip(*values, strict=True):
                    number += 1
                    yield f"row {number}", row
    except (OSError, ArrowException) as error:
        raise EnvironmentFault(f"cannot read {path}: {error}", "write it again") from error


def _indices(path: Path, titles: Sequence[str], columns: Sequence[str]) -> list[int]:
    for column in columns:
        if column not in titles:
            raise BadInput(
                f"{path} has no column '{column}'",
                f"name it with path_column, label_column or split_column; "
                f"{did_you_mean(column, titles) or 'the file is empty'}",
            )
        if list(titles).count(column) > 1:
            raise BadInput(f"{path} has two columns '{column}'", "rename one of them")
    return [list(titles).index(column) for column in columns]
