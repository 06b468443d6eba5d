"""Pictures in the rows of Arrow and Parquet files."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poolbench.core.document import Damaged
from poolbench.data.layouts.parquet_rows import parquet_column, rows_of_parquet
from poolbench.data.layouts.pyarrow_module import import_pyarrow

ARROW, PARQUET = ".arrow", ".parquet"


@dataclass(frozen=True, slots=True)
class ArrowRow:
    """A picture in a row of an Arrow or Parquet file.

    Args:
        file: The file.
        column: Column of structs with ``bytes``, or of the bytes themselves.
        row: Number of the row, from 0.
        sha256: Of the bytes, in hexadecimal digits.
    """

    file: Path
    column: str
    row: int
    sha256: str

    @property
    def name(self) -> str:
        """The file and the row."""
        return f"{self.file}, row {self.row}"

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            OSError: They cannot be read.
        """
        if self.file.suffix == PARQUET:
            value = rows_of_parquet(self.file, self.column)[self.row]
        else:
            value = _arrow_table(self.file).column(self.column)[self.row]
        data = _bytes_of(value.as_py())
        if data is None:
            raise OSError(f"{self.name} holds no bytes")
        return data


def features_of(path: Path) -> dict[str, Any]:
    """Return the features of the columns as ``datasets`` notes them; empty if it wrote none.

    Raises:
        OSError: The file cannot be read.
        Damaged: It is not an Arrow or Parquet file.
    """
    schema = _read(lambda: _schema(path))
    noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    return dict(noted.get("info", {}).get("features", {}))


def column_names(path: Path) -> list[str]:
    """Return the names of the columns."""
    return list(_read(lambda: _schema(path)).names)


def values_of(path: Path, column: str) -> list[Any]:
    """Return the values of a column, as Python has them."""

    def values() -> list[Any]:
        return [value.as_py() for value in _column(path, column)]

    return list(_read(values))


def digests_of(path: Path, column: str) -> bytes:
    """Return the SHA-256 of the bytes in each row, one after another; zeros for a row of none.

    Raises:
        OSError: The file cannot be read.
        Damaged: It is not what its suffix says.
    """

    def digests() -> bytes:
        found = []
        for value in _column(path, column):
            data = _bytes_of(value.as_py())
            found.append(hashlib.sha256(data).digest() if data is not None else bytes(32))
        return b"".join(found)

    return bytes(_read(digests))


def _bytes_of(value: Mapping[str, Any] | bytes | None) -> bytes | None:
    found = value.get("bytes") if isinstance(value, Mapping) else value
    return found if isinstance(found, bytes) else None


def _read(work: Any) -> Any:
    try:
        return work()
    except import_pyarrow().ArrowException as error:
        raise Damaged(str(error).splitlines()[0]) from error


def _schema(path: Path) -> Any:
    if path.suffix == PARQUET:
        return import_pyarrow(".parquet").read_schema(path)
    return _arrow_table(path).schema


def _column(path: Path, column: str) -> Iterable[Any]:
    if path.suffix == PARQUET:
        return parquet_column(path, column)
    return iter(_arrow_table(path).column(column))


@functools.lru_cache(maxsize=64)
def _arrow_table(path: Path) -> Any:
    """Return a mapped table: nothing is read before it is needed."""
    pyarrow = import_pyarrow()
    return import_pyarrow(".ipc").open_stream(pyarrow.memory_map(str(path))).read_all()


def files_in(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files of a kind in a folder, by name."""
    yield from sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
